"""The apps of the served runs, as servers load them: `SERVED` in the environment says which."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from starlette.applications import Starlette
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks.healthy import BaseNoOp
from benchmarks.harness import silence

if TYPE_CHECKING:
    from starlette.requests import Request

silence()  # what an event costs depends on the app's logging; the in-process tables tell it apart
_OK = b'{"ok":true}'
_numbers = count(10**9)


def _error() -> bytes:
    """An error that was never sent before."""
    return (
        b'{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"%d"}'
        % next(_numbers)
    )


def _wrapped(app: Any, door: Any) -> Any:
    kind = os.environ.get("SERVED", "bare app")
    return {"authproblem": door, "BaseHTTPMiddleware no-op": BaseNoOp}[kind](app) if kind != "bare app" else app


async def _ok(_request: Request) -> StarletteResponse:
    return StarletteResponse(_OK, media_type="application/json")


async def _fails(_request: Request) -> StarletteResponse:
    return StarletteResponse(_error(), 403, media_type="application/json")


asgi = _wrapped(Starlette(routes=[Route("/ok", _ok), Route("/error", _fails)]), AsgiMiddleware)

flask = Flask(__name__)


@flask.get("/ok")
def ok() -> Response:
    """A healthy response."""
    return Response(_OK, content_type="application/json")


@flask.get("/error")
def error() -> Response:
    """An error of Auth0's."""
    return Response(_error(), 403, content_type="application/json")


wsgi = _wrapped(flask.wsgi_app, WsgiMiddleware)
