"""One server, one load: started, checked once, then driven by wrk, its CPU time read.

Nothing that goes wrong may look like a fast server: a server that dies, a response of another kind, an error of a
socket or an unexpected status ends the run.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.ports import free_port

HOST = "127.0.0.1"
_WAIT = 20.0
_ROOT = Path(__file__).parent.parent


class Load(NamedTuple):
    """What wrk says of one run."""

    requests: int
    rate: float
    not_ok: int


def available() -> bool:
    """Whether a served run can be measured here."""
    return sys.platform == "linux" and shutil.which("wrk") is not None


@contextmanager
def server(arguments: str, kind: str, *, source: str | None = None) -> Iterator[tuple[int, int]]:
    """A server of its own, up and listening: its process and its port.

    Args:
        arguments: to Python, with `{port}`.
        kind: which app, see `served_apps`.
        source: the folder that `authproblem` is imported from; None = as installed.
    """
    port = free_port()
    command = [sys.executable, *arguments.format(port=port).split()]
    environment = {**os.environ, "SERVED": kind, **({"PYTHONPATH": source} if source else {})}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            if not _listens(process, port):
                output.seek(0)
                raise RuntimeError(f"no server: {arguments}\n{output.read().decode(errors='replace')}")
            yield process.pid, port
        finally:
            process.terminate()
            try:
                process.wait(_WAIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + _WAIT
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.05)
    return False


def check(port: int, path: str, media_type: str, *, ok: bool) -> None:
    """Ask twice.

    Raises:
        RuntimeError: if the server responds otherwise, or gives the same error twice.
    """
    bodies = []
    for _ in range(2):
        connection = http.client.HTTPConnection(HOST, port, timeout=_WAIT)
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.status < 400, (answer.getheader("content-type") or "").partition(";")[0]
        bodies.append(answer.read())
        connection.close()
        if found != (ok, media_type):
            raise RuntimeError(f"{path}: {answer.status} {found[1]} instead of {media_type}: {bodies[-1]!r}")
    if not ok and bodies[0] == bodies[1]:
        raise RuntimeError(f"{path}: two errors are alike: {bodies[0]!r}")


def drive(port: int, path: str, seconds: int, *, ok: bool) -> Load:
    """Run wrk.

    Raises:
        RuntimeError: if a response is missing or has a status of the other kind.
    """
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", f"http://{HOST}:{port}{path}"]
    out = subprocess.run(command, capture_output=True, check=True, text=True, timeout=seconds + 60).stdout
    load = read(out)
    if load.not_ok != (0 if ok else load.requests):
        raise RuntimeError(f"{path}: {load.not_ok} of {load.requests} responses were no 2xx:\n{out}")
    return load


def read(out: str) -> Load:
    """Read what wrk printed.

    Raises:
        RuntimeError: if it reports errors, or cannot be read.
    """
    requests = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if requests is None or rate is None or not int(requests.group(1)) or "Socket errors" in out:
        raise RuntimeError(f"wrk had errors, or wrote nothing that can be read:\n{out}")
    not_ok = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return Load(int(requests.group(1)), float(rate.group(1)), int(not_ok.group(1)) if not_ok else 0)


def cpu(root: int) -> float:
    """CPU seconds of a process and of all below it, the ones that have ended included."""
    parents, spent = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        spent[int(folder.name)] = sum(map(int, fields[11:15]))
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(spent.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")
