"""Both adapters by one call: `through` sends an upstream response through ASGI or WSGI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.support import asgi_server, wsgi_server
from tests.support.responses import Pairs, Response, asgi_app, wsgi_app

ADAPTERS = ("asgi", "wsgi")


def wrapped(adapter: str, response: Response, **options: Any) -> Any:
    """Return an app that sends this response, behind the middleware."""
    if adapter == "asgi":
        return AsgiMiddleware(asgi_app(response), **options)
    return WsgiMiddleware(wsgi_app(response), **options)


def through(
    adapter: str,
    response: Response,
    path: str = "/",
    method: str = "POST",
    headers: Pairs | None = None,
    **options: Any,
) -> Response:
    """Send an upstream response through an adapter and return what the client gets.

    Args:
        adapter: `asgi` or `wsgi`.
        response: what the app sends.
        path: the request's path.
        method: the request's method.
        headers: the request's headers.
        **options: the middleware's.
    """
    serve: Callable[..., Response] = asgi_server.serve if adapter == "asgi" else wsgi_server.serve
    return serve(wrapped(adapter, response, **options), path, method, headers)
