"""Flask with its own sign-in, which calls Okta and passes its response on.

UPSTREAM=https://YOUR-ORG.okta.com flask --app examples/flask_app.py run
"""

import os

import flask
import httpx

from authproblem import upstream
from authproblem.flask import forward, install

UPSTREAM = os.environ["UPSTREAM"]
OKTA = {"/login": upstream("okta", endpoint="/api/v1/authn")}  # the provider there, and which of its endpoints

app = flask.Flask(__name__)
install(app, providers=OKTA, exceptions=True)  # <-- the one line that matters


@app.post("/login")
def login() -> flask.Response:
    """Sign in. The rate-limit headers are forwarded as well: the wait is computed from them."""
    return forward(httpx.post(f"{UPSTREAM}/api/v1/authn", json=flask.request.get_json()))
