"""The steps of a refresh: send, wait, read the store; the guard performs them. Data alone; `refresh` has the rules."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from authproblem._client.verdicts import Outcome


class Flight:
    """A refresh under way: what ends it, and how it ended (None: its leader was stopped, another has to lead)."""

    __slots__ = ("done", "outcome")

    def __init__(self, done: Any) -> None:
        self.done = done
        self.outcome: Outcome | None = None


class Lead(NamedTuple):
    """Perform a refresh to its end; in a separate task where the caller may be canceled."""

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
