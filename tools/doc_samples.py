"""Samples for the reference pages: for each problem type, a response of a provider and the problem made of it.

The responses are those of the vectors, the problems what `normalize` makes of them: nothing is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from authproblem import Problem, normalize
from tools.registry_data import Json, Vector

_INSTANCE = "urn:uuid:01937a3e-5d2c-7c1b-9f40-2b1e6a8c5d10"
_WIDTH = 100
_SHOWN = frozenset(("retry-after", "www-authenticate", "location", "dpop-nonce", "x-rate-limit-reset"))


def samples(vectors: Iterable[Vector]) -> dict[str, list[str]]:
    """Return the lines of one sample for each problem type, by its slug; types without a response have none."""
    found: dict[str, tuple[tuple[bool, bool, int], Vector, Problem]] = {}
    for vector in vectors:
        problem = outcome(vector)
        if problem is None or problem.entry != vector.row["entry"]:
            continue
        is_object = isinstance(vector.row["body"], dict)
        # An object before a sentence, an error before a redirect, a short one before a long one.
        rank = (not is_object, vector.row["status"] < 400, len(vector.body))
        best = found.get(problem.reason)
        if best is None or rank < best[0]:
            found[problem.reason] = rank, vector, problem
    return {reason: list(_sample(vector, problem)) for reason, (_, vector, problem) in found.items()}


def outcome(vector: Vector) -> Problem | None:
    """Return the problem of a vector's response, flow control and transaction states included."""
    row = vector.row
    return normalize(
        row["status"],
        [(name, value) for name, value in row["headers"]],
        vector.body,
        provider=row["provider"],
        endpoint=row["endpoint"],
        instance=_INSTANCE,
        flow_control=True,
        transaction_states=True,
    )


def _sample(vector: Vector, problem: Problem) -> Iterator[str]:
    row = vector.row
    headers = [f"{name.title()}: {value}" for name, value in row["headers"] if name.lower() in _SHOWN]
    yield from ("The provider sends:", "")
    yield from _block("http", [_status_line(row["status"]), *headers, "", *_body(row["body"])])
    yield from ("", "The client gets:", "")
    yield from _block("http", [_status_line(problem.status), "", *_body(problem.to_dict())])


def _status_line(status: int) -> str:
    """Return the first line of a response, as the highlighter of the site reads it."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"


def _body(body: Json | str | None) -> list[str]:
    if isinstance(body, dict):
        return json.dumps(body, indent=2, ensure_ascii=False).splitlines()
    return [line[:_WIDTH] for line in (body or "").splitlines()]


def _block(kind: str, lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines.pop()
    return [f"```{kind}", *lines, "```"]
