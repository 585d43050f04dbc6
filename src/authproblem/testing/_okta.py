"""Okta: its paths, and its sign-in by `/api/v1/authn`."""

from __future__ import annotations

from typing import Any

from authproblem.testing import _okta_api as api
from authproblem.testing import _okta_idx as idx
from authproblem.testing import _web as web
from authproblem.testing._accounts import User
from authproblem.testing._edge import made_up
from authproblem.testing._fake import Handler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._oauth import OAuthProvider
from authproblem.testing._sessions import Approval, Grant


class FakeOkta(OAuthProvider):
    """An Okta org under the control of a test.

    Attributes:
        show_lockout: whether a locked account is shown as such (`LOCKED_OUT`) to whoever signs in.

    Example:
        >>> okta = FakeOkta()
        >>> failure = okta.fail("okta:E0000047", retry_after=17)
        >>> okta.send("GET", "https://example.okta.com/api/v1/users/me").status
        429
    """

    provider = "okta"
    also = ("oauth",)
    show_lockout = False

    def issuer(self, request: Request) -> str:
        """The org's issuer, or that of the custom authorization server whose path was requested."""
        return web.endpoint_base(self, request)

    def sign_in(self, user: User) -> Response:
        """The transaction after the password was right: done, or a second step."""
        if user.password_expired:
            return self.transaction("PASSWORD_EXPIRED", user)
        if user.factors:
            return self.transaction("MFA_REQUIRED", user, factors=[api.factor(user, kind) for kind in user.factors])
        return self.success(user)

    def success(self, user: User) -> Response:
        """The end of a sign-in: a session token."""
        session = self.sessions.handle("20111")
        self.sessions.steps[session] = {"user": user}
        document: dict[str, Any] = {"expiresAt": made_up(self.random, self.clock.now())["expires"], "status": "SUCCESS"}
        document |= {"sessionToken": session, "_embedded": {"user": api.short(user)}}
        return json_response(200, document)

    def transaction(self, status: str, user: User, **embedded: Any) -> Response:
        """A step of a sign-in, with its `stateToken`."""
        state = self.sessions.handle("00")
        self.sessions.steps[state] = {"user": user}
        document: dict[str, Any] = {"stateToken": state, "expiresAt": made_up(self.random, self.clock.now())["expires"]}
        document |= {"status": status, "_embedded": {"user": api.short(user), **embedded}, "_links": {}}
        return json_response(200, document)


def authn(fake: FakeOkta, request: Request) -> Response:
    """`/api/v1/authn`: user name and password."""
    user = fake.accounts.find(request.text("username"))
    if user is not None and user.locked and fake.show_lockout:
        return fake.error("okta:LOCKED_OUT", request)
    if (
        user is None
        or user.locked
        or user.blocked
        or user.password is None
        or user.password != request.text("password")
    ):
        if user is not None:
            user.attempts += 1
            user.locked = user.locked or user.attempts >= fake.max_attempts
        raise fake.refuse("authn")
    user.attempts = 0
    return fake.sign_in(user)


def verify(fake: FakeOkta, request: Request) -> Response:
    """`/api/v1/authn/factors/{id}/verify`: a code, or a push that `fake.approve(state_token)` approves."""
    state = request.text("stateToken")
    step = fake.sessions.steps.get(state)
    if step is None:
        raise fake.refuse("state_token")
    user: User = step["user"]
    kind = api.kind_of(request.path.split("/")[-2])
    if kind == "push":
        return _pushed(fake, state, user)
    code = request.text("passCode")
    if not code:
        return fake.transaction("MFA_CHALLENGE", user, factor=api.factor(user, kind))
    if code != user.code:
        raise fake.refuse("passcode")
    fake.sessions.steps.pop(state)
    return fake.success(user)


def recover(_fake: FakeOkta, _request: Request) -> Response:
    """`/api/v1/authn/recovery/password`: the same response whether there is such a user or not."""
    return json_response(200, {"status": "RECOVERY_CHALLENGE", "factorResult": "WAITING", "factorType": "EMAIL"})


def cancel(fake: FakeOkta, request: Request) -> Response:
    """`/api/v1/authn/cancel`."""
    fake.sessions.steps.pop(request.text("stateToken"), None)
    return json_response(200, {})


def _pushed(fake: FakeOkta, state: str, user: User) -> Response:
    approval = fake.sessions.approvals.get(state)
    if approval is None:
        approval = Approval(Grant("", user, ""), "")
        web.wait_for(fake, state, approval)
    if approval.state == "approved":
        fake.sessions.approvals.pop(state)
        return fake.success(user)
    result = "WAITING" if approval.state == "pending" else "REJECTED"
    document = {"stateToken": state, "expiresAt": made_up(fake.random, fake.clock.now())["expires"]}
    document |= {"status": "MFA_CHALLENGE", "factorResult": result}
    return json_response(200, {**document, "_embedded": {"user": api.short(user), "factor": api.factor(user, "push")}})


def _server(method: str, path: str, handler: Handler) -> tuple[tuple[str, str, Handler], ...]:
    """A route of the org's authorization server and of each custom one."""
    return ((method, f"/oauth2{path}", handler), (method, f"/oauth2/{{server}}{path}", handler))


FakeOkta.routes = (
    ("GET", "/.well-known/openid-configuration", web.discovery),
    ("GET", "/.well-known/oauth-authorization-server", web.discovery),
    ("GET", "/oauth2/{server}/.well-known/openid-configuration", web.discovery),
    ("GET", "/oauth2/{server}/.well-known/oauth-authorization-server", web.discovery),
    *_server("GET", "/v1/keys", web.keys),
    *_server("GET", "/v1/authorize", web.authorize),
    *_server("POST", "/v1/authorize", web.authorize),
    *_server("POST", "/v1/token", OAuthProvider.token),
    *_server("GET", "/v1/userinfo", web.userinfo),
    *_server("POST", "/v1/userinfo", web.userinfo),
    *_server("POST", "/v1/revoke", web.revoke),
    *_server("POST", "/v1/introspect", web.introspect),
    *_server("POST", "/v1/device/authorize", web.device),
    ("GET", "/activate", web.activate),
    *_server("POST", "/v1/bc/authorize", web.backchannel),
    *_server("POST", "/v1/par", web.pushed),
    *_server("GET", "/v1/logout", web.logout),
    *_server("POST", "/v1/interact", idx.interact),
    ("POST", "/oauth2/v1/clients", web.register),
    ("POST", "/api/v1/authn", authn),
    ("POST", "/api/v1/authn/factors/{factor}/verify", verify),
    ("POST", "/api/v1/authn/recovery/password", recover),
    ("POST", "/api/v1/authn/cancel", cancel),
    *idx.ROUTES,
    *api.ROUTES,
)
FakeOkta.grants = OAuthProvider.grants
