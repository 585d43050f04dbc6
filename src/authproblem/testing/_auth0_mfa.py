"""Auth0's MFA API: authenticators, challenges, enrollment. The `mfa_token` of an `mfa_required` error opens it."""

from __future__ import annotations

from typing import Any

from authproblem.testing import _web as web
from authproblem.testing._accounts import User
from authproblem.testing._fake import Handler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._oauth import OAuthProvider
from authproblem.testing._sessions import Approval, Grant


def challenge(fake: OAuthProvider, request: Request) -> Response:
    """`/mfa/challenge`: a one-time password, or something out of band that a person approves."""
    grant = fake.step(request.text("mfa_token"))
    user = _user(grant)
    kinds = (request.text("challenge_type") or "otp oob").split()
    chosen = request.text("authenticator_id")
    factor = next((f for f in user.factors if chosen in {"", _id(f)} and _kind(f) in kinds), None)
    if factor is None:
        raise fake.refuse("not_enrolled")
    if factor == "otp":
        return json_response(200, {"challenge_type": "otp"})
    code = fake.sessions.handle("Fe26.2*", 32)
    web.wait_for(fake, code, Approval(grant, user.code if factor == "sms" else "", interval=fake.interval))
    method = {"binding_method": "prompt"} if factor == "sms" else {}
    return json_response(200, {"challenge_type": "oob", "oob_code": code, **method})


def authenticators(fake: OAuthProvider, request: Request) -> Response:
    """`/mfa/authenticators`: what the user has enrolled."""
    user = _user(fake.step(request.bearer))
    return json_response(200, [_authenticator(user, factor) for factor in user.factors])


def associate(fake: OAuthProvider, request: Request) -> Response:
    """`/mfa/associate`: enroll a factor."""
    user = _user(fake.step(request.bearer))
    wanted = request.form.get("authenticator_types") or ["otp"]
    factor = "otp" if isinstance(wanted, list) and "otp" in wanted else "sms"
    user.factors = tuple(dict.fromkeys((*user.factors, factor)))
    document: dict[str, Any] = {
        "authenticator_type": _kind(factor),
        "recovery_codes": [fake.sessions.handle(length=24)],
    }
    if factor == "otp":
        document |= {"secret": "ME4TSTRRGRQXA", "barcode_uri": f"otpauth://totp/fake:{user.email}?secret=ME4TSTRRGRQXA"}
    else:
        code = fake.sessions.handle("Fe26.2*", 32)
        document |= {"oob_channel": "sms", "oob_code": code, "binding_method": "prompt"}
    return json_response(200, document)


def _authenticator(user: User, factor: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": _id(factor), "authenticator_type": _kind(factor), "active": True}
    if factor != "otp":
        row |= {"oob_channel": "auth0" if factor == "push" else "sms", "name": f"XXXXXXX{user.phone[-4:]}"}
    return row


def _id(factor: str) -> str:
    return {"otp": "totp|dev_fake", "sms": "sms|dev_fake", "push": "push|dev_fake"}[factor]


def _kind(factor: str) -> str:
    return "otp" if factor == "otp" else "oob"


def _user(grant: Grant) -> User:
    if grant.user is None:
        raise AssertionError("a second step without a user")
    return grant.user


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/mfa/challenge", challenge),
    ("GET", "/mfa/authenticators", authenticators),
    ("POST", "/mfa/associate", associate),
)
