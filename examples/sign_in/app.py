"""A sign-in page of one's own, in front of Auth0, that handles every remedy: see `page.html`.

UPSTREAM=https://YOUR-TENANT.auth0.com uvicorn --factory examples.sign_in.app:make_app
"""

import os
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from authproblem import mark_upstream
from authproblem.asgi import AuthProblemMiddleware

OTP = "http://auth0.com/oauth/grant-type/mfa-otp"
PASSED_ON = ("content-type", "date", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def make_app(upstream: str | None = None) -> Starlette:
    """The app; `upstream` is the base URL of the tenant, from the environment where None."""

    async def page(_request: Request) -> Response:
        return FileResponse(Path(__file__).with_name("page.html"))

    async def login(request: Request) -> Response:
        async with request.form() as form, httpx.AsyncClient(trust_env=False) as auth0:
            fields = {"grant_type": OTP if "otp" in form else "password", "client_id": "app", **form}
            reply = await auth0.post(f"{upstream or os.environ['UPSTREAM']}/oauth/token", data=fields)
        if reply.is_success:  # here a session would begin; the tokens stay on the server
            return Response(status_code=204)
        headers = {name: reply.headers[name] for name in PASSED_ON if name in reply.headers}
        response = Response(reply.content, reply.status_code, headers)
        mark_upstream(response, "auth0", endpoint="/oauth/token")
        return response

    app = Starlette(routes=[Route("/", page), Route("/login", login, methods=["POST"])])
    app.add_middleware(AuthProblemMiddleware)
    return app
