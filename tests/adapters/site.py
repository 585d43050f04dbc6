"""One site in both protocols, behind the middleware: what the servers of the tests serve. Run by other processes, too.

`asgi` and `wsgi` are the apps. Every response carries the number that its request carried, so that a mix-up shows.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.samples import FOREIGN, HEALTHY, LIMITED, MFA, OKTA, OKTA_BODY, bytewise, coded
from tests.support.responses import Response, json_response

LIMIT = 20
"""Seconds that a stream waits for its gate."""
TEXT = ("content-type", "text/plain")
INJECTION = json_response(401, {**OKTA_BODY, "errorId": "x\r\nSet-Cookie: evil=1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"})


def _sized(sent: Response) -> Response:
    return Response(sent.status, [*sent.headers, ("content-length", str(len(sent.body)))], sent.body)


PAGES: dict[str, tuple[Response, int]] = {
    "/healthy": (_sized(HEALTHY), 0),
    "/okta": (_sized(OKTA), 0),
    "/limited": (_sized(LIMITED), 0),
    "/mfa": (MFA, 7),
    "/foreign": (_sized(FOREIGN), 0),
    "/gzip": (_sized(coded(OKTA, "gzip")), 0),
    "/injection": (_sized(INJECTION), 0),
    "/page": (Response(404, [("content-type", "text/html")], b"<h1>no</h1>"), 3),
    "/empty": (Response(204, [], b""), 0),
    "/large": (Response(401, OKTA.headers, OKTA.body.ljust(600_000)), 60_000),
    "/stream": (Response(200, [TEXT], b"0123456789" * 100), 100),
}
"""The responses by path, each with the size of its chunks (0: one)."""
PROBLEMS = {
    "/okta": "invalid-credentials",
    "/limited": "rate-limited",
    "/mfa": "mfa-required",
    "/gzip": "invalid-credentials",
    "/injection": "invalid-credentials",
}
"""The paths whose responses have to come out as problems, and their reasons."""

_gates: dict[str, threading.Event] = {}


def gate(number: str) -> threading.Event:
    """What the second half of `/gated` waits for; `/open` opens it."""
    return _gates.setdefault(number, threading.Event())


def _find(path: str, query: str) -> tuple[Response, list[bytes], str]:
    """The response to a request, its chunks, and the request's number."""
    number = parse_qs(query).get("n", ["0"])[0]
    if path == "/open":
        gate(number).set()
        return Response(200, [TEXT, ("x-number", number)], b"open"), [b"open"], number
    sent, size = PAGES.get(path, PAGES["/page"])
    headers = [*sent.headers, ("x-number", number), ("set-cookie", f"a={number}"), ("set-cookie", "b=2")]
    return sent._replace(headers=headers), bytewise(sent.body, size) if size else [sent.body], number


async def bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    """The site as an ASGI app."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    sent, chunks, number = _find(scope["path"], scope["query_string"].decode())
    headers = [(name.encode(), value.encode()) for name, value in sent.headers]
    if scope["path"] == "/gated":
        chunks = [b"first", b"second"]
        headers = [(b"content-type", b"text/event-stream"), (b"x-number", number.encode())]
        sent = sent._replace(status=200)
    await send({"type": "http.response.start", "status": sent.status, "headers": headers})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": b""})
        return
    for place, chunk in enumerate(chunks):
        if scope["path"] == "/gated" and place == 1:
            await asyncio.get_running_loop().run_in_executor(None, gate(number).wait, LIMIT)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def bare_wsgi(environ: Any, start_response: Any) -> Any:
    """The site as a WSGI app."""
    path = environ["PATH_INFO"]
    sent, chunks, number = _find(path, environ.get("QUERY_STRING", ""))
    if path == "/gated":
        start_response("200 OK", [("content-type", "text/event-stream"), ("x-number", number)])
        return _gated(number)
    start_response(f"{sent.status} Status", list(sent.headers))
    return [b""] if environ["REQUEST_METHOD"] == "HEAD" else chunks  # hypercorn loses a response without any chunk


def _gated(number: str) -> Iterator[bytes]:
    yield b"first"
    gate(number).wait(LIMIT)
    yield b"second"


asgi = AsgiMiddleware(bare_asgi)
wsgi = WsgiMiddleware(bare_wsgi)
