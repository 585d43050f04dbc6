"""The parameters of a callback."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from authproblem import Problem
from authproblem.errors import ConfigurationError
from tests.support.vectors import FILES, load

DENIED = {"error": "access_denied", "error_description": "User did not authorize the request", "state": "s"}


def test_an_error_becomes_a_problem_that_is_not_confirmed() -> None:
    """Anyone can send a browser there."""
    problem = Problem.from_callback(DENIED, provider="auth0")

    assert problem is not None
    assert (
        *(problem.provider, problem.confirmed),
        *(problem.upstream["status"], problem.upstream["code"]),
    ) == ("auth0", False, 302, "access_denied")


def test_the_status_is_the_types_and_never_401() -> None:
    """A 401 would owe a challenge (RFC 9110 section 15.5.2)."""
    problem = Problem.from_callback({"error": "login_required"})

    assert problem is not None
    assert problem.status == 403


@pytest.mark.parametrize("value", [["access_denied", "server_error"], ("access_denied",), "access_denied"])
def test_of_a_list_the_first_value_counts(value: object) -> None:
    """As web frameworks return repeated parameters."""
    problem = Problem.from_callback({"error": value})

    assert problem is not None
    assert problem.upstream["code"] == "access_denied"


@pytest.mark.parametrize(
    "params", [{}, {"code": "c"}, {"error": "heard of nowhere"}, {"error": "unheard_of"}, {"error": 7}]
)
def test_anything_else_is_no_problem(params: dict[str, Any]) -> None:
    """Only an error that the registry has."""
    assert Problem.from_callback(params) is None


def test_what_the_registry_has_for_redirects_counts_for_callbacks() -> None:
    """Every vector of a redirect: its parameters say the same where the browser arrives."""
    wrong, compared = [], 0
    for vector in [vector for stem in FILES for vector in load(stem)]:
        url = urlsplit(dict(vector.response.headers).get("location", ""))
        params = parse_qs(url.query or url.fragment)
        if vector.reason is None or vector.provider is None or "error" not in params:
            continue
        found = Problem.from_callback(params, provider=vector.provider)
        compared += 1
        if found is None or found.reason != vector.reason:
            wrong.append((vector.place, vector.reason, None if found is None else found.reason))
    assert wrong == []
    assert compared > 50


def test_an_unknown_provider_is_refused() -> None:
    """The message names the call."""
    with pytest.raises(ConfigurationError, match=r"from_callback\(\): provider"):
        Problem.from_callback(DENIED, provider="google")  # type: ignore[arg-type]
