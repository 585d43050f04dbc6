"""An ASGI app behind a real server on the loopback, in a thread of the test's process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn


class _PromptServer(uvicorn.Server):
    """uvicorn, which by itself notices up to 0.1 s late that it is to stop."""

    async def main_loop(self) -> None:
        while not self.should_exit:  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(0.005)


@contextlib.contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """Run an app in uvicorn as long as the block runs, and give its origin."""
    listening = socket.create_server(("127.0.0.1", 0))
    # asyncio sets it on sockets that it makes itself, and each response would wait 40 ms for the client's delayed ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        log_level="critical",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
        **options,
    )
    server = _PromptServer(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"  # it listens already; the server comes to its queue
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
