"""Apps of many frameworks, wrapped from outside: a provider's error becomes a problem, all else is as without us."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters import apps
from tests.adapters.asgi_host import Connection, run
from tests.adapters.support import assert_problem
from tests.adapters.wsgi_host import Gateway
from tests.support.asgi_server import http_scope
from tests.support.responses import Response
from tests.support.wsgi_server import http_environ

SITES = [("asgi", name) for name in apps.ASGI] + [("wsgi", name) for name in apps.WSGI]
each = pytest.mark.parametrize(("adapter", "name"), SITES, ids=["-".join(site) for site in SITES])


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Frameworks log the exceptions of their apps."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def visit(adapter: str, app: Any, path: str, method: str = "GET") -> tuple[Response | None, str]:
    """The response to a request, and the class of the exception that came out, if one did."""
    error = ""
    if adapter == "asgi":
        connection = Connection()
        try:
            run(app(http_scope(path, method, [("host", "testserver")]), connection.receive, connection.send))
        except asyncio.TimeoutError:
            raise
        except Exception as caught:  # noqa: BLE001 - whatever the app raises
            error = type(caught).__name__
        return connection.answer() if connection.complete else None, error
    gateway = Gateway()
    try:
        gateway.serve(app, http_environ(path, method, [("host", "testserver")]))
    except Exception as caught:  # noqa: BLE001 - likewise
        error = type(caught).__name__
    return gateway.answer() if gateway.starts else None, error


def sites(adapter: str, name: str, **options: Any) -> tuple[Any, Any]:
    """The app without and with our middleware."""
    bare = (apps.ASGI if adapter == "asgi" else apps.WSGI)[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exceptions=True has no effect around most frameworks, and warns
        return bare, (AsgiMiddleware(bare, **options) if adapter == "asgi" else WsgiMiddleware(bare, **options))


@each
@pytest.mark.parametrize("options", [{}, {"exceptions": True}], ids=["plain", "exceptions"])
def test_a_providers_error_becomes_a_problem(adapter: str, name: str, options: dict[str, Any]) -> None:
    """With both cookies that the app set."""
    _, app = sites(adapter, name, **options)
    response, error = visit(adapter, app, "/okta")
    assert error == ""
    assert response is not None
    assert assert_problem(response)["reason"] == "invalid-credentials"
    assert [cookie.strip().partition("=")[0] for cookie in response.lines("set-cookie")] == list(apps.COOKIES)


REQUESTS = [
    ("GET", "/healthy"),
    ("HEAD", "/healthy"),
    ("GET", "/own"),
    ("GET", "/stream"),
    ("GET", "/missing"),
    ("POST", "/healthy"),
    ("GET", "/boom"),
    ("OPTIONS", "/healthy"),
]


@each
@pytest.mark.parametrize(
    "options",
    [{}, {"exceptions": True}, {"providers": {"/": "auth0"}}, {"mode": "observe", "provider": "okta"}],
    ids=["plain", "exceptions", "scope", "observe"],
)
def test_all_else_is_as_without_us(adapter: str, name: str, options: dict[str, Any]) -> None:
    """Every other response and exception is the same with and without the middleware."""
    bare, app = sites(adapter, name, **options)
    for method, path in REQUESTS:
        assert visit(adapter, app, path, method) == visit(adapter, bare, path, method), (method, path)


@each
def test_head_has_the_headers_of_get(adapter: str, name: str) -> None:
    """Where the framework serves HEAD."""
    _, app = sites(adapter, name)
    response, _ = visit(adapter, app, "/okta", "HEAD")
    assert response is not None
    assert response.status in {401, 404, 405}  # not every framework has HEAD where it has GET
    if response.lines("auth-problem"):
        assert_problem(response, method="HEAD")
