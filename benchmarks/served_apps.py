"""The apps of the served runs, as servers load them: `SERVED` in the environment says which.

The apps do nothing but send: an error of Auth0 and one of Okta in turn, each with ids and headers of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import cycle
from typing import Any

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks import logging_modes
from benchmarks.bodies import SHAPES
from benchmarks.rewriter import AsgiRewriter, WsgiRewriter
from benchmarks.vendor_headers import vendor_headers

_OK = b'{"ok":true}'
_bodies = cycle((SHAPES[0], SHAPES[4]))
_kind = os.environ.get("SERVED", "bare app")
_mode = _kind.partition(", ")[2]
logging_modes.MODES[_mode or "events off"]()


def _response(path: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    if path != "/error":
        return 200, vendor_headers("app", len(_OK)), _OK
    kind = next(_bodies)
    (body,) = kind.fresh(1)
    return kind.status, kind.headers(len(body)), body


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return
    status, headers, body = _response(scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _wsgi(environ: Any, start_response: Any) -> Iterable[bytes]:
    status, headers, body = _response(environ["PATH_INFO"])
    start_response(f"{status} Status", [(name.decode(), value.decode()) for name, value in headers])
    return [body]


def _wrapped(app: Any, rewriter: Any, middleware: Any) -> Any:
    if _kind == "bare app":
        return app
    by_hand = _kind.startswith("rewriter by hand")
    return rewriter(app, logs=bool(_mode)) if by_hand else middleware(app)


asgi = _wrapped(_asgi, AsgiRewriter, AsgiMiddleware)
wsgi = _wrapped(_wsgi, WsgiRewriter, WsgiMiddleware)
