"""Behind real servers, under wrk: requests a second, and, steadier, the CPU time that the server spends on each.

Long, and only where wrk is installed. Servers and load share the machine: only CPU time per request is compared.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.results import Row, Section
from benchmarks.scale import middle
from benchmarks.timing import Figure

_HOST = "127.0.0.1"
_WAIT = 10.0
_ROOT = Path(__file__).parent.parent
_APPS = "benchmarks.served_apps:"
_SERVERS = {
    "uvicorn": f"-m uvicorn {_APPS}asgi --no-access-log --log-level error --port {{port}}",
    "granian": f"-m granian {_APPS}asgi --interface asgi --log-level error --port {{port}}",
    "gunicorn": f"-m gunicorn {_APPS}wsgi -k gthread --threads 4 -b {_HOST}:{{port}}",
}
_KINDS = {
    "uvicorn": ("bare", "authproblem", "BaseHTTPMiddleware"),
    "granian": ("bare", "authproblem", "BaseHTTPMiddleware"),
    "gunicorn": ("bare", "authproblem"),
}


class Served(NamedTuple):
    """One run of wrk."""

    requests: float
    cpu: float


def available() -> bool:
    """Whether this can be measured here."""
    return sys.platform == "linux" and shutil.which("wrk") is not None


def served(rounds: int = 5, seconds: int = 3) -> Section:
    """All servers, apps and paths, interleaved."""
    runs: dict[tuple[str, str, str], list[Served]] = {}
    jobs = [(server, kind, path) for server, kinds in _KINDS.items() for kind in kinds for path in ("ok", "error")]
    for number in range(rounds):
        random.Random(number).shuffle(jobs)  # noqa: S311 - an order, no secrets
        for job in jobs:
            runs.setdefault(job, []).append(_run(*job, seconds))
    rows = []
    for (server, kind, path), found in sorted(runs.items()):
        bare = median(run.cpu for run in runs[server, "bare", path])
        ratios = [run.cpu / bare for run in found]
        cpu = middle([run.cpu * 1e9 for run in found])
        speed = middle([run.requests for run in found]).value
        status = "200" if path == "ok" else "403"
        rows.append(Row(f"{server}, {status}, {kind} ({speed:,.0f} requests/s)", cpu, middle(ratios)))
    note = f"ns of the server's CPU time for one request; ratio to the bare app; wrk -c4, {rounds} x {seconds} s"
    return Section("served", note, rows, _metrics(runs))


def _metrics(runs: dict[tuple[str, str, str], list[Served]]) -> dict[str, Figure]:
    def added(kind: str) -> float:
        bare, ours = runs["uvicorn", "bare", "error"], runs["uvicorn", kind, "error"]
        return median(run.cpu for run in ours) * 1e6 - median(run.cpu for run in bare) * 1e6

    ours = added("authproblem")
    return {"uvicorn, an error: CPU us added to each": Figure(ours, ours, ours)}


def _run(server: str, kind: str, path: str, seconds: int) -> Served:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *_SERVERS[server].format(port=port).split()]
    process = subprocess.Popen(
        command, cwd=_ROOT, env={**os.environ, "SERVED": kind}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(port)
        url = f"http://{_HOST}:{port}/{path}"
        _wrk(url, 1)
        before = _cpu(process.pid)
        requests, rate = _wrk(url, seconds)
        return Served(rate, (_cpu(process.pid) - before) / requests)
    finally:
        process.terminate()
        process.wait(_WAIT)


def _await(port: int) -> None:
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.05)
    msg = f"no server on port {port} after {_WAIT:.0f} s"
    raise TimeoutError(msg)


def _wrk(url: str, seconds: int) -> tuple[int, float]:
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", url]
    out = subprocess.run(command, capture_output=True, check=True, text=True, timeout=seconds + 30).stdout
    found = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if found is None or rate is None:
        msg = f"wrk said nothing that can be read: {out!r}"
        raise ValueError(msg)
    return int(found.group(1)), float(rate.group(1))


def _cpu(root: int) -> float:
    """CPU seconds of a process and all below it."""
    parents, spent = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        spent[int(folder.name)] = int(fields[11]) + int(fields[12])
    family = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        if not more:
            return sum(spent.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")
        family |= more
