"""The grants of the token endpoint: what each requires and returns. Specifications are named in the handlers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from authproblem.testing._accounts import Client
from authproblem.testing._http import Request
from authproblem.testing._sessions import Grant
from authproblem.testing._tokens import encode

if TYPE_CHECKING:
    from authproblem.testing._oauth import OAuthProvider

GrantHandler = Callable[[Any, Request, Client], Grant]
"""From the fake, the request and its client to what is granted; raises a `Refusal`."""
DEVICE, CIBA = "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba"


def _by_code(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    grant = fake.sessions.codes.pop(request.text("code", "interaction_code"), None)
    if grant is None or grant.client != client.id or grant.expires < fake.clock.now():
        raise fake.refuse("invalid_code")
    if grant.details.get("redirect_uri") not in {None, request.text("redirect_uri")}:
        raise fake.refuse("redirect_uri")
    challenge = grant.details.get("code_challenge")
    verifier = request.text("code_verifier")
    if challenge is not None and challenge not in {verifier, encode(hashlib.sha256(verifier.encode()).digest())}:
        raise fake.refuse("pkce")
    return grant


def _by_refresh_token(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    grant = fake.sessions.refresh_with(request.text("refresh_token"), rotate=fake.rotate)
    if grant is None or grant.client != client.id:
        raise fake.refuse("invalid_refresh_token")
    if grant.user is not None and (grant.user not in fake.accounts.users or grant.user.blocked):
        raise fake.refuse("user_gone")
    return grant


def _by_password(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    user = fake.check_password(request.text("username"), request.text("password"))
    grant = fake.grant_for(request, client, user)
    if user.factors:
        fake.second_step(grant)
    return grant


def _by_client(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    return fake.grant_for(request, client, None)


def _by_approval(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    handle = request.text("device_code", "auth_req_id", "oob_code")
    approval = fake.sessions.approvals.get(handle)
    if approval is None or approval.grant.client != client.id:
        raise fake.refuse("invalid_device_code")
    if approval.grant.expires < fake.clock.now():
        raise fake.refuse("expired_token")
    if approval.state == "pending":
        too_fast = approval.polled and fake.clock.now() - approval.polled < approval.interval - 0.5
        approval.polled = fake.clock.now()
        if too_fast:
            approval.interval += 5
        raise fake.refuse("slow_down" if too_fast else "pending")
    fake.sessions.approvals.pop(handle)
    if approval.state == "denied":
        raise fake.refuse("denied")
    return approval.grant


def _by_exchange(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    subject = fake.sessions.access.get(request.text("subject_token"))
    user = subject.user if subject is not None else next(iter(fake.accounts.users), None)
    return fake.grant_for(request, client, user)


def _by_otp(fake: OAuthProvider, request: Request, _client: Client) -> Grant:
    grant: Grant = fake.step(request.text("mfa_token"))
    given = request.text("otp", "recovery_code")
    if grant.user is None or given != grant.user.code:
        raise fake.refuse("wrong_otp")
    fake.sessions.steps.pop(request.text("mfa_token"))
    return grant


def _by_oob(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    grant: Grant = fake.step(request.text("mfa_token"))
    approval = fake.sessions.approvals.get(request.text("oob_code"))
    if approval is None:
        raise fake.refuse("oob_code")
    if approval.user_code:  # a code that the person reads off: SMS, email
        if request.text("binding_code") != approval.user_code:
            raise fake.refuse("binding_code")
        approval.state = "approved"
    _by_approval(fake, request, client)
    fake.sessions.steps.pop(request.text("mfa_token"))
    return grant


GRANTS: dict[str, GrantHandler] = {
    "authorization_code": _by_code,
    "interaction_code": _by_code,
    "refresh_token": _by_refresh_token,
    "password": _by_password,
    "http://auth0.com/oauth/grant-type/password-realm": _by_password,
    "client_credentials": _by_client,
    DEVICE: _by_approval,
    CIBA: _by_approval,
    "http://auth0.com/oauth/grant-type/mfa-otp": _by_otp,
    "http://auth0.com/oauth/grant-type/mfa-recovery-code": _by_otp,
    "http://auth0.com/oauth/grant-type/mfa-oob": _by_oob,
    "urn:ietf:params:oauth:grant-type:token-exchange": _by_exchange,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _by_exchange,
}
"""How each grant type is checked; fakes add those of their vendor."""
