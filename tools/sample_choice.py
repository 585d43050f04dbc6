"""Chooses the vector that a problem page shows: the one whose response is most typical of the problem type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from authproblem import Entry, Problem, ProblemType, Registry
from tools.registry_data import Vector

PREFERRED = {
    "account-inactive": "okta:E0000155",
    "account-not-found": "okta:E0000156",
    "device-not-compliant": "okta:idx.error.code.access_denied.device_assurance.remediation.title",
    "invalid-credentials": "auth0:invalid_user_password",
    "invalid-input": "okta:E0000001/profile-field",
    "mfa-failed": "okta:invalid_grant/direct-auth-verification-failure",
    "rate-limited": "okta:E0000047",
    "sign-in-method-not-allowed": "okta:invalid_grant/password-auth-denied-mfa",
    "signup-not-allowed": "okta:access_denied/ssr-denied",
    "tenant-misconfigured": "auth0:A0E-409-0001/configuration",
    "upstream-rejected": "okta:E0000135",
}
"""The entries of problem types for which the words of the responses do not decide well."""
_BY_BODY = frozenset(("code_description", "code", "name", "cause"))
"""What may have selected the entry: the body itself, not a header, the status or a guess."""
_MADE_UP = ("sample value", "xyz")
"""Marks of texts that a vector fills in where the provider's own varies."""
_PHRASES = frozenset(status.phrase for status in HTTPStatus)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_STEM = 5


class Candidate(NamedTuple):
    """A vector, the problem that it becomes, and the entry."""

    vector: Vector
    problem: Problem
    entry: Entry

    @property
    def kind(self) -> ProblemType:
        """The problem type."""
        return self.entry.type


def most_typical(registry: Registry, problems: Iterable[tuple[Vector, Problem]]) -> dict[str, Candidate]:
    """Return the chosen vector of each problem type, by its slug.

    Args:
        registry: The registry.
        problems: Vectors, each with what it becomes. Those without an entry do not count.
    """
    chosen: dict[str, tuple[tuple[Any, ...], Candidate]] = {}
    for vector, problem in problems:
        entry = registry.lookup(problem.entry) if problem.entry else None
        if entry is None:
            continue
        candidate = Candidate(vector, problem, entry)
        rank = _rank(candidate)
        if problem.reason not in chosen or rank < chosen[problem.reason][0]:
            chosen[problem.reason] = rank, candidate
    return {slug: candidate for slug, (_, candidate) in chosen.items()}


def _rank(candidate: Candidate) -> tuple[Any, ...]:
    """Return how far a vector is from a typical one; the smallest rank wins, the first of equal ones."""
    vector, problem, entry = candidate
    body, status = vector.row["body"], vector.row["status"]
    texts = {text for text in strings(body) if " " in text and text not in _PHRASES}
    return (
        not isinstance(body, dict) or not body,
        status < HTTPStatus.BAD_REQUEST,
        entry.id != PREFERRED.get(entry.reason, entry.id),
        entry.retired or _differs(candidate),
        problem.matched_by not in _BY_BODY,
        any(mark in text.lower() for text in texts for mark in _MADE_UP),
        not texts or not texts <= set(strings(problem.to_dict())),  # a text that the client gets as it came
        not problem.upstream.get("code") or "stateHandle" in body or "stateToken" in body,  # a whole sign-in page
        problem.retry.source in {None, "default"},
        not _is_general(entry),
        -_named(candidate),
        status != candidate.kind.status,
        entry.provider == "oauth",
        len(vector.body),
    )


def _differs(candidate: Candidate) -> bool:
    """Whether the problem has values of its own, so that it would contradict the table of the page."""
    problem, kind = candidate.problem, candidate.kind
    own = (problem.owner, problem.remedy, problem.retry.policy, problem.detail)
    return own != (kind.owner, kind.remedy, kind.retry, kind.detail)


def _is_general(entry: Entry) -> bool:
    """Whether an entry stands for its code as such, not for one message among several."""
    code, _, qualifier = entry.id.partition(":")[2].partition("/")
    return qualifier in {"", "text", code.replace("_", "-")}


def _named(candidate: Candidate) -> float:
    """Return the share of the type's words that the body has; the name counts twice as much as the title."""
    said = _words(" ".join(strings(candidate.vector.row["body"])))
    name, title = _words(candidate.kind.slug), _words(candidate.kind.title)
    return 2 * len(name & said) / len(name) + len(title & said) / len(title)


def _words(text: str) -> set[str]:
    """Return the words of a text without their endings."""
    return {word.lower()[:_STEM] for word in _WORD.findall(text)}


def strings(value: object) -> Iterator[str]:
    """Yield the strings of a JSON value at any depth, names of members left out."""
    if isinstance(value, str):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from strings(child)
