"""What Auth0 sends, by the registry's entries, and what the client has to get."""

from __future__ import annotations

from authproblem.testing import Response
from demo.model import Case, Expected, Reply

_TOKEN = "/auth0/oauth/token"
_SIGN_UP = "/auth0/dbconnections/signup"

SIGN_IN = (
    Case(
        "sign-up",
        "Sign-up with an address that is taken",
        "One of many shapes of errors. Behind the middleware there is one.",
        "POST",
        _SIGN_UP,
        Reply("auth0:user_exists", {"text": "The user already exists."}),
        Expected("account-exists", 400, kept=("code", "description")),
        form="email=ada@example.com",
    ),
    Case(
        "password",
        "Sign-up with a weak password",
        "The rules stay, so that the form can tick off each of them.",
        "POST",
        _SIGN_UP,
        Reply("auth0:invalid_password/strength"),
        Expected("password-too-weak", 400, kept=("code", "description", "policy")),
        form="email=grace@example.com",
    ),
    Case(
        "login",
        "Wrong password, sent by an SDK",
        "invalid_grant has many meanings, reason one. SDKs get the type they want.",
        "POST",
        _TOKEN,
        Reply("auth0:invalid_grant/wrong-credentials"),
        Expected("invalid-credentials", 403, media_type="application/json", kept=("error", "error_description")),
        form="grant_type=password&username=ada@example.com",
        accept="application/json",
    ),
    Case(
        "mfa",
        "A second factor is needed",
        "The login continues with the mfa_token: it stays, and is in no log.",
        "POST",
        _TOKEN,
        Reply("auth0:mfa_required", {"text": "Multifactor authentication required"}),
        Expected("mfa-required", 403, kept=("error", "mfa_token", "mfa_requirements")),
        form="grant_type=password&username=grace@example.com",
    ),
    Case(
        "guardian",
        "Guardian: this factor is switched off",
        "`method` names it: the front end can offer the others.",
        "POST",
        "/auth0/appliance-mfa/api/start-flow",
        Reply("auth0:auth_method_disabled", {"text": "The method sms is disabled"}),
        Expected("mfa-method-unavailable", 400, kept=("errorCode", "method")),
    ),
    Case(
        "attempts",
        "Ten wrong passwords later",
        "A 429, but no rate limit: waiting would not help, so no wait is sent.",
        "POST",
        _TOKEN,
        Reply("auth0:too_many_attempts/account-blocked"),
        Expected("account-locked", 429, kept=("error", "error_description")),
        form="grant_type=password&username=eve@example.com",
        shown_headers=("X-RateLimit-Remaining", "X-RateLimit-Reset"),
    ),
)

API = (
    Case(
        "limit-auth0",
        "Auth0's rate limit",
        "The reset, a moment in epoch seconds, becomes a Retry-After in seconds.",
        "GET",
        "/auth0/api/v2/users",
        Reply("auth0:too_many_requests", {"retry_after": 17}),
        Expected("rate-limited", 429, "after_delay", after=17, automatic=True, kept=("errorCode", "message")),
        shown_headers=("X-RateLimit-Remaining", "X-RateLimit-Reset"),
    ),
    Case(
        "management",
        "Management API: no such user",
        "Another shape: the code is in errorCode; error repeats the status.",
        "GET",
        "/auth0/api/v2/users/auth0|made-up",
        Reply("auth0:inexistent_user"),
        Expected("account-not-found", 404, "never", kept=("errorCode", "message")),
    ),
    Case(
        "plain-text",
        "An expired access token",
        "All that matters is in WWW-Authenticate. It is read, and stays as it is.",
        "GET",
        "/auth0/userinfo",
        Reply("auth0:invalid_token/expired"),
        Expected("token-expired", 401),
        shown_headers=("WWW-Authenticate",),
    ),
)

ALONE = (
    Case(
        "polling",
        "A device that waits for its user",
        "Flow control is no error: the device keeps polling, as Auth0 demands.",
        "POST",
        _TOKEN,
        Reply("auth0:authorization_pending"),
        Expected(None, 403, event="authproblem.passed", media_type="application/json"),
        form="grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=made-up",
    ),
    Case(
        "outage",
        "Auth0 is down, its CDN responds",
        "Nothing shows who sent this page: it is passed through unchanged.",
        "POST",
        _TOKEN,
        Reply(
            None,
            page=Response(
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
        ),
        Expected(None, 503, event=None, media_type="text/html"),
        form="grant_type=client_credentials",
    ),
)
