"""Options: what each may be; a wrong one raises when the middleware is built, naming itself and what would be right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry, normalize, upstream
from authproblem._core.policy import make_policy
from authproblem._middleware.options import make_options
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware

MIDDLEWARE = {"asgi": AsgiMiddleware, "wsgi": WsgiMiddleware}
by_middleware = pytest.mark.parametrize("middleware", MIDDLEWARE.values(), ids=MIDDLEWARE)

DEFAULTS: dict[str, Any] = {
    "provider": None,
    "providers": None,
    "registry": Registry.builtin(),
    "mode": "rewrite",
    "type_base": "urn:problem-type:auth:",
    "status": "upstream",
    "media_type": "auto",
    "disclosure": "safe",
    "texts": "known",
    "pass_text": None,
    "flow_control": False,
    "transaction_states": (),
    "mark_redirects": False,
    "callback_paths": (),
    "exceptions": False,
    "upstream_hosts": (),
    "exclude": (),
    "max_body": 262_144,
    "max_wait": 86_400,
    "respect_no_transform": False,
    "expose_headers": True,
    "log_upstream_text": False,
    "on_problem": None,
}
RIGHT: dict[str, list[Any]] = {
    "provider": ["auth0", "okta", "oauth"],
    "providers": [{"/a": "auth0", "/b": upstream("okta")}, {}, lambda _scope: None],
    "mode": ["observe"],
    "type_base": ["https://docs.example.com/errors#", "tag:example.com,2026:", "urn:X:"],
    "status": ["canonical"],
    "media_type": ["problem", "json"],
    "disclosure": ["strict", "off"],
    "texts": ["all"],
    "pass_text": [lambda _problem, _member, _text: None],
    "transaction_states": [("/api/v1/authn",), ["/x", "/y"]],
    "callback_paths": [("/callback",)],
    "upstream_hosts": [("login.example.com",), ["LOGIN.example.com"]],
    "exclude": [("/health", "/metrics")],
    "max_body": [1],
    "max_wait": [0],
    "on_problem": [print],
    **{name: [True, False] for name, default in DEFAULTS.items() if isinstance(default, bool)},
}
WRONG: dict[str, list[Any]] = {
    "provider": ["keycloak", "AUTH0", "", 7, True],
    "providers": ["auth0", {"a": "auth0"}, {"/a": "x"}, {"/a": None}, {7: "auth0"}, ["/a"], 7],
    "registry": [{}, "registry.json", Registry],
    "mode": ["dry-run", None, True],
    "type_base": ["", "errors/", "https://x y/", "https://x/\u00e9", 'https://x/"', "https://x/<", 7, "a:\n"],
    "status": ["Upstream", "original", 200],
    "media_type": ["text/html", "application/json", 7],
    "disclosure": ["on", "Strict", True],
    "texts": ["none", True],
    "pass_text": ["x", 7],
    "transaction_states": ["/api/v1/authn", ["api"], [7], True, [""]],
    "callback_paths": ["/callback", ("callback",), 7],
    "upstream_hosts": ["login.example.com", ["https://login.example.com"], ["a:443"], ["a/b"], [7], ["a@b"], ["a b"]],
    "exclude": ["/health", ["health"], 7, [None]],
    "max_body": [0, -1, 1.5, "1", True],
    "max_wait": [-1, 1.5, "1", True],
    "on_problem": ["x", 7],
    **{name: [1, 0, "yes"] for name, default in DEFAULTS.items() if isinstance(default, bool)},
}


LIST, PATHS = "a tuple or list of strings", "paths that start with '/'"
WISHES: dict[str, tuple[str, ...]] = {
    "provider": ("one of 'auth0', 'okta', 'oauth'",),
    "providers": (
        "one of 'auth0', 'okta', 'oauth'",
        "map path prefixes to providers, or be callable",
        "a path that starts with '/'",
    ),
    "registry": ("a Registry, such as Registry.builtin().extend(...)",),
    "mode": ("one of 'rewrite', 'observe'",),
    "type_base": ("an absolute URI to which the slug is appended, such as 'https://docs.example.com/errors#'",),
    "status": ("one of 'upstream', 'canonical'",),
    "media_type": ("one of 'auto', 'problem', 'json'",),
    "disclosure": ("one of 'safe', 'strict', 'off'",),
    "texts": ("one of 'known', 'all'",),
    "pass_text": ("a callable or None",),
    "transaction_states": (LIST, PATHS),
    "callback_paths": (LIST, PATHS),
    "upstream_hosts": (LIST, "bare host names such as 'login.example.com'"),
    "exclude": (LIST, PATHS),
    "max_body": ("a whole number of at least 1",),
    "max_wait": ("a whole number of at least 0",),
    "on_problem": ("a callable or None",),
    **{name: ("True or False",) for name, default in DEFAULTS.items() if isinstance(default, bool)},
}
"""How a message ends: what would be right."""


def vars_of(value: Any) -> dict[str, Any]:
    """The attributes of an object with slots."""
    return {name: getattr(value, name) for name in type(value).__slots__}


def rows(table: dict[str, list[Any]]) -> list[Any]:
    """Each value of each option as a case."""
    return [pytest.param(name, value, id=f"{name}-{value!r:.40}") for name, values in table.items() for value in values]


@by_middleware
@pytest.mark.parametrize(("name", "value"), rows(RIGHT))
def test_a_right_value_holds(middleware: Any, name: str, value: object) -> None:
    """For both doors alike."""
    assert middleware(lambda *_: None, **{name: value}) is not None


@by_middleware
@pytest.mark.parametrize(("name", "value"), rows(WRONG))
def test_a_wrong_value_raises_when_the_middleware_is_built(middleware: Any, name: str, value: object) -> None:
    """The message names the option and what would be right."""
    with pytest.raises(ValueError, match=name) as caught:
        middleware(lambda *_: None, **{name: value})
    assert str(caught.value).partition("; it has to ")[2].removeprefix("be ") in WISHES[name]


@by_middleware
def test_hosts_are_compared_in_lower_case(middleware: Any) -> None:
    """As DNS does."""
    assert middleware(None, upstream_hosts=["Login.Example.COM"])._gate.options.upstream_hosts == ("login.example.com",)


@by_middleware
def test_the_defaults_are_those_of_the_contract(middleware: Any) -> None:
    """Spelling them out changes nothing."""
    spelt, unspelt = (
        middleware(None, **{**DEFAULTS, "registry": Registry.builtin()})._gate.options,
        middleware(None)._gate.options,
    )

    assert spelt._replace(scopes=None) == unspelt._replace(scopes=None)
    assert vars_of(spelt.scopes) == vars_of(unspelt.scopes)


@by_middleware
def test_there_is_no_other_option(middleware: Any) -> None:
    """A misspelt one raises as a keyword argument of Python's does, and says which ones there are."""
    with pytest.raises(TypeError, match="unknown option 'provder'") as caught:
        middleware(None, provder="auth0")
    assert [name for name in DEFAULTS if name not in str(caught.value)] == []


@by_middleware
def test_options_are_keyword_only(middleware: Any) -> None:
    """So that their order means nothing."""
    with pytest.raises(TypeError):
        middleware(None, "auth0")


@pytest.mark.parametrize(
    ("name", "value"),
    [row for row in rows(WRONG) if row.values[0] in {*make_policy({})._fields} - {"transaction_states", "status"}],
)
def test_normalize_refuses_the_same(name: str, value: object) -> None:
    """Those options that concern one response."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=name):
        normalize(400, [], b"", **options)


@pytest.mark.parametrize("name", make_policy({})._fields)
def test_none_is_the_default_of_normalize(name: str) -> None:
    """As of a middleware's `pass_text`; so that a caller may hand on what it was given."""
    options: dict[str, Any] = {name: None}
    body = b'{"errorCode":"E0000004","errorSummary":"x"}'

    assert normalize(401, [], body, **options) == normalize(401, [], body)


def test_normalize_says_which_options_there_are() -> None:
    """Its unknown ones are values that do not hold."""
    options: dict[str, Any] = {"type_bas": "urn:x:"}
    with pytest.raises(ValueError, match=r"type_bas='urn:x:'.* one of the options registry, type_base, status, "):
        normalize(400, [], b"", **options)


@pytest.mark.parametrize(("status", "sent"), [("upstream", 400), ("canonical", 403)])
def test_normalize_takes_the_option_status_as_well(status: str, sent: int) -> None:
    """It is one of those that concern one response."""
    options: dict[str, Any] = {"status": status}
    found = normalize(400, [], b'{"error":"mfa_required"}', provider="auth0", **options)

    assert found is not None
    assert found.status == sent


@pytest.mark.parametrize("value", [("/api/v1/authn",), "yes", 1])
def test_normalize_takes_transaction_states_as_a_boolean(value: object) -> None:
    """It sees no path of the app."""
    with pytest.raises(ValueError, match=r"transaction_states=.*True or False"):
        normalize(400, [], b"", transaction_states=value)


@pytest.mark.parametrize("name", ["mode", "exclude", "media_type", "provders", "on_problem"])
def test_normalize_has_no_option_of_a_door(name: str) -> None:
    """It sends nothing."""
    with pytest.raises((ValueError, TypeError), match=name):
        normalize(400, [], b"", **{name: None})


@pytest.mark.parametrize(("provider", "endpoint"), [("x", None), ("auth0", "oauth/token"), (None, "token"), (None, 7)])
def test_normalize_refuses_a_wrong_provider_and_endpoint(provider: Any, endpoint: Any) -> None:
    """Naming which."""
    with pytest.raises(ValueError, match="provider='x'" if provider == "x" else "endpoint="):
        normalize(400, [], b"", provider=provider, endpoint=endpoint)


def test_a_stranger_is_told_less_by_a_door_than_the_app_by_the_function() -> None:
    """`disclosure` is `safe` at the doors and `off` in `normalize`."""
    assert [make_options({}).policy.disclosure, make_policy({}).disclosure] == ["safe", "off"]


@given(
    st.sampled_from(sorted(DEFAULTS)),
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.lists(st.text(max_size=5), max_size=2)),
)
def test_any_value_either_holds_or_raises_a_value_error(name: str, value: object) -> None:
    """Never anything else, and never later."""
    try:
        options = make_options({name: value})
    except ValueError as error:
        message = str(error)
    else:
        message = f"{name} holds: {options}"

    assert name in message
