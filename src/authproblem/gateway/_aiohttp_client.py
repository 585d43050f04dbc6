"""Requests to providers over HTTP/1.1, by aiohttp: `benchmarks/gateway/clients.md` compares it with other clients.

Nothing but sending and receiving: no rule about headers, errors or cool-downs belongs here. The client follows no
redirect, reads no proxy from the environment, keeps no cookie and decodes no body.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from authproblem._upstream.hop_by_hop import Lines
from authproblem.gateway._aiohttp_errors import failure_of
from authproblem.gateway._slots import Slots
from authproblem.gateway._upstream import UpstreamFailure, UpstreamRequest, UpstreamResponse

_ADDED_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Fields that aiohttp would add to requests that lack them."""
_MAX_HEADER = 65_536
"""Bytes of one header line of a response; with aiohttp's default of 8190 large cookies would fail."""
_STATUSES = range(200, 600)
"""Final status codes (RFC 9110 section 15). aiohttp consumes interim responses; a 101 was not requested."""


class AiohttpClient:
    """A bounded number of connections, and a timeout for each step."""

    def __init__(self, settings: Any) -> None:
        """Read the settings; connections are opened by the first requests.

        Args:
            settings: the values of `SETTINGS`, by name.
        """
        self._settings = settings
        self._retries: int = settings["connect_retries"]
        self._slots = Slots(settings["max_connections"], settings["pool_timeout"])
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send a request and return its response as soon as the headers are there.

        Raises:
            UpstreamFailure: if there is no response.
        """
        release = await self._slots.acquire(uploading=request.uploading)
        try:
            return _Response(_checked(await self._send(request)), release)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the slot must be free again
            release()
            raise failure_of(error) or error from None

    async def _send(self, request: UpstreamRequest) -> aiohttp.ClientResponse:
        """Repeat what could not connect `connect_retries` times: nothing was sent."""
        session = self._session or self._open()
        headers = CIMultiDict([(name.decode(), value.decode()) for name, value in request.headers])
        url = URL(request.origin + request.target.decode(), encoded=True)
        left = self._retries
        while True:
            try:
                return await session.request(
                    request.method, url, headers=headers, data=request.body, allow_redirects=False
                )
            except aiohttp.ClientConnectorError:  # noqa: PERF203 - it is what is repeated
                left -= 1
                if left < 0:
                    raise

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        """Make the session; it belongs to the event loop that runs."""
        settings = self._settings
        authorities = settings["ca_file"]
        connector = aiohttp.TCPConnector(
            limit=0,  # `Slots` bounds them
            keepalive_timeout=settings["keepalive_expiry"],
            ssl=ssl.create_default_context(cafile=authorities) if authorities else True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings["connect_timeout"], sock_read=settings["read_timeout"]
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_ADDED_HEADERS,
            middlewares=(_send_once,),
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        return self._session


def _checked(response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    """Refuse what no server could send on."""
    if response.status not in _STATUSES:
        response.close()
        raise UpstreamFailure("broken", f"{response.status} is no final HTTP status")
    return response


async def _send_once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating PUT and DELETE where a kept connection turns out to be closed.

    It repeats what fails with one of the exceptions that are caught here. Which requests the gateway repeats is for
    `_exchange` to decide.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise failure_of(error) or error from None


class _Response:
    """A response of aiohttp, which keeps its slot until it is closed."""

    __slots__ = ("_release", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, release: Callable[[], None]) -> None:
        self._response, self._release = response, release
        self.status = response.status
        self.headers: Lines = list(response.raw_headers)

    async def read(self) -> tuple[bytes, bool]:
        content = self._response.content
        try:
            data = await content.readany()
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise failure_of(error) or error from None
        return data, not content.at_eof()

    def close(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
        self._release()
