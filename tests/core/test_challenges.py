"""Challenges for resource servers: made from a problem, read from a response (RFC 6750, RFC 9470, RFC 9728)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, normalize
from authproblem._core.build import bare_problem
from authproblem._core.challenges import Challenge, challenge, challenge_status, read_challenges
from authproblem.errors import ConfigurationError


def problem(reason: str, **extensions: Any) -> Problem:
    """A problem of a type."""
    return bare_problem(reason, 401, "oauth").replace(extensions=extensions)


@pytest.mark.parametrize(
    ("reason", "expected", "status"),
    [
        ("invalid-token", 'Bearer error="invalid_token", error_description="Invalid token"', 401),
        ("token-expired", 'Bearer error="invalid_token", error_description="Token expired"', 401),
        ("insufficient-scope", 'Bearer error="insufficient_scope", error_description="Insufficient scope"', 403),
        ("login-required", "Bearer", 401),
        ("rate-limited", None, None),
        ("upstream-error", None, None),
        ("invalid-refresh-token", None, None),
        ("a-type-of-a-later-release", None, None),
    ],
)
def test_a_challenge_is_made_where_the_token_is_at_fault(reason: str, expected: str | None, status: int | None) -> None:
    """Where the request had no token, it names no error."""
    assert challenge(problem(reason)) == expected
    assert challenge_status(problem(reason)) == status


def test_a_step_up_names_what_is_needed() -> None:
    """RFC 9470 section 3, with the metadata of RFC 9728."""
    got = challenge(
        problem("step-up-required", acr_values=["urn:a", "urn:b"], max_age="900", scope="openid"),
        realm="api",
        resource_metadata="https://api.example/.well-known/oauth-protected-resource",
    )

    assert got is not None
    [read] = read_challenges({"WWW-Authenticate": got})
    assert read == Challenge(
        scheme="bearer",
        error="insufficient_user_authentication",
        error_description="Stronger authentication required",
        scope=("openid",),
        acr_values=("urn:a", "urn:b"),
        max_age=900,
        realm="api",
        resource_metadata="https://api.example/.well-known/oauth-protected-resource",
    )
    assert read.is_step_up


def test_a_challenge_of_the_provider_is_taken_over() -> None:
    """From the header of one response to the header of another."""
    header = 'Bearer realm="x", error="insufficient_user_authentication", acr_values="urn:okta:loa:2fa:any", max_age=60'
    read = normalize(401, {"WWW-Authenticate": header}, b"", provider="okta")

    assert read is not None
    assert challenge(read, scheme="DPoP") == (
        'DPoP error="insufficient_user_authentication", error_description="Stronger authentication required", '
        'acr_values="urn:okta:loa:2fa:any", max_age="60"'
    )


@pytest.mark.parametrize("value", ['a"b', "a\\b", "a\r\nSet-Cookie: x=1", "\u00e4", "", "a" * 1025])
@pytest.mark.parametrize("name", ["realm", "scope", "acr_values", "resource_metadata"])
def test_an_argument_that_no_header_can_contain_is_refused(name: str, value: str) -> None:
    """With its name and value."""
    with pytest.raises(ConfigurationError, match=f"invalid {name}"):
        challenge(problem("insufficient-scope"), **{name: value})  # type: ignore[arg-type]


@given(st.text(max_size=40) | st.lists(st.text(max_size=10), max_size=3) | st.integers() | st.none())
def test_what_a_problem_carries_injects_nothing(value: Any) -> None:
    """A problem may have been read from anywhere; whatever it carries, the header stays one challenge of ours."""
    got = challenge(problem("step-up-required", scope=value, acr_values=value, max_age=value))

    assert got is not None
    assert got.isascii()
    assert got.isprintable()
    assert [read.error for read in read_challenges([("www-authenticate", got)])] == ["insufficient_user_authentication"]


def test_several_challenges_are_read_in_order() -> None:
    """Of one line or several, as bytes or text."""
    headers = [
        (b"WWW-Authenticate", b'Bearer error="invalid_token", DPoP algs="ES256"'),
        (b"www-authenticate", b"Basic"),
    ]

    assert [read.scheme for read in read_challenges(headers)] == ["bearer", "dpop", "basic"]


@pytest.mark.parametrize("header", ['Bearer error="', "=", 'Bearer max_age="soon"', 'Bearer max_age="99999999999999"'])
def test_a_broken_header_is_no_challenge(header: str) -> None:
    """Neither raises, nor gives a number that nobody can hold."""
    assert [read.max_age for read in read_challenges({"WWW-Authenticate": header})] in ([], [None])


WORD = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters='"\\'), min_size=1, max_size=9
)
WORDS = st.lists(WORD, max_size=3).map(tuple)


@given(
    st.builds(
        Challenge,
        scheme=st.sampled_from(["bearer", "dpop", "x-other"]),
        error=st.none() | WORD,
        error_description=st.none() | WORD,
        scope=WORDS,
        acr_values=WORDS,
        max_age=st.none() | st.integers(0, 10**9 - 1),
        realm=st.none() | WORD,
        resource_metadata=st.none() | WORD.map("https://api.example/".__add__),
    )
)
def test_what_is_written_is_read_again(written: Challenge) -> None:
    """Whatever a challenge may hold."""
    assert read_challenges({"WWW-Authenticate": written.to_header()}) == [written]


def test_schemes_are_written_as_the_standards_have_them() -> None:
    """RFC 6750 and RFC 9449; any other as it is given."""
    assert [Challenge(scheme).to_header() for scheme in ("bearer", "dpop", "Mutual")] == ["Bearer", "DPoP", "Mutual"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scheme": "a b"}, "invalid scheme: 'a b'"),
        ({"error": 'x"'}, "invalid error"),
        ({"scope": ("a\n",)}, "invalid scope"),
        ({"max_age": -1}, "invalid max_age: -1"),
    ],
)
def test_a_challenge_that_no_header_can_contain_is_refused(given: dict[str, Any], message: str) -> None:
    """With its name and value."""
    with pytest.raises(ConfigurationError, match=message):
        Challenge(**{"scheme": "bearer", **given}).to_header()
