"""The whole gateway under wrk: servers, event loops and clients, each in a fresh process."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import wrk
from tests.gateway.processes import free_port, listening

_UVICORN = "-m uvicorn --factory {app} --port {port} --no-access-log --log-level error --no-proxy-headers --ws none "
_UVICORN += "--no-server-header --no-date-header "
_OURS, _OTHER = "authproblem.gateway:make_app", "benchmarks.gateway.apps:httpx"
_COMMAND = "-m authproblem gateway --port {port} "
_QUIET = _COMMAND + "--log-level error --access-log false "
SERVED = {
    "the command (uvicorn)": _QUIET,
    "the command, with its access log": _COMMAND,
    "the command, granian": _QUIET + "--server granian",
    "make_app; uvicorn, uvloop, httptools": _UVICORN.replace("{app}", _OURS) + "--loop uvloop --http httptools",
    "make_app; uvicorn, asyncio, httptools": _UVICORN.replace("{app}", _OURS) + "--loop asyncio --http httptools",
    "make_app; uvicorn, asyncio, h11": _UVICORN.replace("{app}", _OURS) + "--loop asyncio --http h11",
    "httpx in place of aiohttp; uvicorn, uvloop": _UVICORN.replace("{app}", _OTHER) + "--loop uvloop --http httptools",
}
EARLIER = "the earlier version"


class Load(NamedTuple):
    """What wrk and the kernel report.

    Attributes:
        rate: requests a second.
        cpu: microseconds of the server's CPU time for a request.
        p99: milliseconds.
        lost: requests that were not answered with what the provider sent.
    """

    rate: float
    cpu: float
    p99: float
    lost: int


@contextlib.contextmanager
def gateway(name: str, upstream: str, earlier: Path | None) -> Iterator[tuple[int, int]]:
    """Run one of `SERVED`, or an earlier version from its `src` folder; gives its process and its port."""
    port = free_port()
    environ = {**os.environ, "AUTHPROBLEM_OKTA": upstream}
    arguments = SERVED.get(name, _COMMAND + "--log-level error").format(port=port).split()
    if name == EARLIER:
        environ["PYTHONPATH"] = str(earlier)
    process = subprocess.Popen([sys.executable, *arguments], env=environ, stderr=subprocess.DEVNULL)
    try:
        listening(port, process)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(40)


def load(pid: int, port: int, path: str, connections: int, seconds: int) -> Load:
    """Send requests for so many seconds; the first second does not count."""
    _wrk(port, path, connections, 1)
    before = wrk.cpu(pid)
    out = _wrk(port, path, connections, seconds)
    requests = _number(r"(\d+) requests in", out)
    failed = _number(r"Non-2xx or 3xx responses: (\d+)", out) if path != "/error" else 0
    dropped = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", out)))
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    p99 = float(latency[1]) * scale[latency[2]] if latency else 0.0
    cpu = (wrk.cpu(pid) - before) / max(1, requests) * 1e6
    return Load(_number(r"Requests/sec:\s+([\d.]+)", out), cpu, p99, int(failed + dropped))


def _wrk(port: int, path: str, connections: int, seconds: int) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command.append(f"http://127.0.0.1:{port}{path}")
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0
