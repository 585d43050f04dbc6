"""The rules of the refresh guard, without I/O: who sends, who waits, what is remembered, when to repeat.

`RefreshCore.flow` is a generator that yields steps; `authproblem.refresh` performs them, once with threads and once
with tasks. A credential is known by a digest of it. New tokens are kept in memory for `remember` seconds, nowhere else.
"""

from __future__ import annotations

import math
import random
import secrets
import threading
from collections.abc import Callable, Generator
from hashlib import blake2b
from typing import Any, NamedTuple

from authproblem._client.answers import ENDPOINTS, Endpoint
from authproblem._client.breaker import Breaker
from authproblem._client.verdicts import (
    ClientMisconfigured,
    CredentialDead,
    CredentialReplaced,
    Outcome,
    StepUpRequired,
    TryLater,
    is_outage,
    own_problem,
)
from authproblem._core.problem import Problem
from authproblem._middleware import events, observers
from authproblem._middleware.report import report_problem

_POLL = (0.05, 0.25)
"""Seconds between two looks at a lease of another process, at random: a refresh takes about as long."""
_JITTER = 0.1
"""What is added to a wait at most, as a part of it."""
_KEY_BYTES = 32
"""Bytes of the digest in a store's keys: 256 bits, 64 characters."""
_LONGEST_WAIT = 3600.0
"""Seconds after which a limited credential is tried again in any case, as for cool-downs."""

_OUTCOMES: dict[Any, str] = {
    None: "refreshed",
    ClientMisconfigured: "misconfigured",
    CredentialDead: "dead",
    CredentialReplaced: "replaced",
    StepUpRequired: "step_up",
    TryLater: "try_later",
}
"""What an outcome is called where refreshes are counted."""


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


class RefreshCore:
    """What a guard knows; safe to share between threads.

    Attributes:
        fresh: the values of refreshes by digest, each with the time until which it counts; what callers look at first.
    """

    def __init__(
        self, endpoint: Endpoint, limits: Limits, clock: Callable[[], float], event: Callable[[], Any], *, shared: bool
    ) -> None:
        """Start with nothing remembered.

        Args:
            endpoint: reads the answers.
            limits: the bounds.
            clock: a clock in seconds that never goes back.
            event: makes what a flight is waited for by.
            shared: whether there is a store.
        """
        self.limits, self.clock = limits, clock
        self._endpoint, self._event, self._shared = endpoint, event, shared
        self._breaker = Breaker(limits.failures, limits.open_for)
        self.fresh: dict[bytes, tuple[float, Any]] = {}
        self._known: dict[bytes, tuple[float, Outcome]] = {}
        self._flights: dict[bytes, Flight] = {}
        self._lock = threading.Lock()

    def known(self, key: bytes) -> Outcome | None:
        """Return what is remembered of a credential, with the wait that is left; None if it has to be refreshed."""
        now = self.clock()
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
        return self._reported(outcome)

    def flow(self, key: bytes) -> Generator[Any, Any, Any]:
        """Refresh a credential, or share the refresh that is under way.

        Raises:
            RefreshError: as the outcome says.
        """
        deadline = self.clock() + self.limits.budget
        while True:
            flight = Flight(self._event())
            boarded = self._flights.setdefault(key, flight)
            if boarded is flight:
                known = self.known(key)  # the flight before may have ended since the caller looked
                if known is not None:
                    self._land(key, flight, known)  # not remembered anew: that would prolong it
                    return known.unwrap()
                yield Lead(self._lead(key, flight, deadline))
            if not (yield Join(boarded, max(0.0, deadline - self.clock()))):
                return self._busy(deadline).unwrap()
            if boarded.outcome is not None:
                if boarded is not flight:
                    _observe(boarded.outcome, shared=True)
                return boarded.outcome.unwrap()

    def _lead(self, key: bytes, flight: Flight, deadline: float) -> Generator[Any, Any, None]:
        """Refresh, and end the flight for everybody who waits; one that was stopped is left to the next caller."""
        outcome: Outcome | None = None
        try:
            outcome = yield from self._shared_refresh(key[:_KEY_BYTES].hex(), deadline)
        except Exception as error:  # noqa: BLE001 - it reaches every caller
            outcome = Outcome(error=error)
        finally:
            if outcome is not None:
                self._remember(key, outcome)
                _observe(outcome, shared=False)
            self._land(key, flight, outcome)

    def _land(self, key: bytes, flight: Flight, outcome: Outcome | None) -> None:
        flight.outcome = outcome
        self._flights.pop(key, None)
        flight.done.set()

    def _shared_refresh(self, key: str, deadline: float) -> Generator[Any, Any, Outcome]:
        """Refresh under a lease, so that of several processes one sends; without a store, or a lost one, at once."""
        if not self._shared:
            return (yield from self._attempts(deadline))
        owner = secrets.token_hex(8)
        while True:
            verdict = yield from self._read(key)
            if verdict is not None:
                return verdict
            if (yield from self._ask("acquire", key, owner, self.limits.lease)) is not False:
                break  # ours, or nobody can say: a lost store blocks nobody
            if self.clock() >= deadline:
                return self._busy(deadline)
            yield Pause(random.uniform(*_POLL))  # noqa: S311 - it spreads processes, it guards nothing
        verdict = yield from self._read(key)  # the one before may have ended since the first look
        if verdict is None:
            verdict = yield from self._attempts(deadline)
            seconds = self._lifetime(verdict)
            if seconds > 0:
                yield from self._ask("write", key, verdict.to_bytes(), seconds)
        yield from self._ask("release", key, owner)
        return verdict

    def _read(self, key: str) -> Generator[Any, Any, Outcome | None]:
        """Return what another process has found out, None where it is nothing."""
        kept = yield from self._ask("read", key)
        verdict = Outcome.from_bytes(kept) if isinstance(kept, bytes) else None
        if verdict is None or verdict.problem is not None:
            return verdict if verdict is None else self._reported(verdict)
        value = yield Load()
        if value is not None:
            return Outcome(value=value)
        problem = own_problem(self._endpoint.registry, "resource-busy", self._endpoint.provider, 0)
        return Outcome(CredentialReplaced, problem=problem)

    def _ask(self, method: str, *arguments: Any) -> Generator[Any, Any, Any]:
        """Call the store; one that fails is reported once and gives None."""
        try:
            return (yield Ask(method, arguments))
        except Exception as error:  # noqa: BLE001 - a store may fail; the refresh goes on without it
            events.report_fault(error, f"the refresh store could not {method}")
            return None

    def _attempts(self, deadline: float) -> Generator[Any, Any, Outcome]:
        """Send, and repeat what the provider refused before it did anything, as long as the waits fit in."""
        attempt = 0
        while True:
            attempt += 1
            wait = self._breaker.wait(self.clock())
            if wait > 0:
                return self._reported(self._endpoint.own("upstream-unavailable", wait))
            outcome = yield from self._once()
            if attempt >= self.limits.attempts or outcome.problem is None or not _repeatable(outcome.problem):
                return outcome
            after = float(outcome.problem.retry.after or 0)
            wait = after * random.uniform(1, 1 + _JITTER)  # noqa: S311 - as above
            if self.clock() + wait >= deadline:
                return outcome
            yield Pause(wait)

    def _once(self) -> Generator[Any, Any, Outcome]:
        try:
            given = yield Send()
            read: Callable[[Any], Outcome] = self._endpoint.of_value
        except Exception as error:  # noqa: BLE001 - a provider's, or the application's own
            given, read = error, self._endpoint.of_error
        try:
            outcome = read(given)
        except Exception as error:  # noqa: BLE001 - an answer that we cannot read proves nothing against a credential
            events.report_fault(error, "the answer to a refresh could not be read")
            outcome = self._endpoint.own("upstream-error")
        if outcome.error is None:
            outage = outcome.problem is not None and is_outage(outcome.problem)
            self._breaker.record(self.clock(), outage=outage)
        return outcome

    def _busy(self, deadline: float) -> Outcome:
        """The budget is spent while somebody else refreshes."""
        after = max(1.0, self.clock() - deadline)
        return self._endpoint.own("resource-busy", after)

    def _lifetime(self, outcome: Outcome) -> float:
        """Return for how many seconds an outcome answers further refreshes of the same credential."""
        if outcome.error is not None or outcome.kind is CredentialReplaced:
            return 0.0
        if outcome.kind is CredentialDead:
            return self.limits.dead_for
        if outcome.kind is TryLater and outcome.problem is not None:
            named = outcome.problem.retry.source not in {None, "default"}
            return min(float(outcome.problem.retry.after or 0), _LONGEST_WAIT) if named else 0.0
        return self.limits.remember

    def _remember(self, key: bytes, outcome: Outcome) -> None:
        seconds = self._lifetime(outcome)
        if seconds <= 0:
            return
        with self._lock:
            if outcome.problem is None:
                _put(self.fresh, key, (self.clock() + seconds, outcome.value), self.limits.size, self.clock())
            else:
                _put(self._known, key, (self.clock() + seconds, outcome), self.limits.size, self.clock())

    def _reported(self, outcome: Outcome) -> Outcome:
        """Emit the event of a refresh that is answered without being sent, and return the outcome."""
        if outcome.problem is not None:
            endpoint = self._endpoint
            path = ENDPOINTS[endpoint.provider]
            report_problem(endpoint.options, outcome.problem, "POST", path, event=events.SUPPRESSED)
        return outcome


def _observe(outcome: Outcome, *, shared: bool) -> None:
    """Count a refresh that was performed, or whose result another caller got."""
    name = "failed" if outcome.error is not None else _OUTCOMES.get(outcome.kind, "failed")
    observers.observe(lambda observer: observer.refresh(name, shared=shared))


def _put(table: dict[bytes, tuple[float, Any]], key: bytes, entry: tuple[float, Any], size: int, now: float) -> None:
    """Set an entry of a bounded table: of too many, those that are over are dropped, else the one that ends first."""
    if len(table) >= size and key not in table:
        for over in [known for known, (until, _) in table.items() if until <= now]:
            del table[over]
        if len(table) >= size:
            del table[min(table, key=lambda known: table[known][0])]
    table[key] = entry


def digest(token: str) -> bytes:
    """Return what a credential is known by; BLAKE2b is the fastest of the hashes in Python that fit (RFC 7693)."""
    return blake2b(token.encode()).digest()


def _repeatable(problem: Problem) -> bool:
    """Whether the provider refused before it did anything, so that a repeat spends nothing (rotation included).

    The hint of a token request is never `automatic`, since it may carry a one-time code. A refresh carries none: after
    a limit (429, or 503 of a limit) or a refused connection the same token can be sent again.
    """
    retry = problem.retry
    refused = problem.owner == "limit" or problem.reason == "upstream-unreachable"
    return retry.automatic or (retry.policy == "after_delay" and retry.after is not None and refused)
