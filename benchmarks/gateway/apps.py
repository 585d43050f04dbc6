"""The gateway with another HTTP client, to see what the client is worth: an app factory for the servers."""

from __future__ import annotations

from typing import Any

import httpx as library

from authproblem._upstream.hop_by_hop import Lines
from authproblem.gateway import Gateway, load_config
from authproblem.gateway._upstream import UpstreamRequest


class _Response:
    """A response of httpx."""

    def __init__(self, response: library.Response) -> None:
        self._response, self.status = response, response.status_code
        self.headers: Lines = list(response.headers.raw)

    async def read(self) -> tuple[bytes, bool]:
        body = b"".join([chunk async for chunk in self._response.stream])  # type: ignore[union-attr]
        await self._response.aclose()
        return body, False

    def close(self) -> None:
        """It is closed when it has been read."""


class _HttpxClient:
    """Requests by httpx, as the gateway sent them before."""

    def __init__(self, settings: Any) -> None:
        limits = library.Limits(
            max_connections=settings["max_connections"], max_keepalive_connections=settings["max_connections"]
        )
        self._transport = library.AsyncHTTPTransport(verify=False, trust_env=False, limits=limits)

    async def send(self, request: UpstreamRequest) -> _Response:
        timeout = {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": 10.0}
        extensions = {"timeout": timeout, "target": request.target}
        sent = library.Request(request.method, request.origin, headers=request.headers, extensions=extensions)
        return _Response(await self._transport.handle_async_request(sent))

    async def aclose(self) -> None:
        await self._transport.aclose()


def httpx() -> Gateway:
    """Return the gateway as the environment configures it, with httpx."""
    config = load_config()
    return Gateway(config, client=_HttpxClient(config.settings))
