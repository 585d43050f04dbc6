"""Handlers of the app's own beside an integration: whose turn it is, in Quart, Litestar and Django."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.adapters.failing import SECRET, WRONG_PASSWORD, status_error
from tests.adapters.installed import Visit, visit_asgi, visit_wsgi
from tests.adapters.support import is_problem
from tests.support.events import Events


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Frameworks log the exceptions of their apps."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def raise_provider() -> Any:
    raise status_error(WRONG_PASSWORD)


def raise_own() -> Any:
    raise ValueError(SECRET)


def quart(handlers: dict[Any, str], **config: Any) -> Visit:
    """A Quart app with handlers that return a text."""
    from quart import Quart, abort

    from authproblem.quart import install

    app = Quart("site")
    app.config.update(config)
    app.add_url_rule("/provider", "provider", raise_provider)
    app.add_url_rule("/own", "own", raise_own)
    app.add_url_rule("/gone", "gone", lambda: abort(410))
    for known, text in handlers.items():
        app.register_error_handler(known, lambda _error, text=text: (text, 418))
    install(app, exceptions=True)
    return visit_asgi(app)


def litestar(handlers: dict[Any, str], **config: Any) -> Visit:
    """The same for Litestar."""
    from litestar import Litestar, Response, get
    from litestar.exceptions import HTTPException

    from authproblem.litestar import AuthProblemPlugin

    def page(path: str, call: Any) -> Any:
        @get(path, sync_to_thread=False)
        def raising() -> None:
            call()

        return raising

    def gone() -> None:
        raise HTTPException(status_code=410, detail="gone")

    def answer(text: str) -> Any:
        return lambda _request, _error: Response(text, status_code=418, media_type="text/plain")

    pages = [page("/provider", raise_provider), page("/own", raise_own), page("/gone", gone)]
    return visit_asgi(
        Litestar(
            pages,
            plugins=[AuthProblemPlugin(exceptions=True)],
            exception_handlers={known: answer(text) for known, text in handlers.items()},
            logging_config=None,
            openapi_config=None,
            **config,
        )
    )


EACH = pytest.mark.parametrize("site", [quart, litestar])


@EACH
@pytest.mark.parametrize("known", [httpx.HTTPStatusError, httpx.HTTPError, Exception], ids=["class", "base", "all"])
def test_a_handler_of_the_apps_own_comes_first(site: Any, known: type[Exception], events: Events) -> None:
    """For the class, for a base of it, or for everything: the app has decided."""
    answer = site({known: "ours"})("/provider")
    assert (answer.status, answer.body, list(events)) == (418, b"ours", [])


@EACH
def test_a_handler_for_500_gets_what_is_no_providers(site: Any) -> None:
    """And nothing else."""
    visit = site({500: "ours"})
    assert is_problem(visit("/provider"))
    assert (visit("/own").status, visit("/own").body) == (418, b"ours")


@EACH
def test_http_errors_of_the_app_stay_as_they_are(site: Any, events: Events) -> None:
    """With and without a handler for the status."""
    assert site({})("/gone").status == 410
    assert site({410: "ours"})("/gone").body == b"ours"
    assert list(events) == []


@EACH
def test_without_handlers_a_failure_of_the_app_is_the_frameworks_500(site: Any, events: Events) -> None:
    """Its message stays inside."""
    answer = site({})("/own")
    assert (answer.status, SECRET.encode() in answer.body, list(events)) == (500, False, [])


def test_litestars_debug_page_is_for_failures_of_the_app() -> None:
    """A provider's exception never gets there."""
    visit = litestar({}, debug=True)
    assert SECRET.encode() in visit("/own").body
    answer = visit("/provider")
    assert (is_problem(answer), SECRET.encode() in answer.body) == (True, False)


def test_quart_responds_where_exceptions_propagate() -> None:
    """`PROPAGATE_EXCEPTIONS`, which debugging and testing turn on, is for failures of the app."""
    visit = quart({}, PROPAGATE_EXCEPTIONS=True)
    assert is_problem(visit("/provider"))


def test_a_websocket_of_quart_is_left_alone() -> None:
    """Its handshake fails as without us."""
    import asyncio

    from quart import Quart
    from quart.testing import WebsocketResponseError

    from authproblem.quart import install

    app = Quart("site")

    @app.websocket("/socket")
    async def socket() -> None:
        raise_provider()

    install(app, exceptions=True)

    async def connect() -> None:
        client = app.test_client()
        async with client.websocket("/socket") as connection:
            await connection.receive()

    with pytest.raises(WebsocketResponseError) as caught:
        asyncio.run(asyncio.wait_for(connect(), 10))
    response: Any = caught.value.response
    assert (response.status_code, "auth-problem" in response.headers) == (500, False)


class OwnMiddleware:
    """Middleware of a Django project that handles exceptions."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Serve."""
        return self.get_response(request)

    def process_exception(self, request: Any, exception: Exception) -> Any:
        """Respond."""
        from django.http import HttpResponse

        return HttpResponse("ours", status=418)


@pytest.mark.parametrize(("inside", "expected"), [(True, (418, False)), (False, (403, True))])
def test_djangos_middleware_responds_from_the_view_outward(inside: bool, expected: Any) -> None:
    """As the documentation of `process_exception` has it: the one nearer to the view comes first."""
    from django.core.wsgi import get_wsgi_application
    from django.test import override_settings

    from tests.adapters.apps import django_wsgi

    django_wsgi()
    from tests.adapters import django_site

    ours, own = "authproblem.django.AuthProblemMiddleware", f"{__name__}.OwnMiddleware"
    middleware = [ours, own] if inside else [own, ours]
    with override_settings(MIDDLEWARE=middleware, AUTHPROBLEM={"exceptions": True}, ROOT_URLCONF=django_site):
        answer = visit_wsgi(get_wsgi_application())("/sync-profile")
    assert (answer.status, is_problem(answer)) == expected
