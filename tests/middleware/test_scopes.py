"""Who sent a response, as far as the app says: options, and the mark on a response."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import upstream
from authproblem._core.sender import Sender, Upstream
from authproblem._middleware.scopes import Scopes, below


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

    def test_a_scope_at_the_root_covers_everything(self) -> None:
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

    def test_a_scope_of_the_provider_that_sends_everything_is_certain(self) -> None:
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

    def test_a_callable_that_returns_no_provider_is_reported(self) -> None:
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
    def test_shows_whether_the_path_decides(self, provider: Any, providers: Any, exclude: Any, by_path: bool) -> None:
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
