"""The Flask door: one line that wraps the app and answers for the exceptions of Auth0 and Okta that no view has caught.

```python
AuthProblem(app)

auth_problem = AuthProblem(upstream_hosts=["login.example.com"])
auth_problem.init_app(app)
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from authproblem._core.problem import Problem
from authproblem._middleware.options import MiddlewareOptions, make_options
from authproblem.wsgi import AuthProblemMiddleware

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AuthProblem", "current_problem"]

_NAME = "authproblem"


class AuthProblem:
    """A Flask extension: the WSGI middleware, and a handler for a provider's exceptions, which Flask makes a 500 of.

    The app's own handlers come first: those of blueprints, those for certain classes, and one for `Exception` too, so
    that an app which has one decides about every exception by itself. What is no provider's goes on as if the extension
    were not there: to a handler for 500, to the debugger, to `PROPAGATE_EXCEPTIONS`, and to `got_request_exception`,
    which Sentry listens to. What is answered here is no failure of the app: none of these sees it, in debug mode
    neither, and our event alone tells it.
    """

    def __init__(self, app: Flask | None = None, **options: Unpack[MiddlewareOptions]) -> None:
        """Set the extension up, for one app right away or for any number later on.

        Args:
            app: the app, or None: then `init_app` follows.
            **options: those of the middleware; `exceptions` is True unless it is turned off.

        Raises:
            ValueError: for an option whose value does not hold; the message names it and what would be right.
            TypeError: for an unknown option.
            RuntimeError: if the app has the extension already.
        """
        self._options: MiddlewareOptions = {"exceptions": True, **options}
        make_options(self._options)  # a wrong option fails here, and not in a factory later on
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Wrap an app and register the handler, before its first request, as Flask demands of every handler.

        Args:
            app: the app.

        Raises:
            RuntimeError: if the app has the extension already: two sets of options would contradict each other.
        """
        if _NAME in app.extensions:
            raise RuntimeError(f"the app {app.name!r} has AuthProblem already; set it up once, with all its options")
        middleware = AuthProblemMiddleware(app.wsgi_app, **self._options)
        if self._options["exceptions"] and Exception not in app.error_handler_spec[None][None]:
            app.register_error_handler(Exception, _handler(middleware))
        app.wsgi_app = middleware  # type: ignore[method-assign] # as Flask's documentation has it
        app.extensions[_NAME] = self


def _handler(middleware: AuthProblemMiddleware) -> Callable[[Exception], Response | HTTPException]:
    """What Flask is to do with exceptions that no other handler takes."""

    def handle(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            # Flask asks for abort(404) and its kin, and once more with the 500 that it makes of an exception. A trapped
            # one (TRAP_HTTP_EXCEPTIONS) counts as an exception of the app.
            if current_app.trap_http_exception(error) and getattr(error, "original_exception", None) is None:
                raise error
            return error
        reply = middleware.answer(request.environ, error)
        if reply is None:
            raise error
        # The answer to HEAD has no length, not the length 0, which werkzeug would give it.
        response = current_app.response_class(reply.body or None, reply.status, reply.headers)
        response.automatically_set_content_length = False
        return response

    return handle


def current_problem() -> Problem | None:
    """The problem that the request has brought to one of the `callback_paths`; None if it brought none."""
    found = request.environ.get("authproblem.problem")
    return found if isinstance(found, Problem) else None
