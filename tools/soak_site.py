"""The site of the soak in both protocols, behind the middleware: what `tools/soak.py` has its servers serve.

Every response carries the number of its request in a header, a cookie and the body, so that a mix-up shows.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware

_JSON = ("content-type", "application/json")


def _error(number: int, code: str, summary: str) -> bytes:
    """Okta's error; its id is the request's number, so that a body that goes astray shows."""
    error = {"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": f"oae{number:022}"}
    return json.dumps({**error, "errorCauses": []}).encode()


def page(path: str, number: int) -> tuple[int, list[tuple[str, str]], list[bytes]]:
    """Status, headers and chunks of a response."""
    headers = [_JSON, ("x-number", str(number)), ("set-cookie", f"number={number}")]
    failed = _error(number, "E0000004", "Authentication failed")
    if path == "/healthy":
        return 200, headers, [json.dumps({"number": number}).encode()]
    if path == "/stream":
        return 200, [("content-type", "text/event-stream"), *headers[1:]], [b"data: %d\n\n" % number] * 50
    if path == "/limited":
        return 429, headers, [_error(number, "E0000047", "API call exceeded rate limit due to too many requests.")]
    if path == "/coded":
        return 401, [*headers, ("content-encoding", "gzip")], [gzip.compress(failed, 1)]
    if path == "/large":
        return 401, headers, [failed, *[b" " * 65_536] * 8]
    return 401, headers, [failed[at : at + 16] for at in range(0, len(failed), 16)]


def _number(query: str) -> int:
    return int(query.partition("n=")[2] or 0)


async def _asgi(scope: Any, _receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    status, headers, chunks = page(scope["path"], _number(scope["query_string"].decode()))
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _wsgi(environ: Any, start_response: Any) -> Iterator[bytes]:
    status, headers, chunks = page(environ["PATH_INFO"], _number(environ["QUERY_STRING"]))
    start_response(f"{status} Status", headers)
    return iter(chunks)


asgi = AsgiMiddleware(_asgi)
wsgi = WsgiMiddleware(_wsgi)
