"""The steps of a refresh that do I/O or wait, as `RefreshCore.flow` yields them, and what one caller brings along.

Which step comes when is decided in `refresh`; how each is performed, in `authproblem.refresh`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from authproblem._client.verdicts import Outcome


class Flight:
    """A refresh under way: what ends it, and how it ended (None: its leader was stopped, somebody has to take over)."""

    __slots__ = ("done", "outcome")

    def __init__(self, done: Any) -> None:
        self.done = done
        self.outcome: Outcome | None = None


class Lead(NamedTuple):
    """Perform a refresh to its end; in a task of its own where the caller may be canceled."""

    steps: Generator[Any, Any, None]


class Join(NamedTuple):
    """Wait for a flight; the result is whether it ended in time."""

    flight: Flight
    seconds: float


class Send(NamedTuple):
    """Call `do_refresh`; the result is what it returns."""


class Load(NamedTuple):
    """Call `load`; the result is what it returns, or None where there is no `load`."""


class Pause(NamedTuple):
    """Wait."""

    seconds: float


class Ask(NamedTuple):
    """Call a method of the store; the result is what it returns."""

    method: str
    arguments: tuple[Any, ...]


class Work:
    """What one caller wants done: the store, and its own functions."""

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
    except (TypeError, ValueError):  # a builtin that does not say
        return lambda: do_refresh(token)
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    takes_token = any(parameter.kind in positional for parameter in parameters)
    return (lambda: do_refresh(token)) if takes_token else do_refresh
