"""The options that concern one response: what each may be, checked once, compiled into what the core reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from authproblem._core.members import PassText
from authproblem._core.retry import DEFAULT_MAX_WAIT
from authproblem._registry.registry import Registry

DEFAULT_TYPE_BASE = "urn:problem-type:auth:"
DEFAULT_MAX_BODY = 262_144
"""Bytes of an error body, coded and decoded. Identity Engine documents, the largest, have up to 30 KB."""


class Policy(NamedTuple):
    """What decides about one response; the options of `normalize`.

    Attributes:
        registry: the entries.
        type_base: what stands before the slug in `type`.
        status: `upstream` keeps the upstream's HTTP status, `canonical` sends the problem type's.
        disclosure: `off`, `safe` or `strict`: what a stranger may tell answers apart by.
        texts: `known` sends registered texts on, `all` every text.
        pass_text: the app's own decision about an unknown text.
        flow_control: whether polling, nonces and the like are normalized too.
        transaction_states: whether failures that come with a status below 400 are.
        max_body: bytes of a body, coded and decoded; larger ones are left alone.
        max_wait: seconds above which a wait is not believed.
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


def make_policy(given: Mapping[str, Any], *, disclosure: str = "off") -> Policy:
    """Check the options that concern one response.

    Raises:
        ValueError: naming the option and what would be right.
    """
    for name in given:
        if name not in Policy._fields:
            _wrong(name, given[name], f"one of the options {', '.join(Policy._fields)}")
    checked = {
        name: _POLICY[name](name, value) for name, value in given.items() if value is not None or name == "pass_text"
    }
    checked.setdefault("registry", Registry.builtin())
    checked.setdefault("disclosure", disclosure)
    return Policy(**checked)


def _wrong(name: str, value: object, right: str) -> Any:
    msg = f"{name}={value!r} does not hold; it has to be {right}"
    raise ValueError(msg)


Check = Callable[[str, Any], Any]


def _choice(*allowed: str) -> Check:
    def check(name: str, value: Any) -> Any:
        return value if value in allowed else _wrong(name, value, "one of " + ", ".join(map(repr, allowed)))

    return check


def _flag(name: str, value: Any) -> Any:
    return value if isinstance(value, bool) else _wrong(name, value, "True or False")


def _call(name: str, value: Any) -> Any:
    return value if value is None or callable(value) else _wrong(name, value, "a callable or None")


def _number(least: int) -> Check:
    def check(name: str, value: Any) -> Any:
        right = isinstance(value, int) and not isinstance(value, bool) and value >= least
        return value if right else _wrong(name, value, f"a whole number of at least {least}")

    return check


def _registry(name: str, value: Any) -> Any:
    return (
        value
        if isinstance(value, Registry)
        else _wrong(name, value, "a Registry, such as Registry.builtin().extend(...)")
    )


def _type_base(name: str, value: Any) -> Any:
    right = (
        isinstance(value, str)
        and ":" in value
        and value.isascii()
        and value.isprintable()
        and not set(' "<>\\') & set(value)
    )
    return (
        value
        if right
        else _wrong(
            name, value, "an absolute URI to which the slug is appended, such as 'https://docs.example.com/errors#'"
        )
    )


_POLICY: dict[str, Check] = {
    "registry": _registry,
    "type_base": _type_base,
    "status": _choice("upstream", "canonical"),
    "disclosure": _choice("safe", "strict", "off"),
    "texts": _choice("known", "all"),
    "pass_text": _call,
    "flow_control": _flag,
    "transaction_states": _flag,
    "max_body": _number(1),
    "max_wait": _number(0),
}
