"""The explorer's web app: one page, its static files, and `POST /explain`.

It listens on the loopback interface, accepts only requests that name it as the host (against DNS rebinding) and only
JSON bodies (against forms of other sites), and keeps nothing.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from authproblem._cli.explorer_result import explain_input
from authproblem._registry.registry import Registry

if TYPE_CHECKING:
    from starlette.requests import Request

STATIC = os.path.join(os.path.dirname(__file__), "static")
_MAX_INPUT = 2_000_000
"""Bytes of a request: a HAR file of a page with many requests has about one megabyte."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_app(registry: Registry) -> Starlette:
    """Return the explorer as an ASGI app.

    Args:
        registry: The entries with which pasted responses are compared.
    """

    async def page(_request: Request) -> Response:
        """Serve the page."""
        return FileResponse(os.path.join(STATIC, "index.html"), headers=_HEADERS)

    async def explain(request: Request) -> Response:
        """Explain what was pasted into the page."""
        return await _explain(registry, request)

    routes = [
        Route("/", page),
        Route("/explain", explain, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    hosts = ["127.0.0.1", "localhost"]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)])


async def _explain(registry: Registry, request: Request) -> Response:
    """Serve one request: 200 with an explanation or the member `error`, 413 or 415 for a request of another kind."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _reply({"error": "The request has to be JSON."}, 415)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MAX_INPUT:
            return _reply({"error": f"The input is longer than {_MAX_INPUT:,} bytes."}, 413)
    try:
        given: Any = json.loads(data)
        return _reply(explain_input(registry, given))
    except (ValueError, RecursionError) as error:
        return _reply({"error": str(error) or "The input is nested too deeply."})


def _reply(content: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status, headers=_HEADERS)
