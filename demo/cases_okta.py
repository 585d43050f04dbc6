"""What Okta sends, headers and all, and what has to come of it. Shapes as recorded; ids and tokens are made up."""

from __future__ import annotations

from typing import Any

from demo.model import Answer, Case, Expected

_LIMIT_HEADERS = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset")
_TOO_MANY = "API call exceeded rate limit due to too many requests."
_TOKEN = "/okta/oauth2/v1/token"
_STATE = "02.id.made-up-for-this-demo_0123456789abcdefghij"


def _okta(
    status: int, body: Any, *, kind: str = "application/json", limits: tuple[int, int, int] = (600, 594, 41)
) -> Answer:
    """An answer with the headers of a recorded one. Okta never sends `Retry-After`."""
    return Answer(
        status,
        (
            ("Server", "nginx"),
            ("Content-Type", kind),
            ("x-okta-request-id", "0d1e2f3a4b5c6d7e8f900d1e2f3a4b5c"),
            ("x-xss-protection", "0"),
            ("p3p", 'CP="HONK"'),
            ("x-rate-limit-limit", str(limits[0])),
            ("x-rate-limit-remaining", str(limits[1])),
            ("x-rate-limit-reset", limits[2]),
            ("cache-control", "no-cache, no-store"),
            ("pragma", "no-cache"),
            ("expires", "0"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=315360000; includeSubDomains"),
        ),
        body,
    )


def _core(code: str, summary: str, *causes: str) -> dict[str, Any]:
    """The envelope of Okta's own APIs."""
    return {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": "oaeMadeUpForThisDemo012345",
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }


_WRONG_CODE = {
    "message": "Invalid code. Try again.",
    "i18n": {"key": "api.authn.error.PASSCODE_INVALID", "params": []},
    "class": "ERROR",
}
_CHALLENGE = {
    "rel": ["create-form"],
    "name": "challenge-authenticator",
    "href": "https://example.okta.com/idp/idx/challenge/answer",
    "method": "POST",
    "accepts": "application/json; okta-version=1.0.0",
    "value": [
        {
            "name": "credentials",
            "type": "object",
            "form": {
                "value": [
                    {
                        "name": "passcode",
                        "label": "Enter code",
                        "messages": {"type": "array", "value": [_WRONG_CODE]},
                    }
                ]
            },
            "required": True,
        },
        {"name": "stateHandle", "required": True, "value": _STATE, "visible": False, "mutable": False},
    ],
}

SIGN_IN = (
    Case(
        "causes",
        "A new user, a weak password",
        "E0000001 can mean anything. The cause tells: it is read, and stays.",
        "POST",
        "/okta/api/v1/users",
        _okta(
            400,
            _core(
                "E0000001",
                "Api validation failed: password",
                "password: Password requirements were not met. Password requirements: at least 8 characters, "
                "a lowercase letter, an uppercase letter, a number, no parts of your username.",
            ),
        ),
        Expected("password-rejected", 400, kept=("errorCode", "errorSummary", "errorCauses")),
        form="login=ada@example.com",
    ),
    Case(
        "leak",
        "Okta repeats the password in its text",
        "Text that nobody knows gives way to ours. The code and a known cause stay.",
        "POST",
        "/okta/api/v1/users",
        _okta(
            400,
            _core(
                "E0000001",
                "Api validation failed: com.saasure.core.services.user.InvalidUserProfileException: Could not create "
                "user profile; Field error in object 'user' on field 'password': rejected value [correct-horse]",
                "password: Password has been used too recently",
            ),
        ),
        Expected(
            "password-reused",
            400,
            kept=("errorCode", "errorCauses"),
            replaced=("errorSummary",),
            gone=("correct-horse",),
        ),
        form="login=grace@example.com",
    ),
    Case(
        "idx",
        "A wrong code in the sign-in widget",
        "The document holds the next step: it stays whole, in the type asked for.",
        "POST",
        "/okta/idp/idx/challenge/answer",
        _okta(
            401,
            {
                "version": "1.0.0",
                "stateHandle": _STATE,
                "expiresAt": "2030-01-01T12:00:00.000Z",
                "intent": "LOGIN",
                "remediation": {"type": "array", "value": [_CHALLENGE]},
            },
            kind="application/ion+json; okta-version=1.0.0",
        ),
        Expected(
            "mfa-invalid-code",
            401,
            media_type="application/ion+json",
            kept=("version", "stateHandle", "intent", "remediation"),
        ),
        accept="application/ion+json; okta-version=1.0.0",
    ),
    Case(
        "fold",
        "Right password, but not this app's user",
        "Strangers get the answer to a wrong password. The event tells the truth.",
        "POST",
        _TOKEN,
        _okta(
            400,
            {"error": "access_denied", "error_description": "User is not assigned to the client application."},
        ),
        Expected(
            "invalid-credentials",
            400,
            replaced=("error", "error_description"),
            gone=("access_denied", "User is not assigned"),
            truth="account-not-assigned",
        ),
        form="grant_type=password&username=eve@example.com",
    ),
)

LIMITS = (
    Case(
        "limit-okta",
        "Okta's rate limit",
        "This Okta's clock is two minutes slow: the wait counts from its own Date.",
        "GET",
        "/okta/api/v1/users?limit=200",
        _okta(429, _core("E0000047", _TOO_MANY), limits=(600, 0, 37)),
        Expected("rate-limited", 429, "after_delay", after=38, automatic=True, kept=("errorCode", "errorSummary")),
        telling=("X-Rate-Limit-Reset", "Date"),
    ),
    Case(
        "concurrency",
        "Too many requests at once",
        "Limit 0 is the concurrency limit, and its reset only a guess: a short wait.",
        "GET",
        "/okta/api/v1/groups",
        _okta(429, _core("E0000047", _TOO_MANY), limits=(0, 0, 116)),
        Expected("concurrency-limited", 429, "after_delay", after=10, automatic=True, kept=("errorCode",)),
        telling=_LIMIT_HEADERS,
    ),
    Case(
        "refresh",
        "A refresh token under load",
        "invalid_grant makes clients drop a good token. This says: wait.",
        "POST",
        _TOKEN,
        _okta(429, {"error": "invalid_grant", "error_description": _TOO_MANY}, limits=(4, 0, 1)),
        Expected("rate-limited", 429, "after_delay", after=2, kept=("error", "error_description")),
        form="grant_type=refresh_token&refresh_token=made-up",
        telling=("X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"),
    ),
)
