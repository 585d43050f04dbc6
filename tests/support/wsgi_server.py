"""A strict WSGI server without sockets: `serve` runs an app once and checks every rule of PEP 3333."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from tests.support.asgi_server import check_framing
from tests.support.responses import Pairs, Response

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding")
)
_STATUS = re.compile(r"[1-5]\d\d [^\x00-\x1f\x7f]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def http_environ(
    path: str = "/", method: str = "GET", headers: Pairs | None = None, query: str = "", root: str = "", **more: Any
) -> dict[str, Any]:
    """An environ as a server makes it: header lines of one name joined by commas."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": root,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    for name, value in headers or []:
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else "HTTP_" + key
        environ[key] = f"{environ[key]}, {value}" if key in environ else value
    return environ


class WsgiServer:
    """One request: gives `start_response`, keeps what was sent, and fails at the first breach of the protocol."""

    def __init__(self, method: str = "GET") -> None:
        self.starts: list[tuple[str, Pairs]] = []
        self.chunks: list[bytes] = []
        self.closed = 0
        self._method = method
        self._sent = False

    def start_response(self, status: Any, headers: Any, exc_info: Any = None) -> Any:
        """PEP 3333's callable."""
        try:
            if exc_info and self._sent:
                raise exc_info[1].with_traceback(exc_info[2])
            assert exc_info or not self.starts, "start_response was called twice without exc_info"
        finally:
            exc_info = None
        assert type(status) is str
        assert _STATUS.fullmatch(status), f"{status!r} is no status line"
        assert type(headers) is list
        for pair in headers:
            assert type(pair) is tuple
            name, value = pair
            assert type(name) is str
            assert type(value) is str
            assert _NAME.fullmatch(name), f"{name!r} is no header name"
            assert name.lower() not in HOP_BY_HOP, f"{name} is the server's"
            assert not set(value) & set("\r\n\0"), f"{name} holds a line break: {value!r}"
            value.encode("latin-1")
        self.starts.append((status, headers))
        return self._write

    def _write(self, data: Any) -> None:
        assert type(data) is bytes
        assert self.starts, "a chunk before start_response"
        if data:
            self._sent = True
            self.chunks.append(data)

    def run(self, app: Any, environ: dict[str, Any]) -> Response:
        """Serve one request."""
        result = app(environ, self.start_response)
        try:
            for chunk in result:
                self._write(chunk)
        finally:
            if hasattr(result, "close"):
                result.close()
                self.closed += 1
        assert self.starts, "the app never called start_response"
        status, headers = self.starts[-1]
        response = Response(int(status[:3]), headers, b"".join(self.chunks))
        check_framing(response, self._method)
        return response


def serve(app: Any, path: str = "/", method: str = "GET", headers: Pairs | None = None, **environ: Any) -> Response:
    """Send one request to a WSGI app and give its whole response."""
    return WsgiServer(method).run(app, http_environ(path, method, headers, **environ))
