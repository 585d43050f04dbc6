"""The integrations as their users call them, under a strict type checker. Nothing here is run."""

from __future__ import annotations

from typing import Any

import httpx
import requests  # noqa: TC002 - nothing here is run
from django.http import HttpResponse
from fastapi import FastAPI
from flask import Flask
from flask import Response as FlaskResponse
from litestar import Litestar
from litestar import Response as LitestarResponse
from litestar.middleware import DefineMiddleware
from quart import Quart
from quart import Response as QuartResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response as StarletteResponse  # noqa: TC002

import authproblem.django
import authproblem.fastapi
import authproblem.flask
import authproblem.litestar
import authproblem.quart
import authproblem.starlette
from authproblem import Problem, upstream
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.forwarding import accept_encoding, request_headers, response_parts
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware


def note(problem: Problem) -> None:
    """Metrics."""


def install() -> None:
    """Every integration, with options."""
    authproblem.starlette.install(Starlette(), exceptions=True, providers={"/auth": "auth0"}, on_problem=note)
    authproblem.fastapi.install(FastAPI(), mode="observe", providers={"/okta": upstream("okta")})
    authproblem.flask.install(Flask("site"), disclosure="strict", callback_paths=["/callback"])
    authproblem.flask.AuthProblem(upstream_hosts=["login.example.com"]).init_app(Flask("site"))
    authproblem.quart.install(Quart("site"), media_type="json", transaction_states=("/api/v1/authn",))
    Litestar(plugins=[authproblem.litestar.AuthProblemPlugin(exceptions=True, provider="okta")])
    authproblem.django.AuthProblemMiddleware(lambda request: HttpResponse())


def wrap() -> None:
    """The middleware itself, in and around the apps of every framework."""
    app = Starlette(middleware=[Middleware(AsgiMiddleware, exceptions=True)])
    app.add_middleware(AsgiMiddleware, provider="auth0")
    Litestar(middleware=[DefineMiddleware(AsgiMiddleware, exceptions=True)])
    for wrapped in (AsgiMiddleware(FastAPI()), AsgiMiddleware(Litestar()), AsgiMiddleware(Quart("site").asgi_app)):
        AsgiMiddleware(wrapped)
    WsgiMiddleware(WsgiMiddleware(Flask("site").wsgi_app))


def forward(response: httpx.Response, other: requests.Response) -> tuple[Any, ...]:
    """Responses of both libraries."""
    starlette: StarletteResponse = authproblem.starlette.forward(response)
    flask: FlaskResponse = authproblem.flask.forward(other)
    quart: QuartResponse = authproblem.quart.forward(response)
    litestar: LitestarResponse[bytes] = authproblem.litestar.forward(response)
    django: HttpResponse = authproblem.django.forward(other)
    status, lines, body = response_parts(response)
    sent = httpx.get("https://x.example", headers=request_headers(starlette.headers))
    return starlette, flask, quart, litestar, django, status + 1, lines[0][0] + body, accept_encoding(None), sent
