"""Okta's Identity Engine: a sign-in as documents, each of which contains the form of the next step."""

from __future__ import annotations

from typing import Any

from authproblem.testing import _web as web
from authproblem.testing._edge import made_up
from authproblem.testing._fake import Handler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._oauth import OAuthProvider

ION = "application/ion+json; okta-version=1.0.0"
_IDENTIFY = (
    {"name": "identifier", "label": "Username", "required": True},
    {
        "name": "credentials",
        "type": "object",
        "form": {"value": [{"name": "passcode", "label": "Password", "secret": True}]},
        "required": True,
    },
)
_PASSCODE = (
    {
        "name": "credentials",
        "type": "object",
        "form": {"value": [{"name": "passcode", "label": "Enter code"}]},
        "required": True,
    },
)


def interact(fake: OAuthProvider, request: Request) -> Response:
    """`/v1/interact`: the start, with the parameters that `/v1/authorize` takes elsewhere."""
    fake.client_of(request)
    handle = fake.sessions.handle(length=43)
    parameters = {name: request.text(name) for name in request.values}
    fake.sessions.steps[handle] = {"parameters": parameters, "token": web.token_url(fake, request)}
    return json_response(200, {"interaction_handle": handle})


def introspect(fake: OAuthProvider, request: Request) -> Response:
    """`/idp/idx/introspect`: the first document of a sign-in, or the present one."""
    state = request.text("stateHandle", "stateToken")
    if state not in fake.sessions.steps:
        begun = fake.sessions.steps.get(request.text("interactionHandle"))
        if begun is None:
            raise fake.refuse("idx_session")
        state = fake.sessions.handle("02")
        fake.sessions.steps[state] = {**begun, "next": "identify"}
    return _document(fake, request, state)


def identify(fake: OAuthProvider, request: Request) -> Response:
    """`/idp/idx/identify`: user name, and password with it or in the next step."""
    state, step = _step(fake, request)
    user = fake.accounts.find(request.text("identifier"))
    passcode = request.nested("credentials", "passcode")
    if not passcode:
        step |= {"user": user, "next": "challenge-authenticator", "wants": "password"}
        return _document(fake, request, state)
    if user is None or user.password != passcode or user.locked or user.blocked:
        raise _refused(fake, request, state, "authn")
    step["user"] = user
    return _continue(fake, request, state, step)


def challenge_answer(fake: OAuthProvider, request: Request) -> Response:
    """`/idp/idx/challenge/answer`: the password, or the code of a second factor."""
    state, step = _step(fake, request)
    passcode = request.nested("credentials", "passcode")
    user = step.get("user")
    right = None if user is None else user.password if step.get("wants") == "password" else user.code
    if right is None or passcode != right:
        raise _refused(fake, request, state, "authn" if step.get("wants") == "password" else "idx_passcode")
    if step.get("wants") == "password":
        return _continue(fake, request, state, step)
    return _done(fake, state, step)


def cancel(fake: OAuthProvider, request: Request) -> Response:
    """`/idp/idx/cancel`: back to the first step."""
    state, step = _step(fake, request)
    step["next"] = "identify"
    return _document(fake, request, state)


def _continue(fake: OAuthProvider, request: Request, state: str, step: dict[str, Any]) -> Response:
    if not step["user"].factors:
        return _done(fake, state, step)
    step |= {"next": "challenge-authenticator", "wants": "code"}
    return _document(fake, request, state)


def _done(fake: OAuthProvider, state: str, step: dict[str, Any]) -> Response:
    """The last document: a code for the token endpoint."""
    parameters = step["parameters"]
    code = web.new_code(fake, {name: v for name, v in parameters.items() if name != "redirect_uri"}, step["user"])
    values = {"grant_type": "interaction_code", "interaction_code": code, "client_id": parameters.get("client_id", "")}
    issue = {
        "rel": ["create-form"],
        "name": "issue",
        "href": step["token"],
        "method": "POST",
        "value": [{"name": name, "required": True, "value": value} for name, value in values.items()],
        "accepts": "application/x-www-form-urlencoded",
    }
    document = {**_base(fake, state), "successWithInteractionCode": issue}
    return json_response(200, document, media_type=ION)


def _step(fake: OAuthProvider, request: Request) -> tuple[str, dict[str, Any]]:
    state = request.text("stateHandle")
    step = fake.sessions.steps.get(state)
    if step is None:
        raise fake.refuse("idx_session")
    return state, step


def _refused(fake: OAuthProvider, request: Request, state: str, kind: str) -> Exception:
    """An error that keeps the form of the step, so that it can be filled in again."""
    step = fake.sessions.steps[state]
    members = {"stateHandle": state, "remediation": _remediation(request, state, step["next"])}
    return fake.refuse(kind, form="okta_idx", members=members)


def _document(fake: OAuthProvider, request: Request, state: str) -> Response:
    step = fake.sessions.steps[state]
    document = {**_base(fake, state), "remediation": _remediation(request, state, step["next"])}
    return json_response(200, document, media_type=ION)


def _base(fake: OAuthProvider, state: str) -> dict[str, Any]:
    expires = made_up(fake.random, fake.clock.now())["expires"]
    return {"version": "1.0.0", "stateHandle": state, "expiresAt": expires, "intent": "LOGIN"}


def _remediation(request: Request, state: str, name: str) -> dict[str, Any]:
    path, fields = ("identify", _IDENTIFY) if name == "identify" else ("challenge/answer", _PASSCODE)
    handle = {"name": "stateHandle", "required": True, "value": state, "visible": False, "mutable": False}
    form = {
        "rel": ["create-form"],
        "name": name,
        "href": f"{request.origin}/idp/idx/{path}",
        "method": "POST",
        "produces": ION,
        "value": [*fields, handle],
        "accepts": "application/json; okta-version=1.0.0",
    }
    return {"type": "array", "value": [form]}


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/idp/idx/introspect", introspect),
    ("POST", "/idp/idx/identify", identify),
    ("POST", "/idp/idx/challenge/answer", challenge_answer),
    ("POST", "/idp/idx/cancel", cancel),
)
