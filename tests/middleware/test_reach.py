"""The warning where `exceptions=True` has no effect: for real apps of every framework."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters import apps

INSTEAD = {
    "starlette": "authproblem.starlette.install",
    "fastapi": "authproblem.fastapi.install",
    "quart": "authproblem.quart.install",
    "litestar": "AuthProblemPlugin",
    "django": "MIDDLEWARE",
    "falcon": "normalize",
    "flask": "authproblem.flask.install",
}
SITES = [(kind, name) for kind in ("ASGI", "WSGI") for name in getattr(apps, kind) if name in INSTEAD]


def build(kind: str, app: Any, **options: Any) -> Any:
    return AsgiMiddleware(app, **options) if kind == "ASGI" else WsgiMiddleware(app, **options)


@pytest.mark.parametrize(("kind", "name"), SITES)
def test_around_a_framework_that_handles_exceptions_itself_there_is_a_warning(kind: str, name: str) -> None:
    """It names what to use instead, and the line that built the middleware."""
    app = getattr(apps, kind)[name]()
    with pytest.warns(UserWarning, match=INSTEAD[name]) as caught:
        made = AsgiMiddleware(app, exceptions=True) if kind == "ASGI" else WsgiMiddleware(app, exceptions=True)
    assert made.app is app
    assert [warning.filename for warning in caught] == [__file__]


def test_around_blacksheep_there_is_one_as_well() -> None:
    """Its app as its users have it."""
    from blacksheep import Application, Router

    with pytest.warns(UserWarning, match="around a BlackSheep app"):
        AsgiMiddleware(Application(router=Router()), exceptions=True)


@pytest.mark.parametrize(("kind", "name"), SITES)
def test_without_the_option_there_is_none(kind: str, name: str) -> None:
    """Responses are rewritten from outside as well as from inside."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(kind, getattr(apps, kind)[name]())


def test_other_middleware_in_between_is_looked_through() -> None:
    """As in `AuthProblemMiddleware(CORSMiddleware(app))`."""
    from starlette.middleware.cors import CORSMiddleware

    with pytest.warns(UserWarning, match="Starlette"):
        AsgiMiddleware(CORSMiddleware(apps.starlette()), exceptions=True)


def test_a_flask_object_and_its_wsgi_app_are_the_same() -> None:
    """Both are WSGI apps."""
    from flask import Flask

    for app in (Flask("site"), Flask("site").wsgi_app):
        with pytest.warns(UserWarning, match="Flask"):
            WsgiMiddleware(app, exceptions=True)


def test_where_the_integration_is_installed_there_is_none() -> None:
    """Warnings are errors here."""
    from flask import Flask
    from quart import Quart

    from authproblem import flask, quart

    flask.install(Flask("site"), exceptions=True)
    quart.install(Quart("site"), exceptions=True)


def test_around_an_app_of_no_framework_there_is_none() -> None:
    """Its exceptions come out; an `app` attribute that leads in a circle does no harm."""

    class Circle:
        def __init__(self) -> None:
            self.app = self

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """An ASGI app."""

    AsgiMiddleware(Circle(), exceptions=True)
