"""What Auth0 sends, headers and all, and what has to come of it. Shapes as recorded; ids and tokens are made up."""

from __future__ import annotations

from typing import Any

from demo.model import Answer, Case, Expected, Header

_NO_STORE = "private, no-store, no-cache, must-revalidate, post-check=0, pre-check=0, no-transform"
_MFA_TOKEN = "Fe26.2**d3m0" + "0123456789abcdef" * 5 + "**made-up-for-this-demo"
_TOKEN = "/auth0/oauth/token"
_SIGN_UP = "/auth0/dbconnections/signup"


def _auth0(
    status: int, body: Any, *more: Header, kind: str = "application/json", limits: tuple[int, int, int] = (100, 97, 41)
) -> Answer:
    """An answer with the headers of a recorded one: those of Cloudflare, of the tracer, and of the rate limit."""
    headers: list[Header] = [
        ("Cf-Ray", "9a3f1c77d0e1b2c4-FRA"),
        ("Cache-Control", _NO_STORE),
        ("Vary", "Accept-Encoding, Origin"),
        ("Ot-Baggage-Auth0-Request-Id", "9a3f1c77d0e1b2c4"),
        ("Ot-Tracer-Sampled", "true"),
        ("Ot-Tracer-Spanid", "1d0c6a5b7f3e2a90"),
        ("Ot-Tracer-Traceid", "5b8e1f0a2c4d6e70"),
        ("X-Auth0-RequestId", "0d1e2f3a4b5c6d7e8f90"),
        ("X-RateLimit-Limit", str(limits[0])),
        ("X-RateLimit-Remaining", str(limits[1])),
        ("X-RateLimit-Reset", limits[2]),
        ("Server", "cloudflare"),
    ]
    return Answer(status, ((("Content-Type", kind),) if kind else ()) + (*headers, *more), body)


_POLICY = """\
* At least 8 characters in length
* Contain at least 3 of the following 4 types of characters:
 * lower case letters (a-z)
 * upper case letters (A-Z)
 * numbers (i.e. 0-9)
 * special characters (e.g. !@#$%^&*)"""

_RULES = [
    {"message": "At least %d characters in length", "format": [8], "code": "lengthAtLeast", "verified": True},
    {
        "message": "Contain at least %d of the following %d types of characters:",
        "format": [3, 4],
        "code": "containsAtLeast",
        "items": [
            {"message": "lower case letters (a-z)", "code": "lowerCase", "verified": True},
            {"message": "upper case letters (A-Z)", "code": "upperCase", "verified": False},
            {"message": "numbers (i.e. 0-9)", "code": "numbers", "verified": False},
            {"message": "special characters (e.g. !@#$%^&*)", "code": "specialCharacters", "verified": False},
        ],
        "verified": False,
    },
]

SIGN_IN = (
    Case(
        "sign-up",
        "Sign-up with an address that is taken",
        "One of the many shapes that errors come in. Afterwards there is one.",
        "POST",
        _SIGN_UP,
        _auth0(
            400,
            {
                "name": "BadRequestError",
                "code": "user_exists",
                "description": "The user already exists.",
                "statusCode": 400,
            },
        ),
        Expected("account-exists", 400, kept=("code", "description")),
        form="email=ada@example.com",
    ),
    Case(
        "password",
        "Sign-up with a weak password",
        "The rules stay, so that the form can tick off each of them.",
        "POST",
        _SIGN_UP,
        _auth0(
            400,
            {
                "name": "PasswordStrengthError",
                "message": "Password is too weak",
                "code": "invalid_password",
                "description": {"rules": _RULES, "verified": False},
                "policy": _POLICY,
                "statusCode": 400,
            },
        ),
        Expected("password-too-weak", 400, kept=("code", "description", "policy")),
        form="email=grace@example.com",
    ),
    Case(
        "login",
        "Wrong password, asked by an SDK",
        "invalid_grant has many meanings, reason one. SDKs get the type they want.",
        "POST",
        _TOKEN,
        _auth0(403, {"error": "invalid_grant", "error_description": "Wrong email or password."}),
        Expected("invalid-credentials", 403, media_type="application/json", kept=("error", "error_description")),
        form="grant_type=password&username=ada@example.com",
        accept="application/json",
    ),
    Case(
        "mfa",
        "A second factor is needed",
        "The login goes on with the mfa_token: it stays, and is in no log.",
        "POST",
        _TOKEN,
        _auth0(
            403,
            {
                "error": "mfa_required",
                "error_description": "Multifactor authentication required",
                "mfa_token": _MFA_TOKEN,
                "mfa_requirements": {"challenge": [{"type": "otp"}, {"type": "push-notification"}]},
            },
        ),
        Expected("mfa-required", 403, kept=("error", "mfa_token", "mfa_requirements")),
        form="grant_type=password&username=grace@example.com",
    ),
    Case(
        "guardian",
        "Guardian: this factor is switched off",
        "`method` says which one: the front end can offer the others.",
        "POST",
        "/auth0/appliance-mfa/api/start-flow",
        _auth0(
            400,
            {
                "statusCode": 400,
                "error": "Bad Request",
                "message": "The method sms is disabled",
                "errorCode": "auth_method_disabled",
                "method": "sms",
            },
            kind="application/json; charset=utf-8",
        ),
        Expected("mfa-method-unavailable", 400, kept=("errorCode", "method")),
    ),
    Case(
        "attempts",
        "Ten wrong passwords later",
        "A 429, but no rate limit: waiting would not help, so no wait is told.",
        "POST",
        _TOKEN,
        _auth0(
            429,
            {
                "error": "too_many_attempts",
                "error_description": "Your account has been blocked after multiple consecutive login attempts. "
                "We've sent you an email with instructions on how to unblock it.",
            },
        ),
        Expected("account-locked", 429, kept=("error", "error_description")),
        form="grant_type=password&username=eve@example.com",
        telling=("X-RateLimit-Remaining", "X-RateLimit-Reset"),
    ),
)

API = (
    Case(
        "limit-auth0",
        "Auth0's rate limit",
        "The reset, a moment in epoch seconds, becomes a Retry-After in seconds.",
        "GET",
        "/auth0/api/v2/users",
        _auth0(
            429,
            {
                "statusCode": 429,
                "error": "Too Many Requests",
                "message": "Global limit has been reached",
                "errorCode": "too_many_requests",
            },
            kind="application/json; charset=utf-8",
            limits=(50, 0, 17),
        ),
        Expected("rate-limited", 429, "after_delay", after=17, automatic=True, kept=("errorCode", "message")),
        telling=("X-RateLimit-Remaining", "X-RateLimit-Reset"),
    ),
    Case(
        "management",
        "Management API: no such user",
        "The next shape: the code is in errorCode, for error repeats the status.",
        "GET",
        "/auth0/api/v2/users/auth0|made-up",
        _auth0(
            404,
            {
                "statusCode": 404,
                "error": "Not Found",
                "message": "The user does not exist.",
                "errorCode": "inexistent_user",
            },
            kind="application/json; charset=utf-8",
        ),
        Expected("account-not-found", 404, "never", kept=("errorCode", "message")),
    ),
    Case(
        "plain-text",
        "An expired access token",
        "All that matters is in WWW-Authenticate. It is read, and stays as it is.",
        "GET",
        "/auth0/userinfo",
        _auth0(
            401,
            b"Unauthorized",
            (
                "Www-Authenticate",
                'Bearer realm="Users", error="invalid_token", error_description="The token has expired"',
            ),
            kind="",
            limits=(1000, 999, 41),
        ),
        Expected("token-expired", 401),
        telling=("WWW-Authenticate",),
    ),
)

ALONE = (
    Case(
        "polling",
        "A device that waits for its user",
        "Flow control is no error: the device polls on with what Auth0 said.",
        "POST",
        _TOKEN,
        _auth0(
            403,
            {"error": "authorization_pending", "error_description": "User has yet to authorize device code."},
        ),
        Expected(None, 403, event="authproblem.passed", media_type="application/json"),
        form="grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=made-up",
    ),
    Case(
        "outage",
        "Auth0 is down, its CDN answers",
        "A page without a sign of its sender is not touched: never worse than before.",
        "POST",
        _TOKEN,
        Answer(
            503,
            (
                ("Content-Type", "text/html; charset=UTF-8"),
                ("Cache-Control", "private, max-age=0, no-store"),
                ("Server", "cloudflare"),
                ("Cf-Ray", "9a3f1c77d0e1b2c5-FRA"),
            ),
            b"<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>\n"
            b"<body><h1>503 Service Temporarily Unavailable</h1></body></html>\n",
        ),
        Expected(None, 503, event=None, media_type="text/html"),
        form="grant_type=client_credentials",
    ),
)
