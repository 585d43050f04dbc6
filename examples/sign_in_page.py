"""A sign-in page of one's own, in front of Auth0, that knows what to do for every remedy.

UPSTREAM=https://YOUR-TENANT.auth0.com uvicorn --factory examples.sign_in_page:make_app
"""

from __future__ import annotations

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002 - an example imports what it names
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from authproblem import mark_upstream
from authproblem.asgi import AuthProblemMiddleware

OTP = "http://auth0.com/oauth/grant-type/mfa-otp"

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign in</title>
<h1>Sign in</h1>
<p role="alert" hidden></p>
<form id="login"><label>Email <input name="username" type="email"></label>
<label>Password <input name="password" type="password"></label><button>Continue</button></form>
<form id="code" hidden><label>Code <input name="otp"></label><button>Confirm</button></form>
<p id="done" hidden>You are signed in.</p>
<script>
const alertBox = document.querySelector("[role=alert]"), login = document.getElementById("login");
const code = document.getElementById("code"), done = document.getElementById("done");
let mfaToken;

const REMEDIES = {                       // what the page does; everything else shows the sentence, which always fits
  provide_mfa(problem) { mfaToken = problem.mfa_token; login.hidden = true; code.hidden = false; },
  wait(problem) { pause(problem.retry.after ?? 5); },
  reset_password() { alertBox.insertAdjacentHTML("beforeend", ' <a href="/reset">Reset your password</a>'); },
};

function pause(seconds) {
  const button = login.querySelector("button");
  button.disabled = seconds > 0;
  button.textContent = seconds > 0 ? `Wait ${seconds} s` : "Continue";
  if (seconds > 0) setTimeout(pause, 1000, seconds - 1);
}

async function send(fields) {
  const answer = await fetch("/login", { method: "POST", body: new URLSearchParams(fields) });
  alertBox.hidden = answer.ok;
  if (answer.ok) { login.hidden = code.hidden = true; done.hidden = false; return; }
  const problem = await answer.json();
  alertBox.textContent = problem.detail;
  REMEDIES[problem.remedy]?.(problem);
}

login.onsubmit = (event) => { event.preventDefault(); send(new FormData(login)); };
code.onsubmit = (event) => { event.preventDefault(); send({ otp: code.elements.otp.value, mfa_token: mfaToken }); };
</script></html>"""


def make_app(upstream: str | None = None) -> Starlette:
    """The app.

    Args:
        upstream: the base URL of the tenant; from the environment (`UPSTREAM`) where None.
    """
    tenant = upstream or os.environ["UPSTREAM"]

    async def page(_request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def login(request: Request) -> Response:
        async with request.form() as form:
            fields = {name: str(value) for name, value in form.items()}
        grant = OTP if "otp" in fields else "password"
        async with httpx.AsyncClient(trust_env=False) as auth0:
            form_data = {"grant_type": grant, "client_id": "app", "scope": "openid", **fields}
            answer = await auth0.post(f"{tenant}/oauth/token", data=form_data)
        if answer.is_success:  # here a session would begin; the tokens stay on the server
            return Response(status_code=204)
        kept = {name: answer.headers[name] for name in RATE_HEADERS if name in answer.headers}
        response = Response(answer.content, answer.status_code, kept, media_type="application/json")
        return mark_upstream(response, "auth0", endpoint="/oauth/token")  # type: ignore[no-any-return]

    app = Starlette(routes=[Route("/", page), Route("/login", login, methods=["POST"])])
    app.add_middleware(AuthProblemMiddleware)
    return app


RATE_HEADERS = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date")
"""What says how long to wait."""
