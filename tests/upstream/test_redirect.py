"""Errors in the parameters of redirects and callbacks (RFC 6749 section 4.1.2.1)."""

from __future__ import annotations

import string
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.redirect import read_location, read_parameters, read_query

CALLBACK = "https://app.example.com/cb"
codes = st.text(alphabet=string.ascii_letters + string.digits + "_.:-", min_size=1, max_size=64)
values = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(codes, values, values, st.sampled_from("?#"), st.sampled_from([quote, quote_plus]))
def test_reads_back_what_a_server_wrote(code: str, text: str, state: str, mark: str, quoted: Any) -> None:
    """In query or fragment, blanks as `+` or `%20`, whatever the description and the state hold."""
    query = urlencode({"error": code, "error_description": text, "state": state}, quote_via=quoted)
    read = read_location(f"{CALLBACK}{mark}{query}")

    assert read is not None
    error, is_response = read
    assert (error.code, error.text, is_response) == (code, text, True)
    assert error.document == {"error": code, "error_description": text, "state": state}


@pytest.mark.parametrize(
    "location",
    [
        CALLBACK,
        f"{CALLBACK}?code=x&state=y",
        f"{CALLBACK}?error=",
        f"{CALLBACK}?error=%20",
        f"{CALLBACK}?error=two%20words",
        f"{CALLBACK}?{'a' * 70}&error={'x' * 65}",
        f"{CALLBACK}?terror=x",
        f"{CALLBACK}/error=access_denied",
        "https://[broken?error=access_denied",
        f"{CALLBACK}?{'a=1&' * 100}error=access_denied",
        f"{CALLBACK}?error=access_denied&x={'a' * 9_000}",
    ],
)
def test_finds_no_error_where_there_is_none(location: str) -> None:
    """No parameter of the name, no code as its value, or a location beyond the limits."""
    assert read_location(location) is None


@pytest.mark.parametrize(
    ("parameters", "is_response"),
    [
        ("error=access_denied", False),
        ("error=access_denied&error_uri=https%3A%2F%2Fauth0.com%2Fdocs", False),
        ("error=access_denied&state=x", True),
        ("error=access_denied&error_description=No", True),
    ],
)
def test_shows_whether_it_looks_like_an_authorization_response(parameters: str, is_response: bool) -> None:
    """An app's own `?error=...` has neither state nor description."""
    read = read_location(f"{CALLBACK}?{parameters}")

    assert read is not None
    assert read[1] is is_response


def test_of_repeated_parameters_the_first_counts() -> None:
    """And the query before the fragment."""
    read = read_location(f"{CALLBACK}?error=first&error=second&state=s#error=third&state=t")

    assert read is not None
    assert read[0].document == {"error": "first", "state": "s"}


@pytest.mark.parametrize("mark", ["#", "#?"])
def test_reads_the_fragment_of_single_page_routers(mark: str) -> None:
    """Some put a question mark behind the hash."""
    read = read_location(f"https://app.example.com/{mark}error=login_required&state=s")

    assert read is not None
    assert (read[0].code, read[0].shape) == ("login_required", "redirect")


@pytest.mark.parametrize(("length", "read"), [(8192, True), (8193, False)])
def test_reads_up_to_8192_characters(length: int, read: bool) -> None:
    """A longer one is no redirect with an error."""
    start = "/?error=login_required&state="

    assert (read_location(start + "x" * (length - len(start))) is not None) is read


@pytest.mark.parametrize(("number", "read"), [(64, True), (65, False)])
def test_reads_up_to_64_parameters(number: int, read: bool) -> None:
    """One more, and it is no redirect with an error."""
    location = "/?error=login_required&state=x" + "&a=1" * (number - 2)

    assert (read_location(location) is not None) is read


def test_keeps_what_the_client_needs_to_go_on_and_nothing_else() -> None:
    """`state`, issuer and session state; no parameter that is no part of an error response."""
    read = read_query("error=x&state=s&iss=https://t.auth0.com/&session_state=z&error_uri=u&code=secret&id_token=t")

    assert read is not None
    assert read[0].document == {
        "error": "x",
        "state": "s",
        "iss": "https://t.auth0.com/",
        "session_state": "z",
        "error_uri": "u",
    }


def test_reads_parameters_that_the_app_has_parsed() -> None:
    """Lists, as `parse_qs` gives them, and single values alike."""
    expected = {"error": "access_denied", "error_description": "No", "state": "s"}
    read = read_parameters({"error": ["access_denied", "y"], "error_description": "No", "state": ("s",)}, "callback")

    assert read is not None
    assert (read[0].shape, read[0].document) == ("callback", expected)


@given(
    st.dictionaries(
        st.one_of(st.sampled_from(["error", "error_description", "state"]), st.text(), st.integers()),
        st.one_of(st.none(), st.text(), st.integers(), st.lists(st.one_of(st.text(), st.none()))),
    )
)
def test_gives_strings_only_for_any_parameters(parameters: dict[Any, Any]) -> None:
    """Apps hand over what their framework parsed: nothing of it raises, and nothing odd goes further."""
    read = read_parameters(parameters, "callback")

    assert read is None or {type(value) for value in (read[0].document or {}).values()} == {str}


@given(st.text(max_size=300))
def test_gives_a_code_for_any_location(text: str) -> None:
    """Locations are foreign: none raises, and what is read as a code has a code's form."""
    read = read_location(f"{CALLBACK}?error={text}")

    assert read is None or set(read[0].code or "!") <= set(string.ascii_letters + string.digits + "_.:-")
