"""Checks that run when a middleware is built: a mistake in the options has to stop the start of the app.

`app.add_middleware(...)` of Starlette and FastAPI only records the class and its options. The middleware is built at
the first message, which is `lifespan`. An exception there means "lifespan is not supported" to uvicorn and others: they
continue, and every request is a 500. A server stops where the app reports that its startup failed (ASGI lifespan
protocol), so a middleware that is built at that moment keeps the error and reports it then.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from functools import wraps
from typing import Any, TypeVar

from authproblem._middleware.options import check_names
from authproblem.errors import ConfigurationError

_BUILDERS = frozenset(("build_middleware_stack",))
"""Functions that build middleware after the app was written: of Starlette, and of FastAPI, which overrides it."""

Constructor = TypeVar("Constructor", bound=Callable[..., None])


def checks_options(constructor: Constructor) -> Constructor:
    """Decorate the constructor of a middleware: report mistakes, and options that will have no effect.

    A mistake is raised, an unknown option too. Where Starlette builds the middleware it is kept instead, as `_fault`:
    the middleware has to call `fail` with it for each connection.

    Args:
        constructor: an `__init__` whose keyword arguments are the options.

    Returns:
        The same, with the same signature.
    """

    @wraps(constructor)
    def checked(self: Any, app: Any, **options: Any) -> None:
        try:
            check_names(options)
            constructor(self, app, **options)
        except ConfigurationError as error:
            if sys._getframe(1).f_code.co_name not in _BUILDERS:  # noqa: SLF001 - who builds the middleware
                raise
            self._fault = error
            return
        from authproblem._middleware.visibility import warn_if_invisible  # it imports logging

        warn_if_invisible()
        if options.get("provider") or options.get("providers"):  # sign-in is expected below
            from authproblem._middleware.codings_hint import hint_unreadable_codings

            hint_unreadable_codings()
        if options.get("exceptions"):
            from authproblem._middleware.exceptions.reach import warn_if_unreachable

            warn_if_unreachable(app)

    return checked  # type: ignore[return-value] # the same signature, by wraps


async def fail(
    error: Exception,
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Serve a connection of an app that must not start.

    Raises:
        Exception: the error, always.
    """
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
    raise error.with_traceback(None)  # the same object each time: its traceback would grow with each request
