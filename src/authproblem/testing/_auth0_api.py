"""Auth0's Management API, as much of it as sign-in code calls: users, their factors."""

from __future__ import annotations

from typing import Any

from authproblem.testing import _web as web
from authproblem.testing._accounts import User
from authproblem.testing._fake import Handler
from authproblem.testing._http import Request, Response, json_response
from authproblem.testing._oauth import OAuthProvider
from authproblem.testing._paths import pattern

_USER = "/api/v2/users/{id}"


def users(fake: OAuthProvider, request: Request) -> Response:
    """List users: `GET /api/v2/users`, with `include_totals` as an object."""
    _authorized(fake, request)
    query = request.params
    page, size = _number(query.get("page"), 0), _number(query.get("per_page"), 50)
    rows = [document(user) for user in fake.accounts.users]
    shown = rows[page * size : (page + 1) * size]
    if query.get("include_totals") != "true":
        return json_response(200, shown)
    totals = {"start": page * size, "limit": size, "length": len(shown), "total": len(rows), "users": shown}
    return json_response(200, totals)


def by_email(fake: OAuthProvider, request: Request) -> Response:
    """`GET /api/v2/users-by-email`."""
    _authorized(fake, request)
    user = fake.accounts.find(request.params.get("email"))
    return json_response(200, [] if user is None else [document(user)])


def create(fake: OAuthProvider, request: Request) -> Response:
    """`POST /api/v2/users`."""
    _authorized(fake, request)
    email = request.text("email")
    if fake.accounts.find(email) is not None:
        raise fake.refuse("api_user_exists")
    user = fake.add_user(email, request.text("password") or None, name=request.text("name") or email)
    user.blocked = bool(request.form.get("blocked"))
    return json_response(201, document(user))


def get(fake: OAuthProvider, request: Request) -> Response:
    """`GET /api/v2/users/{id}`."""
    return json_response(200, document(_user(fake, request)))


def update(fake: OAuthProvider, request: Request) -> Response:
    """`PATCH /api/v2/users/{id}`."""
    user = _user(fake, request)
    user.email = request.text("email") or user.email
    user.name = request.text("name") or user.name
    user.password = request.text("password") or user.password
    user.blocked = bool(request.form.get("blocked", user.blocked))
    return json_response(200, document(user))


def delete(fake: OAuthProvider, request: Request) -> Response:
    """`DELETE /api/v2/users/{id}`."""
    fake.accounts.users.remove(_user(fake, request))
    return Response(204)


def factors(fake: OAuthProvider, request: Request) -> Response:
    """`GET /api/v2/users/{id}/authentication-methods`."""
    user = _user(fake, request)
    kinds = {"otp": "totp", "sms": "phone", "push": "push-notification"}
    rows = [{"id": f"{kinds[f]}|dev_fake", "type": kinds[f], "confirmed": True} for f in user.factors]
    return json_response(200, rows)


def document(user: User) -> dict[str, Any]:
    """A user as the Management API shows it."""
    return {
        "user_id": user.id,
        "email": user.email,
        "email_verified": True,
        "name": user.name,
        "blocked": user.blocked,
        "created_at": "2026-01-02T03:04:05.000Z",
        "updated_at": "2026-01-02T03:04:05.000Z",
        "identities": [
            {
                "connection": "Username-Password-Authentication",
                "user_id": user.id.partition("|")[2],
                "provider": "auth0",
                "isSocial": False,
            }
        ],
        **user.profile,
    }


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else default


def _authorized(fake: OAuthProvider, request: Request) -> None:
    """Any token of this fake, and any that a test makes up; none at all is refused."""
    if request.bearer is None:
        raise fake.refuse("api_token")
    if request.bearer in fake.sessions.access:
        web.bearer(fake, request)


def _user(fake: OAuthProvider, request: Request) -> User:
    _authorized(fake, request)
    found = pattern(_USER + ("/authentication-methods" if request.path.count("/") > 4 else "")).fullmatch(request.path)
    user = fake.accounts.find(found.group("id") if found else None)
    if user is None:
        raise fake.refuse("api_no_user")
    return user


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/v2/users", users),
    ("POST", "/api/v2/users", create),
    ("GET", "/api/v2/users-by-email", by_email),
    ("GET", _USER, get),
    ("PATCH", _USER, update),
    ("DELETE", _USER, delete),
    ("GET", _USER + "/authentication-methods", factors),
)
