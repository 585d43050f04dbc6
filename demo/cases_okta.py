"""What Okta sends, by the registry's entries, and what the client has to get."""

from __future__ import annotations

from demo.model import Case, Expected, Reply

_LIMIT_HEADERS = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset")
_TOKEN = "/okta/oauth2/v1/token"


def _caused(*causes: str) -> dict[str, list[dict[str, str]]]:
    """Return the member with the causes."""
    return {"errorCauses": [{"errorSummary": cause} for cause in causes]}


SIGN_IN = (
    Case(
        "causes",
        "A new user, a weak password",
        "E0000001 can mean anything. The cause decides: it is read, and stays.",
        "POST",
        "/okta/api/v1/users",
        Reply(
            "okta:E0000001/password-policy",
            {
                "text": "Api validation failed: password",
                "members": _caused(
                    "password: Password requirements were not met. Password requirements: at least 8 characters, "
                    "a lowercase letter, an uppercase letter, a number, no parts of your username."
                ),
            },
        ),
        Expected("password-rejected", 400, kept=("errorCode", "errorSummary", "errorCauses")),
        form="login=ada@example.com",
    ),
    Case(
        "leak",
        "Okta repeats the password in its text",
        "Unknown text is replaced by ours. The code and a known cause stay.",
        "POST",
        "/okta/api/v1/users",
        Reply(
            "okta:E0000001/password-reused",
            {
                "text": "Api validation failed: com.saasure.core.services.user.InvalidUserProfileException: Could not "
                "create user profile; Field error in object 'user' on field 'password': rejected value [correct-horse]",
                "members": _caused("password: Password has been used too recently"),
            },
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
        "The document contains the next step: it stays whole, in its media type.",
        "POST",
        "/okta/idp/idx/challenge/answer",
        Reply(
            "okta:api.authn.error.PASSCODE_INVALID",
            {"form": "okta_idx_form", "status": 401, "text": "Invalid code. Try again."},
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
        "The client gets the reply to a wrong password, the event the true reason.",
        "POST",
        _TOKEN,
        Reply("okta:access_denied/user-not-assigned"),
        Expected(
            "invalid-credentials",
            400,
            replaced=("error", "error_description"),
            gone=("access_denied", "User is not assigned"),
            in_event="account-not-assigned",
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
        Reply("okta:E0000047", {"retry_after": 38}),
        Expected("rate-limited", 429, "after_delay", after=38, automatic=True, kept=("errorCode", "errorSummary")),
        shown_headers=("X-Rate-Limit-Reset", "Date"),
    ),
    Case(
        "concurrency",
        "Too many requests at once",
        "Limit 0 is the concurrency limit, and its reset only a guess: a short wait.",
        "GET",
        "/okta/api/v1/groups",
        Reply("okta:E0000047/concurrency", {"retry_after": 117}),
        Expected("concurrency-limited", 429, "after_delay", after=10, automatic=True, kept=("errorCode",)),
        shown_headers=_LIMIT_HEADERS,
    ),
    Case(
        "refresh",
        "A refresh token under load",
        "invalid_grant makes clients drop a good token. Ours makes them wait.",
        "POST",
        _TOKEN,
        Reply("okta:invalid_grant/user-rate-limited", {"retry_after": 2}),
        Expected("rate-limited", 429, "after_delay", after=2, kept=("error", "error_description")),
        form="grant_type=refresh_token&refresh_token=made-up",
        shown_headers=("X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"),
    ),
)
