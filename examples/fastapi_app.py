"""FastAPI with a login of its own, which asks Auth0 and passes on what it says.

UPSTREAM=https://YOUR-TENANT.auth0.com uvicorn examples.fastapi_app:app
"""

import os

import httpx
from fastapi import FastAPI, Response
from pydantic import BaseModel

from authproblem import mark_upstream
from authproblem.asgi import AuthProblemMiddleware

UPSTREAM = os.environ["UPSTREAM"]

app = FastAPI()
app.add_middleware(AuthProblemMiddleware)  # <-- the one line that matters


class Login(BaseModel):
    """What the login form sends."""

    username: str
    password: str


@app.post("/login")
async def login(form: Login) -> Response:
    """Sign in. Only the body is passed on, so nothing in it proves who said that: the mark does."""
    async with httpx.AsyncClient() as auth0:
        answer = await auth0.post(f"{UPSTREAM}/oauth/token", data={"grant_type": "password", **form.model_dump()})
    response = Response(answer.content, answer.status_code, media_type="application/json")
    mark_upstream(response, "auth0", endpoint="/oauth/token")
    return response
