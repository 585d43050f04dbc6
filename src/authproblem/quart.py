"""Quart: install the middleware in an app, respond to exceptions of HTTP clients, and pass a provider's response on.

```python
app = Quart(__name__)
install(app, exceptions=True)
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from authproblem._middleware.exceptions.pallets import NAME, decides_itself, is_own, refuse_second, to_response
from authproblem._middleware.options import MiddlewareOptions, make_options
from authproblem.asgi import AuthProblemMiddleware
from authproblem.errors import MissingExtraError
from authproblem.forwarding import accept_encoding, request_headers, response_parts

try:
    from quart import Quart, Response, current_app, has_request_context, request
    from werkzeug.datastructures import Headers
    from werkzeug.exceptions import HTTPException
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.quart", "quart") from error

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["accept_encoding", "forward", "install", "request_headers"]


def install(app: Quart, **options: Unpack[MiddlewareOptions]) -> None:
    """Wrap a Quart app in the middleware, and handle a provider's exceptions where `exceptions=True`.

    Quart makes a 500 of every exception before an ASGI middleware sees it, so a handler for `Exception` is registered.
    The app's own handlers come first; if it has one for `Exception`, that one alone decides.

    Args:
        app: the app, before its first request.
        **options: those of `authproblem.asgi.AuthProblemMiddleware`.

    Raises:
        ConfigurationError: for an option with an invalid value.
        TypeError: for an unknown option.
        RuntimeError: if the app has the middleware already.
    """
    refuse_second(app)
    make_options(options)
    app.extensions[NAME] = install  # before the middleware is built, which checks whether exceptions are handled
    middleware = AuthProblemMiddleware(app.asgi_app, **options)
    if options.get("exceptions") and not decides_itself(app):
        app.register_error_handler(Exception, _handler(middleware))
    app.asgi_app = middleware  # type: ignore[method-assign] # as Quart's documentation has it


def _handler(middleware: AuthProblemMiddleware) -> Callable[[Exception], Awaitable[Any]]:
    """The handler that Quart calls for exceptions that no other handler takes: async, so that it needs no thread."""

    async def handle(error: Exception) -> Any:
        if isinstance(error, HTTPException):
            if is_own(current_app, error):
                return error
            raise error
        reply = middleware.reply_to(request.scope, error) if has_request_context() else None
        if reply is None:
            raise error
        return to_response(current_app, reply)

    return handle


def forward(response: Any) -> Response:
    """Make a Quart response of a provider's: same status, body and header lines.

    Args:
        response: a response of httpx or requests that has been read; see `forwarding.response_parts` for what is kept.

    Returns:
        The response. `mark_upstream(forward(response), "okta")` declares the provider where no header of it does.

    Raises:
        TypeError: if it is no such response.
        httpx.ResponseNotRead: for a streamed response that has not been read.
    """
    status, lines, body = response_parts(response)
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines])
    typed = "Content-Type" in headers
    forwarded = Response(body, status, headers)
    if not typed:
        del forwarded.headers["Content-Type"]  # werkzeug's default; the provider sent none
    return forwarded
