"""Limits that limit: counters by user, client, address, organization or endpoint, each for a window of the clock.

A window begins with the first request that it counts and ends `seconds` later, as the vendors' do: theirs are not
aligned with minutes of the wall clock.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from authproblem.errors import ConfigurationError
from authproblem.testing._failures import Subject
from authproblem.testing._http import Request
from authproblem.testing._paths import Surfaces, is_below

_MAX_WINDOWS = 1000
"""Windows that are kept before the ended ones are dropped."""
KEYS = ("user", "client", "org", "address", "endpoint", "tenant")


class Limit(NamedTuple):
    """So many requests in so many seconds.

    Attributes:
        requests: how many are let through in a window.
        seconds: the length of a window.
        per: what has its own counter: `user`, `client`, `org`, `address`, `endpoint`, or `tenant` for all.
        endpoint: the requests that count: a path, a pattern or a surface; None for all but metadata.
        quota: the header that carries it as a quota, such as `auth0-client-quota-limit`; None for a rate limit.
    """

    requests: int
    seconds: float = 60.0
    per: str = "tenant"
    endpoint: str | None = None
    quota: str | None = None


class Standing(NamedTuple):
    """How much of a limit a request leaves.

    Attributes:
        limit: the limit.
        remaining: requests that are left after this one.
        reset: when the window ends, in seconds since the epoch, rounded up.
        exceeded: whether this request is one too many.
    """

    limit: Limit
    remaining: int
    reset: int
    exceeded: bool


class Limits:
    """The counters of one fake. Not safe for several threads: the fake locks around it."""

    def __init__(self) -> None:
        """Start without a limit."""
        self._limits: list[Limit] = []
        self._windows: dict[tuple[int, str], tuple[float, int]] = {}

    def add(self, limit: Limit) -> Limit:
        """Begin to count for one more limit.

        Raises:
            ConfigurationError: for numbers below 1 or an unknown `per`.
        """
        if limit.requests < 1 or limit.seconds <= 0:
            raise ConfigurationError(f"invalid limit: {limit!r}; expected at least 1 request in more than 0 seconds")
        if limit.per not in KEYS:
            raise ConfigurationError(f"invalid per: {limit.per!r}; expected one of {', '.join(KEYS)}")
        self._limits.append(limit)
        return limit

    def clear(self) -> None:
        """Lift all limits."""
        self._limits.clear()
        self._windows.clear()

    def count(self, request: Request, subject: Subject, surfaces: Surfaces, now: float) -> Standing | None:
        """Count a request.

        Returns:
            How much is left of the limit that is nearest to its end: an exceeded one, else that with the least left.
            None if no limit counts it. A refused request uses up nothing of the other limits.
        """
        rows = []
        for number, limit in enumerate(self._limits):
            if limit.endpoint is not None and not is_below(request.path, (limit.endpoint,), surfaces):
                continue
            key = (
                ""
                if limit.per == "tenant"
                else request.path
                if limit.per == "endpoint"
                else getattr(subject, limit.per)
            )
            if key is not None:
                rows.append((limit, (number, str(key))))
        if len(self._windows) > _MAX_WINDOWS:
            self._windows = {key: window for key, window in self._windows.items() if window[0] > now}
        standings = [self._standing(limit, key, now) for limit, key in rows]
        refused = [standing for standing in standings if standing.exceeded]
        if not refused:
            for limit, key in rows:
                end, used = self._window(limit, key, now)
                self._windows[key] = (end, used + 1)
        return min(refused or standings, key=lambda standing: (standing.remaining, -standing.reset), default=None)

    def __len__(self) -> int:
        """The number of counters that are kept."""
        return len(self._windows)

    def _window(self, limit: Limit, key: tuple[int, str], now: float) -> tuple[float, int]:
        end, used = self._windows.get(key, (0.0, 0))
        # Ends as the header says, which has whole seconds.
        return (now + limit.seconds, 0) if now >= math.ceil(end) else (end, used)

    def _standing(self, limit: Limit, key: tuple[int, str], now: float) -> Standing:
        end, used = self._window(limit, key, now)
        return Standing(limit, max(0, limit.requests - used - 1), math.ceil(end), used >= limit.requests)
