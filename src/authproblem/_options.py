"""The options: what each may be, checked once when a middleware is built, compiled into what the core reads.

A wrong option raises at start-up and names itself and what would be right; nothing is checked again on a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypedDict

from authproblem._members import PassText
from authproblem._negotiate import JSON, PROBLEM
from authproblem._registry import Registry
from authproblem._retry import DEFAULT_MAX_WAIT
from authproblem._scope import Providers, Scopes

DEFAULT_TYPE_BASE = "urn:problem-type:auth:"
DEFAULT_MAX_BODY = 262_144
"""Bytes of an error body, coded and decoded. Identity Engine documents, the largest, have up to 30 KB."""

MEDIA_TYPES = {"auto": None, "problem": PROBLEM, "json": JSON}


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


class Options(NamedTuple):
    """All options of a middleware, checked and compiled."""

    policy: Policy
    scopes: Scopes
    observe: bool = False
    media_type: str | None = None
    state_paths: tuple[str, ...] = ()
    mark_redirects: bool = False
    callback_paths: tuple[str, ...] = ()
    exceptions: bool = False
    upstream_hosts: tuple[str, ...] = ()
    respect_no_transform: bool = False
    expose_headers: bool = True
    log_upstream_text: bool = False
    on_problem: Callable[[Any], object] | None = None


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


class ReaderOptions(TypedDict, total=False):
    """The options that every door has, for type checkers and editors; `make_options` is what checks them.

    Not those on which request is whose: on the client's side the host tells the provider.
    """

    registry: Registry
    mode: str
    type_base: str
    status: str
    media_type: str
    disclosure: str
    texts: str
    pass_text: PassText | None
    flow_control: bool
    transaction_states: Iterable[str]
    mark_redirects: bool
    exclude: Iterable[str]
    max_body: int
    max_wait: int
    respect_no_transform: bool
    expose_headers: bool
    log_upstream_text: bool
    on_problem: Callable[[Any], object] | None


class OptionsDict(ReaderOptions, total=False):
    """The keyword arguments of a middleware."""

    provider: str | None
    providers: Providers
    callback_paths: Iterable[str]
    exceptions: bool
    upstream_hosts: Iterable[str]


def make_options(given: Mapping[str, Any]) -> Options:
    """Check the keyword arguments of a middleware.

    Raises:
        ValueError: naming the option and what would be right.
        TypeError: for an option that does not exist, as Python does for a keyword argument.
    """
    known = {*_POLICY, *_DOOR}
    for name in given:
        if name not in known:
            msg = f"unknown option {name!r}; the options are {', '.join(sorted(known))}"
            raise TypeError(msg)
    states = _paths("transaction_states", given.get("transaction_states", ()))
    per_response = {name: value for name, value in given.items() if name in _POLICY and name != "transaction_states"}
    policy = make_policy({"disclosure": "safe", **per_response, "transaction_states": bool(states)})
    door = {name: _DOOR[name](name, value) for name, value in given.items() if name in _DOOR}
    scopes = Scopes(door.pop("provider", None), door.pop("providers", None), door.pop("exclude", ()))
    mode = door.pop("mode", "rewrite")
    return Options(policy=policy, scopes=scopes, observe=mode == "observe", state_paths=states, **door)


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


def _names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        _wrong(name, value, "a tuple or list of strings")
    names = tuple(value)
    return (
        names
        if all(isinstance(item, str) and item for item in names)
        else _wrong(name, value, "a tuple or list of strings")
    )


def _paths(name: str, value: Any) -> tuple[str, ...]:
    paths = _names(name, value)
    return paths if all(path.startswith("/") for path in paths) else _wrong(name, value, "paths that start with '/'")


def _media_type(name: str, value: Any) -> Any:
    return MEDIA_TYPES[_choice(*MEDIA_TYPES)(name, value)]


def _hosts(name: str, value: Any) -> Any:
    hosts = tuple(host.lower() for host in _names(name, value))
    bad = [host for host in hosts if set(host) & set("/:@ ")]
    return _wrong(name, value, "bare host names such as 'login.example.com'") if bad else hosts


def _any(_name: str, value: Any) -> Any:
    return value


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
_DOOR: dict[str, Check] = {
    "provider": _any,  # checked by Scopes, with `providers`
    "providers": _any,
    "mode": _choice("rewrite", "observe"),
    "media_type": _media_type,
    "mark_redirects": _flag,
    "callback_paths": _paths,
    "exceptions": _flag,
    "upstream_hosts": _hosts,
    "exclude": _paths,
    "respect_no_transform": _flag,
    "expose_headers": _flag,
    "log_upstream_text": _flag,
    "on_problem": _call,
}
