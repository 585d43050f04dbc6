"""Building a problem: status, request id, members of a challenge, and problems of the registry alone."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Problem, normalize
from authproblem._core.build import bare_problem

JSON_TYPE = ("Content-Type", "application/json")
LOGIN = b'{"error":"login_required"}'


def problem(code: int, *headers: tuple[str, str], body: bytes = LOGIN, **options: Any) -> Problem:
    """Return the problem of a response of Auth0."""
    found = normalize(code, [JSON_TYPE, *headers], body, provider="auth0", **options)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("upstream", "option", "expected"),
    [(400, "upstream", 400), (400, "canonical", 400), (401, "canonical", 401), (503, "upstream", 503)],
)
def test_the_status_is_the_upstreams_or_the_types_but_never_turned_into_401(
    upstream: int, option: str, expected: int
) -> None:
    """`login_required` has 401 as its type's status; a 401 owes a challenge (RFC 9110 section 15.5.2)."""
    assert expected == problem(upstream, status=option).status


@pytest.mark.parametrize(
    ("value", "expected"),
    [("4ad55daa560e468bdfe1", "4ad55daa560e468bdfe1"), ("a b", None), ("x" * 65, None), ("", None)],
)
def test_a_request_id_is_copied_if_it_has_the_form_of_one(value: str, expected: str | None) -> None:
    """Header values are foreign: anything else may be a token or a name."""
    assert expected == problem(400, ("X-Auth0-RequestId", value)).upstream.get("request_id")


def test_a_step_up_challenge_gives_its_parameters_as_members() -> None:
    """What a client needs to ask for more (RFC 9470 section 3); numbers as numbers."""
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="urn:a", max_age="5"'
    found = problem(401, ("WWW-Authenticate", challenge), body=b"")

    assert {name: value for name, value in found.extensions.items() if name in {"acr_values", "max_age"}} == {
        "acr_values": "urn:a",
        "max_age": 5,
    }


@pytest.mark.parametrize("value", ["x", "-1", "12345678901", "\u00b2"])
def test_a_parameter_of_another_form_is_left_out(value: str) -> None:
    """It would be no number."""
    challenge = f'Bearer error="insufficient_user_authentication", max_age="{value}"'

    assert "max_age" not in problem(401, ("WWW-Authenticate", challenge), body=b"").extensions


def test_a_bare_problem_has_the_registry_values_of_its_type() -> None:
    """Of an unknown reason there is the name alone."""
    known, unknown = bare_problem("rate-limited", 429, "okta"), bare_problem("from-a-newer-release", 400, "okta")

    assert (known.owner, known.status, bool(known.detail)) == ("limit", 429, True)
    assert (
        *(unknown.reason, unknown.owner, unknown.detail),
        unknown.retry.policy,
    ) == ("from-a-newer-release", "", "", "never")
