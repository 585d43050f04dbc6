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
from authproblem.errors import ConfigurationError, UnknownOptionError
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware

MIDDLEWARE = {"asgi": AsgiMiddleware, "wsgi": WsgiMiddleware}
APPS: dict[Any, Any] = {AsgiMiddleware: lambda scope, receive, send: None, WsgiMiddleware: lambda environ, start: []}
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
    "type_base": [
        "https://docs.example.com/errors#",
        "https://x/?type=",
        "https://x/errors/",
        "tag:example.com,2026:",
        "urn:X:",
    ],
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


async def async_callback(*_arguments: object) -> None:
    """What cannot be awaited where it is called."""


WRONG: dict[str, list[Any]] = {
    "provider": ["keycloak", "AUTH0", "", 7, True],
    "providers": ["auth0", {"/auth/*": "auth0"}, {"a": "auth0"}, {"/a": "x"}, {"/a": None}, {7: "auth0"}, ["/a"], 7],
    "registry": [{}, "registry.json", Registry],
    "mode": ["dry-run", None, True],
    "type_base": [
        "",
        "errors/",
        "https://x y/",
        "https://x/\u00e9",
        'https://x/"',
        "https://x/<",
        7,
        "a:\n",
        "https://x/errors",
        None,
    ],
    "status": ["Upstream", "original", 200],
    "media_type": ["text/html", "application/json", 7],
    "disclosure": ["on", "Strict", True],
    "texts": ["none", True],
    "pass_text": ["x", 7, async_callback],
    "transaction_states": ["/api/v1/authn", ["api"], [7], True, [""]],
    "callback_paths": ["/callback", ("callback",), 7],
    "upstream_hosts": [
        "login.example.com",
        ["https://login.example.com"],
        ["a:443"],
        ["a/b"],
        [7],
        ["a@b"],
        ["a b"],
        ["*.example.com"],
        None,
    ],
    "exclude": ["/health", ["health"], ["/x/*"], 7, [None], None],
    "max_body": [0, -1, 1.5, "1", True],
    "max_wait": [-1, 1.5, "1", True, None],
    "on_problem": ["x", 7, async_callback],
    **{name: [1, 0, "yes"] for name, default in DEFAULTS.items() if isinstance(default, bool)},
}


PATHS = "a tuple or list of paths that start with '/'"
BELOW = "; a path covers everything below it, without '*'"
CALLABLES = ("a callable or None", "a plain function: it is called inline and cannot be awaited")
WISHES: dict[str, tuple[str, ...]] = {
    "provider": ("one of 'auth0', 'okta', 'oauth'",),
    "providers": (
        "one of 'auth0', 'okta', 'oauth'",
        "a mapping of path prefixes to providers, or a callable",
        "a path that starts with '/', such as '/auth'; it covers everything below it, without '*'",
    ),
    "registry": ("a Registry, such as Registry.builtin().extend(...)",),
    "mode": ("one of 'rewrite', 'observe'",),
    "type_base": ("an absolute URI that ends with '/', '#', ':' or '=', such as 'https://docs.example.com/errors#'",),
    "status": ("one of 'upstream', 'canonical'",),
    "media_type": ("one of 'auto', 'problem', 'json'",),
    "disclosure": ("one of 'safe', 'strict', 'off'",),
    "texts": ("one of 'known', 'all'",),
    "pass_text": CALLABLES,
    "transaction_states": (PATHS, PATHS + BELOW),
    "callback_paths": (PATHS, PATHS + BELOW),
    "upstream_hosts": ("bare host names such as 'login.example.com', without scheme, port, path or '*'",),
    "exclude": (PATHS, PATHS + BELOW),
    "max_body": ("a whole number of at least 1",),
    "max_wait": ("a whole number of at least 0",),
    "on_problem": CALLABLES,
    **{name: ("True or False",) for name, default in DEFAULTS.items() if isinstance(default, bool)},
}
"""How a message ends: what is expected."""


def options_of(middleware: Any, **options: Any) -> Any:
    """Return the compiled options of a middleware."""
    return middleware(APPS[middleware], **options)._interceptor.options


def vars_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an object with slots."""
    return {name: getattr(value, name) for name in type(value).__slots__}


def rows(table: dict[str, list[Any]]) -> list[Any]:
    """Return each value of each option as a case; a function by its name: its address differs in each process."""
    return [
        pytest.param(name, value, id=f"{name}-{getattr(value, '__name__', repr(value)):.40}")
        for name, values in table.items()
        for value in values
    ]


@by_middleware
@pytest.mark.parametrize(("name", "value"), rows(RIGHT))
def test_a_valid_value_is_accepted(middleware: Any, name: str, value: object) -> None:
    """By both adapters alike."""
    assert middleware(APPS[middleware], **{name: value}) is not None


@by_middleware
@pytest.mark.parametrize(("name", "value"), rows(WRONG))
def test_a_wrong_value_raises_when_the_middleware_is_built(middleware: Any, name: str, value: object) -> None:
    """The message names the option and what is expected."""
    with pytest.raises(ConfigurationError, match=f"^invalid {name}") as caught:
        middleware(APPS[middleware], **{name: value})
    assert str(caught.value).partition("; expected ")[2].partition("; did you mean")[0] in WISHES[name]


@by_middleware
def test_hosts_are_compared_in_lower_case(middleware: Any) -> None:
    """As DNS does."""
    assert options_of(middleware, upstream_hosts=["Login.Example.COM"]).upstream_hosts == ("login.example.com",)


@by_middleware
def test_the_defaults_are_those_of_the_contract(middleware: Any) -> None:
    """Spelling them out changes nothing."""
    spelt, unspelt = options_of(middleware, **DEFAULTS), options_of(middleware)

    assert spelt._replace(scopes=None) == unspelt._replace(scopes=None)
    assert vars_of(spelt.scopes) == vars_of(unspelt.scopes)


@by_middleware
def test_there_is_no_other_option(middleware: Any) -> None:
    """A misspelled one raises as any unknown keyword argument does."""
    with pytest.raises(TypeError) as caught:
        middleware(APPS[middleware], provder="auth0")
    assert "provder" in str(caught.value)


@by_middleware
def test_options_are_keyword_only(middleware: Any) -> None:
    """So that their order means nothing."""
    with pytest.raises(TypeError):
        middleware(APPS[middleware], "auth0")


@pytest.mark.parametrize(
    ("name", "value"),
    [row for row in rows(WRONG) if row.values[0] in {*make_policy({})._fields} - {"transaction_states", "status"}],
)
def test_normalize_refuses_the_same(name: str, value: object) -> None:
    """Those options that concern one response."""
    options: dict[str, Any] = {name: value}
    with pytest.raises(ConfigurationError, match=name):
        normalize(400, [], b"", **options)


@pytest.mark.parametrize("name", ["registry", "pass_text"])
def test_none_is_the_default_of_normalize(name: str) -> None:
    """Where None is what their type says."""
    options: dict[str, Any] = {name: None}
    body = b'{"errorCode":"E0000004","errorSummary":"x"}'

    assert normalize(401, [], body, **options) == normalize(401, [], body)


def test_normalize_names_the_option_that_was_meant() -> None:
    """An unknown one raises the same class everywhere."""
    options: dict[str, Any] = {"type_bas": "urn:x:"}
    with pytest.raises(UnknownOptionError, match=r"unknown option 'type_bas'; .* did you mean 'type_base'\?"):
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
    with pytest.raises(ValueError, match=r"transaction_states: .*True or False"):
        normalize(400, [], b"", transaction_states=value)


@pytest.mark.parametrize("name", ["mode", "exclude", "media_type", "provders", "on_problem"])
def test_normalize_has_no_option_of_an_adapter(name: str) -> None:
    """It sends nothing."""
    with pytest.raises((ValueError, TypeError), match=name):
        normalize(400, [], b"", **{name: None})


@pytest.mark.parametrize(("provider", "endpoint"), [("x", None), ("auth0", "oauth/token"), (None, "token"), (None, 7)])
def test_normalize_refuses_a_wrong_provider_and_endpoint(provider: Any, endpoint: Any) -> None:
    """Naming which."""
    with pytest.raises(ValueError, match="invalid provider: 'x'" if provider == "x" else "invalid endpoint: "):
        normalize(400, [], b"", provider=provider, endpoint=endpoint)


def test_the_middleware_discloses_less_than_the_function() -> None:
    """`disclosure` is `safe` in the middleware and `off` in `normalize`, which serves the app."""
    assert [make_options({}).policy.disclosure, make_policy({}).disclosure] == ["safe", "off"]


@given(
    st.sampled_from(sorted(DEFAULTS)),
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.lists(st.text(max_size=5), max_size=2)),
)
def test_any_value_is_accepted_or_refused_at_once(name: str, value: object) -> None:
    """Never anything else, and never later."""
    try:
        options = make_options({name: value})
    except ValueError as error:
        message = str(error)
    else:
        message = f"{name} is valid: {options}"

    assert name in message
