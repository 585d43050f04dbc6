"""The options of a middleware: what each may be, checked once when a middleware is built.

A wrong option raises at start-up and names itself and what would be right; nothing is checked again on a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypedDict

from authproblem._core.members import PassText
from authproblem._core.policy import _POLICY, Check, Policy, _call, _choice, _flag, _wrong, make_policy
from authproblem._middleware.scopes import Providers, Scopes
from authproblem._registry.registry import Registry
from authproblem._upstream.media_types import JSON, PROBLEM

MEDIA_TYPES = {"auto": None, "problem": PROBLEM, "json": JSON}


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
