"""Real servers for the clients: the played provider behind TLS on the loopback, bare and behind the middleware.

One thread and one loop for all of them; ports are the system's choice, and listen before a server starts.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar
from unittest.mock import ANY

import pytest
import uvicorn

from authproblem.asgi import AuthProblemMiddleware
from tests.sdks.cases import Case
from tests.sdks.provider import Provider
from tests.sdks.wire import App, Exchange, Wire

E = TypeVar("E", bound=BaseException)
WAIT = 10
"""Seconds that anything here may take."""


class Site(NamedTuple):
    """A way to the provider.

    Attributes:
        name: `bare` (no middleware), `default` (the middleware without an option) or `off` (`disclosure="off"`).
        host: host and port, as the SDKs want a domain.
        wire: what went to clients.
    """

    name: str
    host: str
    wire: Wire

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"https://{self.host}"

    @property
    def exchanges(self) -> list[Exchange]:
        """What went to clients, in order."""
        return self.wire.exchanges

    @property
    def last(self) -> Exchange:
        """What went to the client last."""
        return self.exchanges[-1]

    def marks(self, case: Case) -> str | None:
        """The `Auth-Problem` with which a response leaves this site: proof that the middleware acted, or kept out."""
        return None if self.name == "bare" else case.reason

    def text(self, case: Case) -> Any:
        """The sentence that a client gets at this site: the provider's if it is registered, else the registry's."""
        return case.text if case.known or self.name == "bare" else ANY


def failure(kind: type[E], call: Callable[[], object]) -> E:
    """The exception that a call ends in, without its frames: `pytest.raises` keeps them, and so the connection."""
    try:
        call()
    except kind as error:
        return error.with_traceback(None)
    pytest.fail(f"the client raised no {kind.__name__}")


def listen() -> socket.socket:
    """A socket on a free port of the loopback, listening already."""
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every response would cost 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    return listening


@contextmanager
def running(context: ssl.SSLContext) -> Iterator[dict[str, Site]]:
    """All sites, open; closed in the end."""
    apps: dict[str, App] = {
        "bare": Provider().app,
        "default": AuthProblemMiddleware(Provider().app),
        "off": AuthProblemMiddleware(Provider().app, disclosure="off"),
    }
    sites, servers = {}, []
    for name, app in apps.items():
        wire, listening = Wire(app), listen()
        sites[name] = Site(name, f"127.0.0.1:{listening.getsockname()[1]}", wire)
        servers.append((_server(wire, context), listening))
    thread = threading.Thread(target=asyncio.run, args=(_serve(servers),), daemon=True)
    thread.start()
    try:
        yield sites
    finally:
        for server, _ in servers:
            server.should_exit = True
        thread.join(WAIT)
        assert not thread.is_alive()


def _server(app: Wire, context: ssl.SSLContext) -> uvicorn.Server:
    # The vendors' own Date and Server travel: uvicorn's would come twice.
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        http="h11",
        log_config=None,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    config.load()
    config.ssl = context
    return uvicorn.Server(config)


async def _serve(servers: list[tuple[uvicorn.Server, socket.socket]]) -> None:
    await asyncio.gather(*(server.serve(sockets=[listening]) for server, listening in servers))
