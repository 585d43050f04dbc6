"""The gateway as an ASGI app: one request in, one out; what comes back goes through the same gate as everywhere.

Bodies are passed on chunk by chunk, in the codings that they have. What fails on the way to the provider becomes a
problem as long as nothing has been answered; afterwards the answer is cut off, for half of one must not look complete.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import anyio
import httpx

from authproblem._client.httpx_bridge import ajudge
from authproblem._client.reader import Asked, Call, Reader
from authproblem._client.stores import CooldownStore, MemoryCooldown
from authproblem.gateway._config import GatewayConfig, Route, load_config
from authproblem.gateway._messages import Peer, below, decodable, end_to_end, request_headers, target
from authproblem.gateway._relay import (
    Body,
    ClientGoneError,
    Receive,
    Scope,
    Send,
    answer,
    failure,
    refuse,
    relay,
)

_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that a proxy may repeat by itself where an idle connection turns out to be dead (RFC 9110 section 9.2.2)."""
_NOT_PASSED = frozenset(("CONNECT", "TRACE"))


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
            cooldown: where cool-downs are kept; None = in memory. Not used where the configuration turns them off.
            transport: what sends the requests; None = HTTP as configured.
        """
        settings = config.settings
        store = (cooldown or MemoryCooldown()) if settings["cooldown"] else None
        self._lanes = [_Lane(route, store, config) for route in config.routes]
        self._transport = transport or _transport(settings)
        self._known = decodable()
        self._forwarded: str = settings["forwarded"]
        self._origins = frozenset(origin.encode() for origin in settings["cors_origins"])

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
        found = self._find(_path(scope))
        if found is None or scope["method"] in _NOT_PASSED:
            await refuse(send, 404 if found is None else 405, scope["method"])
            return
        lane, rest = found
        body = Body(receive, scope)
        failed: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(body.watch, tasks.cancel_scope)
            try:
                await self._exchange(lane, rest, scope, body, send)
            except ClientGoneError:
                pass
            except Exception as error:  # noqa: BLE001 - raised below, outside of the group, as what it is
                failed = error
            tasks.cancel_scope.cancel()
        if failed is not None:
            raise failed

    def _find(self, path: bytes) -> tuple[_Lane, bytes] | None:
        """The lane of a path, and the provider's path; the longest prefix wins."""
        for lane in self._lanes:
            rest = below(path, lane.prefix)
            if rest is not None:
                return lane, rest
        return None

    async def _exchange(self, lane: _Lane, rest: bytes, scope: Scope, body: Body, send: Send) -> None:
        reader, call = lane.reader, lane.call(rest, scope)
        problem = reader.held_back(call)
        if problem is None:
            try:
                response = await self._sent(self._request(lane, rest, scope, body), body)
                body.done.set()
                judged = await ajudge(reader, call, response)
            except httpx.HTTPError as error:
                problem = failure(reader, call, error)
            else:
                await relay(send, judged.response, scope["method"])
                return
        origin = next((value for name, value in scope["headers"] if name.lower() == b"origin"), None)
        await answer(send, reader, call, problem, origin=origin if origin in self._origins else None)

    def _request(self, lane: _Lane, rest: bytes, scope: Scope, body: Body) -> httpx.Request:
        headers = request_headers(
            scope["headers"], host=lane.authority, known=self._known, forwarded=self._forwarded, peer=Peer(scope)
        )
        if body.framing == "chunked":
            headers = [pair for pair in headers if pair[0] != b"content-length"]
            headers.append((b"transfer-encoding", b"chunked"))
        whole = target(lane.base + rest, scope.get("query_string", b""))
        stream = httpx.ByteStream(b"") if body.framing == "none" else body
        extensions = {"timeout": lane.timeouts, "target": whole}
        return httpx.Request(scope["method"], lane.url, headers=headers, stream=stream, extensions=extensions)

    async def _sent(self, request: httpx.Request, body: Body) -> httpx.Response:
        """Send a request; one that may be repeated is, once, where the connection was closed before any answer."""
        try:
            response = await self._transport.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if request.method not in _REPEATABLE or body.framing != "none":
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

        asked = Asked(
            host=self._host,
            path=unquote(rest.decode("latin-1")),
            method=scope["method"].upper(),
            accept=lines(b"accept"),
            authorization=lines(b"authorization"),
            peer=(scope.get("client") or ("",))[0] or "",
        )
        call = self.reader.call(asked)
        if call is None:  # the reader was made for this very host
            raise AssertionError
        return call


def _path(scope: Scope) -> bytes:
    """The path as the caller sent it, below the place where the app is mounted."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    root = quote(scope.get("root_path", "")).encode("ascii")
    return (below(path, root) or path).partition(b"?")[0]


def _transport(settings: Any) -> httpx.AsyncHTTPTransport:
    authorities = settings["ca_file"]
    return httpx.AsyncHTTPTransport(
        verify=ssl.create_default_context(cafile=authorities) if authorities else True,
        trust_env=False,
        retries=settings["connect_retries"],
        limits=httpx.Limits(
            max_connections=settings["max_connections"],
            max_keepalive_connections=settings["max_keepalive"],
            keepalive_expiry=settings["keepalive_expiry"],
        ),
    )


def make_app(config: GatewayConfig | None = None) -> Gateway:
    """The app factory, for `uvicorn --factory authproblem.gateway:make_app` and granian.

    Args:
        config: what `load_config` gives; None = from the environment, and the file that `AUTHPROBLEM_CONFIG` names.

    Raises:
        ConfigError: for a setting that does not hold.
    """
    return Gateway(load_config() if config is None else config)
