"""Handles exceptions that no view has caught: the part that is the same for Flask and Quart."""

from __future__ import annotations

from typing import Any

from authproblem._middleware.messages import Reply

NAME = "authproblem"
"""The key in `app.extensions` of an app that has the middleware."""


def refuse_second(app: Any) -> None:
    """Raise if an app has the middleware already: two sets of options would contradict each other.

    Raises:
        RuntimeError: if it has.
    """
    if NAME in app.extensions:
        raise RuntimeError(f"the app {app.name!r} has AuthProblem already; install it once, with all its options")


def decides_itself(app: Any) -> bool:
    """Whether the app has a handler for `Exception`: then it decides about every exception."""
    return Exception in app.error_handler_spec[None][None]


def is_own(app: Any, error: Any) -> bool:
    """Whether an HTTP exception of the app is its own response: one of `abort(404)`, or a 500 made of an exception.

    A trapped one (`TRAP_HTTP_EXCEPTIONS`) counts as an exception of the app.
    """
    return not app.trap_http_exception(error) or getattr(error, "original_exception", None) is not None


def to_response(app: Any, reply: Reply) -> Any:
    """A response of the app's class. One to HEAD has no length, and not the length 0 that werkzeug would add."""
    from werkzeug.datastructures import Headers

    headers = [(_as_text(name), _as_text(value)) for name, value in reply.headers]
    response = app.response_class(reply.body or None, reply.status, Headers(headers))
    response.automatically_set_content_length = False
    return response


def _as_text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
