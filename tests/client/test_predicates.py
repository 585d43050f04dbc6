"""The predicates of `Problem`: what callers branch on, for every type of today, and for types of later releases."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Problem, Registry, normalize
from authproblem._model import Provider
from tests.client import samples
from tests.support.responses import Response

PREDICATES = tuple(name for name in vars(Problem) if name.startswith(("is_", "needs_")))


def of_type(slug: str) -> Problem:
    """A problem of a type, as its registry row has it."""
    row = Registry.builtin().types[slug]
    retry = {"policy": row.retry, "automatic": row.retry == "poll"}
    return read(reason=slug, owner=row.owner, remedy=row.remedy, retry=retry)


def read(**members: Any) -> Problem:
    """A problem document as a reader gets it."""
    import orjson

    problem = Problem.from_bytes(orjson.dumps({"type": "urn:problem-type:auth:x", "reason": "x", **members}))
    assert problem is not None
    return problem


def holding(problem: Problem) -> set[str]:
    """The predicates that hold."""
    return {name for name in PREDICATES if getattr(problem, name)}


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("invalid-credentials", {"needs_user"}),
        ("mfa-required", {"needs_user"}),
        ("session-expired", {"needs_user", "needs_sign_in"}),
        ("token-expired", {"needs_sign_in"}),
        ("mfa-already-enrolled", {"is_settled"}),
        ("access-denied", {"needs_admin"}),
        ("tenant-misconfigured", {"needs_admin"}),
        ("invalid-client", {"needs_developer"}),
        ("invalid-request", {"needs_developer"}),
        ("rate-limited", {"is_temporary", "is_rate_limit"}),
        ("concurrency-limited", {"is_temporary", "is_rate_limit"}),
        ("too-many-attempts", {"needs_user"}),
        ("upstream-timeout", {"is_temporary", "is_upstream_failure"}),
        ("resource-busy", {"is_temporary", "is_upstream_failure"}),
        ("authorization-pending", {"is_temporary", "is_retryable"}),
        ("dpop-nonce-required", {"is_temporary"}),
    ],
)
def test_say_what_has_to_happen(slug: str, expected: set[str]) -> None:
    """Each names a thing to do, and blocks after failed attempts are no rate limit."""
    assert expected == holding(of_type(slug))


def test_no_type_needs_two_persons() -> None:
    """The person at the screen, the administrator and the developer exclude each other."""
    persons = ("needs_user", "needs_admin", "needs_developer")
    doubtful = [slug for slug in Registry.builtin().types if sum(getattr(of_type(slug), name) for name in persons) > 1]

    assert doubtful == []


def test_no_type_leaves_a_caller_without_advice() -> None:
    """Of every type some predicate is true."""
    assert [slug for slug in Registry.builtin().types if not holding(of_type(slug))] == []


@pytest.mark.parametrize(
    ("owner", "remedy", "retry", "expected"),
    [
        ("user", "wave_hand", {"policy": "after_action", "automatic": False}, {"needs_user"}),
        ("client", "fix_client", {"policy": "never", "automatic": False}, {"needs_developer"}),
        (
            "limit",
            "wait",
            {"policy": "after_delay", "after": 3, "automatic": True},
            {"is_rate_limit", "is_temporary", "is_retryable"},
        ),
        ("upstream", "wait", {"policy": "after_delay", "automatic": False}, {"is_upstream_failure", "is_temporary"}),
        ("policy", "ask_admin", {"policy": "after_action", "automatic": False}, {"needs_admin"}),
        ("regulator", "ask_notary", {"policy": "at_full_moon", "automatic": False}, set()),
    ],
)
def test_read_a_type_of_a_later_release(owner: str, remedy: str, retry: dict[str, Any], expected: set[str]) -> None:
    """An unknown type is understood by owner, remedy and retry; an unknown word of those means no predicate."""
    problem = read(reason="from-the-future", owner=owner, remedy=remedy, retry=retry)

    assert expected == holding(problem)


@pytest.mark.parametrize(
    "response", [samples.LIMITED, samples.NOT_NAMED, samples.DENIED, samples.BRUTE_FORCE, samples.DOWN]
)
def test_read_the_same_from_the_problem_headers(response: Response) -> None:
    """A gateway that sees headers alone comes to the same; only `remedy` is not in them."""
    provider: Provider = "auth0" if response is samples.BRUTE_FORCE else "okta"
    problem = normalize(*response, provider=provider, method="GET")
    assert problem is not None

    read = Problem.from_headers(problem.headers())

    assert read is not None
    known = holding(problem) - {"needs_sign_in", "needs_admin"}
    assert known - {"is_temporary"} == holding(read) - {"is_temporary"}
