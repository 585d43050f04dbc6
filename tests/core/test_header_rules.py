"""What headers change in the meaning of a body: the code of a challenge beside it, and Okta's limit of no requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproblem import Normalizer, normalize
from tests.support.outcomes import JSON_TYPE, okta

DENIED = okta("E0000006", "You do not have permission to perform the requested action")


def challenge(code: str) -> tuple[str, str]:
    """A challenge as Okta's APIs send it."""
    return "WWW-Authenticate", f'Bearer realm="https://org.example/oauth2", error="{code}", scope="okta.apps.manage"'


def meaning(status: int, body: Any, *headers: tuple[str, str]) -> tuple[str, str, str | None]:
    """The problem type, what decided, and the entry."""
    found = normalize(status, [JSON_TYPE, *headers], json.dumps(body).encode(), provider="okta")
    assert found is not None
    return found.reason, found.matched_by, found.entry


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(403, "insufficient_scope", "insufficient-scope"), (401, "insufficient_user_authentication", "step-up-required")],
)
def test_a_challenge_says_which_permission_is_missing(status: int, code: str, reason: str) -> None:
    """Okta's code for a missing permission comes with the challenge of RFC 6750 or RFC 9470."""
    assert meaning(status, DENIED, challenge(code)) == (reason, "header", f"oauth:{code}")


@pytest.mark.parametrize("code", ["invalid_token", "invalid_request", "paint_missing"])
def test_a_challenge_that_would_send_the_user_away_or_is_unknown_changes_nothing(code: str) -> None:
    """What a phrase may not choose, a challenge beside an understood body may not either."""
    assert meaning(403, DENIED, challenge(code)) == ("permission-denied", "code", "okta:E0000006")


def test_a_text_of_the_registry_is_more_exact_than_a_challenge() -> None:
    """Where the body says by a known text what is wrong, the challenge repeats it."""
    body = okta("E0000004", "Authentication failed", "User is not authorized.")

    assert meaning(401, body, challenge("insufficient_scope"))[0] == "permission-denied"


@pytest.mark.parametrize("body", [{"message": "Paint"}, okta("E0000001", "You lack the permission to paint it")])
def test_a_challenge_is_more_exact_than_a_status_or_phrase(body: Any) -> None:
    """Where the body has no code, or its sentence alone has decided."""
    assert meaning(403, body, challenge("insufficient_scope"))[0] == "insufficient-scope"


@pytest.mark.parametrize("code", ["invalid_request", "invalid_client"])
def test_a_challenge_that_says_no_more_than_the_body_changes_nothing(code: str) -> None:
    """The code that the body has too, or the least specific one: its sentence has decided."""
    body = {"error": code, "error_description": "The request was denied by policy."}
    without = meaning(403, body)

    assert meaning(403, body, challenge(code)) == without
    assert meaning(403, body, challenge("invalid_request")) == without


@pytest.mark.parametrize("name", ["X-Rate-Limit-Limit", "X-Rate-Limit-Remaining"])
def test_a_limit_needs_both_headers(name: str) -> None:
    """One of them alone is no limit of concurrent requests."""
    body = okta("E0000047", "API call exceeded rate limit due to too many requests.")
    others = {"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0", name: "60"}

    assert meaning(429, body, *others.items())[0] == "rate-limited"


@pytest.mark.parametrize("status", [500, 503])
def test_a_failure_of_the_provider_stays_one(status: int) -> None:
    """Whatever the challenge says."""
    failure = okta("E0000009", "Internal Server Error")

    assert meaning(status, failure, challenge("insufficient_scope"))[0].startswith("upstream")
    assert meaning(500, DENIED, challenge("insufficient_scope"))[0] == "permission-denied"


def test_a_firm_code_is_not_overridden() -> None:
    """No sentence and no challenge changes what these codes mean."""
    assert meaning(403, okta("E0000035", "Paint"), challenge("insufficient_scope"))[1] == "code"


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_cached_is_the_meaning_of_the_body(order: int) -> None:
    """The same body with and without a challenge, in either order."""
    normalizer = Normalizer()
    cases = [([JSON_TYPE, challenge("insufficient_scope")], "insufficient-scope"), ([JSON_TYPE], "permission-denied")]
    for headers, reason in [*cases[::order], *cases[::order]]:
        found = normalizer.normalize(403, headers, json.dumps(DENIED).encode())
        assert found is not None
        assert found.reason == reason


def test_a_challenge_does_not_hide_the_concurrency_limit() -> None:
    """A limit of no requests is one of concurrent requests, with a challenge too."""
    limit = ("X-Rate-Limit-Limit", "0"), ("X-Rate-Limit-Remaining", "0")
    body = okta("E0000047", "API call exceeded rate limit due to too many requests.")

    assert meaning(429, body, *limit, challenge("insufficient_scope"))[0] == "concurrency-limited"
