"""Litestar: a plugin that installs the middleware, and a helper that passes a provider's response on.

```python
app = Litestar([profile], plugins=[AuthProblemPlugin(exceptions=True)])
```
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from authproblem.asgi import AuthProblemMiddleware
from authproblem.errors import MissingExtraError
from authproblem.forwarding import accept_encoding, request_headers, response_parts

try:
    from litestar import Response
    from litestar.exceptions import HTTPException
    from litestar.exceptions.responses import create_debug_response, create_exception_response
    from litestar.plugins import InitPlugin
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.litestar", "litestar") from error

if TYPE_CHECKING:
    from litestar.app import Litestar
    from litestar.config.app import AppConfig
    from litestar.connection import Request
    from litestar.response.base import ASGIResponse
    from litestar.types import ASGIApp
    from typing_extensions import Unpack

    from authproblem._middleware.messages import Reply
    from authproblem._middleware.options import MiddlewareOptions

__all__ = ["AuthProblemPlugin", "accept_encoding", "forward", "request_headers"]


class AuthProblemPlugin(InitPlugin):
    """Installs the middleware in a Litestar app, and handles a provider's exceptions where `exceptions=True`.

    Litestar builds the middleware of an app once for each route; here all routes share one set of caches. It makes a
    500 of every exception before a middleware sees it, so a handler for `Exception` is registered. The app's own
    handlers come first; if it has one for `Exception`, that one alone decides. Litestar's own log of exceptions
    (`log_exceptions`, by default in debug mode) comes before any handler and shows their messages.
    """

    def __init__(self, **options: Unpack[MiddlewareOptions]) -> None:
        """Check the options.

        Args:
            **options: those of `authproblem.asgi.AuthProblemMiddleware`.

        Raises:
            ConfigurationError: for an option with an invalid value.
            TypeError: for an unknown option.
        """
        self._middleware = AuthProblemMiddleware(_no_app, **options)
        self._exceptions = bool(options.get("exceptions"))

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the middleware outside of the app's own, and the handler; called by Litestar."""
        app_config.middleware.insert(0, self._wrap)
        if self._exceptions and Exception not in app_config.exception_handlers:
            app_config.exception_handlers[Exception] = self._handle
        return app_config

    def _wrap(self, app: ASGIApp) -> ASGIApp:
        wrapped = copy(self._middleware)
        wrapped.app = app
        return wrapped

    def _handle(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        """The handler that Litestar calls for exceptions that no other handler takes."""
        if isinstance(error, HTTPException):
            return create_exception_response(request, error)
        reply = self._middleware.reply_to(request.scope, error)
        return _unhandled(request, error) if reply is None else _to_response(reply)


def forward(response: Any) -> Response[bytes]:
    """Make a Litestar response of a provider's: same status, body and header lines.

    Args:
        response: a response of httpx or requests that has been read; see `forwarding.response_parts` for what is kept.

    Returns:
        The response. `mark_upstream(forward(response), "okta")` declares the provider where no header of it does.

    Raises:
        TypeError: if it is no such response.
        httpx.ResponseNotRead: for a streamed response that has not been read.
    """
    status, lines, body = response_parts(response)
    return _Forwarded(body, status, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines])


class _Forwarded(Response[bytes]):
    """A response with repeated header lines, which Litestar's own `headers` cannot represent."""

    def __init__(self, body: bytes, status: int, lines: list[tuple[str, str]]) -> None:
        super().__init__(body, status_code=status, headers=dict(reversed(lines)))  # of repeated lines the first
        self._repeated = list(lines)
        for pair in self.headers.items():
            self._repeated.remove(pair)
        self._typed = "content-type" in self.headers

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **given: Any) -> ASGIResponse:
        """The response as it is sent; called by Litestar."""
        made = super().to_asgi_response(app, request, **given)
        for name, value in self._repeated:
            made.headers.add(name, value)
        if not self._typed:
            made.headers.pop("content-type", None)  # Litestar's default; the provider sent none
        return made


def _unhandled(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What Litestar does without a handler for `Exception`: one for 500, else its own response."""
    route: Any = request.scope.get("route_handler")
    handlers = request.app.exception_handlers if route is None else route.resolve_exception_handlers()
    if 500 in handlers:
        return handlers[500](request, error)
    return create_debug_response(request, error) if request.app.debug else create_exception_response(request, error)


def _to_response(reply: Reply) -> Response[Any]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reply.headers}
    media_type = headers.pop("content-type", None)
    return Response(reply.body, status_code=reply.status, headers=headers, media_type=media_type)


async def _no_app(_scope: Any, _receive: Any, _send: Any) -> None:
    """Take the place of the app until Litestar has one for each route."""
