"""Providers that fail for real, and apps that let it escape: what the tests of `exceptions=True` share.

An `Upstream` is a server on the loopback with one answer; besides it there are ports that refuse, hang and hang up.
`SECRET` stands wherever a token may stand: no answer and no event may show it.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import httpx
import httpx2
import requests
import urllib3

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.support.asgi_server import AsgiServer, http_scope
from tests.support.events import Events
from tests.support.responses import Pairs, Response, json_response
from tests.support.wsgi_server import WsgiServer, http_environ

WAIT = 10
"""Seconds that nothing here may take."""
PATIENCE = 0.1
"""Seconds that a client waits for a server that hangs."""
SECRET = "s3cr3t-Zq7Lx"
HOST = "127.0.0.1"

WRONG_PASSWORD = json_response(
    403,
    {
        "error": "invalid_grant",
        "error_description": "Wrong email or password.",
        "mfa_token": SECRET,
        "error_uri": f"https://auth0.com/{SECRET}",
        "extra": SECRET,
    },
    ("x-auth0-requestid", "4ad55daa560e468bdfe1"),
    ("set-cookie", f"did={SECRET}"),
    ("www-authenticate", f'Bearer realm="{SECRET}"'),
    ("location", f"https://tenant.auth0.com/?code={SECRET}"),
)
"""Auth0's answer to a wrong password, with more in it than it has any business to."""

Call = Callable[[], Any]
"""What the app does: it fails, or gives a coroutine that does."""


class Upstream:
    """A server with one answer, which can be changed; every request gets it."""

    def __init__(self, response: Response = WRONG_PASSWORD) -> None:
        self.answer = response
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(upstream.answer.status)
                for name, value in upstream.answer.headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(upstream.answer.body)))
                self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(upstream.answer.body)

            do_GET = do_POST = _any  # noqa: N815 - http.server's names

            def log_message(self, *_args: Any) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def netloc(self) -> str:
        """Host and port."""
        return f"{HOST}:{self._server.server_address[1]}"

    def url(self, path: str = "/oauth/token") -> str:
        """A URL of it, with a token in the query."""
        return f"http://{self.netloc}{path}?access_token={SECRET}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(WAIT)


@contextlib.contextmanager
def deaf(kind: str) -> Iterator[str]:
    """A URL where no HTTP answer comes from: `refused`, `hanging`, `hung-up`, or `unknown` (a name without address)."""
    if kind == "unknown":
        yield f"http://nowhere.invalid/oauth/token?access_token={SECRET}"
        return
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        if kind != "refused":  # a port that is taken, but not listened to, refuses
            bound.listen(64)
        thread = threading.Thread(target=_hang_up, args=(bound,), daemon=True)
        if kind == "hung-up":
            thread.start()
        yield f"http://{HOST}:{bound.getsockname()[1]}/oauth/token?access_token={SECRET}"
        if kind == "hung-up":
            bound.shutdown(socket.SHUT_RDWR)
            thread.join(WAIT)


def _hang_up(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)


def call_httpx(url: str, wait: float = WAIT) -> None:
    httpx.get(url, timeout=wait, trust_env=False).raise_for_status()


async def call_httpx_async(url: str, wait: float = WAIT) -> None:
    async with httpx.AsyncClient(timeout=wait, trust_env=False) as client:
        (await client.get(url)).raise_for_status()


def call_httpx2(url: str, wait: float = WAIT) -> None:
    httpx2.get(url, timeout=wait, trust_env=False).raise_for_status()


async def call_httpx2_async(url: str, wait: float = WAIT) -> None:
    async with httpx2.AsyncClient(timeout=wait, trust_env=False) as client:
        (await client.get(url)).raise_for_status()


def call_requests(url: str, wait: float = WAIT) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.get(url, timeout=wait).raise_for_status()


def call_urllib3(url: str, wait: float = WAIT) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("GET", url, timeout=wait, retries=False)


def call_urllib3_retrying(url: str, wait: float = WAIT) -> None:
    with urllib3.PoolManager() as pool:
        pool.request("GET", url, timeout=wait, retries=0)


async def call_aiohttp(url: str, wait: float = WAIT) -> None:
    timeout = aiohttp.ClientTimeout(sock_connect=wait, sock_read=wait)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
        response.raise_for_status()


CLIENTS: dict[str, Callable[..., Any]] = {
    "httpx": call_httpx,
    "httpx-async": call_httpx_async,
    "httpx2": call_httpx2,
    "httpx2-async": call_httpx2_async,
    "requests": call_requests,
    "aiohttp": call_aiohttp,
}
RAW_CLIENTS: dict[str, Callable[..., Any]] = {
    **CLIENTS,
    "urllib3": call_urllib3,
    "urllib3-retrying": call_urllib3_retrying,
}
"""Also those that know no error status, only failed connections."""


def raising(error: BaseException) -> Call:
    """An app's doing that raises this very exception."""

    def call() -> None:
        raise error

    return call


def status_error(
    response: Response,
    url: str = "https://tenant.auth0.com/oauth/token",
    method: str = "POST",
    library: Any = httpx,
) -> httpx.HTTPStatusError:
    """The exception of httpx, or of httpx2, for a response, as `raise_for_status` makes it."""
    request = library.Request(method, f"{url}?access_token={SECRET}")
    reply = library.Response(response.status, headers=response.headers, content=response.body, request=request)
    try:
        reply.raise_for_status()
    except library.HTTPStatusError as error:
        return error  # type: ignore[no-any-return]
    raise AssertionError("no error status")


def asgi_app(call: Call) -> Any:
    """An ASGI app that does this, and never answers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        result = call()
        if inspect.isawaitable(result):
            await asyncio.wait_for(result, WAIT)

    return app


def wsgi_app(call: Call) -> Any:
    """A WSGI app that does this, and never answers."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        result = call()
        if inspect.iscoroutine(result):
            asyncio.run(asyncio.wait_for(result, WAIT))
        return []

    return app


def ask(
    adapter: str, call: Call, *, path: str = "/", method: str = "GET", headers: Pairs | None = None, **options: Any
) -> Response:
    """Send a request to an app that does this, behind the middleware with `exceptions=True`, and give the answer.

    Args:
        adapter: `asgi` or `wsgi`.
        call: what the app does.
        path: the request's path.
        method: the request's method.
        headers: the request's headers.
        **options: further options of the middleware.
    """
    options = {"exceptions": True, **options}
    if adapter == "asgi":
        return connect(AsgiMiddleware(asgi_app(call), **options), path, method, headers)
    app = WsgiMiddleware(wsgi_app(call), **options)
    return WsgiServer(method).run(app, http_environ(path, method, headers))


def connect(app: Any, path: str = "/", method: str = "GET", headers: Pairs | None = None) -> Response:
    """Send one request to an ASGI app, in an event loop of its own, and give the answer."""
    server = AsgiServer(method)
    asyncio.run(app(http_scope(path, method, headers), server.receive, server.send))
    return server.response()


def assert_no_secret(response: Response, events: Events) -> None:
    """Neither client nor log have seen what the upstream or the exception said."""
    assert SECRET not in repr(response)
    assert SECRET not in repr(list(events))
