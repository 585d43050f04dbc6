"""The options of a middleware: what each may be, checked once when a middleware is built.

An invalid option raises at start-up; the message names it, its value and what is expected. Nothing is checked again for
a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypedDict

from authproblem._core.members import PassText
from authproblem._core.policy import CHECKS, Check, Policy, choice, flag, function, make_policy
from authproblem._middleware.scopes import Providers, Scopes
from authproblem._model import Provider
from authproblem._registry.registry import Registry
from authproblem._upstream.media_types import JSON, PROBLEM
from authproblem.errors import invalid, unknown_option

if TYPE_CHECKING:
    from authproblem._core.problem import Problem

MEDIA_TYPES = {"auto": None, "problem": PROBLEM, "json": JSON}

Mode = Literal["rewrite", "observe"]
MediaType = Literal["auto", "problem", "json"]
StatusOption = Literal["upstream", "canonical"]
Disclosure = Literal["safe", "strict", "off"]
TextsOption = Literal["known", "all"]


class OnProblem(Protocol):
    """A function that is called with each problem, inline: it must be fast, and must not be `async`."""

    def __call__(self, problem: Problem, /) -> None:
        """Record a problem."""


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
    on_problem: OnProblem | None = None


class ClientOptions(TypedDict, total=False):
    """The options that every adapter has, for type checkers and editors; `make_options` checks them.

    Without those that assign requests to providers: on the client's side the host does.
    """

    registry: Registry | None
    mode: Mode
    type_base: str
    status: StatusOption
    media_type: MediaType
    disclosure: Disclosure
    texts: TextsOption
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
    on_problem: OnProblem | None


class MiddlewareOptions(ClientOptions, total=False):
    """The keyword arguments of a middleware."""

    provider: Provider | None
    providers: Providers
    callback_paths: Iterable[str]
    exceptions: bool
    upstream_hosts: Iterable[str]


def make_options(given: Mapping[str, Any]) -> Options:
    """Check the keyword arguments of a middleware.

    Raises:
        ConfigurationError: for an invalid value; the message names the option and what is expected.
        UnknownOptionError: for an option that does not exist.
    """
    check_names(given)
    states = _paths("transaction_states", given.get("transaction_states", ()))
    per_response = {name: value for name, value in given.items() if name in CHECKS and name != "transaction_states"}
    policy = make_policy({"disclosure": "safe", **per_response, "transaction_states": bool(states)})
    checked = {name: _CHECKS[name](name, value) for name, value in given.items() if name in _CHECKS}
    scopes = Scopes(checked.pop("provider", None), checked.pop("providers", None), checked.pop("exclude", ()))
    mode = checked.pop("mode", "rewrite")
    return Options(policy=policy, scopes=scopes, observe=mode == "observe", state_paths=states, **checked)


def check_names(given: Iterable[str]) -> None:
    """Check that options exist.

    Raises:
        UnknownOptionError: for one that does not.
    """
    known = {*CHECKS, *_CHECKS}
    for name in given:
        if name not in known:
            unknown_option(name, known)


def check_app(app: object, arguments: int, expected: str) -> None:
    """Check that an app can be called with a number of positional arguments.

    Raises:
        ConfigurationError: if it is no callable, or takes another number, such as a WSGI app in the ASGI adapter.
    """
    from inspect import signature

    if not callable(app):
        invalid("app", app, expected)
    try:
        parameters = signature(app)
    except (TypeError, ValueError):  # no signature can be had, as of some callables in C
        return
    try:
        parameters.bind(*(None,) * arguments)
    except TypeError:
        invalid("app", app, expected)


def _names(name: str, value: Any, expected: str = "a tuple or list of strings") -> tuple[str, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        invalid(name, value, expected)
    names = tuple(value)
    return names if all(isinstance(item, str) and item for item in names) else invalid(name, value, expected)


def _paths(name: str, value: Any) -> tuple[str, ...]:
    expected = "a tuple or list of paths that start with '/'"
    paths = _names(name, value, expected)
    if wrong := [path for path in paths if not path.startswith("/") or "*" in path]:
        invalid(name, wrong[0], expected + "; a path covers everything below it, without '*'")
    return paths


def _media_type(name: str, value: Any) -> Any:
    return MEDIA_TYPES[choice(*MEDIA_TYPES)(name, value)]


def _hosts(name: str, value: Any) -> Any:
    expected = "bare host names such as 'login.example.com', without scheme, port, path or '*'"
    hosts = tuple(host.lower() for host in _names(name, value, expected))
    if wrong := [host for host in hosts if set(host) & set("/:@ *")]:
        invalid(name, wrong[0], expected)
    return hosts


def _unchecked(_name: str, value: Any) -> Any:
    return value


_CHECKS: dict[str, Check] = {
    "provider": _unchecked,  # checked by Scopes, with `providers`
    "providers": _unchecked,
    "mode": choice("rewrite", "observe"),
    "media_type": _media_type,
    "mark_redirects": flag,
    "callback_paths": _paths,
    "exceptions": flag,
    "upstream_hosts": _hosts,
    "exclude": _paths,
    "respect_no_transform": flag,
    "expose_headers": flag,
    "log_upstream_text": flag,
    "on_problem": function,
}
