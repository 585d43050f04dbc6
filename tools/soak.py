"""Load for a while, on the loopback: `python tools/soak.py [SECONDS]`, or `make soak SECONDS=600`.

uvicorn and gunicorn serve one site behind the middleware; clients send healthy requests, errors, streams, large bodies,
and leave amid responses. It fails if a response is not its request's, if memory grows after the warm-up, or if a
descriptor is left open, and prints the figures in any case.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script

from tests.support.ports import free_port
from tools.soak_site import page

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SECONDS = 120
CLIENTS = 8
"""Connections to each server at a time."""
LIMIT = 30
"""Seconds that a server may take to start, to respond or to stop."""
WARM_UP = 0.25
"""The share of the time after which memory has to stay: by then every path was taken and every cache is filled."""
MAY_GROW = 8 * 1024
"""KiB that a server may grow after the warm-up, and the share of its size (`MAY_GROW_SHARE`), whichever is more."""
MAY_GROW_SHARE = 0.1
MAY_STAY_OPEN = 2
"""Descriptors that a server may have open afterwards beyond those of its start."""

# ------------------------------------------------------------------------------------------------ the servers

_GUNICORN = ["gunicorn", "--worker-class", "gthread", "--threads", str(CLIENTS + 2), "--bind", "127.0.0.1:{port}"]
SERVERS = {
    "uvicorn": ["uvicorn", "--port", "{port}", "--log-level", "critical", "tools.soak_site:asgi"],
    "gunicorn": [*_GUNICORN, "--log-level", "critical", "tools.soak_site:wsgi"],
}


class Server:
    """A server in a process of its own."""

    def __init__(self, name: str) -> None:
        """Start it, on a port that is free now."""
        self.name = name
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *(word.format(port=self.port) for word in SERVERS[name])],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.getenv("PYTHONPATH")]))},
            stderr=subprocess.DEVNULL,  # where the events go
            start_new_session=True,
        )

    def pids(self) -> list[int]:
        """The process and its children."""
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())
        return found

    def memory(self) -> int | None:
        """Resident memory in KiB; None where the system does not report it."""
        total = 0
        for pid in self.pids():
            try:
                status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            except OSError:
                return None
            total += next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return total

    def descriptors(self) -> int | None:
        """Open descriptors; None where the system does not report it."""
        try:
            return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.pids())
        except OSError:
            return None

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(LIMIT)


# ------------------------------------------------------------------------------------------------ the clients

TRAFFIC = ["/healthy"] * 8 + ["/error"] * 5 + ["/limited"] * 2 + ["/coded"] * 2 + ["/stream"] * 2 + ["/large", "leave"]
PROBLEMS = {"/error": "invalid-credentials", "/coded": "invalid-credentials", "/limited": "rate-limited"}


class Client(threading.Thread):
    """One connection that is used again and again, and what came of its requests."""

    def __init__(self, port: int, first: int, until: float) -> None:
        """Make ready; `first` is the number of the first request."""
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self._port, self._number, self._until = port, first, until
        self._chance = random.Random(first)  # noqa: S311 - the same traffic each time

    def run(self) -> None:
        """Send requests until the time is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LIMIT)
        while time.monotonic() < self._until and len(self.faults) < 10:
            path = self._chance.choice(TRAFFIC)
            self._number += 1
            self.counts[path] += 1
            try:
                if path == "leave":
                    self._leave()
                else:
                    self._ask(connection, path)
            except (OSError, http.client.HTTPException) as error:
                self.faults.append(f"{path}: {type(error).__name__}: {error}")
                connection.close()
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, path: str) -> None:
        connection.request("GET", f"{path}?n={self._number}")
        response = connection.getresponse()
        fault = fault_in(path, self._number, response.status, dict(response.getheaders()), response.read())
        if fault:
            self.faults.append(f"{path}: {fault}")

    def _leave(self) -> None:
        """Ask, read a little or nothing, and reset the connection."""
        path = self._chance.choice(["/stream", "/large", "/error", "/healthy"])
        with socket.create_connection(("127.0.0.1", self._port), timeout=LIMIT) as wire:
            wire.sendall(f"GET {path}?n={self._number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            if self._chance.random() < 0.5:
                wire.recv(64)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def fault_in(path: str, number: int, status: int, headers: dict[str, str], body: bytes) -> str:
    """What is wrong with the response to a request; empty if it is the right one."""
    if headers.get("x-number") != str(number) or headers.get("set-cookie") != f"number={number}":
        return f"the headers of another request: {headers.get('x-number')}, not {number}"
    if path not in PROBLEMS:
        wanted_status, _, chunks = page(path, number)
        return "" if (status, body) == (wanted_status, b"".join(chunks)) else "another body"
    document = json.loads(body)
    wanted = (PROBLEMS[path], f"oae{number:022}", status)
    found = (document.get("reason"), document.get("errorId"), document.get("status"))
    return "" if found == wanted else f"{found}, not {wanted}"


# ------------------------------------------------------------------------------------------------ the whole


class Figures(NamedTuple):
    """What one server went through.

    Attributes:
        server: its name.
        seconds: how long.
        counts: the requests by kind.
        faults: what went wrong with responses.
        memory: KiB at the start, after the warm-up (median), and in the last quarter (median).
        descriptors: open at the start, at most, and in the end.
    """

    server: str
    seconds: float
    counts: Counter[str]
    faults: list[str]
    memory: tuple[int, int, int] | None
    descriptors: tuple[int, int, int] | None

    def failures(self) -> list[str]:
        """What must not be."""
        found = self.faults[:5]
        if self.memory is not None:
            _, warm, last = self.memory
            if last - warm > max(MAY_GROW, MAY_GROW_SHARE * warm):
                found.append(f"memory grew from {warm} to {last} KiB after the warm-up")
        if self.descriptors is not None and self.descriptors[2] > self.descriptors[0] + MAY_STAY_OPEN:
            found.append(f"{self.descriptors[2]} descriptors open in the end, {self.descriptors[0]} at the start")
        return found

    def __str__(self) -> str:
        """A few lines for the terminal."""
        total = self.counts.total() if hasattr(self.counts, "total") else sum(self.counts.values())
        kinds = ", ".join(f"{kind.lstrip('/')} {count}" for kind, count in sorted(self.counts.items()))
        lines = [
            f"{self.server}: {total} requests in {self.seconds:.0f} s ({total / self.seconds:.0f}/s): {kinds}",
            f"  responses that were wrong: {len(self.faults)}",
        ]
        if self.memory is not None and self.descriptors is not None:
            lines += [
                "  memory KiB: {} at the start, {} after the warm-up, {} in the end".format(*self.memory),
                "  descriptors: {} at the start, {} at most, {} in the end".format(*self.descriptors),
            ]
        else:
            lines.append("  memory and descriptors: this system does not report them (no /proc)")
        return "\n".join(lines)


def soak(name: str, seconds: float, clients: int = CLIENTS) -> Figures:
    """Put one server under load.

    Args:
        name: `uvicorn` or `gunicorn`.
        seconds: for how long.
        clients: how many connections at a time.
    """
    server = Server(name)
    try:
        request_once(server)
        start = (server.memory(), server.descriptors())
        until = time.monotonic() + seconds
        threads = [Client(server.port, 1_000_000 * (place + 1), until) for place in range(clients)]
        for thread in threads:
            thread.start()
        samples: list[tuple[int | None, int | None]] = []
        while time.monotonic() < until:
            time.sleep(min(0.25, seconds / 40))
            samples.append((server.memory(), server.descriptors()))
        for thread in threads:
            thread.join(LIMIT)
        last = wait_for_descriptors(server, start[1])
    finally:
        server.stop()
    counts: Counter[str] = Counter()
    for thread in threads:
        counts.update(thread.counts)
    faults = [fault for thread in threads for fault in thread.faults]
    memory = [size for size, _ in samples if size is not None]
    opened = [count for _, count in samples if count is not None]
    if start[0] is None or start[1] is None or last is None or not memory or not opened:
        return Figures(name, seconds, counts, faults, None, None)
    warm = memory[int(len(memory) * WARM_UP) :]
    part = max(1, len(warm) // 4)
    sizes = (start[0], int(statistics.median(warm[:part])), int(statistics.median(warm[-part:])))
    return Figures(name, seconds, counts, faults, sizes, (start[1], max(opened), last))


def request_once(server: Server) -> None:
    """Wait until the server responds, and let it take every path once."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            break
        time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
    for path in ("/healthy", *PROBLEMS, "/stream", "/large"):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()
    wait_for_descriptors(server, 0, timeout=1)


def wait_for_descriptors(server: Server, wanted: int | None, timeout: float = 10) -> int | None:
    """Open descriptors once the server has noticed that its clients are gone, or after some seconds."""
    until = time.monotonic() + timeout
    found = server.descriptors()
    while found is not None and wanted is not None and found > wanted and time.monotonic() < until:
        time.sleep(0.1)
        found = server.descriptors()
    return found


def main(arguments: list[str]) -> int:
    """Soak both servers at the same time; 0 if nothing went wrong."""
    seconds = float(arguments[0]) if arguments else DEFAULT_SECONDS
    print(f"{seconds:.0f} seconds of load on {', '.join(SERVERS)}, {CLIENTS} connections each ...", flush=True)
    results: list[Figures] = []
    threads = [threading.Thread(target=lambda name=name: results.append(soak(name, seconds))) for name in SERVERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [f"{figures.server}: {text}" for figures in results for text in figures.failures()]
    for figures in results:
        print(figures)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures or len(results) < len(SERVERS) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
