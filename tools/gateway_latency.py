"""What each gateway's example costs: `python -m tools.gateway_latency [requests]` measures the app with and without it.

Sequential requests on a connection that is kept, in rounds that take turns, so that a busy moment strikes all alike.
Gateways that are not installed are left out. The ratios are what the page docs/gateways.md quotes.
"""

from __future__ import annotations

import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.proxies.servers import NAMES, binary, running
from tests.support.ports import free_port

ROOT = Path(__file__).parents[1]
PATHS = {"healthy page": "/", "problem": "/me"}
ROUNDS = 10
WARM_UP = 20


class Quantiles(NamedTuple):
    """The times of one round, in microseconds.

    Attributes:
        p50: the median.
        p95: what one request in twenty exceeds.
    """

    p50: float
    p95: float


class Line:
    """A connection that is kept, with as little between the clock and the socket as can be."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, path: str) -> float:
        """Send one request, read the whole response, and give the microseconds that it took."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        start = time.perf_counter()
        self._socket.sendall(request)
        response = b""
        while b"\r\n\r\n" not in response:
            response += self._receive()
        head, _, body = response.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(maxsplit=1)[0])
        while len(body) < length:
            body += self._receive()
        return (time.perf_counter() - start) * 1e6

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self) -> bytes:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise ConnectionError("the connection was closed in the middle of a response")
        return chunk


def started_app(stack: contextlib.ExitStack) -> int:
    """Run the example's app in a process of its own and give its port."""
    port = free_port()
    words = ["uvicorn", "examples.gateways.app:app", "--port", str(port), "--log-level", "critical"]
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stderr=subprocess.DEVNULL)  # for its events
    stack.callback(process.wait, 10)
    stack.callback(process.terminate)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return port
        time.sleep(0.05)
    raise RuntimeError("the app did not come up")


def measured(ports: dict[str, int], path: str, requests: int) -> dict[str, list[Quantiles]]:
    """What each gateway took for one path, round by round."""
    rounds: dict[str, list[Quantiles]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            line = Line(port)
            times = [line.ask(path) for _ in range(WARM_UP + requests // ROUNDS)][WARM_UP:]
            line.close()
            twentieths = statistics.quantiles(times, n=20)
            rounds[name].append(Quantiles(twentieths[9], twentieths[18]))
    return rounds


def table(rounds: dict[str, list[Quantiles]]) -> str:
    """One row a gateway: microseconds, and ratios to the app alone in the same round; medians over the rounds."""
    rows = []
    for name, found in rounds.items():
        pairs = list(zip(found, rounds["direct"], strict=True))
        p50, p95 = (statistics.median(one[index] for one in found) for index in (0, 1))
        ratio50, ratio95 = (statistics.median(one[index] / base[index] for one, base in pairs) for index in (0, 1))
        rows.append(f"| {name} | {p50:.0f} | {p95:.0f} | {ratio50:.2f} | {ratio95:.2f} |")
    return "\n".join(["| | p50 µs | p95 µs | p50, direct = 1 | p95, direct = 1 |", "|---|---|---|---|---|", *rows])


def main(requests: int = 4000) -> None:
    """Measure all gateways that are installed, and print a table for each path."""
    with contextlib.ExitStack() as stack:
        app = started_app(stack)
        ports = {"direct": app}
        for name in filter(binary, NAMES):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            ports[name] = stack.enter_context(running(name, folder, app, subprocess.DEVNULL)).port
        for what, path in PATHS.items():
            print(f"{what} (`GET {path}`), {requests} requests each\n")
            print(table(measured(ports, path, requests)), end="\n\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
