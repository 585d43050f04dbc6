"""How clients reach a fake: as an ASGI or WSGI app, as a transport of httpx or requests, or over a real socket.

Everything here translates to `Request` and from `Response` and decides nothing. Client libraries are imported when
their transport is used.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from authproblem.testing._http import Request, Response, request_of

if TYPE_CHECKING:
    import httpx
    import responses

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Transports:
    """The adapters of a fake; `exchange` yields the response to a request that is in flight until the block is left."""

    def exchange(self, request: Request) -> AbstractContextManager[Response]:
        """Return the response to one request; the fake does."""
        raise NotImplementedError

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The fake as an ASGI 3 app: `uvicorn.run(fake.asgi)`."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise NotImplementedError(f"a fake provider serves HTTP, not {scope['type']}")
        with self.exchange(await _of_scope(scope, receive)) as response:
            if response.delay:
                import asyncio

                await asyncio.sleep(response.delay)
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            await send({"type": "http.response.body", "body": response.body})

    def wsgi(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The fake as a WSGI app: `waitress.serve(fake.wsgi)`."""
        with self.exchange(_of_environ(environ)) as response:
            _wait(response)
            phrase = HTTPStatus(response.status).phrase
            start_response(f"{response.status} {phrase}", list(response.headers))
            return [response.body]

    def send(self, method: str, url: str, headers: Any = (), body: bytes = b"") -> Response:
        """Return the response to a request given by its parts: for clients that have no transport here."""
        with self.exchange(request_of(method, url, headers, body)) as response:
            _wait(response)
            return response

    def transport(self) -> httpx.MockTransport:
        """A transport for `httpx.Client` and `httpx.AsyncClient`: no socket is opened, whatever the host."""
        from authproblem.testing import _httpx

        return _httpx.transport(self)

    def adapter(self) -> Any:
        """An adapter for `requests.Session().mount("https://", ...)`: no socket is opened, whatever the host."""
        from authproblem.testing import _requests

        return _requests.Adapter(self)

    def mock_respx(self, router: Any) -> None:
        """Serve every request of a `respx` router that no other route of it takes."""
        router.route().mock(side_effect=self.transport().handle_request)

    def mock_responses(self, mock: responses.RequestsMock, url: str) -> None:
        """Serve every request of a `responses` mock to URLs that begin with this one."""
        from authproblem.testing import _requests

        _requests.register(self, mock, url)

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 0, *, context: Any = None) -> Iterator[str]:
        """Serve on a real socket, in threads of the standard library's server.

        Args:
            host: the address to listen on.
            port: the port; the system's choice if 0.
            context: an `ssl.SSLContext` for HTTPS.

        Yields:
            The base URL, such as `http://127.0.0.1:40123`.
        """
        from authproblem.testing._serve import serving

        with serving(self, host, port, context) as url:
            yield url


def _wait(response: Response) -> None:
    if response.delay:
        import time

        time.sleep(response.delay)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _of_scope(scope: Scope, receive: Receive) -> Request:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    host = next((value for name, value in headers if name == "host"), "localhost")
    root = scope.get("root_path", "")
    return Request(
        method=scope["method"],
        path=scope["path"].removeprefix(root) or "/",
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
        origin=f"{scope.get('scheme', 'http')}://{host}{root}",
        address=(scope.get("client") or ("127.0.0.1",))[0],
    )


def _of_environ(environ: Mapping[str, Any]) -> Request:
    headers = [(name[5:].replace("_", "-").lower(), value) for name, value in environ.items() if name[:5] == "HTTP_"]
    headers += [(name.replace("_", "-").lower(), environ[name]) for name in ("CONTENT_TYPE",) if environ.get(name)]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace") or "/",
        query=environ.get("QUERY_STRING", ""),
        headers=tuple(headers),
        body=environ["wsgi.input"].read(length) if length else b"",
        origin=f"{environ['wsgi.url_scheme']}://{host}{unquote(environ.get('SCRIPT_NAME', ''))}",
        address=environ.get("REMOTE_ADDR", "127.0.0.1"),
    )
