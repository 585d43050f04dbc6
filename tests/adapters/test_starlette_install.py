"""`authproblem.starlette.install`: where the middleware goes, and when it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

import authproblem.fastapi
from authproblem.asgi import AuthProblemMiddleware
from authproblem.starlette import install
from tests.adapters.failing import WRONG_PASSWORD, status_error
from tests.adapters.samples import OKTA_BODY


class Own:
    """Middleware of the app: it calls a provider, and passes the error on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse."""
        await JSONResponse(OKTA_BODY, 401)(scope, receive, send)


class Raising(BaseHTTPMiddleware):
    """Middleware of the app that lets an exception of its HTTP client out."""

    async def dispatch(self, request: Any, call_next: Any) -> Response:
        """Fail."""
        raise status_error(WRONG_PASSWORD)


class OurCORS(CORSMiddleware):
    """A class of the app's own, derived from Starlette's."""


def order(app: Starlette) -> list[str]:
    """The middleware of an app, outermost first."""
    return [each.cls.__name__ for each in app.user_middleware]  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [Starlette, FastAPI])
def test_it_is_outside_of_the_apps_own_middleware_and_inside_of_cors_and_gzip(make: Any) -> None:
    """Whose errors it has to see, and who has to see its response."""
    app = make()
    for cls in (Own, GZipMiddleware, OurCORS):
        app.add_middleware(cls)
    install(app)
    assert order(app) == ["OurCORS", "GZipMiddleware", "AuthProblemMiddleware", "Own"]


def test_it_is_the_outermost_where_nothing_else_has_to_be() -> None:
    """Middleware that is added later comes outside, as Starlette has it."""
    app = Starlette()
    app.add_middleware(Own)
    install(app)
    app.add_middleware(CORSMiddleware)
    assert order(app) == ["CORSMiddleware", "AuthProblemMiddleware", "Own"]


def test_errors_of_the_apps_own_middleware_are_seen() -> None:
    """Those that it sends, with the CORS headers that belong to them."""
    app = Starlette()
    app.add_middleware(Own)
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
    install(app)
    response = TestClient(app).get("/", headers={"origin": "https://shop.example"})
    assert response.headers["auth-problem"] == "invalid-credentials"
    assert response.headers["access-control-allow-origin"] == "https://shop.example"


def test_exceptions_of_the_apps_own_middleware_are_seen() -> None:
    """Those that it raises."""
    app = Starlette()
    app.add_middleware(Raising)
    install(app, exceptions=True)
    assert TestClient(app).get("/").headers["auth-problem"] == "invalid-credentials"


@pytest.mark.parametrize("make", [Starlette, FastAPI])
def test_twice_is_an_error(make: Any) -> None:
    """Two sets of options would contradict each other, whichever way the first one came."""
    app = make()
    app.add_middleware(AuthProblemMiddleware)
    with pytest.raises(RuntimeError, match="has AuthProblemMiddleware already"):
        install(app)
    assert order(app) == ["AuthProblemMiddleware"]


def test_a_started_app_is_an_error() -> None:
    """As Starlette has it for all middleware."""
    app = Starlette()
    with TestClient(app), pytest.raises(RuntimeError, match="after an application has started"):
        install(app)


def test_a_wrong_option_leaves_the_app_as_it_was() -> None:
    """It fails before anything is added."""
    app = Starlette()
    with pytest.raises(ValueError, match="disclosure"):
        install(app, disclosure="none")  # type: ignore[arg-type,unused-ignore] # on purpose
    assert order(app) == []


def test_fastapis_is_the_same() -> None:
    """A FastAPI app is a Starlette app."""
    assert authproblem.fastapi.install is install
