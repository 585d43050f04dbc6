"""Okta's management API, as much of it as sign-in code calls: users, factors, sessions."""

from __future__ import annotations

from typing import Any

from authproblem.testing import _web as web
from authproblem.testing._accounts import User
from authproblem.testing._edge import made_up
from authproblem.testing._fake import Handler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._oauth import OAuthProvider

_FACTORS = {"otp": ("token:software:totp", "ostf1"), "sms": ("sms", "smsf1"), "push": ("push", "opf1")}


def users(fake: OAuthProvider, request: Request) -> Response:
    """`GET /api/v1/users`: all, or those whose name or address begins with `q`."""
    _authorized(fake, request)
    wanted = request.params.get("q", "").lower()
    rows = [user for user in fake.accounts.users if user.email.lower().startswith(wanted)]
    return json_response(200, [document(user) for user in rows])


def create(fake: OAuthProvider, request: Request) -> Response:
    """`POST /api/v1/users`."""
    _authorized(fake, request)
    email = request.nested("profile", "login") or request.nested("profile", "email")
    if fake.accounts.find(email) is not None:
        raise fake.refuse("api_user_exists")
    name = f"{request.nested('profile', 'firstName')} {request.nested('profile', 'lastName')}".strip()
    password = request.nested("credentials", "password", "value") or None
    return json_response(200, document(fake.add_user(email, password, name=name or email)))


def get(fake: OAuthProvider, request: Request) -> Response:
    """`GET /api/v1/users/{id}`: by id, login, or `me`."""
    return json_response(200, document(_user(fake, request)))


def update(fake: OAuthProvider, request: Request) -> Response:
    """`POST` and `PUT /api/v1/users/{id}`."""
    user = _user(fake, request)
    user.email = request.nested("profile", "login") or user.email
    user.password = request.nested("credentials", "password", "value") or user.password
    return json_response(200, document(user))


def delete(fake: OAuthProvider, request: Request) -> Response:
    """`DELETE /api/v1/users/{id}`."""
    fake.accounts.users.remove(_user(fake, request))
    return Response(204)


def lifecycle(fake: OAuthProvider, request: Request) -> Response:
    """`POST /api/v1/users/{id}/lifecycle/{what}`: unlock, suspend, deactivate and their like."""
    user = _user(fake, request)
    what = request.path.rpartition("/")[2]
    if what == "unlock":
        user.locked, user.attempts = False, 0
    elif what == "expire_password":
        user.password_expired = True
    elif what in {"suspend", "deactivate"}:
        user.blocked = True
    else:
        user.blocked = False
    return json_response(200, {})


def factors(fake: OAuthProvider, request: Request) -> Response:
    """`GET /api/v1/users/{id}/factors`."""
    user = _user(fake, request)
    return json_response(200, [factor(user, kind) for kind in user.factors])


def verify(fake: OAuthProvider, request: Request) -> Response:
    """`POST /api/v1/users/{id}/factors/{factor}/verify`."""
    user = _user(fake, request)
    code = request.text("passCode")
    if code and code != user.code:
        raise fake.refuse("passcode")
    return json_response(200, {"factorResult": "SUCCESS" if code else "CHALLENGE"})


def session(fake: OAuthProvider, request: Request) -> Response:
    """`POST /api/v1/sessions`: a session for a session token."""
    step = fake.sessions.steps.pop(request.text("sessionToken"), None)
    if step is None or "user" not in step:
        raise fake.refuse("authn")
    name = fake.sessions.handle()
    fake.sessions.cookies[name] = step["user"]
    return _session(fake, name).with_headers(("set-cookie", f"fake_session={name}; Path=/; HttpOnly"))


def my_session(fake: OAuthProvider, request: Request) -> Response:
    """`GET` and `DELETE /api/v1/sessions/me`."""
    name = request.cookies.get("fake_session", "")
    if name not in fake.sessions.cookies:
        raise fake.refuse("no_session")
    if request.method == "DELETE":
        fake.sessions.cookies.pop(name)
        return Response(204)
    return _session(fake, name)


def document(user: User) -> dict[str, Any]:
    """A user as the users API shows it."""
    status = "DEPROVISIONED" if user.blocked else "LOCKED_OUT" if user.locked else "ACTIVE"
    return {
        "id": user.id,
        "status": "PASSWORD_EXPIRED" if user.password_expired else status,
        "created": "2026-01-02T03:04:05.000Z",
        "lastUpdated": "2026-01-02T03:04:05.000Z",
        "profile": {
            "login": user.email,
            **_names(user),
            "email": user.email,
            "mobilePhone": user.phone,
            **user.profile,
        },
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {},
    }


def short(user: User) -> dict[str, Any]:
    """A user as transactions embed it."""
    profile = {"login": user.email, **_names(user), "locale": "en_US", "timeZone": "America/Los_Angeles"}
    return {"id": user.id, "passwordChanged": "2026-01-02T03:04:05.000Z", "profile": profile}


def factor(user: User, kind: str) -> dict[str, Any]:
    """A factor of a user."""
    factor_type, factor_id = _FACTORS[kind]
    row: dict[str, Any] = {"id": factor_id, "factorType": factor_type, "provider": "OKTA", "vendorName": "OKTA"}
    profile = {"phoneNumber": user.phone} if kind == "sms" else {"credentialId": user.email}
    return {**row, "status": "ACTIVE", "profile": profile}


def kind_of(factor_id: str) -> str:
    """The kind of a factor, by its id."""
    return next((kind for kind, (_, each) in _FACTORS.items() if each == factor_id), "otp")


def _names(user: User) -> dict[str, str]:
    given, _, family = user.name.partition(" ")
    return {"firstName": given, "lastName": family}


def _session(fake: OAuthProvider, name: str) -> Response:
    user = fake.sessions.cookies[name]
    expires = made_up(fake.random, fake.clock.now())["expires"]
    return json_response(
        200, {"id": name, "userId": user.id, "login": user.email, "status": "ACTIVE", "expiresAt": expires}
    )


def _authorized(fake: OAuthProvider, request: Request) -> None:
    """Any token of this fake, and any that a test makes up; none at all is refused."""
    if request.bearer is None and not request.cookies.get("fake_session"):
        raise fake.refuse("api_token")
    if request.bearer in fake.sessions.access:
        web.bearer(fake, request)


def _user(fake: OAuthProvider, request: Request) -> User:
    _authorized(fake, request)
    name = request.path.split("/")[4]
    grant = fake.sessions.access.get(request.bearer or "")
    me = grant.user if grant is not None else next(iter(fake.accounts.users), None)
    user = me if name == "me" else fake.accounts.find(name)
    if user is None:
        raise fake.refuse("api_no_user")
    return user


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/v1/users", users),
    ("POST", "/api/v1/users", create),
    ("GET", "/api/v1/users/{id}", get),
    ("POST", "/api/v1/users/{id}", update),
    ("PUT", "/api/v1/users/{id}", update),
    ("DELETE", "/api/v1/users/{id}", delete),
    ("POST", "/api/v1/users/{id}/lifecycle/{what}", lifecycle),
    ("GET", "/api/v1/users/{id}/factors", factors),
    ("POST", "/api/v1/users/{id}/factors/{factor}/verify", verify),
    ("POST", "/api/v1/sessions", session),
    ("GET", "/api/v1/sessions/me", my_session),
    ("DELETE", "/api/v1/sessions/me", my_session),
)
