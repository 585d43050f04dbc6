"""Flask with a login of its own, which asks Okta and passes on what it says.

UPSTREAM=https://YOUR-ORG.okta.com flask --app examples/flask_app.py run
"""

import os

import flask
import httpx

from authproblem import upstream
from authproblem.wsgi import AuthProblemMiddleware

UPSTREAM = os.environ["UPSTREAM"]
OKTA = {"/login": upstream("okta", endpoint="/api/v1/authn")}  # who answers there, and which of its endpoints

app = flask.Flask(__name__)
app.wsgi_app = AuthProblemMiddleware(app.wsgi_app, providers=OKTA)  # type: ignore[method-assign] # <-- the one line


@app.post("/login")
def login() -> flask.Response:
    """Sign in; the rate-limit headers go along, for they tell how long to wait."""
    answer = httpx.post(f"{UPSTREAM}/api/v1/authn", json=flask.request.get_json())
    response = flask.Response(answer.content, answer.status_code, content_type=answer.headers["content-type"])
    for name in ("date", "x-okta-request-id", "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"):
        if name in answer.headers:
            response.headers[name] = answer.headers[name]
    return response
