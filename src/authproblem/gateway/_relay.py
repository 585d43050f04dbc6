"""The way of one exchange: the body of the request in, the response out, and what is answered where there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import httpx

from authproblem._client.httpx_bridge import chunks_of, made
from authproblem._client.reader import Call, Reader
from authproblem._core.problem import Problem
from authproblem.gateway._messages import cors

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SOON = 2
"""Seconds to wait where a provider cannot be reached: a restart takes about that long."""
_FULL = 1
"""Seconds to wait where all connections are in use."""
_REFUSALS = {404: b"No upstream answers below this path.\n", 405: b"This method is not passed on.\n"}


class UpstreamAbortedError(ConnectionError):
    """The provider's answer ended in the middle; the server cuts the connection, so that the client can tell."""


class ClientGoneError(ConnectionError):
    """The client has left before its request was complete."""


class Body(httpx.AsyncByteStream):
    """The body of a request, passed on as it comes.

    Attributes:
        framing: `length`, `chunked` or `none`: how the provider is told where it ends.
        receive: the server's.
        done: set as soon as no more of it is wanted, so that the client's leaving can be watched for.
    """

    def __init__(self, receive: Receive, scope: Scope) -> None:
        """Tell by the request's headers how it is framed (RFC 9112 section 6)."""
        self.framing = _framing(scope)
        self.receive = receive
        self.done = anyio.Event()
        if self.framing == "none":
            self.done.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def watch(self, scope: anyio.CancelScope) -> None:
        """Stop the exchange when the client leaves; nothing is asked of the provider for nobody."""
        await self.done.wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


def _framing(scope: Scope) -> str:
    names = {name.lower(): value for name, value in scope["headers"]}
    if b"transfer-encoding" in names:
        return "chunked"
    if b"content-length" in names:
        return "none" if names[b"content-length"].strip() == b"0" else "length"
    plain = str(scope.get("http_version", "1.1")).startswith("1") or scope["method"] in {"GET", "HEAD"}
    return "none" if plain else "chunked"  # HTTP/2 needs neither header


def failure(reader: Reader, call: Call, error: httpx.HTTPError) -> Problem:
    """The problem for a request that got no answer. `Retry-After` only where nothing of it was sent.

    Args:
        reader: the rules of the route.
        call: the request.
        error: what the transport raised.
    """
    name = type(error).__name__
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return reader.made(call, "upstream-unreachable", after=_SOON, unsent=True, exception=name)
    if isinstance(error, httpx.PoolTimeout):
        return reader.made(call, "upstream-unavailable", after=_FULL, unsent=True, exception=name)
    if isinstance(error, httpx.LocalProtocolError):  # what the client sent cannot be said in HTTP
        return reader.made(call, "invalid-request", exception=name)
    reason = "upstream-timeout" if isinstance(error, httpx.TimeoutException) else "upstream-error"
    return reader.made(call, reason, exception=name)


async def answer(send: Send, reader: Reader, call: Call, problem: Problem, *, origin: bytes | None) -> None:
    """Send a problem that is the gateway's own.

    Args:
        send: the server's.
        reader: the rules of the route.
        call: the request.
        problem: the problem.
        origin: the origin whose scripts may read it, or None.
    """
    reply = reader.reply(call, problem)
    if origin is not None:
        reply.headers.extend(cors(origin))
    await relay(send, made(reply), call.asked.method)


async def relay(send: Send, response: httpx.Response, method: str) -> None:
    """Send a response on, chunk by chunk, in the coding that it has.

    Args:
        send: the server's.
        response: the response.
        method: the request's method: HEAD gets no body.

    Raises:
        UpstreamAbortedError: if the response stops before its end.
    """
    headers = [(name.lower(), value) for name, value in response.headers.raw]
    if not any(name == b"date" for name, _ in headers):  # a recipient with a clock adds it (RFC 9110 section 6.6.1)
        headers.append((b"date", _now()))
    try:
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        async for chunk in chunks_of(response):
            if chunk and method != "HEAD":
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except httpx.HTTPError as error:
        raise UpstreamAbortedError(type(error).__name__) from None
    finally:
        with anyio.CancelScope(shield=True):
            await response.aclose()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def refuse(send: Send, status: int, method: str) -> None:
    """Send an answer of the gateway itself that is no provider's problem: no such path (404), no such method (405)."""
    text = _REFUSALS[status]
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"date", _now()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else text, "more_body": False})


def _now() -> bytes:
    from email.utils import formatdate

    return formatdate(usegmt=True).encode("ascii")
