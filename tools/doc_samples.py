"""Samples for the reference pages: for each problem type, a response of a provider and the problem made of it.

The responses are those of the vectors, the problems what the library makes of them: nothing is written by hand. Where
there is no response, the problem is that of a connection that fails below the middleware.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import httpx

from authproblem import Problem, Registry, normalize
from authproblem.wsgi import AuthProblemMiddleware
from tools.registry_data import Json, Vector
from tools.sample_choice import most_typical

_INSTANCE = "urn:uuid:01937a3e-5d2c-7c1b-9f40-2b1e6a8c5d10"
_WIDTH = 100
_SHOWN = {
    name.lower(): name
    for name in (
        *("Content-Type", "Date", "Retry-After", "Location", "WWW-Authenticate", "DPoP-Nonce"),
        *("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset", "Auth0-Client-Quota-Limit"),
    )
}
"""The headers of a provider that a sample shows: what the problem is made from."""
_URL = "https://example.okta.com/api/v1/users"
_FAILURE = "[Errno 111] Connection refused"
"""What httpx says on Linux where nothing listens."""


def samples(registry: Registry, vectors: Iterable[Vector]) -> dict[str, list[str]]:
    """Return the lines of one sample for each problem type, by its slug.

    Raises:
        ValueError: If a problem type has neither a vector with an entry nor a problem that is made without a response.
    """
    problems = ((vector, problem) for vector in vectors if (problem := outcome(vector)) is not None)
    chosen = most_typical(registry, problems)
    found = {slug: list(_sample(candidate.vector, candidate.problem)) for slug, candidate in chosen.items()}
    unsent = problem_of_failed_connection()
    found.setdefault(unsent.reason, list(_sample_without_response(unsent)))
    missing = registry.types.keys() - found.keys()
    if missing:
        raise ValueError(f"no sample for {', '.join(sorted(missing))}: add a vector of one of its entries")
    return found


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


def problem_of_failed_connection() -> Problem:
    """Return the problem that the middleware makes where an app cannot connect to the provider."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(_FAILURE, request=request) from ConnectionRefusedError()

    def app(_environ: Any, _start_response: Any) -> Iterable[bytes]:
        with httpx.Client(transport=httpx.MockTransport(refuse)) as client:
            return [client.get(_URL).content]

    problems: list[Problem] = []
    middleware = AuthProblemMiddleware(app, exceptions=True, on_problem=problems.append)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/users", "QUERY_STRING": ""}
    b"".join(middleware(environ, lambda *_: lambda _data: None))
    return problems[0].replace(instance=_INSTANCE)


def _sample(vector: Vector, problem: Problem) -> Iterator[str]:
    row = vector.row
    headers = [(_SHOWN[name], value) for name, value in row["headers"] if name in _SHOWN]
    where = f" at `{row['endpoint']}`" if row["endpoint"] else ""
    yield from (f"The provider sends{where}:", "", *_response(row["status"], headers, row["body"]))
    yield from ("", "The client gets:", "", *_response(problem.status, problem.headers(), problem.to_dict()))


def _sample_without_response(problem: Problem) -> Iterator[str]:
    yield "The provider sends nothing: there is no response before. The HTTP client of the app raises, in this case for"
    yield f"`GET {_URL}`:"
    yield from ("", "```text", f"httpx.ConnectError: {_FAILURE}", "```", "")
    yield "The client gets, with [`exceptions=True`](../exceptions.md):"
    yield from ("", *_response(problem.status, problem.headers(), problem.to_dict()))


def _response(status: int, headers: Iterable[tuple[str, str]], body: Json | str | None) -> list[str]:
    """Return the block of a response, as the highlighter of the site reads it."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers), ""]
    lines += _body(body)
    while not lines[-1]:
        lines.pop()
    return ["```http", *lines, "```"]


def _body(body: Json | str | None) -> list[str]:
    if isinstance(body, dict):
        return json.dumps(body, indent=2, ensure_ascii=False).splitlines()
    return [line[:_WIDTH] for line in (body or "").splitlines()]
