"""The gateway in front of a stub provider, and a client that sends exactly the bytes of a test."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from authproblem._client.stores import CooldownStore
from authproblem.gateway import Gateway, load_config
from tests.client.served import served
from tests.support.asgi_server import AsgiServer, http_scope
from tests.support.responses import Pairs, Response


def made(
    *routes: tuple[str, str, str],
    transport: httpx.AsyncBaseTransport | None = None,
    cooldown_store: CooldownStore | None = None,
    **flags: Any,
) -> Gateway:
    """A gateway with routes `(source, url, prefix)`; it loads no certificates, for there is no TLS here."""
    config = load_config({"routes": list(routes), **flags}, {})
    if transport is None:
        settings = config.settings
        limits = httpx.Limits(max_connections=settings["max_connections"])
        transport = httpx.AsyncHTTPTransport(verify=False, trust_env=False, limits=limits)
    return Gateway(config, transport=transport, cooldown=cooldown_store)


@contextlib.contextmanager
def before(url: str, **flags: Any) -> Iterator[httpx.Client]:
    """A client of a gateway that passes everything on to an org of Okta."""
    gateway = served(made(("okta", url, ""), **flags))
    with gateway as origin, httpx.Client(base_url=origin, verify=False, timeout=10) as client:
        yield client


@contextlib.contextmanager
def connected(origin: str | httpx.URL) -> Iterator[socket.socket]:
    """A bare connection."""
    parts = urlsplit(str(origin))
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as connection:
        yield connection


def said(origin: str | httpx.URL, request: str, method: str = "GET") -> Response:
    """The answer to a request that is sent byte for byte; lines may end with LF alone."""
    with connected(origin) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode("latin-1"))
        response = HTTPResponse(connection, method=method)
        response.begin()
        return Response(response.status, response.getheaders(), response.read())


class Failing(httpx.AsyncBaseTransport):
    """A transport that raises these errors one after the other, and answers then."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))


class Waiting(httpx.AsyncBaseTransport):
    """A transport that never answers, and knows whether it was told to stop."""

    def __init__(self) -> None:
        self.stopped = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            await anyio.sleep_forever()
        except BaseException:
            self.stopped = True
            raise
        raise AssertionError


def asked(app: Gateway, path: str = "/", method: str = "GET", headers: Pairs | None = None, **scope: Any) -> Response:
    """One request to the app itself, without a server."""
    server = AsgiServer(method)

    async def receive() -> dict[str, Any]:
        message = await server.receive()
        if message["type"] == "http.disconnect":
            await anyio.sleep_forever()
        return message

    async def main() -> None:
        with anyio.fail_after(10):
            await app(http_scope(path, method, headers, **scope), receive, server.send)
        await app._transport.aclose()

    anyio.run(main)
    return server.response()


def leaving(
    app: Gateway, messages: list[dict[str, Any]], method: str = "GET", headers: Pairs | None = None
) -> list[Any]:
    """What the app sends to a client that says this and leaves."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def main() -> None:
        with anyio.fail_after(10):
            await app(http_scope("/", method, headers), receive, send)

    anyio.run(main)
    return sent
