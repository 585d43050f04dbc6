"""How a refresh ends: the exception for each problem, and its form in a shared store."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Problem, Registry
from authproblem._client.verdicts import (
    ClientMisconfigured,
    CredentialDead,
    Outcome,
    RefreshError,
    StepUpRequired,
    TryLater,
    is_outage,
    outcome_of,
    problem_without_response,
)
from authproblem._core.build import bare_problem

REGISTRY = Registry.builtin()


def problem(reason: str, status: int, **changes: Any) -> Problem:
    """A problem of a token endpoint that was sent with a status."""
    return bare_problem(reason, status, "auth0").replace(upstream={"status": status}, **changes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (problem("invalid-refresh-token", 403, credential="dead", credential_kind="refresh_token"), CredentialDead),
        (problem("invalid-refresh-token", 429, credential="dead", credential_kind="refresh_token"), TryLater),
        (problem("invalid-refresh-token", 500, credential="dead", credential_kind="refresh_token"), TryLater),
        (problem("invalid-credentials", 401, credential="dead", credential_kind="password"), TryLater),
        (problem("mfa-required", 403, credential="step_up"), StepUpRequired),
        (problem("invalid-client", 401, credential="keep"), ClientMisconfigured),
        (problem("rate-limited", 429, credential="keep"), TryLater),
    ],
    ids=lambda value: f"{value.reason}-{value.status}" if isinstance(value, Problem) else value.__name__,
)
def test_a_problem_becomes_the_exception_that_an_application_branches_on(
    given: Problem, expected: type[RefreshError]
) -> None:
    """A limit, an outage or another kind of credential never makes a token dead."""
    assert outcome_of(REGISTRY, given).kind is expected
    with pytest.raises(expected):
        outcome_of(REGISTRY, given).unwrap()


@pytest.mark.parametrize(("matched_by", "expected"), [("code", TryLater), ("code_description", CredentialDead)])
def test_without_the_status_only_a_known_text_proves_a_dead_token(
    matched_by: str, expected: type[RefreshError]
) -> None:
    """`invalid_grant` may have come with 429."""
    given = problem(
        "invalid-refresh-token", 400, credential="dead", credential_kind="refresh_token", matched_by=matched_by
    )

    assert outcome_of(REGISTRY, given, status_known=False).kind is expected


def test_a_store_gets_the_meaning_and_nothing_of_the_response() -> None:
    """Neither members nor ids of the provider's response are in the document."""
    given = problem("invalid-refresh-token", 403, credential="dead", credential_kind="refresh_token")
    kept = outcome_of(REGISTRY, given.replace(instance="urn:uuid:1", extensions={"error": "hunter2"})).to_bytes()
    again = Outcome.from_bytes(kept)

    assert b"hunter2" not in kept
    assert again is not None
    assert again.problem is not None
    assert (again.kind, again.problem.reason, again.problem.instance) == (
        CredentialDead,
        "invalid-refresh-token",
        None,
    )


def test_a_store_never_gets_a_token() -> None:
    """A success is kept without its value, which `repr` does not show either."""
    outcome = Outcome(value={"access_token": "hunter2"})

    assert Outcome.from_bytes(outcome.to_bytes()) == Outcome()
    assert "hunter2" not in repr(outcome)


@pytest.mark.parametrize(
    "kept", [b"", b"{}", b"[]", b"\xff", b'{"kind":"Unknown","problem":{}}', b'{"kind":"TryLater"}']
)
def test_what_another_release_has_written_is_ignored(kept: bytes) -> None:
    """Then the credential is refreshed as if nothing were there."""
    assert Outcome.from_bytes(kept) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (problem("upstream-unavailable", 503), True),
        (problem("rate-limited", 429), False),
        (problem("invalid-refresh-token", 403), False),
        (problem("upstream-rejected", 500), False),
    ],
    ids=lambda value: value.reason if isinstance(value, Problem) else str(value),
)
def test_only_outages_count_for_the_breaker(given: Problem, expected: bool) -> None:
    """A denial by an Action may be a 500, and is no outage."""
    assert is_outage(given) is expected


@pytest.mark.parametrize(("after", "expected"), [(None, None), (0, 0), (1.2, 2), (-1.0, 0)])
def test_a_wait_is_rounded_up_to_whole_seconds(after: float | None, expected: int | None) -> None:
    """`Retry-After` has no fractions."""
    assert problem_without_response(REGISTRY, "resource-busy", "okta", after).retry.after == expected
