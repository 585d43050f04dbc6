"""Who sent a response, as far as the app says: options, and the mark on a response."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import mark_upstream, upstream
from authproblem._core.sender import MARK, Sender, Upstream, read_mark
from authproblem._middleware.scopes import Scopes, below


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


class TestUpstream:
    def test_is_a_value(self) -> None:
        """With defaults."""
        assert [upstream("auth0"), upstream("okta", whole=True, endpoint="/oauth2/v1/token")] == [
            Upstream("auth0", whole=False, endpoint=None),
            Upstream("okta", whole=True, endpoint="/oauth2/v1/token"),
        ]

    def test_refuses_an_invalid_value(self) -> None:
        """An unknown provider, an endpoint that is no path."""
        with pytest.raises(ValueError, match=r"upstream\(\): provider: 'x'"):
            upstream("x")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"upstream\(\): endpoint: 'x'"):
            upstream("auth0", endpoint="x")


class TestScopes:
    def test_without_options_the_path_alone_is_known(self) -> None:
        """The classifier decides whether it is a provider's."""
        assert Scopes(None, None, ()).sender("/x", {}) == Sender(None, certain=False, endpoint="/x")

    def test_provider_makes_every_response_the_providers(self) -> None:
        """The path is the provider's path, then."""
        assert Scopes("okta", None, ()).sender("/api/v1/authn", {}) == Sender("okta", True, "/api/v1/authn")

    @pytest.mark.parametrize(
        ("path", "sender"),
        [
            ("/auth", Sender("auth0", False, "/")),
            ("/auth/", Sender("auth0", False, "/")),
            ("/auth/oauth/token", Sender("auth0", False, "/oauth/token")),
            ("/auth/okta/api/v1/authn", Sender("okta", True, "/api/v1/authn")),
            ("/auth/fixed/whatever", Sender("auth0", False, "/oauth/token")),
            ("/authors", Sender(None, False, "/authors")),
            ("/", Sender(None, False, "/")),
        ],
    )
    def test_the_longest_prefix_decides_by_whole_segments(self, path: str, sender: Sender) -> None:
        """The endpoint is what follows the prefix, unless the scope names one."""
        scopes = Scopes(
            None,
            {
                "/auth": "auth0",
                "/auth/okta/": upstream("okta", whole=True),
                "/auth/fixed": upstream("auth0", False, "/oauth/token"),
            },
            (),
        )

        assert scopes.sender(path, {}) == sender

    def test_a_scope_at_the_root_holds_everything(self) -> None:
        """An app that does nothing but proxy."""
        assert Scopes(None, {"/": "auth0"}, ()).sender("/oauth/token", {}) == Sender("auth0", False, "/oauth/token")

    @pytest.mark.parametrize(
        ("known", "endpoint"),
        [(("/token", "/oauth/token"), "/token"), (("/oauth/token",), "/oauth/token"), ((), "/token")],
    )
    def test_the_endpoint_is_the_first_path_that_the_provider_has(
        self, known: tuple[str, ...], endpoint: str | None
    ) -> None:
        """Below the prefix, else the whole: a scope may begin with the provider's own segments."""
        scopes = Scopes(None, {"/oauth": "auth0"}, ())
        found = scopes.sender("/oauth/token", {}, lambda provider, path: provider == "auth0" and path in known)

        assert found == Sender("auth0", False, endpoint)

    def test_a_scope_of_the_provider_that_answers_everything_is_certain(self) -> None:
        """`provider=` says it of all paths."""
        scopes = Scopes("auth0", {"/a": "auth0", "/b": "okta"}, ())

        assert [scopes.sender(path, {}).certain for path in ("/a/x", "/b/x", "/c")] == [True, False, True]

    def test_a_callable_may_decide_by_the_request(self) -> None:
        """It gets the scope or environ, and gives a name, an `upstream`, or None."""
        rules: dict[str, Any] = {"a": "auth0", "b": upstream("okta", whole=True, endpoint="/x"), "c": None}
        scopes = Scopes(None, lambda request: rules[request["tenant"]], ())

        assert [scopes.sender("/p", {"tenant": name}) for name in "abc"] == [
            Sender("auth0", False, "/p"),
            Sender("okta", True, "/x"),
            Sender(None, False, "/p"),
        ]

    def test_a_callable_that_gives_nonsense_is_told_so(self) -> None:
        """The gate turns it into a fault of ours and passes the response."""
        nonsense: Any = lambda _request: "x"  # noqa: E731

        with pytest.raises(ValueError, match=r"invalid providers\(\): 'x'"):
            Scopes(None, nonsense, ()).sender("/p", {})

    @pytest.mark.parametrize(
        ("path", "excluded"), [("/health", True), ("/health/live", True), ("/healthy", False), ("/", False)]
    )
    def test_excludes_by_whole_segments(self, path: str, excluded: bool) -> None:
        """`exclude` names prefixes."""
        assert Scopes(None, None, ("/health",)).excludes(path) is excluded

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("x", None, ()), r"invalid provider: 'x'; expected one of"),
            ((None, {"auth": "auth0"}, ()), r"invalid providers: prefix: 'auth'; .*starts with '/'"),
            ((None, {1: "auth0"}, ()), r"invalid providers: prefix: 1;"),
            ((None, {"/a": "x"}, ()), r"invalid providers\['/a'\]: 'x'"),
            ((None, ["/a"], ()), r"invalid providers: \['/a'\]; .*callable"),
        ],
    )
    def test_refuses_an_invalid_value(self, arguments: Any, message: str) -> None:
        """When it is built, naming the option."""
        with pytest.raises(ValueError, match=message):
            Scopes(*arguments)

    @pytest.mark.parametrize(
        ("provider", "providers", "exclude", "by_path"),
        [
            (None, None, (), False),
            ("auth0", None, (), False),
            (None, {"/a": "auth0"}, (), True),
            (None, None, ("/a",), True),
            (None, lambda _: None, (), True),
        ],
    )
    def test_says_whether_the_path_decides(self, provider: Any, providers: Any, exclude: Any, by_path: bool) -> None:
        """Where it decides nothing, adapters do not compute it."""
        assert Scopes(provider, providers, exclude).by_path is by_path


@pytest.mark.parametrize(
    ("path", "prefix", "is_below"),
    [
        ("/a", "/a", True),
        ("/a/b", "/a", True),
        ("/ab", "/a", False),
        ("/a/b", "/a/", True),
        ("/a", "/a/", False),
        ("/x", "", True),
    ],
)
def test_below_compares_whole_segments(path: str, prefix: str, is_below: bool) -> None:
    """So that `/authors` is not below `/auth`."""
    assert below(path, prefix) is is_below
