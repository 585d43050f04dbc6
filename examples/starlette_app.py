"""Starlette as a proxy in front of Auth0 or Okta: every error that passes comes out in one format.

UPSTREAM=https://YOUR-TENANT.auth0.com uvicorn examples.starlette_app:app
"""

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authproblem.asgi import AuthProblemMiddleware

UPSTREAM = os.environ["UPSTREAM"]
FRAMING = {"connection", "content-encoding", "content-length", "transfer-encoding"}


async def pass_on(request: Request) -> Response:
    """Pass a request on, and its answer back, headers and all: they prove the sender and tell how long to wait."""
    asked = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
    async with httpx.AsyncClient(base_url=UPSTREAM) as provider:
        answer = await provider.request(
            request.method, request.url.path, params=request.url.query, headers=asked, content=await request.body()
        )
    headers = {name: value for name, value in answer.headers.items() if name not in FRAMING}
    return Response(answer.content, answer.status_code, headers)


app = Starlette(routes=[Route("/{path:path}", pass_on, methods=["GET", "POST"])])
app.add_middleware(AuthProblemMiddleware)  # <-- the one line that matters
