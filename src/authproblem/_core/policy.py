"""`Policy`: the options that concern one response, with the checks of their values.

Options of the middleware alone, such as scopes and events, are in `_middleware.options`, which uses the same checks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from authproblem._core.members import PassText
from authproblem._registry.registry import Registry
from authproblem.errors import invalid, unknown_option

DEFAULT_TYPE_BASE = "urn:problem-type:auth:"
DEFAULT_MAX_BODY = 262_144
"""Bytes of an error body, coded and decoded. Identity Engine documents, the largest, have up to 30 KB."""
DEFAULT_MAX_WAIT = 86_400
"""Seconds; a longer wait is not valid. The longest that either vendor documents is a day, Auth0's quotas."""


class Policy(NamedTuple):
    """The options of `normalize`, which decide about one response.

    Attributes:
        registry: the entries.
        type_base: what precedes the slug in `type`.
        status: `upstream` keeps the upstream's HTTP status, `canonical` sends the problem type's.
        disclosure: `off`, `safe` or `strict`: which errors an unauthenticated caller cannot distinguish.
        texts: `known` sends registered texts on, `all` every text.
        pass_text: the app's own decision about an unknown text.
        flow_control: whether polling, nonces and the like are normalized too.
        transaction_states: whether failures that come with a status below 400 are.
        max_body: bytes of a body, coded and decoded; larger ones are left alone.
        max_wait: seconds above which a wait is not valid.
    """

    registry: Registry
    type_base: str = DEFAULT_TYPE_BASE
    status: str = "upstream"
    disclosure: str = "off"
    texts: str = "known"
    pass_text: PassText | None = None
    flow_control: bool = False
    transaction_states: bool = False
    max_body: int = DEFAULT_MAX_BODY
    max_wait: int = DEFAULT_MAX_WAIT


Constructor = TypeVar("Constructor", bound=Callable[..., None])
Check = Callable[[str, Any], Any]
"""A function that returns the compiled value of an option, or raises `ConfigurationError`."""


def make_policy(given: Mapping[str, Any]) -> Policy:
    """Check the options that concern one response; `registry=None` is the built-in one.

    Raises:
        UnknownOptionError: for an option that does not exist.
        ConfigurationError: for an invalid value; the message names the option and what is expected.
    """
    for name in given:
        if name not in CHECKS:
            unknown_option(name, CHECKS)
    checked = {name: CHECKS[name](name, value) for name, value in given.items()}
    checked["registry"] = checked.get("registry") or Registry.builtin()
    return Policy(**checked)


def checks_names(constructor: Constructor) -> Constructor:
    """Decorate a constructor that takes options alone: an unknown one raises, naming the nearest one that exists.

    Raises:
        UnknownOptionError: for an option that does not exist.
    """

    @wraps(constructor)
    def checked(self: Any, **options: Any) -> None:
        for name in options:
            if name not in CHECKS:
                unknown_option(name, CHECKS)
        constructor(self, **options)

    return checked  # type: ignore[return-value] # the same signature, by wraps


def choice(*allowed: str) -> Check:
    """Return a check for one of several strings."""

    def check(name: str, value: Any) -> Any:
        if not (isinstance(value, str) and value in allowed):
            invalid(name, value, "one of " + ", ".join(map(repr, allowed)), allowed)
        return value

    return check


def flag(name: str, value: Any) -> Any:
    """Check a boolean."""
    return value if isinstance(value, bool) else invalid(name, value, "True or False")


def function(name: str, value: Any) -> Any:
    """Check an optional callable; a coroutine function would never be awaited."""
    if value is not None and not callable(value):
        invalid(name, value, "a callable or None")
    if value is not None and _is_coroutine_function(value):
        invalid(name, value, "a plain function: it is called inline and cannot be awaited")
    return value


def number(least: int) -> Check:
    """Return a check for a whole number."""

    def check(name: str, value: Any) -> Any:
        valid = isinstance(value, int) and not isinstance(value, bool) and value >= least
        return value if valid else invalid(name, value, f"a whole number of at least {least}")

    return check


def _is_coroutine_function(value: Any) -> bool:
    flags = getattr(getattr(value, "__code__", None) or getattr(type(value).__call__, "__code__", None), "co_flags", 0)
    return bool(flags & 0x80)  # inspect.CO_COROUTINE; importing inspect would take longer than this package


def _registry(name: str, value: Any) -> Any:
    if value is not None and not isinstance(value, Registry):
        invalid(name, value, "a Registry, such as Registry.builtin().extend(...)")
    return value


def _type_base(name: str, value: Any) -> Any:
    valid = (
        isinstance(value, str)
        and ":" in value
        and value.isascii()
        and value.isprintable()
        and not set(' "<>\\') & set(value)
        and value.endswith(("/", "#", ":", "="))
    )
    expected = "an absolute URI that ends with '/', '#', ':' or '=', such as 'https://docs.example.com/errors#'"
    return value if valid else invalid(name, value, expected)


CHECKS: dict[str, Check] = {
    "registry": _registry,
    "type_base": _type_base,
    "status": choice("upstream", "canonical"),
    "disclosure": choice("safe", "strict", "off"),
    "texts": choice("known", "all"),
    "pass_text": function,
    "flow_control": flag,
    "transaction_states": flag,
    "max_body": number(1),
    "max_wait": number(0),
}
