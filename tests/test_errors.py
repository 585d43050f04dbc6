"""The package's own errors: one hierarchy, one form of message, and what each mistake in the options raises."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from authproblem import Normalizer, Registry, classify, normalize
from authproblem._core.build import bare_problem
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.errors import (
    AuthProblemError,
    ConfigurationError,
    Error,
    MissingExtraError,
    RegistryError,
    UnknownOptionError,
    did_you_mean,
    message,
)
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware

JSON_TYPE = {"content-type": "application/json"}


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app."""


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    """A WSGI app."""
    return []


BUILT = {"asgi": (AsgiMiddleware, asgi_app), "wsgi": (WsgiMiddleware, wsgi_app)}
both = pytest.mark.parametrize("adapter", BUILT)


def build(adapter: str, **options: Any) -> Any:
    """Build a middleware with options."""
    kind, app = BUILT[adapter]
    return kind(app, **options)


@both
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"providers": {"/auth/*": "auth0"}}, "invalid providers: prefix: '/auth/*'; expected a path"),
        ({"providers": {"/auth": "auht0"}}, "invalid providers['/auth']: 'auht0'; expected one of 'auth0'"),
        ({"providers": ["/auth"]}, "invalid providers: ['/auth']; expected a mapping"),
        (
            {"provider": "okat"},
            "invalid provider: 'okat'; expected one of 'auth0', 'okta', 'oauth'; did you mean 'okta'?",
        ),
        ({"upstream_hosts": ["*.example.com"]}, "invalid upstream_hosts: '*.example.com'; expected bare host names"),
        ({"upstream_hosts": "example.com"}, "invalid upstream_hosts: 'example.com'; expected bare host names"),
        ({"exclude": None}, "invalid exclude: None; expected a tuple or list of paths"),
        ({"exclude": ["health"]}, "invalid exclude: 'health'; expected a tuple or list of paths"),
        ({"max_wait": None}, "invalid max_wait: None; expected a whole number of at least 0"),
        ({"max_body": 0}, "invalid max_body: 0; expected a whole number of at least 1"),
        ({"max_body": True}, "invalid max_body: True; expected a whole number"),
        (
            {"type_base": "https://docs.example.com/errors"},
            "invalid type_base: 'https://docs.example.com/errors'; expected",
        ),
        ({"type_base": "errors#"}, "invalid type_base: 'errors#'; expected an absolute URI"),
        ({"mode": "dry-run"}, "invalid mode: 'dry-run'; expected one of 'rewrite', 'observe'"),
        ({"exceptions": 1}, "invalid exceptions: 1; expected True or False"),
        ({"on_problem": asgi_app}, "expected a plain function: it is called inline and cannot be awaited"),
        ({"pass_text": "all"}, "invalid pass_text: 'all'; expected a callable or None"),
        ({"registry": {}}, "invalid registry: {}; expected a Registry"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_invalid_option_fails_when_the_middleware_is_built(
    adapter: str, options: dict[str, Any], expected: str
) -> None:
    """The message has the option, its value and what is expected, in the same form for all."""
    with pytest.raises(ConfigurationError) as caught:
        build(adapter, **options)

    assert expected in str(caught.value)


@both
def test_an_unknown_option_is_a_type_error_with_a_suggestion(adapter: str) -> None:
    """As for any unknown keyword argument."""
    with pytest.raises(UnknownOptionError, match=r"unknown option 'provder'; .*; did you mean 'provider'\?") as caught:
        build(adapter, provder="okta")

    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("kind", "app", "expected"),
    [
        (AsgiMiddleware, None, "an ASGI 3 app"),
        (AsgiMiddleware, wsgi_app, "an ASGI 3 app"),
        (WsgiMiddleware, None, "a WSGI app"),
        (WsgiMiddleware, asgi_app, "a WSGI app"),
    ],
    ids=["None for ASGI", "WSGI for ASGI", "None for WSGI", "ASGI for WSGI"],
)
def test_an_app_of_another_kind_is_refused(kind: Any, app: Any, expected: str) -> None:
    """Otherwise the first request would fail, and not the start."""
    with pytest.raises(ConfigurationError, match=f"invalid app: .*; expected {expected}"):
        kind(app)


def test_an_app_without_a_signature_is_accepted() -> None:
    """As callables in C may be: what they take cannot be known."""

    class App:
        """A callable whose signature cannot be read."""

        __signature__ = 5

        def __call__(self, *_: Any) -> list[bytes]:
            return []

    app = App()

    assert WsgiMiddleware(app).app is app


@pytest.mark.parametrize("call", [normalize, classify, Normalizer().normalize, Normalizer().classify])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("400", {}, b"{}"), "status is str; expected an int such as 400"),
        ((400, 5, b"{}"), r"headers is int; expected a mapping or an iterable of \(name, value\) pairs"),
        ((400, JSON_TYPE, "{}"), "body is str; expected bytes, as they came from the network"),
    ],
    ids=["status", "headers", "body"],
)
def test_an_argument_of_another_type_is_a_type_error(
    call: Callable[..., Any], arguments: tuple[Any, ...], expected: str
) -> None:
    """It says what is expected."""
    with pytest.raises(TypeError, match=expected):
        call(*arguments)


@pytest.mark.parametrize("kind", [AuthProblemError, ConfigurationError, MissingExtraError])
def test_all_errors_have_one_base(kind: type[Exception]) -> None:
    """And the built-in class that callers already catch."""
    assert issubclass(kind, Error)
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(RegistryError, ConfigurationError)
    assert issubclass(UnknownOptionError, (ConfigurationError, TypeError))
    assert issubclass(MissingExtraError, ImportError)


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("invalid x: 1; expected 2"),
        RegistryError("acme.json, entry 1: invalid type", "acme.json, entry 1"),
        MissingExtraError("authproblem.redis", "redis"),
        AuthProblemError(bare_problem("rate-limited", 429, "okta")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_a_pickle(error: Error) -> None:
    """Process pools pass exceptions to their parents."""
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)


def test_a_row_of_a_registry_is_named() -> None:
    """By file or mapping, number and id."""
    with pytest.raises(RegistryError) as caught:
        Registry.builtin().extend({"entries": [{"id": "okta:x", "code": "x", "type": "acces-denied"}]})

    assert caught.value.row == "the registry extension, entry 1 (okta:x)"
    assert str(caught.value).endswith("did you mean 'access-denied'?")


def test_a_long_value_is_cut() -> None:
    """A message stays readable, whatever was given."""
    text = message("x", "y" * 1000, "less")

    assert text.endswith("...; expected less")
    assert len(text) < 250


@pytest.mark.parametrize(("value", "expected"), [("okat", "; did you mean 'okta'?"), ("zzz", ""), (5, ""), (None, "")])
def test_only_a_near_text_gets_a_suggestion(value: object, expected: str) -> None:
    """Anything else would mislead."""
    assert did_you_mean(value, ("auth0", "okta")) == expected
