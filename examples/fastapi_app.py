"""FastAPI with its own sign-in, which calls Auth0 and passes its response on.

UPSTREAM=https://YOUR-TENANT.auth0.com uvicorn examples.fastapi_app:app
"""

import os

import httpx
from fastapi import FastAPI, Response
from pydantic import BaseModel

from authproblem import mark_upstream
from authproblem.fastapi import forward, install

UPSTREAM = os.environ["UPSTREAM"]

app = FastAPI()
install(app, exceptions=True)  # <-- the one line that matters


class Login(BaseModel):
    """What the sign-in form sends."""

    username: str
    password: str


@app.post("/login")
async def login(form: Login) -> Response:
    """Sign in. The mark says which endpoint was called, which the path of this route does not."""
    async with httpx.AsyncClient() as auth0:
        reply = await auth0.post(f"{UPSTREAM}/oauth/token", data={"grant_type": "password", **form.model_dump()})
    response = forward(reply)
    mark_upstream(response, "auth0", endpoint="/oauth/token")
    return response
