"""The memory of a guard: new tokens and verdicts, each for its time, in bounded tables."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from hashlib import blake2b
from itertools import takewhile
from typing import Any, NamedTuple

from authproblem._client.verdicts import CredentialDead, CredentialReplaced, Outcome, TryLater

_LONGEST_WAIT = 3600.0
"""Seconds after which a limited credential is tried again in any case, as for cool-downs."""


class Limits(NamedTuple):
    """The bounds of a guard, all but `attempts`, `failures` and `size` in seconds; see `RefreshGuard`."""

    budget: float = 30.0
    attempts: int = 3
    lease: float = 10.0
    remember: float = 30.0
    dead_for: float = 86_400.0
    failures: int = 5
    open_for: float = 30.0
    size: int = 4096


class RefreshMemory:
    """The outcomes of the refreshes of one process by digest; safe to share between threads.

    Attributes:
        fresh: the values of refreshes, each with the time until which it counts; what callers look at first.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """Start empty.

        Args:
            limits: how long outcomes count, and how many are kept.
            clock: a clock in seconds that never goes back.
        """
        self._limits, self._clock = limits, clock
        self.fresh: dict[bytes, tuple[float, Any]] = {}
        self._known: dict[bytes, tuple[float, Outcome]] = {}
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Outcome | None:
        """Return what is known of a credential, with the wait that is left; None if it has to be refreshed."""
        now = self._clock()
        value = self.fresh.get(key)
        if value is not None and value[0] > now:
            return Outcome(value=value[1])
        entry = self._known.get(key)
        left = entry[0] - now if entry is not None else 0.0
        if entry is None or left <= 0:
            return None
        outcome = entry[1]
        if outcome.kind is TryLater and outcome.problem is not None:
            retry = outcome.problem.retry.replace(after=max(1, math.ceil(left)))
            outcome = outcome._replace(problem=outcome.problem.replace(retry=retry))
        return outcome

    def put(self, key: bytes, outcome: Outcome) -> None:
        """Remember how a refresh ended, as long as the next one would end the same way."""
        now, seconds = self._clock(), self.lifetime(outcome)
        if seconds <= 0:
            return
        with self._lock:
            if outcome.problem is None:
                self._drop_old(now)
                _put(self.fresh, key, (now + seconds, outcome.value), self._limits.size, now)
            else:
                _put(self._known, key, (now + seconds, outcome), self._limits.size, now)

    def _drop_old(self, now: float) -> None:
        """Drop tokens whose time is over; all stay equally long, so that the oldest come first."""
        for key in list(takewhile(lambda key: self.fresh[key][0] <= now, self.fresh)):
            del self.fresh[key]

    def lifetime(self, outcome: Outcome) -> float:
        """Return for how many seconds an outcome is returned for further refreshes of the same credential."""
        if outcome.error is not None or outcome.kind is CredentialReplaced:
            return 0.0
        if outcome.kind is CredentialDead:
            return self._limits.dead_for
        if outcome.kind is TryLater and outcome.problem is not None:
            named = outcome.problem.retry.source not in {None, "default"}
            return min(float(outcome.problem.retry.after or 0), _LONGEST_WAIT) if named else 0.0
        return self._limits.remember


def _put(table: dict[bytes, tuple[float, Any]], key: bytes, entry: tuple[float, Any], size: int, now: float) -> None:
    """Set an entry of a bounded table: of too many, those that are over are dropped, else the one that ends first."""
    if len(table) >= size and key not in table:
        for over in [known for known, (until, _) in table.items() if until <= now]:
            del table[over]
        if len(table) >= size:
            del table[min(table, key=lambda known: table[known][0])]
    table.pop(key, None)
    table[key] = entry  # at the end


def digest(token: str) -> bytes:
    """Return what a credential is known by; BLAKE2b is the fastest of the hashes in Python that fit (RFC 7693)."""
    return blake2b(token.encode(errors="surrogatepass")).digest()
