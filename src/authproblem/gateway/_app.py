"""The gateway as an ASGI app: which requests are served, by which route, and what is refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from authproblem._client.stores import CooldownStore
from authproblem._upstream.hop_by_hop import decodable_codings
from authproblem.gateway import _responses as responses
from authproblem.gateway._aiohttp_client import AiohttpClient
from authproblem.gateway._body import BodyLimits, Receive
from authproblem.gateway._config import GatewayConfig, load_config, make_cooldown
from authproblem.gateway._deadlines import Deadlines
from authproblem.gateway._exchange import Exchange, IncomingRequest, Shared
from authproblem.gateway._head import Head, Peer
from authproblem.gateway._record import Record
from authproblem.gateway._responses import Send
from authproblem.gateway._routes import CompiledRoute, find_route, leaves_base, path_of
from authproblem.gateway._upstream import UpstreamClient

_NOT_PASSED = frozenset(("CONNECT", "TRACE"))
Scope = MutableMapping[str, Any]


class Gateway:
    """An ASGI 3 app that passes requests on to providers and returns their errors as problem documents.

    It follows no redirect, uses no proxy of the environment, keeps no cookie, and takes no header for the address that
    a request came from. Run it in a server that does not do so either, as `python -m authproblem gateway` does.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        cooldown: CooldownStore | None = None,
        client: UpstreamClient | None = None,
        on_finished: Callable[[Record], None] | None = None,
    ) -> None:
        """Make the app; connections are opened by the first requests.

        Args:
            config: what `load_config` returns.
            cooldown: where cool-downs are kept; None = as configured. Not used where the configuration turns them off.
            client: what sends the requests; None = HTTP as configured.
            on_finished: called after each request, for logs and metrics.
        """
        settings = config.settings
        self._own = make_cooldown(settings) if cooldown is None else None
        store = (self._own if cooldown is None else cooldown) if settings["cooldown"] else None
        self._routes = [CompiledRoute(route, store, config) for route in config.routes]
        self._max_header: int = settings["max_header"]
        self._on_finished = on_finished
        self._client = client or AiohttpClient(settings)
        self._shared = Shared(
            self._client,
            decodable_codings(),
            settings["forwarded"],
            frozenset(origin.encode() for origin in settings["cors_origins"]),
            BodyLimits(settings["body_timeout"], settings["write_timeout"], Deadlines()),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":  # neither provider supports it
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def aclose(self) -> None:
        """Close the connections to the providers, and to a Redis that was configured."""
        await self._client.aclose()
        close = getattr(self._own, "close", None)  # a memory store has none
        if close is not None:
            await asyncio.to_thread(close)  # it waits for its threads

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope)
        if path == b"*" and scope["method"] == "OPTIONS":  # is about the server itself (RFC 9110 section 9.3.7)
            await send(responses.start(204, []))
            await send(responses.part(b"", more=False))
            return
        began = time.monotonic()
        head = Head(scope["headers"])
        found = find_route(self._routes, path)
        refused = self._refused(scope["method"], head, found)
        if refused is not None or found is None:
            status, headers, body = refused or responses.refusal(404, responses.NO_ROUTE)
            await send(responses.start(status, headers))
            await send(responses.part(b"" if scope["method"] == "HEAD" else body, more=False))
            if self._on_finished is not None:
                self._on_finished(Record.refused(scope["method"], path, status, began))
            return
        route, rest = found
        request = IncomingRequest(scope["method"], rest, scope.get("query_string", b""), head, Peer(scope))
        exchange = Exchange(self._shared, route, request, send)
        try:
            await exchange.run(receive)
        finally:
            if self._on_finished is not None:
                self._on_finished(Record.of(exchange, route, request.method, path, began))

    def _refused(self, method: str, head: Head, found: tuple[CompiledRoute, bytes] | None) -> Any:
        """The response to a request that is not passed on; None for one that is."""
        if found is None:
            return responses.refusal(404, responses.NO_ROUTE)
        if method in _NOT_PASSED:
            return responses.refusal(405, responses.METHOD)
        if leaves_base(*found):
            return responses.refusal(400, responses.LEAVES_BASE)
        if head.size() > self._max_header:
            return responses.refusal(431, responses.TOO_LARGE)
        if head.is_coded():
            return responses.refusal(501, responses.CODING)
        return None


def make_app(config: GatewayConfig | None = None) -> Gateway:
    """Return the app, for `uvicorn --factory authproblem.gateway:make_app` and granian.

    Args:
        config: what `load_config` returns; None = from the environment, and the file that `AUTHPROBLEM_CONFIG` names.

    Raises:
        ConfigError: for an invalid setting.
    """
    return Gateway(load_config() if config is None else config)
