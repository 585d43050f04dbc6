"""Processes of the tests: the gateway as the command runs it, and a provider that can be killed."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

COMMAND = (
    "import argparse, sys; from authproblem.gateway import add_arguments, run; parser = argparse.ArgumentParser(); "
    "add_arguments(parser); sys.exit(run(parser.parse_args()))"
)
_PROVIDER = """
import http.server, json, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, wbufsize, disable_nagle_algorithm = "HTTP/1.1", -1, True

    def do_GET(self):
        denied = {"errorCode": "E0000004", "errorSummary": "Authentication failed", "errorLink": "E0000004",
                  "errorId": "oae0", "errorCauses": []}
        status, document = (401, denied) if self.path.startswith("/denied") else (200, {"echo": self.path})
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer.daemon_threads = True
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ROOT = Path(__file__).parents[2]
LIMIT = 30.0
"""Seconds that anything here may take."""


@contextlib.contextmanager
def process(*command: str, port: int, stderr: Any = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process while the block runs, which begins as soon as it listens."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AUTHPROBLEM_")}
    environ["PYTHONPATH"] = str(ROOT / "src")
    started = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        listening(port, started)
        yield started
    finally:
        started.terminate()
        try:
            started.wait(LIMIT)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def listening(port: int, started: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers at a port."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        assert started.poll() is None, f"it ended with {started.returncode}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("OPTIONS", "*")  # to the server itself: no provider sees it
            connection.getresponse()
            return
        time.sleep(0.05)  # a process does not report that it listens
    raise AssertionError(f"nothing listens on port {port}")


def provider(port: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """A provider in a process of its own."""
    return process(sys.executable, "-c", _PROVIDER, str(port), port=port)


def gateway(
    port: int, upstream: int, *flags: str, stderr: Any = subprocess.DEVNULL
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """The gateway, as the command runs it."""
    url = f"http://127.0.0.1:{upstream}"
    return process(sys.executable, "-c", COMMAND, "--okta", url, "--port", str(port), *flags, port=port, stderr=stderr)


class Traffic:
    """Clients that send requests without pause, and what they got."""

    def __init__(self, port: int, clients: int = 6, retries: int = 0) -> None:
        self.responses: list[httpx.Response] = []
        self.lost: list[Exception] = []
        self._url = f"http://127.0.0.1:{port}"
        self._retries = retries
        self._stop = threading.Event()
        self._more = threading.Condition()
        self._threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(clients)]

    def __enter__(self) -> Traffic:  # noqa: PYI034 - no Self before Python 3.11
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LIMIT)

    def wait(self, more: int) -> None:
        """Until so many more requests have an end."""
        with self._more:
            wanted = len(self.responses) + len(self.lost) + more
            assert self._more.wait_for(lambda: len(self.responses) + len(self.lost) >= wanted, LIMIT)

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self._url, verify=False, timeout=LIMIT) as client:
            turn = 0
            while not self._stop.is_set():
                turn += 1
                path = f"/denied/{number}/{turn}" if turn % 3 == 0 else f"/echo/{number}/{turn}"
                end = self._one(client, path)
                with self._more:
                    (self.lost if isinstance(end, Exception) else self.responses).append(end)
                    self._more.notify_all()

    def _one(self, client: httpx.Client, path: str) -> Any:
        """A response; an error if there is none after as many repeats as a client makes of a GET."""
        for left in range(self._retries, -1, -1):
            try:
                return client.get(path)
            except httpx.TransportError as error:  # noqa: PERF203 - it is what is counted here
                if left == 0:
                    return error
        raise AssertionError
