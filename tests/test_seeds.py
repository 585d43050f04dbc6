"""The vendors' own tables of errors, row by row: each row is a vector, or a name that the registry finds.

What becomes of the rows is tested with all vectors (`test_vectors.py`); here is that none is missing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproblem import Registry, normalize
from tests.support.vectors import Vector, load

SEEDS = load("seeds")

SIGN_UP = {
    *("user_exists", "username_exists", "unauthorized", "invalid_password", "password_leaked"),
    *("password_dictionary_error", "password_no_user_info_error", "password_strength_error"),
}
PASSWORD_ERRORS = {
    "PasswordStrengthError",
    "PasswordHistoryError",
    "PasswordDictionaryError",
    "PasswordNoUserInfoError",
}
LOG_IN = {
    *("unauthorized", "user is blocked", "too_many_attempts", "too_many_logins", "password_leaked", "access_denied"),
    *("invalid_user_password", "PasswordStrengthError", "PasswordHistoryError"),
    *("mfa_required", "mfa_registration_required", "mfa_invalid_code"),
    *("a0.mfa_required", "a0.mfa_registration_required", "a0.mfa_invalid_code"),
    *("invalid_request", "invalid_grant", "unauthorized_client"),
}
PASSWORDLESS = {
    *("bad.tenant", "bad.client_id", "bad.connection", "bad.authParams", "bad.request", "bad.phone_number"),
    "sms_provider_error",
}
GUARDIAN = {
    *("invalid_token", "insufficient_scope", "invalid_bearer_format", "enrollment_conflict", "tenant_not_found"),
    *("login_transaction_not_found", "error_sending_push_notification", "push_notification_wrong_credentials"),
    *("invalid_otp", "invalid_recovery_code", "invalid_body", "invalid_query_string", "invalid_phone_number"),
    *("enrollment_transaction_not_found", "error_sending_sms", "feature_disabled", "feature_disabled_by_admin"),
    *("pn_endpoint_disabled", "too_many_sms", "too_many_pn", "too_many_sms_per_tenant", "too_many_pn_per_tenant"),
    *("field_required", "method_not_found", "no_method_available", "enrollment_method_disabled"),
    *("auth_method_disabled", "invalid_otp_format", "invalid_recovery_code_format", "transaction_expired"),
    *("already_enrolled", "not_enrolled", "invalid_enrollment"),
}
OKTA = {"E0000004", "E0000069", "E0000007", "E0000006", "E0000047", "E0000011", "E0000064"}
STATUSES = [400, 401, 403, 404, 405, 429, 500, 503]
LOOKUPS = {
    "INVALID_CREDENTIALS": "invalid-credentials",
    "LOCKED_OUT": "account-locked",
    "PASSWORD_BASED_LOGIN_DISALLOWED": "sign-in-method-not-allowed",
    "UNKNOWN_USER": "account-not-found",
    "VERIFICATION_ERROR": "sign-in-failed",
    "GENERAL_NONSUCCESS": "sign-in-failed",
    "MFA_REQUIRED": "mfa-required",
    "SESSION_EXPIRED": "session-expired",
    "INVALID_TOKEN": "invalid-token",
    "RATE_LIMIT_EXCEEDED": "rate-limited",
    "NETWORK_CONNECTION_ERROR": "upstream-unreachable",
    "PASSWORD_EXPIRED": "password-expired",
}


def document(vector: Vector) -> dict[str, Any]:
    """The JSON object of a row; empty for a plain status."""
    found = json.loads(vector.response.body or b"{}")
    assert isinstance(found, dict)
    return found


def values(member: str, *paths: str) -> set[Any]:
    """What a member holds in the rows of some endpoints."""
    return {document(row)[member] for row in SEEDS if row.endpoint in paths and member in document(row)}


def test_no_row_is_missing() -> None:
    """143 in all."""
    assert len(SEEDS) + len(LOOKUPS) == 143


@pytest.mark.parametrize(
    ("member", "paths", "codes"),
    [
        ("code", ("/dbconnections/signup",), SIGN_UP),
        ("name", ("/dbconnections/signup",), PASSWORD_ERRORS | {"BadRequestError"}),
        ("error", ("/oauth/ro", "/oauth/token"), LOG_IN),
        ("error", ("/passwordless/start",), PASSWORDLESS),
        ("errorCode", ("/api/start-flow",), GUARDIAN),
    ],
)
def test_every_code_of_auth0s_tables_has_a_row(member: str, paths: tuple[str, ...], codes: set[str]) -> None:
    """Sign-up, log-in, passwordless, Guardian."""
    assert codes == values(member, *paths)


def test_every_code_of_oktas_tables_has_a_row() -> None:
    """E-codes, states of transactions, and OAuth's."""
    okta = [document(row) for row in SEEDS if row.provider == "okta"]

    assert {row["errorCode"] for row in okta if "errorCode" in row} == OKTA
    assert {row["status"] for row in okta if "status" in row} == {"LOCKED_OUT", "MFA_REQUIRED", "PASSWORD_EXPIRED"}
    assert {row["error"] for row in okta if "error" in row} == {"mfa_required"}


def test_guardian_has_33_codes() -> None:
    """As its page says."""
    assert len(GUARDIAN) == 33


def test_every_plain_status_has_a_row() -> None:
    """An empty body of a certain sender."""
    assert sorted(row.response.status for row in SEEDS if not row.response.body) == STATUSES


@pytest.mark.parametrize(("name", "reason"), LOOKUPS.items())
def test_a_reason_of_oktas_log_is_found_by_name(name: str, reason: str) -> None:
    """It is on no wire, but people look it up."""
    entry = Registry.builtin().lookup(f"okta:{name}")

    assert entry is not None
    assert entry.reason == reason


@pytest.mark.parametrize("member", ["field", "method"])
def test_guardians_further_members_are_kept(member: str) -> None:
    """The form needs to know which."""
    rows = [row for row in SEEDS if member in document(row)]
    kept = [
        problem.to_dict()[member]
        for row in rows
        for problem in [normalize(row.response.status, row.response.headers, row.response.body, provider="auth0")]
        if problem is not None
    ]

    assert kept == [document(row)[member] for row in rows] != []


def test_the_rate_limit_is_no_second_factor() -> None:
    """Okta's help page gives E0000047 for both; it is the rate limit."""
    entry = Registry.builtin().lookup("okta:E0000047")

    assert entry is not None
    assert entry.reason == "rate-limited"
