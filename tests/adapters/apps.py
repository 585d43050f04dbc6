"""One and the same site in every framework, as its users would write it: what stands behind the middleware.

Each factory gives the app without our middleware, and imports its framework itself. Frameworks read the annotations
of a handler when it is defined, so that these are not postponed here.
"""

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from tests.adapters.samples import OKTA_BODY

COOKIES = ("a", "b")
"""The cookies that the error sets."""
CHUNKS = ("one", "two", "three")
OWN = {"message": "no", "code": 7}
"""An error of the app's own."""
PAGES = ("okta", "healthy", "own", "stream", "boom")
_STATUSES = {"okta": 401, "own": 422}
_DOCUMENTS: dict[str, Any] = {"okta": OKTA_BODY, "own": OWN, "healthy": {"ok": True}}


async def _stream() -> AsyncIterator[str]:
    for chunk in CHUNKS:
        yield chunk


def _sync_stream() -> Iterator[str]:
    yield from CHUNKS


class AppError(Exception):
    """What the app does not handle."""


@functools.cache
def starlette() -> Any:
    """Starlette."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route

    async def okta(request: Request) -> JSONResponse:
        response = JSONResponse(OKTA_BODY, 401)
        for name in COOKIES:
            response.set_cookie(name, "1")
        return response

    async def healthy(request: Request) -> JSONResponse:
        return JSONResponse({"ok": True})

    async def own(request: Request) -> JSONResponse:
        return JSONResponse(OWN, 422)

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(_stream(), media_type="text/plain")

    async def boom(request: Request) -> JSONResponse:
        raise AppError

    pages = {"/okta": okta, "/healthy": healthy, "/own": own, "/stream": stream, "/boom": boom}
    return Starlette(routes=[Route(path, page) for path, page in pages.items()])


@functools.cache
def fastapi() -> Any:
    """FastAPI."""
    from fastapi import FastAPI, Response
    from fastapi.responses import JSONResponse, StreamingResponse

    app = FastAPI()

    @app.get("/okta")
    async def okta(response: Response) -> JSONResponse:
        for name in COOKIES:
            response.set_cookie(name, "1")
        return JSONResponse(OKTA_BODY, 401, headers=response.headers)

    @app.get("/healthy")
    def healthy() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/own")
    async def own(number: int) -> int:
        return number

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(_stream(), media_type="text/plain")

    @app.get("/boom")
    async def boom() -> None:
        raise AppError

    return app


@functools.cache
def quart() -> Any:
    """Quart."""
    from quart import Quart, Response, jsonify

    app = Quart("site")
    app.logger.disabled = True

    @app.get("/okta")
    async def okta() -> tuple[Response, int]:
        response = jsonify(OKTA_BODY)
        for name in COOKIES:
            response.set_cookie(name, "1")
        return response, 401

    @app.get("/healthy")
    async def healthy() -> Response:
        return jsonify(ok=True)

    @app.get("/own")
    async def own() -> tuple[Response, int]:
        return jsonify(OWN), 422

    @app.get("/stream")
    async def stream() -> Response:
        return Response(_stream(), mimetype="text/plain")

    @app.get("/boom")
    async def boom() -> Response:
        raise AppError

    return app


@functools.cache
def litestar() -> Any:
    """Litestar."""
    from litestar import Litestar, Response, get
    from litestar.datastructures import Cookie
    from litestar.logging import LoggingConfig
    from litestar.response import Stream

    @get("/okta", sync_to_thread=False)
    def okta() -> Response[dict[str, Any]]:
        return Response(dict(OKTA_BODY), status_code=401, cookies=[Cookie(key=name, value="1") for name in COOKIES])

    @get("/healthy", sync_to_thread=False)
    def healthy() -> dict[str, bool]:
        return {"ok": True}

    @get("/own", sync_to_thread=False)
    def own() -> Response[dict[str, Any]]:
        return Response(dict(OWN), status_code=422)

    @get("/stream", sync_to_thread=False)
    def stream() -> Stream:
        return Stream(_stream(), media_type="text/plain")

    @get("/boom", sync_to_thread=False)
    def boom() -> None:
        raise AppError

    quiet = LoggingConfig(log_exceptions="never", configure_root_logger=False)
    return Litestar([okta, healthy, own, stream, boom], logging_config=quiet, openapi_config=None)


@functools.cache
def falcon() -> Any:
    """Falcon's ASGI side."""
    import falcon.asgi

    class Page:
        def __init__(self, name: str) -> None:
            self.name = name

        async def on_get(self, request: Any, response: Any) -> None:
            _falcon_page(self.name, response, _falcon_stream)

    async def _falcon_stream() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk.encode()

    app = falcon.asgi.App()
    for name in PAGES:
        app.add_route(f"/{name}", Page(name))
    return app


@functools.cache
def falcon_wsgi() -> Any:
    """Falcon's WSGI side."""
    import falcon

    class Page:
        def __init__(self, name: str) -> None:
            self.name = name

        def on_get(self, request: Any, response: Any) -> None:
            _falcon_page(self.name, response, lambda: (chunk.encode() for chunk in CHUNKS))

    app = falcon.App()
    for name in PAGES:
        app.add_route(f"/{name}", Page(name))
    return app


def _falcon_page(name: str, response: Any, stream: Any) -> None:
    if name == "boom":
        raise AppError
    if name == "stream":
        response.stream, response.content_type = stream(), "text/plain"
        return
    response.status = _STATUSES.get(name, 200)
    response.media = _DOCUMENTS[name]
    for cookie in COOKIES if name == "okta" else ():
        response.set_cookie(cookie, "1")


@functools.cache
def blacksheep() -> Any:
    """BlackSheep; it wants to be started, which its users leave to the server."""
    from blacksheep import Application, Cookie, Response, StreamedContent, json

    async def content() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk.encode()

    async def page(name: str) -> Response:
        if name == "boom":
            raise AppError
        if name == "stream":
            return Response(200, content=StreamedContent(b"text/plain", content))
        response = json(_DOCUMENTS[name], status=_STATUSES.get(name, 200))
        for cookie in COOKIES if name == "okta" else ():
            response.set_cookie(Cookie(cookie, "1"))
        return response

    app = Application()
    for name in PAGES:
        app.router.add_get(f"/{name}", functools.partial(page, name))

    async def started(scope: Any, receive: Any, send: Any) -> None:
        if not app.started:
            await app.start()
        await app(scope, receive, send)

    return started


@functools.cache
def flask() -> Any:
    """Flask, as a WSGI app."""
    from flask import Flask, Response, jsonify

    app = Flask("site")
    app.logger.disabled = True

    @app.get("/okta")
    def okta() -> tuple[Response, int]:
        response = jsonify(OKTA_BODY)
        for name in COOKIES:
            response.set_cookie(name, "1")
        return response, 401

    @app.get("/healthy")
    def healthy() -> Response:
        return jsonify(ok=True)

    @app.get("/own")
    def own() -> tuple[Response, int]:
        return jsonify(OWN), 422

    @app.get("/stream")
    def stream() -> Response:
        return Response(_sync_stream(), mimetype="text/plain")

    @app.get("/boom")
    def boom() -> Response:
        raise AppError

    return app.wsgi_app


def _configure_django() -> None:
    import django
    from django.conf import settings
    from django.http import HttpRequest, HttpResponseBase, JsonResponse, StreamingHttpResponse
    from django.urls import path

    if settings.configured:
        return

    def okta(request: HttpRequest) -> HttpResponseBase:
        response = JsonResponse(OKTA_BODY, status=401)
        for name in COOKIES:
            response.set_cookie(name, "1")
        return response

    def healthy(request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"ok": True})

    def own(request: HttpRequest) -> HttpResponseBase:
        return JsonResponse(OWN, status=422)

    def stream(request: HttpRequest) -> HttpResponseBase:
        chunks: Any = _stream() if hasattr(request, "scope") else _sync_stream()
        return StreamingHttpResponse(chunks, content_type="text/plain")

    def boom(request: HttpRequest) -> HttpResponseBase:
        raise AppError

    class Urls:
        urlpatterns = [path(page.__name__, page) for page in (okta, healthy, own, stream, boom)]  # noqa: RUF012

    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=Urls,
        SECRET_KEY="x",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        LOGGING_CONFIG=None,
    )
    django.setup()


@functools.cache
def django_asgi() -> Any:
    """Django under ASGI."""
    _configure_django()
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


@functools.cache
def django_wsgi() -> Any:
    """Django under WSGI."""
    _configure_django()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


ASGI = {
    "starlette": starlette,
    "fastapi": fastapi,
    "quart": quart,
    "litestar": litestar,
    "falcon": falcon,
    "blacksheep": blacksheep,
    "django": django_asgi,
}
WSGI = {"flask": flask, "falcon": falcon_wsgi, "django": django_wsgi}
