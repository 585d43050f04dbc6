"""How far a retry hint is followed: which hints, how long, and with how much jitter."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Problem, RetryHint
from authproblem._client.retries import Budget, Retry, check_retry
from authproblem._core.build import bare_problem
from authproblem.errors import AuthProblemError, ConfigurationError


def error(hint: RetryHint) -> AuthProblemError:
    """A provider's error with a retry hint."""
    problem: Problem = bare_problem("rate-limited", 429, "okta").replace(retry=hint)
    return AuthProblemError(problem)


def limited(after: int | None = 10) -> AuthProblemError:
    """A limit that a program may wait for."""
    return error(RetryHint("after_delay", after, automatic=True))


def test_an_automatic_wait_is_followed() -> None:
    """Never sooner than the provider says; jitter is added, not taken off."""
    waits = [Budget(Retry(total=100, jitter=2))(limited()) for _ in range(50)]

    assert all(10 <= wait <= 12 for wait in waits)
    assert len(set(waits)) > 1


def test_a_hint_without_a_wait_is_followed_at_once() -> None:
    """After the jitter alone."""
    assert Budget(Retry(jitter=0))(limited(None)) == 0.0


@pytest.mark.parametrize(
    "hint",
    [
        RetryHint("never"),
        RetryHint("after_action"),
        RetryHint("once", automatic=True),
        RetryHint("after_delay", 1, automatic=False),
        RetryHint("poll", 1, automatic=False),
    ],
    ids=lambda hint: f"{hint.policy}-{hint.automatic}",
)
def test_any_other_hint_is_not_followed(hint: RetryHint) -> None:
    """Neither a repeat that needs a person, nor one that needs another request."""
    assert Budget(Retry(jitter=0))(error(hint)) is False


def test_an_error_of_the_application_is_not_repeated() -> None:
    """Only problems have hints."""
    assert Budget(Retry())(ValueError("x")) is False


def test_the_total_bounds_all_waits_of_one_request() -> None:
    """A wait that does not fit in is not begun."""
    budget = Budget(Retry(total=25, jitter=0))

    assert [budget(limited()) for _ in range(3)] == [10.0, 10.0, False]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, r"invalid retry: 3; expected a Retry, such as Retry\(attempts=3\), or None"),
        (Retry(attempts=0), "invalid retry: attempts: 0; expected at least 1"),
        (Retry(total=-1), "invalid retry: total: -1; expected at least 0"),
        (Retry(jitter=-0.5), "invalid retry: jitter: -0.5; expected at least 0"),
    ],
)
def test_a_bound_that_makes_no_sense_is_refused(given: Any, message: str) -> None:
    """When the transport is made."""
    with pytest.raises(ConfigurationError, match=message):
        check_retry(given)


@pytest.mark.parametrize("given", [None, Retry(), Retry(attempts=1, total=0, jitter=0)])
def test_a_bound_is_returned_as_it_is(given: Retry | None) -> None:
    """None turns repeats off."""
    assert check_retry(given) is given
