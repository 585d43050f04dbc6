"""The declared sender: `upstream`, and the mark that an app sets on a response."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import mark_upstream
from authproblem._core.sender import MARK, Sender, read_mark


def response(status: int = 400) -> Any:
    """As much of a framework's response as the mark needs."""
    return SimpleNamespace(status_code=status, headers={})


class TestMark:
    @pytest.mark.parametrize(
        "endpoint", [None, "/oauth/token", "/api/v1/users/jane%20doe;x=1", "/a b\r\nX: y", "/\u00e9"]
    )
    def test_is_read_back_as_it_was_set(self, endpoint: str | None) -> None:
        """Whatever the path holds; the header's value is always plain ASCII."""
        marked = mark_upstream(response(), "okta", endpoint)

        assert read_mark(marked.headers[MARK]) == Sender("okta", certain=True, endpoint=endpoint)
        assert marked.headers[MARK].isascii()
        assert marked.headers[MARK].isprintable()

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
    def test_is_read_back_for_any_path(self, rest: str) -> None:
        """No path forges a header or gets lost."""
        value = mark_upstream(response(), "auth0", "/" + rest).headers[MARK]

        assert read_mark(value) == Sender("auth0", certain=True, endpoint="/" + rest)
        assert value.isascii()
        assert value.isprintable()

    @pytest.mark.parametrize(("status", "marked"), [(200, False), (302, False), (399, False), (400, True), (503, True)])
    def test_is_set_on_errors_only(self, status: int, marked: bool) -> None:
        """Healthy responses are not scanned for it, so it would leave the app."""
        assert mark_upstream(response(status), "auth0").headers == (
            {"Auth-Problem-Upstream": "auth0"} if marked else {}
        )

    def test_gives_the_same_response(self) -> None:
        """So that it can stand in a `return`."""
        given_ = response()

        assert mark_upstream(given_, "auth0") is given_

    @pytest.mark.parametrize(
        "value", [None, "", "keycloak", "auth0x;endpoint=/x", ";endpoint=/x", "AUTH0", "endpoint=/oauth/token"]
    )
    def test_that_is_damaged_counts_as_absent(self, value: str | None) -> None:
        """Nothing is guessed."""
        assert read_mark(value) is None

    @pytest.mark.parametrize("value", ["okta", "okta;", "okta; x=/y", "okta;endpoint=", "okta;endpoint=token"])
    def test_with_a_damaged_endpoint_names_the_provider_still(self, value: str) -> None:
        """The provider that the app declares is used."""
        assert read_mark(value) == Sender("okta", certain=True)

    @pytest.mark.parametrize("value", ["okta ; endpoint=/a", " okta;endpoint=/a ", "okta;  endpoint=/a"])
    def test_may_have_blanks_around_its_parts(self, value: str) -> None:
        """Apps write it by hand, too."""
        assert read_mark(value) == Sender("okta", certain=True, endpoint="/a")

    def test_keeps_512_characters_of_an_endpoint(self) -> None:
        """A path is the client's choice; a header has to stay small."""
        assert mark_upstream(response(), "okta", "/" + "a" * 600).headers == {MARK: "okta;endpoint=/" + "a" * 511}

    def test_shows_the_signs_of_a_path_as_they_are(self) -> None:
        """So that it can be read in a trace of the app."""
        marked = mark_upstream(response(), "okta", "/a:b@c!d$e&f'g(h)i*j+k,l=m~n-o.p_q")

        assert marked.headers[MARK] == "okta;endpoint=/a:b@c!d$e&f'g(h)i*j+k,l=m~n-o.p_q"

    def test_refuses_an_unknown_provider_and_what_is_no_path(self) -> None:
        """At the call, with the name of what is wrong."""
        with pytest.raises(
            ValueError, match=r"invalid mark_upstream\(\): provider: 'keycloak'.*'auth0', 'okta', 'oauth'"
        ):
            mark_upstream(response(), "keycloak")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"invalid mark_upstream\(\): endpoint: 'oauth/token'.*'/oauth/token'"):
            mark_upstream(response(), "auth0", "oauth/token")
