"""Auth0: its paths, and what its Authentication API has beyond OAuth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from authproblem.testing import _auth0_api as api
from authproblem.testing import _auth0_mfa as mfa
from authproblem.testing import _web as web
from authproblem.testing._accounts import Client
from authproblem.testing._fake import Handler
from authproblem.testing._grants import GRANTS, GrantHandler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._oauth import OAuthProvider
from authproblem.testing._sessions import Grant

PASSWORDLESS = "http://auth0.com/oauth/grant-type/passwordless/otp"


def signup(fake: OAuthProvider, request: Request) -> Response:
    """`/dbconnections/signup`: who signs up can sign in."""
    email, password = request.text("email"), request.text("password")
    if fake.accounts.find(email) is not None:
        raise fake.refuse("user_exists")
    if len(password) < 8:
        raise fake.refuse("weak_password")
    user = fake.add_user(email, password, name=request.text("name") or email.partition("@")[0])
    document = {"_id": user.id.partition("|")[2], "email": email, "email_verified": False}
    return json_response(200, document)


def change_password(_fake: OAuthProvider, _request: Request) -> Response:
    """`/dbconnections/change_password`: the same response whether there is such a user or not."""
    return Response(
        200, (("content-type", "text/html; charset=utf-8"),), b"We've just sent you an email to reset your password."
    )


def passwordless_start(fake: OAuthProvider, request: Request) -> Response:
    """`/passwordless/start`: the code of a user is its attribute `code`; whoever is unknown is added."""
    name = request.text("email", "phone_number")
    if request.text("connection") not in {"email", "sms"}:
        raise fake.refuse("connection")
    if fake.accounts.find(name) is None:
        phone = name if request.text("connection") == "sms" else ""
        fake.add_user(name if not phone else f"{phone}@sms.example.com", None, phone=phone)
    document = {"_id": fake.sessions.handle(length=24), ("email" if "@" in name else "phone_number"): name}
    return json_response(200, document)


def _by_code(fake: OAuthProvider, request: Request, client: Client) -> Grant:
    user = fake.accounts.find(request.text("username"))
    if user is None or request.text("otp") != user.code:
        raise fake.refuse("wrong_verification_code")
    return fake.grant_for(request, client, user)


class FakeAuth0(OAuthProvider):
    """An Auth0 tenant under the control of a test.

    Example:
        >>> auth0 = FakeAuth0()
        >>> failure = auth0.fail_next("auth0:invalid_grant/wrong-credentials")
        >>> auth0.send("POST", "https://example.auth0.com/oauth/token").status
        403
    """

    provider = "auth0"
    also = ("oauth",)
    grants: ClassVar[Mapping[str, GrantHandler]] = {**GRANTS, PASSWORDLESS: _by_code}
    routes: ClassVar[tuple[tuple[str, str, Handler], ...]] = (
        ("GET", "/.well-known/openid-configuration", web.discovery),
        ("GET", "/.well-known/oauth-authorization-server", web.discovery),
        ("GET", "/.well-known/jwks.json", web.keys),
        ("GET", "/authorize", web.authorize),
        ("POST", "/authorize", web.authorize),
        ("POST", "/oauth/token", OAuthProvider.token),
        ("GET", "/userinfo", web.userinfo),
        ("POST", "/userinfo", web.userinfo),
        ("POST", "/oauth/revoke", web.revoke),
        ("POST", "/oauth/device/code", web.device),
        ("GET", "/activate", web.activate),
        ("POST", "/bc-authorize", web.backchannel),
        ("POST", "/oauth/par", web.pushed),
        ("POST", "/oidc/register", web.register),
        ("GET", "/v2/logout", web.logout),
        ("GET", "/oidc/logout", web.logout),
        ("POST", "/dbconnections/signup", signup),
        ("POST", "/dbconnections/change_password", change_password),
        ("POST", "/passwordless/start", passwordless_start),
        *mfa.ROUTES,
        *api.ROUTES,
    )

    def issuer(self, request: Request) -> str:
        """Auth0's issuer ends with a slash."""
        return f"{request.origin}/"

    def new_user_id(self) -> str:
        """Auth0's ids name the connection."""
        return "auth0|" + self.sessions.handle(length=24)
