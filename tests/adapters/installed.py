"""One site in every framework that has an integration, with the middleware installed as its documentation says.

Pages: `/profile` raises what `raise_for_status()` of httpx (or of `library`) raises, `/sync-profile` the same in a
plain function, `/group` the same in an exception group, `/mistake` is the app's own failure, `/forward` passes a
provider's response on, `/marked` likewise, saying whose it is, `/healthy` answers, `/callback` is where a provider
redirects to.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from authproblem import mark_upstream
from tests.adapters.asgi_host import Connection, run
from tests.adapters.failing import SECRET, WRONG_PASSWORD, status_error
from tests.adapters.wsgi_host import Gateway
from tests.support.asgi_server import http_scope
from tests.support.responses import Pairs, Response
from tests.support.wsgi_server import http_environ

Visit = Callable[..., Response]
"""Sends a request (`path`, `method`, `headers`) and gives the response."""

FORWARDED = httpx.Response(
    429,
    headers=[
        ("content-type", "application/json"),
        ("x-okta-request-id", "Ydy0LwmSNI62dm8LZIdTzgAACb0"),
        ("retry-after", "7"),
        ("set-cookie", "a=1; Path=/; Partitioned"),
        ("set-cookie", "b=2; Path=/"),
        ("connection", "keep-alive, x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
    ],
    content=b'{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.",'
    b'"errorLink":"E0000047","errorId":"oaeMadeUpForThisTest012345","errorCauses":[]}',
)


BARE = httpx.Response(403, headers={"x-trace": "1"}, content=b'{"error":"invalid_grant"}')
"""An error without a content type, and without anything that says whose it is."""


library: Any = httpx
"""Whose exceptions the pages raise; tests put httpx2 in its place."""


def fail() -> Any:
    """What a view does that calls `raise_for_status()`."""
    raise status_error(WRONG_PASSWORD, library=library)


def mistake() -> Any:
    """What a view does that has a bug."""
    raise ValueError(SECRET)


def group() -> Any:
    """What a task group makes of the exception of one of its tasks."""
    try:
        from builtins import ExceptionGroup  # type: ignore[attr-defined,unused-ignore] # from 3.11 on
    except ImportError:
        from exceptiongroup import ExceptionGroup  # type: ignore[no-redef,import-not-found,unused-ignore]
    raise ExceptionGroup("unhandled errors in a TaskGroup", [status_error(WRONG_PASSWORD, library=library)])


RAISING = {"profile": fail, "mistake": mistake, "group": group}


def visit_asgi(app: Any) -> Visit:
    """A client of an ASGI app; the exception that comes out after the response is the server's business."""

    def visit(path: str, method: str = "GET", headers: Pairs | None = None, query: str = "") -> Response:
        connection = Connection()
        scope = http_scope(path, method, [("host", "testserver"), *(headers or [])])
        scope["query_string"] = query.encode()
        try:
            run(app(scope, connection.receive, connection.send))
        except asyncio.TimeoutError:
            raise
        except Exception:
            if not connection.complete:
                raise
        return connection.answer()

    return visit


def visit_wsgi(app: Any) -> Visit:
    """A client of a WSGI app."""

    def visit(path: str, method: str = "GET", headers: Pairs | None = None, query: str = "") -> Response:
        environ = http_environ(path, method, [("host", "testserver"), *(headers or [])])
        environ["QUERY_STRING"] = query
        return Gateway().serve(app, environ).answer()

    return visit


def _starlette_app() -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.routing import Route

    from authproblem.starlette import forward

    def page(name: str) -> Any:
        async def raising(_request: Request) -> Any:
            return RAISING[name]()

        return raising

    def sync_profile(_request: Request) -> Any:
        return fail()

    async def passed(_request: Request) -> Any:
        return forward(FORWARDED)

    async def marked(_request: Request) -> Any:
        return mark_upstream(forward(BARE), "auth0", endpoint="/oauth/token")

    async def healthy(_request: Request) -> Any:
        return JSONResponse({"ok": True})

    async def callback(request: Request) -> Any:
        return PlainTextResponse(_reason(request.scope.get("state", {})))

    pages = {
        "sync-profile": sync_profile,
        "forward": passed,
        "marked": marked,
        "healthy": healthy,
        "callback": callback,
    }
    pages |= {name: page(name) for name in RAISING}
    return Starlette(routes=[Route(f"/{name}", view) for name, view in pages.items()])


def _reason(state: Any) -> str:
    problem = state.get("authproblem.problem")
    return "none" if problem is None else str(problem.reason)


def starlette(**options: Any) -> Visit:
    """Starlette."""
    from authproblem.starlette import install

    app = _starlette_app()
    install(app, **options)
    return visit_asgi(app)


def fastapi(**options: Any) -> Visit:
    """FastAPI."""
    from fastapi import FastAPI, Request
    from fastapi.responses import PlainTextResponse

    from authproblem.fastapi import forward, install

    app = FastAPI()
    for name, call in RAISING.items():
        app.add_api_route(f"/{name}", call, response_model=None)

    @app.get("/sync-profile")
    def sync_profile() -> None:
        fail()

    @app.get("/forward")
    async def passed() -> Any:
        return forward(FORWARDED)

    @app.get("/marked")
    async def marked() -> Any:
        return mark_upstream(forward(BARE), "auth0", endpoint="/oauth/token")

    @app.get("/healthy")
    async def healthy() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/callback")
    async def callback(request: Request) -> PlainTextResponse:
        return PlainTextResponse(_reason(request.scope.get("state", {})))

    install(app, **options)
    return visit_asgi(app)


def quart(**options: Any) -> Visit:
    """Quart."""
    from quart import Quart, jsonify, request

    from authproblem.quart import forward, install

    app = Quart("site")
    for name, call in RAISING.items():
        app.add_url_rule(f"/{name}", name, call)
    app.add_url_rule("/sync-profile", "sync-profile", fail)

    @app.get("/forward")
    async def passed() -> Any:
        return forward(FORWARDED)

    @app.get("/marked")
    async def marked() -> Any:
        return mark_upstream(forward(BARE), "auth0", endpoint="/oauth/token")

    @app.get("/healthy")
    async def healthy() -> Any:
        return jsonify(ok=True)

    @app.get("/callback")
    async def callback() -> str:
        return _reason(request.scope.get("state", {}))

    install(app, **options)
    return visit_asgi(app)


def litestar(**options: Any) -> Visit:
    """Litestar."""
    from litestar import Litestar, Request, get
    from litestar import Response as LitestarResponse
    from litestar.logging import LoggingConfig

    from authproblem.litestar import AuthProblemPlugin, forward

    def page(path: str, call: Any) -> Any:
        @get(path, sync_to_thread=False)
        def raising() -> None:
            call()

        return raising

    @get("/forward")
    async def passed() -> LitestarResponse[bytes]:
        return forward(FORWARDED)

    @get("/marked")
    async def marked() -> LitestarResponse[bytes]:
        return mark_upstream(forward(BARE), "auth0", endpoint="/oauth/token")  # type: ignore[no-any-return]

    @get("/healthy")
    async def healthy() -> dict[str, bool]:
        return {"ok": True}

    @get("/callback", media_type="text/plain")
    async def callback(request: Request[Any, Any, Any]) -> str:
        return _reason(request.scope.get("state", {}))

    pages = [page(f"/{name}", call) for name, call in (*RAISING.items(), ("sync-profile", fail))]
    quiet = LoggingConfig(log_exceptions="never", configure_root_logger=False)
    plugins = [AuthProblemPlugin(**options)]
    app = Litestar(
        [*pages, passed, marked, healthy, callback], plugins=plugins, logging_config=quiet, openapi_config=None
    )
    return visit_asgi(app)


def flask(**options: Any) -> Visit:
    """Flask."""
    from flask import Flask, jsonify

    from authproblem.flask import current_problem, forward, install

    app = Flask("site")
    for name, call in RAISING.items():
        app.add_url_rule(f"/{name}", name, call)
    app.add_url_rule("/sync-profile", "sync-profile", fail)

    @app.get("/forward")
    def passed() -> Any:
        return forward(FORWARDED)

    @app.get("/marked")
    def marked() -> Any:
        return mark_upstream(forward(BARE), "auth0", endpoint="/oauth/token")

    @app.get("/healthy")
    def healthy() -> Any:
        return jsonify(ok=True)

    @app.get("/callback")
    def callback() -> str:
        problem = current_problem()
        return "none" if problem is None else problem.reason

    install(app, **options)
    return visit_wsgi(app)


def _django(build: Callable[[], Any], client: Callable[[Any], Visit], options: Any) -> Visit:
    from django.test import override_settings

    from tests.adapters.apps import django_wsgi

    django_wsgi()  # configures Django, once for all tests
    from tests.adapters import django_site

    middleware = ["django.middleware.common.CommonMiddleware", "authproblem.django.AuthProblemMiddleware"]
    settings: dict[str, Any] = {"MIDDLEWARE": middleware, "ROOT_URLCONF": django_site}
    if options is not None:
        settings["AUTHPROBLEM"] = options
    with override_settings(**settings):
        visit = client(build())

    def configured(*args: Any, **more: Any) -> Response:
        with override_settings(**settings):
            return visit(*args, **more)

    return configured


def django_with(kind: str, options: Any) -> Visit:
    """Django with any value of the setting; None: without it."""
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    if kind == "asgi":
        return _django(get_asgi_application, visit_asgi, options)
    return _django(get_wsgi_application, visit_wsgi, options)


def django_asgi(**options: Any) -> Visit:
    """Django under ASGI."""
    return django_with("asgi", options)


def django_wsgi(**options: Any) -> Visit:
    """Django under WSGI."""
    return django_with("wsgi", options)


SITES: dict[str, Callable[..., Visit]] = {
    "starlette": starlette,
    "fastapi": fastapi,
    "quart": quart,
    "litestar": litestar,
    "flask": flask,
    "django-asgi": django_asgi,
    "django-wsgi": django_wsgi,
}
