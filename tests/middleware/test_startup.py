"""Mistakes in the options stop the start of an app, whoever builds the middleware."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem._middleware.startup import checks_options, fail
from authproblem.errors import ConfigurationError, UnknownOptionError
from tests.support.asgi_server import drive


class Middleware:
    """As little of a middleware as has options."""

    _fault: Exception | None = None

    @checks_options
    def __init__(self, app: Any, *, max_wait: int = 0) -> None:
        """Refuse a negative wait."""
        if max_wait < 0:
            raise ConfigurationError("invalid max_wait")
        self.app = app


def build_middleware_stack(**options: Any) -> Middleware:
    """Build a middleware as Starlette does: in a function of this name."""
    return Middleware(None, **options)


def test_a_mistake_is_raised_where_the_app_builds_the_middleware() -> None:
    """With the stack of that line."""
    with pytest.raises(ConfigurationError, match="invalid max_wait"):
        Middleware(None, max_wait=-1)
    with pytest.raises(UnknownOptionError, match="did you mean 'max_wait'"):
        Middleware(None, max_weight=1)  # type: ignore[call-arg]


def test_a_mistake_is_kept_where_starlette_builds_the_middleware() -> None:
    """An exception there would look like an app without lifespan support."""
    assert isinstance(build_middleware_stack(max_wait=-1)._fault, ConfigurationError)
    assert build_middleware_stack(max_wait=1)._fault is None


def connection(kind: str) -> list[dict[str, Any]]:
    """Return what is sent on a connection of an app that must not start."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ConfigurationError, match="invalid x"):
        drive(fail(ConfigurationError("invalid x"), {"type": kind}, receive, send))
    return sent


def test_the_server_learns_that_the_startup_failed() -> None:
    """By the lifespan protocol; every other connection gets the exception."""
    failed = {"type": "lifespan.startup.failed", "message": "ConfigurationError: invalid x"}

    assert [failed] == connection("lifespan")
    assert connection("http") == []
