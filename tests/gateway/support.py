"""The gateway in front of a stub provider, and a client that sends exactly the bytes of a test."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import Any, ClassVar
from urllib.parse import urlsplit

import anyio
import httpx

from authproblem._client.stores import CooldownStore
from authproblem.gateway import Gateway, load_config
from authproblem.gateway._protocol import GatewayProtocol
from authproblem.gateway._record import Record
from authproblem.gateway._upstream import UpstreamClient, UpstreamRequest
from tests.client.served import served
from tests.support.asgi_server import AsgiServer, http_scope
from tests.support.responses import Pairs, Response


def made(
    *routes: tuple[str, str, str],
    upstream: UpstreamClient | None = None,
    cooldown_store: CooldownStore | None = None,
    on_finished: Callable[[Record], None] | None = None,
    **flags: Any,
) -> Gateway:
    """A gateway with routes `(source, url, prefix)`."""
    config = load_config({"routes": list(routes), **flags}, {})
    return Gateway(config, client=upstream, cooldown=cooldown_store, on_finished=on_finished)


@contextlib.contextmanager
def before(url: str, **flags: Any) -> Iterator[httpx.Client]:
    """A client of a gateway that passes everything on to an org of Okta."""
    gateway = guarded(made(("okta", url, ""), **flags))
    with gateway as origin, httpx.Client(base_url=origin, verify=False, timeout=10) as client:
        yield client


@contextlib.contextmanager
def guarded(app: Gateway) -> Iterator[str]:
    """A gateway in the server as the command sets it up, and its origin."""
    with served(app, http=GatewayProtocol, ws="none") as origin:
        yield origin


@contextlib.contextmanager
def connected(origin: str | httpx.URL) -> Iterator[socket.socket]:
    """A bare connection."""
    parts = urlsplit(str(origin))
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as connection:
        yield connection


def raw_request(origin: str | httpx.URL, request: str, method: str = "GET") -> Response:
    """The response to a request that is sent as it is; lines may end with LF alone."""
    with connected(origin) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode("latin-1"))
        response = HTTPResponse(connection, method=method)
        response.begin()
        return Response(response.status, response.getheaders(), response.read())


class Ok:
    """A response `{}`."""

    status = 200
    headers: ClassVar[list[tuple[bytes, bytes]]] = []

    async def read(self) -> tuple[bytes, bool]:
        return b"{}", False

    def close(self) -> None:
        """Nothing is open."""


class Failing:
    """A client that raises these errors one after the other, and gets a response then."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.requests: list[UpstreamRequest] = []

    async def send(self, request: UpstreamRequest) -> Ok:
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return Ok()

    async def aclose(self) -> None:
        """Nothing is open."""


class Waiting:
    """A client that never gets a response, and records whether it was stopped."""

    def __init__(self) -> None:
        self.stopped = False

    async def send(self, _: UpstreamRequest) -> Ok:
        try:
            await anyio.sleep_forever()
        except BaseException:
            self.stopped = True
            raise
        raise AssertionError

    async def aclose(self) -> None:
        """Nothing is open."""


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
        await app.aclose()

    anyio.run(main)
    return server.response()


def leaving(
    app: Gateway, messages: list[dict[str, Any]], method: str = "GET", headers: Pairs | None = None
) -> list[Any]:
    """What the app sends to a client that sends these messages and disconnects."""
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


def next_response(connection: socket.socket) -> Response:
    """What comes next on a connection."""
    response = HTTPResponse(connection)
    response.begin()
    return Response(response.status, response.getheaders(), response.read())


def is_problem(response: Response) -> bool:
    """Whether a response is a problem document of its own status."""
    return (
        response.header("content-type") == "application/problem+json"
        and json.loads(response.body)["status"] == response.status
    )


def failing(*errors: Exception, method: str = "GET", path: str = "/api/v1/users", **scope: Any) -> Response:
    """The response where the client raises these errors one after the other."""
    return asked(made(("okta", "https://org.okta.com", ""), upstream=Failing(*errors)), path, method, **scope)
