"""The example's app as the tests put it behind the gateways: requests are noted, one stream waits for its reader."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import uvicorn

from examples.gateways.app import app as example

LIMIT = 10
"""Seconds that a stream waits for its gate."""
EVENTS = 60
"""The events of a gated stream: were each 200 ms late, a test would run into its time limit."""


class Call(NamedTuple):
    """A request that reached the app.

    Attributes:
        method: its method.
        path: its path.
        at: when it came, on a clock that only goes forward.
    """

    method: str
    path: str
    at: float


class Site:
    """An ASGI app: the example's, and `/gated/...`, a stream each of whose events but the first waits for `let_on`.

    Attributes:
        calls: the requests so far.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._gates: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(0))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            self.calls.append(Call(scope["method"], scope["path"], time.monotonic()))
            if scope["path"].startswith("/gated/"):
                await self._stream(scope["path"], send)
                return
        await example(scope, receive, send)

    def let_on(self, path: str) -> None:
        """Let the next event of a gated stream go."""
        self._gates[path].release()

    def calls_to(self, path: str) -> list[Call]:
        """The requests for a path."""
        return [call for call in self.calls if call.path == path]

    async def _stream(self, path: str, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(EVENTS):
            if number:
                await asyncio.get_running_loop().run_in_executor(None, self._gates[path].acquire, True, LIMIT)
            await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@contextlib.contextmanager
def served(app: Any, **settings: Any) -> Iterator[int]:
    """Run an app in uvicorn, in a thread, as long as the block runs, and give its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    # asyncio sets it on sockets that it makes itself, and each response would wait 40 ms for the client's delayed ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", proxy_headers=False, timeout_graceful_shutdown=LIMIT, **settings)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])  # it listens already; the server accepts what is queued
    finally:
        server.should_exit = True
        thread.join(LIMIT)
        listening.close()
