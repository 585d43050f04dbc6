"""Starlette as a proxy in front of Auth0 or Okta: every error that passes comes out in one format.

UPSTREAM=https://YOUR-TENANT.auth0.com uvicorn examples.starlette_app:app
"""

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authproblem.starlette import forward, install, request_headers

UPSTREAM = os.environ["UPSTREAM"]


async def relay(request: Request) -> Response:
    """Send a request to the provider, and its response to the client."""
    async with httpx.AsyncClient(base_url=UPSTREAM) as provider:
        response = await provider.request(
            request.method,
            request.url.path,
            params=request.url.query,
            headers=request_headers(request.headers),  # with an Accept-Encoding that the middleware can decode
            content=await request.body(),
        )
    return forward(response)


app = Starlette(routes=[Route("/{path:path}", relay, methods=["GET", "POST"])])
install(app, exceptions=True)  # <-- the one line that matters
