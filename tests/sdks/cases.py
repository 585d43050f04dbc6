"""The responses of the played providers: one row for each way in which Auth0 or Okta refuse, as they send it.

Bodies, statuses and header names are the vendors'; identifiers and secrets are made up. A row says what a client has to
see of it (`code`, `text`, `mfa_token`) and which problem type the middleware makes of it (`reason`; None: it must pass
untouched). Nothing here knows HTTP: `provider` sends the rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

AUTH0_MFA_TOKEN = "Fe26.2*SERVER_1693*b8fd3e0f*Qm9ndXMgbWZhX3Rva2Vu*1700000000000*4c1e*Ha"
OKTA_MFA_TOKEN = "F5snZpk1UBRKHYR6N7Mh"
NONCE = "eyJ7S_zG.eyJH0-Z.HX4w-7v"
API_NONCE = "eyJ7S_zG.eyJbYu3.CBIw-7v"
OKTA_BASIC = 'Basic realm="https://example.okta.com"'


class Case(NamedTuple):
    """One response.

    Attributes:
        vendor: `auth0` or `okta`.
        name: what a client sends as its `client_id`, or as its token, to get this response.
        status: the HTTP status.
        body: the JSON body; for `USERINFO` the text.
        code: the code that a client is to see.
        text: the sentence that a client is to see.
        reason: the problem type that the middleware makes of it; None where it must leave the response alone.
        headers: headers beside those that the vendor sends on every response.
        known: whether the sentence is one that the registry has. Any other is replaced by the registry's.
    """

    vendor: str
    name: str
    status: int
    body: Any
    code: str
    text: str
    reason: str | None
    headers: tuple[tuple[str, str], ...] = ()
    known: bool = True

    @property
    def mfa_token(self) -> str | None:
        """The continuation that a client must not lose."""
        return self.body.get("mfa_token") if isinstance(self.body, dict) else None


def oauth(  # noqa: PLR0917 - a row reads like a line of a table
    vendor: str,
    name: str,
    status: int,
    code: str,
    text: str,
    reason: str | None,
    *headers: tuple[str, str],
    **more: Any,
) -> Case:
    """An error response as RFC 6749 section 5.2 has it."""
    return Case(vendor, name, status, {"error": code, "error_description": text, **more}, code, text, reason, headers)


def envelope(
    name: str,
    status: int,
    code: str,
    text: str,
    reason: str,
    *headers: tuple[str, str],
    causes: tuple[str, ...] = (),
    known: bool = True,
) -> Case:
    """Okta's own error object."""
    body = {
        "errorCode": code,
        "errorSummary": text,
        "errorLink": code,
        "errorId": "oaeHfmOAx1iRLa0H10DeMz5fQ",
        "errorCauses": [{"errorSummary": cause} for cause in causes],
    }
    return Case("okta", name, status, body, code, text, reason, headers, known)


def management(  # noqa: PLR0917 - likewise
    name: str, status: int, phrase: str, text: str, code: str | None, reason: str, *, known: bool = True
) -> Case:
    """The error object of Auth0's Management API; `errorCode` is not always there."""
    body = {"statusCode": status, "error": phrase, "message": text}
    body = body if code is None else {**body, "errorCode": code}
    return Case("auth0", name, status, body, code or phrase, text, reason, known=known)


RATE = "API call exceeded rate limit due to too many requests."
PENDING = "The device authorization is pending. Please try again later."

TOKEN = (
    oauth("auth0", "wrong_password", 403, "invalid_grant", "Wrong email or password.", "invalid-credentials"),
    oauth(
        "auth0",
        "mfa_required",
        403,
        "mfa_required",
        "Multifactor authentication required",
        "mfa-required",
        mfa_token=AUTH0_MFA_TOKEN,
        mfa_requirements={"challenge": [{"type": "otp"}, {"type": "push-notification"}]},
    ),
    oauth(
        "auth0",
        "rate_limited",
        429,
        "too_many_requests",
        "Rate limit exceeded. Please retry after some time.",
        "rate-limited",
        ("x-ratelimit-limit", "100"),
        ("x-ratelimit-remaining", "0"),
    ),
    oauth("auth0", "invalid_client", 401, "invalid_client", "Client authentication failed", "invalid-client"),
    oauth(
        "auth0",
        "invalid_client_challenge",
        401,
        "invalid_client",
        "Client authentication failed",
        "invalid-client",
        ("www-authenticate", 'Basic realm="example.eu.auth0.com"'),
    ),
    oauth(
        "auth0",
        "refresh_token",
        403,
        "invalid_grant",
        "Unknown or invalid refresh token.",
        "invalid-refresh-token",
    ),
    oauth(
        "auth0",
        "unavailable",
        503,
        "temporarily_unavailable",
        "The service is temporarily unavailable.",
        "upstream-unavailable",
        ("retry-after", "7"),
    )._replace(known=False),
    oauth(
        "auth0",
        "dpop",
        400,
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof",
        None,
        ("dpop-nonce", NONCE),
    ),
    oauth("auth0", "pending", 403, "authorization_pending", "User has yet to authorize device code.", None),
    oauth(
        "auth0",
        "slow_down",
        429,
        "slow_down",
        "You are polling faster than the specified interval of 5 seconds.",
        None,
    ),
    oauth(
        "okta", "wrong_password", 400, "invalid_grant", "The credentials provided were invalid.", "invalid-credentials"
    ),
    oauth(
        "okta",
        "mfa_required",
        403,
        "mfa_required",
        "Verify with an additional authenticator to complete the sign-in process.",
        "mfa-required",
        mfa_token=OKTA_MFA_TOKEN,
    ),
    envelope(
        "rate_limited",
        429,
        "E0000047",
        RATE,
        "rate-limited",
        ("x-rate-limit-limit", "300"),
        ("x-rate-limit-remaining", "0"),
    ),
    oauth(
        "okta",
        "invalid_client",
        401,
        "invalid_client",
        "The client secret supplied for a confidential client is invalid.",
        "invalid-client",
    ),
    oauth(
        "okta",
        "invalid_client_challenge",
        401,
        "invalid_client",
        "The client secret supplied for a confidential client is invalid.",
        "invalid-client",
        ("www-authenticate", OKTA_BASIC),
    ),
    oauth(
        "okta",
        "refresh_token",
        400,
        "invalid_grant",
        "The refresh token is invalid or expired.",
        "invalid-refresh-token",
    ),
    envelope("unavailable", 503, "E0000181", "Service temporarily unavailable.", "upstream-unavailable"),
    envelope("hybrid", 400, "invalid_client", "Invalid value for 'client_id' parameter.", "invalid-client"),
    oauth(
        "okta",
        "dpop",
        400,
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof.",
        None,
        ("dpop-nonce", NONCE),
    ),
    oauth("okta", "pending", 400, "authorization_pending", PENDING, None),
    oauth("okta", "slow_down", 400, "slow_down", "Slow down the polling frequency. Please try again later.", None),
)
"""What the token endpoints send, by `client_id`."""

API = (
    management("inexistent_user", 404, "Not Found", "The user does not exist.", "inexistent_user", "account-not-found"),
    management("invalid_token", 401, "Unauthorized", "Invalid token", None, "invalid-token"),
    management(
        "insufficient_scope",
        403,
        "Forbidden",
        "Insufficient scope, expected any of: read:users,read:user_idp_tokens",
        "insufficient_scope",
        "insufficient-scope",
    ),
    management(
        "global_limit", 429, "Too Many Requests", "Global limit has been reached", "too_many_requests", "rate-limited"
    ),
    management(
        "down", 503, "Service Unavailable", "The service is unavailable.", None, "upstream-unavailable", known=False
    ),
    envelope("E0000007", 404, "E0000007", "Not found: Resource not found: me (User)", "account-not-found", known=False),
    envelope("E0000011", 401, "E0000011", "Invalid token provided", "invalid-token", ("www-authenticate", "SSWS")),
    envelope(
        "E0000001",
        400,
        "E0000001",
        "Api validation failed: login",
        "account-exists",
        causes=("login: An object with this field already exists in the current organization",),
    ),
    envelope(
        "E0000006", 403, "E0000006", "You do not have permission to perform the requested action", "permission-denied"
    ),
    envelope(
        "E0000047",
        429,
        "E0000047",
        RATE,
        "rate-limited",
        ("x-rate-limit-limit", "600"),
        ("x-rate-limit-remaining", "0"),
    ),
    envelope("E0000181", 503, "E0000181", "Service temporarily unavailable.", "upstream-unavailable"),
)
"""What the management APIs send, by access token."""

SIGNUP = (
    Case(
        "auth0",
        "user_exists",
        400,
        {
            "name": "BadRequestError",
            "code": "user_exists",
            "description": "The user already exists.",
            "statusCode": 400,
        },
        "user_exists",
        "The user already exists.",
        "account-exists",
    ),
    Case(
        "auth0",
        "weak_password",
        400,
        {
            "name": "PasswordStrengthError",
            "message": "Password is too weak",
            "code": "invalid_password",
            "description": {
                "rules": [
                    {
                        "message": "At least %d characters in length",
                        "format": [8],
                        "code": "lengthAtLeast",
                        "verified": False,
                    }
                ],
                "verified": False,
            },
            "policy": "* At least 8 characters in length",
            "statusCode": 400,
        },
        "invalid_password",
        "Password is too weak",
        "password-too-weak",
    ),
)
"""What `/dbconnections/signup` sends, by `client_id`."""

PASSWORDLESS = (
    Case(
        "auth0",
        "bad_connection",
        400,
        {"error": "bad.connection", "error_description": "Connection does not exist"},
        "bad.connection",
        "Connection does not exist",
        "connection-unavailable",
    ),
    oauth("auth0", "sms_limited", 429, "too_many_requests", "Rate limit exceeded.", "rate-limited"),
)
"""What `/passwordless/start` sends, by `client_id`."""

AUTHN = (
    envelope("E0000004", 401, "E0000004", "Authentication failed", "invalid-credentials"),
    envelope("E0000047", 429, "E0000047", RATE, "rate-limited"),
)
"""What Okta's `/api/v1/authn` sends, by user name."""


def idx(name: str, status: int, key: str, text: str, reason: str | None, *headers: tuple[str, str]) -> Case:
    """A document of Okta's Identity Engine; `provider` adds the remediation, whose links name the origin."""
    message = {"message": text, "i18n": {"key": key}, "class": "ERROR"}
    body = {
        "version": "1.0.0",
        "stateHandle": f"02{name}",
        "expiresAt": "2099-11-23T18:40:00.000Z",
        "intent": "LOGIN",
        "messages": {"type": "array", "value": [message] if key else []},
    }
    return Case("okta", name, status, body, key, text, reason, headers)


IDX = (
    idx("idx_wrong_password", 401, "errors.E0000004", "Authentication failed", "invalid-credentials"),
    idx(
        "idx_denied",
        403,
        "security.access_denied",
        "You do not have permission to perform the requested action.",
        "access-denied",
    ),
    idx("idx_limited", 429, "tooManyRequests", "Too many requests", "rate-limited"),
    idx(
        "idx_expired",
        401,
        "idx.session.expired",
        "The session has expired.",
        "session-expired",
    ),
    idx("idx_device", 401, "", "", None, ("www-authenticate", 'Oktadevicejwt realm="Okta Device"')),
)
"""What `/idp/idx/identify` sends, by the state handle."""

USERINFO = (
    Case(
        "auth0",
        "userinfo",
        401,
        "Unauthorized",
        "invalid_token",
        "The token has expired",
        "token-expired",
        (
            (
                "www-authenticate",
                'Bearer realm="Users", error="invalid_token", error_description="The token has expired"',
            ),
        ),
    ),
    Case(
        "okta",
        "userinfo",
        401,
        "",
        "invalid_token",
        "The access token is invalid.",
        "invalid-token",
        (("www-authenticate", 'Bearer error="invalid_token", error_description="The access token is invalid."'),),
    ),
)
"""What the user-info endpoints send: the error is in the header alone."""


def rows(table: tuple[Case, ...], vendor: str, *names: str) -> list[Case]:
    """The rows of one vendor: those named, or all."""
    return [case for case in table if case.vendor == vendor and (not names or case.name in names)]


def by_id(case: Case) -> str:
    """The row's name in test reports."""
    return f"{case.vendor}-{case.name}"


def row(table: tuple[Case, ...], vendor: str, name: str) -> Case:
    """One row."""
    (case,) = rows(table, vendor, name)
    return case
