"""A fake as an httpx transport: `httpx.MockTransport` calls it with each request, sync and async alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from authproblem.testing._http import Response, request_of

if TYPE_CHECKING:
    from authproblem.testing._transports import Transports


def transport(fake: Transports) -> httpx.MockTransport:
    """A transport whose responses come from a fake."""
    return _Transport(fake)


class _Transport(httpx.MockTransport):
    def __init__(self, fake: Transports) -> None:
        super().__init__(self._handle)
        self._fake = fake

    def _handle(self, request: httpx.Request) -> httpx.Response:
        response = self._fake.send(request.method, str(request.url), request.headers.raw, request.content)
        return _response(response)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Respond as `handle_request` does, but wait without blocking the loop."""
        import asyncio

        await request.aread()
        given = request_of(request.method, str(request.url), request.headers.raw, request.content)
        with self._fake.exchange(given) as response:
            if response.delay:
                await asyncio.sleep(response.delay)
            return _response(response)


def _response(response: Response) -> httpx.Response:
    return httpx.Response(response.status, headers=list(response.headers), content=response.body)
