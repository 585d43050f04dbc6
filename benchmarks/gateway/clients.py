"""The candidates, each set up as a gateway needs it: streaming, without redirects, proxies, cookies and decoding.

A candidate takes a URL and the header lines to send, reads the whole response, and returns its status and its bytes.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SIZE = 512
"""Connections that a candidate may open."""
Pairs = list[tuple[bytes, bytes]]
Get = Callable[[str, Pairs], Awaitable[tuple[int, bytes]]]
Candidate = Callable[[str], contextlib.AbstractAsyncContextManager[Get]]
"""Takes the PEM file of the authority to trust."""


@contextlib.asynccontextmanager
async def aiohttp(authority: str) -> AsyncIterator[Get]:
    """aiohttp, as the gateway uses it."""
    from urllib.parse import urlsplit

    from authproblem.gateway._aiohttp_client import AiohttpClient
    from authproblem.gateway._settings import SETTINGS
    from authproblem.gateway._upstream import UpstreamRequest

    settings = {setting.name: setting.default for setting in SETTINGS}
    client = AiohttpClient({**settings, "max_connections": SIZE, "ca_file": authority})

    async def get(url: str, headers: Pairs) -> tuple[int, bytes]:
        parts = urlsplit(url)
        target = url[len(f"{parts.scheme}://{parts.netloc}") :].encode()
        sent = [(b"host", parts.netloc.encode()), *headers]
        response = await client.send(UpstreamRequest("GET", f"{parts.scheme}://{parts.netloc}", target, sent))
        try:
            body, more = await response.read()
            while more:
                chunk, more = await response.read()
                body += chunk
        finally:
            response.close()
        return response.status, body

    yield get
    await client.aclose()


@contextlib.asynccontextmanager
async def httpx(authority: str) -> AsyncIterator[Get]:
    """The transport of httpx, which is what httpcore's pool makes of it."""
    import httpx

    limits = httpx.Limits(max_connections=SIZE, max_keepalive_connections=SIZE)
    context = ssl.create_default_context(cafile=authority)
    transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
    timeout = {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": 10.0}

    async def get(url: str, headers: Pairs) -> tuple[int, bytes]:
        address = httpx.URL(url)
        target = url[len(f"{address.scheme}://{address.netloc.decode()}") :].encode()
        sent = [(b"host", address.netloc), *headers]
        extensions = {"timeout": timeout, "target": target}
        request = httpx.Request("GET", address, headers=sent, extensions=extensions)
        response = await transport.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.stream])  # type: ignore[union-attr]
        await response.aclose()
        return response.status_code, body

    yield get
    await transport.aclose()


@contextlib.asynccontextmanager
async def httpcore(authority: str) -> AsyncIterator[Get]:
    """The pool of httpcore alone."""
    import httpcore

    context = ssl.create_default_context(cafile=authority)
    pool = httpcore.AsyncConnectionPool(ssl_context=context, max_connections=SIZE, max_keepalive_connections=SIZE)
    timeout = {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": 10.0}

    async def get(url: str, headers: Pairs) -> tuple[int, bytes]:
        address = httpcore.URL(url)
        sent = [(b"Host", address.host + b":" + str(address.port).encode()), *headers]
        async with pool.stream("GET", address, headers=sent, extensions={"timeout": timeout}) as response:
            body = b"".join([chunk async for chunk in response.aiter_stream()])
        return response.status, body

    yield get
    await pool.aclose()


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


@contextlib.asynccontextmanager
async def pyreqwest(authority: str) -> AsyncIterator[Get]:
    """pyreqwest: reqwest, hyper and rustls from Rust."""
    from datetime import timedelta

    from pyreqwest.client import ClientBuilder

    certificate = _read(authority)
    builder = ClientBuilder().max_connections(SIZE).no_proxy().follow_redirects(enable=False)
    builder = builder.connect_timeout(timedelta(seconds=5)).read_timeout(timedelta(seconds=30))
    builder = builder.gzip(enable=False).add_root_certificate_pem(certificate).error_for_status(enable=False)
    async with builder.build() as client:

        async def get(url: str, headers: Pairs) -> tuple[int, bytes]:
            sent = [(name.decode(), value.decode()) for name, value in headers]
            response = await client.get(url).headers(sent).build().send()
            return response.status, bytes(await response.bytes())

        yield get


@contextlib.asynccontextmanager
async def niquests(authority: str) -> AsyncIterator[Get]:
    """niquests, with HTTP/2 and HTTP/3 off."""
    import niquests

    async with niquests.AsyncSession(
        pool_connections=10, pool_maxsize=SIZE, disable_http2=True, disable_http3=True
    ) as session:
        session.trust_env = False

        async def get(url: str, headers: Pairs) -> tuple[int, bytes]:
            sent: Any = {name.decode(): value.decode() for name, value in headers}
            response: Any = await session.get(
                url, headers=sent, allow_redirects=False, stream=True, verify=authority, timeout=(5, 30)
            )
            body = b"".join([chunk async for chunk in await response.iter_raw()])
            return int(response.status_code), body

        yield get


_ALL: dict[str, Candidate] = {
    "aiohttp": aiohttp,
    "httpx": httpx,
    "httpcore": httpcore,
    "pyreqwest": pyreqwest,
    "niquests": niquests,
}
CANDIDATES = {name: candidate for name, candidate in _ALL.items() if find_spec(name) is not None}
"""Those that are installed. niquests is in no group of pyproject.toml: it replaces urllib3 in the whole environment."""
