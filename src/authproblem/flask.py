"""Flask: install the middleware in an app, respond to exceptions of HTTP clients, and pass a provider's response on.

```python
install(app, exceptions=True)

auth_problem = AuthProblem(upstream_hosts=["login.example.com"])  # the same as an extension, for app factories
auth_problem.init_app(app)
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from authproblem._core.problem import Problem
from authproblem._middleware.exceptions.pallets import NAME, decides_itself, is_own, refuse_second, to_response
from authproblem._middleware.options import MiddlewareOptions, make_options
from authproblem.errors import MissingExtraError
from authproblem.forwarding import accept_encoding, request_headers, response_parts
from authproblem.wsgi import AuthProblemMiddleware

try:
    from flask import Flask, Response, current_app, request
    from werkzeug.exceptions import HTTPException
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.flask", "flask") from error

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AuthProblem", "accept_encoding", "current_problem", "forward", "install", "request_headers"]


def install(app: Flask, **options: Unpack[MiddlewareOptions]) -> None:
    """Wrap a Flask app in the middleware, and handle a provider's exceptions where `exceptions=True`.

    Args:
        app: the app, before its first request.
        **options: those of `authproblem.wsgi.AuthProblemMiddleware`.

    Raises:
        ConfigurationError: for an option with an invalid value.
        TypeError: for an unknown option.
        RuntimeError: if the app has the middleware already.
    """
    options.setdefault("exceptions", False)
    AuthProblem(app, **options)


class AuthProblem:
    """A Flask extension: the WSGI middleware, and a handler for a provider's exceptions, which Flask makes a 500 of.

    The app's own handlers come first: those of blueprints, those for certain classes, and one for `Exception` too: an
    app that has one decides about every exception. An exception that is no provider's is treated as if the
    extension were not there: by a handler for 500, the debugger, `PROPAGATE_EXCEPTIONS`, and `got_request_exception`,
    which Sentry listens to. A provider's exception reaches none of these, in debug mode neither: it is no failure of
    the app, and our event reports it.
    """

    def __init__(self, app: Flask | None = None, **options: Unpack[MiddlewareOptions]) -> None:
        """Set the extension up, for one app right away or for any number later on.

        Args:
            app: the app, or None: then `init_app` follows.
            **options: those of the middleware; `exceptions` is True unless it is turned off.

        Raises:
            ConfigurationError: for an option with an invalid value.
            TypeError: for an unknown option.
            RuntimeError: if the app has the extension already.
        """
        self._options: MiddlewareOptions = {"exceptions": True, **options}
        make_options(self._options)  # a wrong option fails here, and not in a factory later on
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wrap an app and register the handler, before its first request, as Flask requires of every handler.

        Args:
            app: the app.

        Raises:
            RuntimeError: if the app has the extension already: two sets of options would contradict each other.
        """
        refuse_second(app)
        app.extensions[NAME] = self  # before the middleware is built, which checks whether exceptions are handled
        middleware = AuthProblemMiddleware(app.wsgi_app, **self._options)
        if self._options.get("exceptions") and not decides_itself(app):
            app.register_error_handler(Exception, _handler(middleware))
        app.wsgi_app = middleware  # type: ignore[method-assign] # as Flask's documentation has it


def _handler(middleware: AuthProblemMiddleware) -> Callable[[Exception], Any]:
    """The handler that Flask calls for exceptions that no other handler takes."""

    def handle(error: Exception) -> Any:
        if isinstance(error, HTTPException):
            if is_own(current_app, error):
                return error
            raise error
        reply = middleware.reply_to(request.environ, error)
        if reply is None:
            raise error
        return to_response(current_app, reply)

    return handle


def forward(response: Any) -> Response:
    """Make a Flask response of a provider's: same status, body and header lines.

    Args:
        response: a response of httpx or requests that has been read; see `forwarding.response_parts` for what is kept.

    Returns:
        The response. `mark_upstream(forward(response), "okta")` declares the provider where no header of it does.

    Raises:
        TypeError: if it is no such response.
        httpx.ResponseNotRead: for a streamed response that has not been read.
    """
    status, lines, body = response_parts(response)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]
    forwarded = Response(body, status, headers)
    forwarded.automatically_set_content_length = False
    if not any(name == "content-type" for name, _ in headers):
        del forwarded.headers["Content-Type"]  # werkzeug's default; the provider sent none
    return forwarded


def current_problem() -> Problem | None:
    """The problem that the request has brought to one of the `callback_paths`; None if it brought none."""
    found = request.environ.get("authproblem.problem")
    return found if isinstance(found, Problem) else None
