"""The gateway as an ASGI app: one request in, one out, and what comes back goes through the same gate as everywhere.

The body of a request and that of a response are passed on chunk by chunk, in the codings that they have. What fails on the
way to the provider becomes a problem as long as nothing has been answered; afterwards the answer is cut off, for a
complete-looking half of one would be worse.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import anyio
import httpx

from authproblem._cooldown import CooldownStore, MemoryCooldown
from authproblem._httpx import ajudge, chunks_of, made
from authproblem._problem import Problem
from authproblem._reader import Asked, Call, Reader
from authproblem.gateway._config import GatewayConfig, Route, load_config
from authproblem.gateway._messages import Peer, below, decodable, end_to_end, request_headers, target

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that a proxy may repeat by itself where an idle connection turns out to be dead (RFC 9110 section 9.2.2)."""
_SOON = 2
"""Seconds to wait where a provider cannot be reached: a restart takes about that long."""
_FULL = 1


class UpstreamAborted(ConnectionError):
    """The provider's answer ended in the middle; the server cuts the connection, so that the client can tell."""


class _Gone(Exception):  # noqa: N818 - no error: the client has left
    """The client has left before its request was complete."""


class Gateway:
    """An ASGI 3 app that passes requests on to providers and answers their errors as problem documents.

    It follows no redirect, uses no proxy of the environment, keeps no cookie, and believes no header on where a request
    came from. Run it with the server's own belief in such headers turned off, as `python -m authproblem gateway` does.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        cooldown: CooldownStore | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make the app; connections are opened by the first requests.

        Args:
            config: what `load_config` gives.
            cooldown: where cool-downs are kept; None = in memory, unless the configuration turns them off.
            transport: what sends the requests; None = HTTP as configured.
        """
        settings = config.settings
        store = (cooldown or MemoryCooldown()) if settings["cooldown"] else None
        self._lanes = [_Lane(route, store, config) for route in config.routes]
        self._transport = transport or _transport(settings)
        self._known = decodable()
        self._forwarded: str = settings["forwarded"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":  # neither provider speaks it
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._transport.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
        raw = raw.partition(b"?")[0]
        found = self._find(raw)
        if found is None or scope["method"] in {"CONNECT", "TRACE"}:
            await _refuse(send, 404 if found is None else 405, scope["method"])
            return
        lane, rest = found
        body = _Body(receive, scope)
        aborted: UpstreamAborted | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_watch, body, tasks.cancel_scope)
            try:
                await self._exchange(lane, rest, scope, body, send)
            except _Gone:
                pass
            except UpstreamAborted as error:
                aborted = error
            tasks.cancel_scope.cancel()
        if aborted is not None:
            raise aborted

    def _find(self, raw: bytes) -> tuple[_Lane, bytes] | None:
        """The lane of a path, and the provider's path; the longest prefix wins."""
        for lane in self._lanes:
            rest = below(raw, lane.prefix)
            if rest is not None:
                return lane, rest
        return None

    async def _exchange(self, lane: _Lane, rest: bytes, scope: Scope, body: _Body, send: Send) -> None:
        call = lane.call(rest, scope)
        problem = lane.reader.held_back(call)
        if problem is not None:
            await _answer(send, call, lane.reader, problem)
            return
        request = self._request(lane, rest, scope, body)
        try:
            response = await self._sent(request, body)
            judged = await ajudge(lane.reader, call, response)
        except httpx.HTTPError as error:
            await _answer(send, call, lane.reader, _failure(lane.reader, call, error))
            return
        await _pass(send, judged.response, scope["method"])

    def _request(self, lane: _Lane, rest: bytes, scope: Scope, body: _Body) -> httpx.Request:
        headers = request_headers(
            scope["headers"],
            host=lane.authority,
            known=self._known,
            forwarded=self._forwarded,
            peer=Peer(dict(scope)),
        )
        if body.framed == "chunked":
            headers.append((b"transfer-encoding", b"chunked"))
        whole = target(lane.base + rest, scope.get("query_string", b""))
        stream = httpx.ByteStream(b"") if body.framed == "none" else body
        extensions = {"timeout": lane.timeouts, "target": whole}
        return httpx.Request(scope["method"], lane.url, headers=headers, stream=stream, extensions=extensions)

    async def _sent(self, request: httpx.Request, body: _Body) -> httpx.Response:
        """Send a request; one that may be repeated is, once, where the connection was closed before any answer."""
        try:
            response = await self._transport.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if request.method not in _REPEATABLE or body.framed != "none":
                raise
            response = await self._transport.handle_async_request(request)
        return httpx.Response(
            response.status_code,
            headers=end_to_end(response.headers.raw),
            stream=response.stream,
            extensions=response.extensions,
        )


class _Lane:
    """One route, compiled."""

    __slots__ = ("_host", "authority", "base", "prefix", "reader", "timeouts", "url")

    def __init__(self, route: Route, store: CooldownStore | None, config: GatewayConfig) -> None:
        parts, settings = urlsplit(route.url), config.settings
        self._host = parts.hostname or ""
        self.prefix = route.prefix.encode()
        self.base = parts.path.encode()
        self.url = httpx.URL(f"{parts.scheme}://{parts.netloc}/")
        self.authority = self.url.netloc
        self.reader = Reader({self._host: route.provider}, store, config.options, max_hold=settings["max_cooldown"])
        self.timeouts = {name: settings[f"{name}_timeout"] for name in ("connect", "read", "write", "pool")}

    def call(self, rest: bytes, scope: Scope) -> Call:
        """The request as the reader knows it."""

        def lines(wanted: bytes) -> str | None:
            values = [value for name, value in scope["headers"] if name.lower() == wanted]
            return b", ".join(values).decode("latin-1") or None

        call = self.reader.call(
            Asked(
                host=self._host,
                path=unquote(rest.decode("latin-1"), errors="replace"),
                method=scope["method"].upper(),
                accept=lines(b"accept"),
                authorization=lines(b"authorization"),
                query=scope.get("query_string", b"").decode("latin-1"),
            )
        )
        if call is None:  # the reader was made for this very host
            raise AssertionError
        return call


class _Body(httpx.AsyncByteStream):
    """The body of a request, passed on as it comes.

    Attributes:
        framed: `length`, `chunked` or `none`: how the provider is told where it ends.
        read: set as soon as no more of it is wanted, so that the client's leaving can be watched for.
    """

    def __init__(self, receive: Receive, scope: Scope) -> None:
        names = {name.lower(): value for name, value in scope["headers"]}
        if b"content-length" in names and b"transfer-encoding" not in names:
            self.framed = "length"
        else:
            none = b"transfer-encoding" not in names and str(scope.get("http_version", "1.1")).startswith("1")
            self.framed = "none" if none or scope["method"] in {"GET", "HEAD"} else "chunked"
        self.receive = receive
        self.read = anyio.Event()
        if self.framed == "none":
            self.read.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            more = True
            while more:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                more = message.get("more_body", False)
                if message.get("body"):
                    yield message["body"]
        finally:
            self.read.set()


async def _watch(body: _Body, scope: anyio.CancelScope) -> None:
    """Stop the exchange when the client leaves; nothing is asked of the provider for nobody."""
    await body.read.wait()
    while (await body.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


def _transport(settings: Any) -> httpx.AsyncHTTPTransport:
    trust = ssl.create_default_context(cafile=settings["ca_file"]) if settings["ca_file"] else True
    return httpx.AsyncHTTPTransport(
        verify=trust,
        trust_env=False,
        retries=settings["connect_retries"],
        limits=httpx.Limits(
            max_connections=settings["max_connections"],
            max_keepalive_connections=settings["max_keepalive"],
            keepalive_expiry=settings["keepalive_expiry"],
        ),
    )


def _failure(reader: Reader, call: Call, error: httpx.HTTPError) -> Problem:
    """The problem for a request that got no answer. `Retry-After` only where nothing of it was sent."""
    seen = {"exception": type(error).__name__}
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return reader.made(call, "upstream-unreachable", after=_SOON, unsent=True, **seen)
    if isinstance(error, httpx.PoolTimeout):
        return reader.made(call, "upstream-unavailable", after=_FULL, unsent=True, **seen)
    if isinstance(error, httpx.TimeoutException):
        return reader.made(call, "upstream-timeout", **seen)
    return reader.made(call, "upstream-error", **seen)


async def _answer(send: Send, call: Call, reader: Reader, problem: Problem) -> None:
    await _pass(send, made(reader.reply(call, problem)), call.asked.method)


async def _pass(send: Send, response: httpx.Response, method: str) -> None:
    """Send a response on, chunk by chunk.

    Raises:
        UpstreamAborted: if it ends before its end.
    """
    headers = [(name.lower(), value) for name, value in response.headers.raw]
    if not any(name == b"date" for name, _ in headers):  # a recipient with a clock adds it (RFC 9110 section 6.6.1)
        headers.append((b"date", _now()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    try:
        async for chunk in chunks_of(response):
            if chunk and method != "HEAD":
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except httpx.HTTPError as error:
        raise UpstreamAborted(type(error).__name__) from None
    finally:
        await response.aclose()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _now() -> bytes:
    from email.utils import formatdate

    return formatdate(usegmt=True).encode("ascii")


async def _refuse(send: Send, status: int, method: str) -> None:
    """An answer of the gateway itself, which is no provider's problem."""
    text = {404: b"No upstream answers below this path.\n", 405: b"This method is not passed on.\n"}[status]
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    headers.append((b"date", _now()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else text, "more_body": False})


def make_app(config: GatewayConfig | None = None) -> Gateway:
    """The app factory, for `uvicorn --factory authproblem.gateway:make_app` and granian.

    Args:
        config: what `load_config` gives; None = from the environment, and the file that `AUTHPROBLEM_CONFIG` names.

    Raises:
        ConfigError: for a setting that does not hold.
    """
    return Gateway(load_config() if config is None else config)
