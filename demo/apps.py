"""The app in front: a small backend-for-frontend that passes `/auth0/...` and `/okta/...` through, by each adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import flask
import httpx
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from authproblem.asgi import AuthProblemMiddleware as ASGIMiddleware
from authproblem.flask import install

if TYPE_CHECKING:
    from starlette.requests import Request

OPTIONS: dict[str, Any] = {
    "providers": {"/auth0": "auth0", "/okta": "okta", "/nowhere": "okta"},
    "exceptions": True,
    "upstream_hosts": ("127.0.0.1",),  # the fake vendors' host: those of the real ones are known
}
"""The options of the middleware."""

_FORWARDED = ("accept", "content-type", "authorization")
_FRAMING = {"content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"}


def asgi_app(upstreams: Mapping[str, str], *, treated: bool) -> Starlette:
    """The ASGI app: Starlette and httpx.

    Args:
        upstreams: the vendors' base URLs by name.
        treated: whether it gets the middleware.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
        async with httpx.AsyncClient(trust_env=False) as client:
            yield {"client": client}

    async def pass_through(request: Request) -> Response:
        reply = await request.state.client.request(
            request.method,
            _target(upstreams, request.url.path, request.url.query),
            headers={name: request.headers[name] for name in _FORWARDED if name in request.headers},
            content=await request.body(),
        )
        response = Response(reply.content, reply.status_code)
        response.raw_headers += [(n, v) for n, v in reply.headers.raw if n.decode().lower() not in _FRAMING]
        return response

    routes = [Route(f"/{name}/{{path:path}}", pass_through, methods=["GET", "POST"]) for name in upstreams]
    app = Starlette(routes=routes, lifespan=lifespan)
    if treated:
        app.add_middleware(ASGIMiddleware, **OPTIONS)  # the one line
    return app


def wsgi_app(upstreams: Mapping[str, str], client: httpx.Client, *, treated: bool) -> flask.Flask:
    """The WSGI app: Flask and httpx.

    Args:
        upstreams: the vendors' base URLs by name.
        client: what it calls them with.
        treated: whether it gets the middleware.
    """
    app = flask.Flask("demo")
    app.logger.disabled = True

    @app.route("/<any(auth0, okta, nowhere):_name>/<path:_path>", methods=["GET", "POST"])
    def pass_through(_name: str, _path: str) -> flask.Response:
        request = flask.request
        reply = client.request(
            request.method,
            _target(upstreams, request.environ["PATH_INFO"], request.query_string.decode()),
            headers={name: request.headers[name] for name in _FORWARDED if name in request.headers},
            content=request.get_data(),
        )
        response = flask.Response(reply.content, reply.status_code)
        response.headers.clear()
        response.headers.extend([(n, v) for n, v in reply.headers.multi_items() if n.lower() not in _FRAMING])
        return response

    if treated:
        install(app, **OPTIONS)  # the one line
    return app


def _target(upstreams: Mapping[str, str], path: str, query: str) -> str:
    """`/okta/api/v1/users` at the app is `/api/v1/users` at Okta."""
    _, name, rest = path.split("/", 2)
    return f"{upstreams[name]}/{rest}" + (f"?{query}" if query else "")
