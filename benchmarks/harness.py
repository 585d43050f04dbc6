"""What the cases share that needs no framework: the minimum of each task, the bare apps, and how they are driven.

The minimum of a classifier is parsing and one look-up, that of a rewrite also writing a document of the same size, and
that of a middleware a closure that looks at each status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from benchmarks.bodies import Body
from benchmarks.timing import Case
from benchmarks.vendor_headers import vendor_headers

_OK = b'{"ok":true}'
_REQUEST = [(b"host", b"app.example"), (b"accept", b"application/json, text/plain, */*"), (b"user-agent", b"bench")]

TABLE: dict[Any, str] = {
    "invalid_grant": "invalid-credentials",
    "mfa_required": "mfa-required",
    "inexistent_user": "account-not-found",
    "invalid_password": "password-too-weak",
    "E0000001": "invalid-request",
    "E0000004": "invalid-credentials",
    "E0000047": "rate-limited",
    "1.0.0": "invalid-credentials",
}
"""A dictionary is a dictionary: its size makes no difference (performance of look-ups is flat)."""


def limit(body: bytes, member: str) -> str | None:
    """The least that any classifier does: parse once, look up once."""
    return TABLE.get(orjson.loads(body).get(member))


def limit_with_dump(body: bytes, member: str, ready: dict[str, Any]) -> bytes:
    """The least that any rewrite does: parse, look up, write a response of the right size that is prepared."""
    TABLE.get(orjson.loads(body).get(member))
    return orjson.dumps(ready)


class AsgiMinimum:
    """The least that an ASGI middleware does that sees each status."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One comparison a message."""

        def passing(message: Any) -> Any:
            if "status" in message and message["status"] >= 400:
                scope["seen"] = True
            return send(message)

        await self.app(scope, receive, passing)


class WsgiMinimum:
    """The least that a WSGI middleware does that sees each status."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """One comparison a response."""

        def starting(status: str, headers: Any, exc_info: Any = None) -> Any:
            if status[0] >= "4":
                environ["seen"] = True
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self.app(environ, starting)


async def asgi_app(scope: Any, _receive: Any, send: Any) -> None:
    """Sends what is prepared in the scope: as cheap as an app can be, so that the difference stands out."""
    await send({"type": "http.response.start", "status": scope["bench.status"], "headers": scope["bench.headers"]})
    await send({"type": "http.response.body", "body": scope["bench.body"]})


def wsgi_app(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Sends what is prepared in the environ."""
    start_response(environ["bench.status"], environ["bench.headers"])
    return [environ["bench.body"]]


def asgi_case(name: str, app: Any, body: Body | None = None) -> Case:
    """Requests to an ASGI app, driven on the running loop as a server does."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    async def loop(inputs: list[Any]) -> None:
        for scope in inputs:
            await app(scope, receive, send)

    slow = name.startswith("BaseHTTP")
    return Case(
        name, lambda number: [asgi_scope(one, body) for one in contents(body, number)], loop, 0.2 if slow else 1.0
    )


def wsgi_case(name: str, app: Any, body: Body | None = None) -> Case:
    """Requests to a WSGI app, its iterable used up and closed."""

    def start_response(_status: str, _headers: Any, _exc_info: Any = None) -> Callable[[bytes], object]:
        return _write

    def loop(inputs: list[Any]) -> None:
        for environ in inputs:
            result = app(environ, start_response)
            for _ in result:
                pass
            if hasattr(result, "close"):
                result.close()

    return Case(name, lambda number: [wsgi_environ(one, body) for one in contents(body, number)], loop)


def _write(_data: bytes) -> None:
    pass


def contents(body: Body | None, number: int) -> list[bytes]:
    """What the app sends: healthy responses are all alike, errors never."""
    return [_OK] * number if body is None else body.fresh(number)


def asgi_scope(content: bytes, body: Body | None = None, more: int = 0) -> dict[str, Any]:
    """A request, and the response that the app will give to it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/login",
        "raw_path": b"/login",
        "root_path": "",
        "query_string": b"",
        "scheme": "http",
        "headers": _REQUEST,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "bench.status": 200 if body is None else body.status,
        "bench.headers": _headers(content, body, more),
        "bench.body": content,
    }


def wsgi_environ(content: bytes, body: Body | None = None, more: int = 0) -> dict[str, Any]:
    """The same for WSGI."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/login",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "HTTP_ACCEPT": "application/json, text/plain, */*",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "app.example",
        "wsgi.url_scheme": "http",
        "bench.status": "200 OK" if body is None else f"{body.status} Error",
        "bench.headers": [(name.decode(), value.decode()) for name, value in _headers(content, body, more)],
        "bench.body": content,
    }


def _headers(content: bytes, body: Body | None, more: int) -> list[tuple[bytes, bytes]]:
    length = len(content)
    return vendor_headers("auth0", length, more) if body is None else body.headers(length, more)
