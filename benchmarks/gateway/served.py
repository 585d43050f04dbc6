"""The whole gateway under wrk: servers, HTTP clients and an earlier version, all running, which take turns."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import wrk
from benchmarks.gateway.upstreams import Upstreams
from tests.gateway.processes import listening
from tests.support.ports import free_port

_COMMAND = "-m authproblem gateway --port {port} "
_UVICORN = (
    "-m uvicorn --factory benchmarks.gateway.apps:httpx --port {port} --no-access-log --log-level error --ws none "
)
_UVICORN += "--no-proxy-headers --no-server-header --no-date-header --loop uvloop --http httptools"
EARLIER = "the earlier version"
ACCESS_LOG = "uvicorn, access log"
SERVED = {
    "uvicorn": _COMMAND + "--log-level error --access-log false",
    ACCESS_LOG: _COMMAND,
    "granian": _COMMAND + "--log-level error --access-log false --server granian",
    "uvicorn, httpx for aiohttp": _UVICORN,
    EARLIER: _COMMAND + "--log-level error",
}
"""The gateway in each server, and in the default one with its access log, with another client, and as it was before."""


class Case(NamedTuple):
    """One load: its name, the path of the gateway, and the connections."""

    name: str
    path: str
    connections: int

    def __str__(self) -> str:
        """The name as the tables show it."""
        return f"{self.name}, {self.connections}"


CASES = (
    *[Case("healthy", "/plain/healthy", connections) for connections in (1, 16, 32, 256)],
    *[Case("error", "/plain/error", connections) for connections in (1, 16, 32, 256)],
    Case("1 MB", "/plain/large", 32),
    Case("TLS", "/tls/healthy", 32),
)
SLOW = Case("1 s", "/slow/healthy", 256)
"""More clients than most pools have connections, before a provider that takes a second."""


class Load(NamedTuple):
    """What wrk and the kernel report.

    Attributes:
        rate: requests a second.
        cpu: microseconds of the gateway's CPU time for a request.
        p99: milliseconds.
        memory: the peak of the gateway's memory so far, in MiB.
        requests: how many were answered.
        lost: those that were not answered with what the provider sent.
    """

    rate: float
    cpu: float
    p99: float
    memory: float
    requests: int
    lost: int


@contextlib.contextmanager
def gateways(
    names: list[str], where: Upstreams, earlier: Path | None, *, under: Sequence[str] = ()
) -> Iterator[dict[str, tuple[int, int]]]:
    """Run gateways while the block runs; gives the process and the port of each.

    Args:
        names: of `SERVED`.
        where: the providers.
        earlier: the `src` folder of the earlier version.
        under: what runs Python, such as valgrind.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        configuration = Path(folder) / "gateway.toml"
        origins = {"plain": where.plain, "tls": where.tls, "slow": where.slow}
        upstreams = [
            f'[[upstream]]\nurl = "{url}"\nprovider = "okta"\nprefix = "/{name}"' for name, url in origins.items()
        ]
        configuration.write_text("\n".join([f'ca_file = "{where.authority}"', *upstreams]), encoding="utf-8")
        found = {}
        for name in names:
            port = free_port()
            environ = {**os.environ, "AUTHPROBLEM_CONFIG": str(configuration)}
            if name == EARLIER:
                environ["PYTHONPATH"] = str(earlier)
            command = [*under, sys.executable, *SERVED[name].format(port=port).split()]
            process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 40)
            stack.callback(process.terminate)
            listening(port, process)
            found[name] = (process.pid, port)
        yield found


def load(pid: int, port: int, case: Case, seconds: int) -> Load | None:
    """Send requests for so many seconds; the second before does not count, except where it would bring no response.

    Returns:
        The figures; None if no request was answered in that time.

    Raises:
        RuntimeError: if a provider's response was not passed on, other than in the slow case, where it is counted.
    """
    seconds = max(seconds, 2) if case.connections > 100 else seconds  # the slowest serve each of them once a second
    if case is not SLOW:
        _wrk(port, case, 1)
    before = wrk.cpu(pid)
    out = _wrk(port, case, seconds)
    requests = int(_number(r"(\d+) requests in", out))
    if not requests:
        return None
    cpu = (wrk.cpu(pid) - before) / requests * 1e6
    failed = 0 if case.name == "error" else int(_number(r"Non-2xx or 3xx responses: (\d+)", out))
    lost = failed + sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", out)))
    if lost and case is not SLOW:
        raise RuntimeError(f"{case}: {lost} of {requests} requests failed\n{out}")
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    p99 = float(latency[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[latency[2]] if latency else 0.0
    return Load(_number(r"Requests/sec:\s+([\d.]+)", out), cpu, p99, _peak(pid), requests, lost)


def _peak(pid: int) -> float:
    """The peak of the memory of a process and its children, in MiB."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]
    texts = [Path(f"/proc/{each}/status").read_text(encoding="utf-8") for each in pids]
    return sum(_number(r"VmHWM:\s+(\d+)", text) for text in texts) / 1024


def _wrk(port: int, case: Case, seconds: int) -> str:
    command = ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-H", "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl", "-H", "Accept: application/json"]
    command.append(f"http://127.0.0.1:{port}{case.path}")
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0
