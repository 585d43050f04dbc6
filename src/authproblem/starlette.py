"""Starlette: install the middleware in an app, and pass a provider's response on.

```python
app = Starlette(routes=routes)
install(app, exceptions=True)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authproblem.asgi import AuthProblemMiddleware
from authproblem.errors import MissingExtraError
from authproblem.forwarding import accept_encoding, request_headers, response_parts

try:
    from starlette.responses import Response
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.starlette", "starlette") from error

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from typing_extensions import Unpack

    from authproblem._middleware.options import MiddlewareOptions

__all__ = ["accept_encoding", "forward", "install", "request_headers"]

_OUTER = frozenset(
    (
        "starlette.middleware.cors.CORSMiddleware",
        "starlette.middleware.gzip.GZipMiddleware",
        "starlette.middleware.httpsredirect.HTTPSRedirectMiddleware",
        "starlette.middleware.trustedhost.TrustedHostMiddleware",
        "asgi_correlation_id.middleware.CorrelationIdMiddleware",
        "sentry_sdk.integrations.asgi.SentryAsgiMiddleware",
        "uvicorn.middleware.proxy_headers.ProxyHeadersMiddleware",
    )
)
"""Middleware that belongs outside: it has to see the response that the client gets."""


def install(app: Starlette, **options: Unpack[MiddlewareOptions]) -> None:
    """Add the middleware to a Starlette app, and check its options now.

    `app.add_middleware` builds a middleware when the server starts the app, and some servers keep running if that
    fails. Here a wrong option is an error where the app is written.

    The place is outside of the middleware that the app has so far, so that its errors are seen, but inside of CORS,
    GZip and the like. Middleware that is added later comes outside. With `exceptions=True` the app's handlers for
    certain exception classes come first; its handler for `Exception` or 500 and the debug page come after.

    Args:
        app: the app, before it has started.
        **options: those of `authproblem.asgi.AuthProblemMiddleware`.

    Raises:
        ConfigurationError: for an option with an invalid value.
        TypeError: for an unknown option.
        RuntimeError: if the app has started, or has the middleware already.
    """
    AuthProblemMiddleware(app.router, **options)
    stack = app.user_middleware
    present: list[object] = [each.cls for each in stack]
    if AuthProblemMiddleware in present:
        raise RuntimeError("the app has AuthProblemMiddleware already; install it once, with all its options")
    app.add_middleware(AuthProblemMiddleware, **options)  # raises where the app has started
    added = stack.pop(0)
    stack.insert(1 + max((at for at, each in enumerate(stack) if _is_outer(each)), default=-1), added)


def forward(response: Any) -> Response:
    """Make a Starlette response of a provider's: same status, body and header lines.

    Args:
        response: a response of httpx or requests that has been read; see `forwarding.response_parts` for what is kept.

    Returns:
        The response. `mark_upstream(forward(response), "okta")` declares the provider where no header of it does.

    Raises:
        TypeError: if it is no such response.
        httpx.ResponseNotRead: for a streamed response that has not been read.
    """
    status, headers, body = response_parts(response)
    forwarded = Response(body, status)
    forwarded.raw_headers = headers
    return forwarded


def _is_outer(middleware: Middleware) -> bool:
    bases = getattr(middleware.cls, "__mro__", ())
    return any(f"{base.__module__}.{base.__qualname__}" in _OUTER for base in bases)
