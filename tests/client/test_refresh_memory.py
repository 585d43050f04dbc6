"""What a guard remembers, against a plain list of everything that it was given."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from authproblem._client.refresh_memory import Limits, RefreshMemory
from authproblem._client.verdicts import CredentialDead, CredentialReplaced, Outcome, TryLater
from authproblem._core.build import bare_problem
from authproblem._model import RetryHint

SIZE = 3
LIMITS = Limits(remember=30.0, dead_for=100.0, size=SIZE)


def limited(after: int, source: Any) -> Outcome:
    """A limit with a wait."""
    hint = RetryHint("after_delay", after, automatic=False, source=source)
    return Outcome(TryLater, problem=bare_problem("rate-limited", 429, "okta").replace(retry=hint))


OUTCOMES = [
    Outcome(value={"access_token": "at"}),
    Outcome(CredentialDead, problem=bare_problem("invalid-refresh-token", 400, "okta")),
    Outcome(CredentialReplaced, problem=bare_problem("resource-busy", 409, "okta")),
    Outcome(error=KeyError("the application's own")),
    limited(20, "retry_after"),
    limited(20, "default"),
    limited(5_000, "retry_after"),
]
LIFETIMES = [30.0, 100.0, 0.0, 0.0, 20.0, 0.0, 3600.0]
"""Seconds; a wait that nobody named is not kept, and a long one is tried again after an hour."""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


STEPS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(range(len(OUTCOMES))), st.floats(0, 60)), max_size=40)


@given(STEPS)
def test_nothing_is_remembered_beyond_its_time_and_size(steps: list[tuple[int, int, float]]) -> None:
    """What is returned was the last thing that was kept for this credential, and its time is not over."""
    clock = Clock()
    memory = RefreshMemory(LIMITS, clock)
    kept: dict[bytes, list[tuple[float, Outcome]]] = {}

    for number, which, seconds in steps:
        key, outcome = bytes([number]), OUTCOMES[which]
        memory.put(key, outcome)
        if LIFETIMES[which]:
            kept.setdefault(key, []).append((clock.now + LIFETIMES[which], outcome))
            assert memory.get(key) is not None
        clock.now += seconds

        for each in (bytes([known]) for known in range(6)):
            got = memory.get(each)
            valid = [entry for until, entry in kept.get(each, []) if until > clock.now]
            assert got is None or (got.kind, got.value) in [(entry.kind, entry.value) for entry in valid]
        assert max(len(memory.fresh), len(memory._known)) <= SIZE


def test_a_wait_becomes_shorter() -> None:
    """By the time that has passed, and never less than a second."""
    clock = Clock()
    memory = RefreshMemory(LIMITS, clock)
    memory.put(b"k", limited(20, "retry_after"))
    waits = []
    for now in (0.0, 12.5, 19.9, 20.0):
        clock.now = now
        got = memory.get(b"k")
        waits.append(None if got is None or got.problem is None else got.problem.retry.after)

    assert waits == [20, 8, 1, None]
