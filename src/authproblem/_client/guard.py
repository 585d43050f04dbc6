"""The base of both refresh guards: options, the compliance hook, and how a caller's functions are called.

The guards themselves, one for threads and one for tasks, are in `authproblem.refresh`.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar

from authproblem._client.refresh import RefreshCore
from authproblem._client.refresh_memory import Limits
from authproblem._client.refresh_steps import Ask, Load, Send
from authproblem._client.token_endpoint import Endpoint
from authproblem._core.sender import check_provider
from authproblem._model import Provider
from authproblem._registry.registry import Registry
from authproblem.errors import invalid

T = TypeVar("T")


class Guard:
    """The options of both guards.

    Attributes:
        endpoint: reads the responses of the token endpoint; for the other modules of this package.
    """

    _core: RefreshCore

    def __init__(
        self,
        provider: Provider = "oauth",
        *,
        store: Any = None,
        registry: Registry | None = None,
        budget: float = 30.0,
        attempts: int = 3,
        lease: float = 10.0,
        remember: float = 30.0,
        dead_for: float = 86_400.0,
        failures: int = 5,
        open_for: float = 30.0,
        size: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a guard of one token endpoint.

        Args:
            provider: `auth0`, `okta`, or `oauth` for any other OAuth server.
            store: shares leases and verdicts between processes; None = this process alone.
            registry: the registry to use instead of the built-in one.
            budget: seconds that a caller waits at most, over all attempts and for other callers. A `do_refresh` in a
                thread cannot be interrupted: it ends by the timeouts of its library.
            attempts: requests that one refresh sends at most, the first one included.
            lease: seconds after which another process takes over a refresh that did not end.
            remember: seconds for which callers that still have the old credential get the new tokens; they stay in the
                memory of this process.
            dead_for: seconds for which a dead credential is refused without being sent.
            failures: outages in a row after which nothing is sent for a while.
            open_for: seconds of that while; then one request probes the endpoint.
            size: credentials that are remembered at most.
            clock: a clock in seconds that never goes back.

        Raises:
            ConfigurationError: for an unknown provider, or a bound that is out of range.
        """
        check_provider(provider, f"{type(self).__name__}: provider")
        limits = Limits(budget, attempts, lease, remember, dead_for, failures, open_for, size)
        _check(limits)
        self._store = store
        self.endpoint = endpoint = Endpoint.of(provider, registry)
        self._core = RefreshCore(endpoint, limits, clock, self._event, shared=store is not None)
        self._fresh, self._clock = self._core.memory.fresh, clock  # what nearly every call needs

    def check(self, response: T) -> T:
        """Return a response of the token endpoint; the compliance hook for Authlib and requests-oauthlib.

        Use it as `session.register_compliance_hook("refresh_token_response", guard.check)`: those libraries look for a
        member `error` alone, and drop status and headers.

        Args:
            response: the response, its body read.

        Raises:
            RefreshError: if it is an error, with any status.
        """
        outcome = self.endpoint.of_value(response)
        if outcome.problem is not None:
            outcome.unwrap()
        return response

    def _event(self) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        """The class alone: a guard has tokens."""
        return f"{type(self).__name__}(...)"


def _check(limits: Limits) -> None:
    least = {"attempts": 1, "failures": 1, "size": 1, "remember": 0, "dead_for": 0}
    given: dict[str, Any] = limits._asdict()
    for name, value in given.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or value < least.get(name, 0) or (name not in least and value == 0):
            expected = f"a number of at least {least[name]}" if name in least else "seconds above 0"
            invalid(name, value, expected)
    if limits.lease >= limits.budget:
        invalid("lease", limits.lease, f"less than budget={limits.budget!r}")


class Work:
    """The functions and the store that one caller passes to a guard."""

    __slots__ = ("_do_refresh", "_load", "_store")

    def __init__(self, store: Any, do_refresh: Callable[[], Any], load: Callable[[], Any] | None) -> None:
        self._store, self._do_refresh, self._load = store, do_refresh, load

    def call(self, step: Send | Load | Ask) -> Any:
        """Perform a step that is a function of the caller's or of the store's."""
        if isinstance(step, Send):
            return self._do_refresh()
        if isinstance(step, Load):
            return None if self._load is None else self._load()
        return getattr(self._store, step.method)(*step.arguments)


def bound(do_refresh: Callable[..., Any], token: str) -> Callable[[], Any]:
    """Return a function without arguments, whether `do_refresh` takes the token or nothing."""
    try:
        parameters = inspect.signature(do_refresh).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return lambda: do_refresh(token)
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    takes_token = any(parameter.kind in positional for parameter in parameters)
    return (lambda: do_refresh(token)) if takes_token else do_refresh
