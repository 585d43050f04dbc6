"""The rules of the refresh guard, without I/O: who sends, who waits, what is remembered, when to repeat.

`RefreshCore.flow` is a generator that yields steps; `authproblem.refresh` performs them, once with threads and once
with tasks. A credential is known by a digest of it. New tokens are kept in memory for `remember` seconds, nowhere else.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Generator
from typing import Any

from authproblem._client.breaker import Breaker
from authproblem._client.refresh_memory import Limits, RefreshMemory
from authproblem._client.refresh_steps import Ask, Flight, Join, Lead, Load, Pause, Send
from authproblem._client.token_endpoint import ENDPOINTS, Endpoint
from authproblem._client.verdicts import (
    ClientMisconfigured,
    CredentialDead,
    CredentialReplaced,
    Outcome,
    StepUpRequired,
    TryLater,
    is_outage,
    problem_without_response,
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

_OUTCOMES: dict[Any, str] = {
    None: "refreshed",
    ClientMisconfigured: "misconfigured",
    CredentialDead: "dead",
    CredentialReplaced: "replaced",
    StepUpRequired: "step_up",
    TryLater: "try_later",
}
"""The name of an outcome in the counts of refreshes."""


class RefreshCore:
    """What a guard does for each refresh; safe to share between threads.

    Attributes:
        limits: the bounds.
        clock: a clock in seconds that never goes back.
        memory: what is known of credentials.
    """

    def __init__(
        self, endpoint: Endpoint, limits: Limits, clock: Callable[[], float], event: Callable[[], Any], *, shared: bool
    ) -> None:
        """Start with nothing remembered.

        Args:
            endpoint: reads the responses.
            limits: the bounds.
            clock: a clock in seconds that never goes back.
            event: makes what a flight is waited for by.
            shared: whether there is a store.
        """
        self.limits, self.clock = limits, clock
        self._endpoint, self._event, self._shared = endpoint, event, shared
        self._breaker = Breaker(limits.failures, limits.open_for)
        self.memory = RefreshMemory(limits, clock)
        self._flights: dict[bytes, Flight] = {}

    def flow(self, key: bytes) -> Generator[Any, Any, Any]:
        """Refresh a credential, or share the refresh that is under way.

        Raises:
            RefreshError: according to the outcome.
        """
        deadline = self.clock() + self.limits.budget
        while True:
            flight = Flight(self._event())
            current = self._flights.setdefault(key, flight)
            if current is flight:
                known = self.memory.get(key)  # the flight before may have ended since the caller looked
                if known is not None:
                    self._finish(key, flight, known)  # not remembered again: that would prolong it
                    return self._reported(known).unwrap()
                yield Lead(self._lead(key, flight, deadline))
            if not (yield Join(current, max(0.0, deadline - self.clock()))):
                return self._busy(deadline).unwrap()
            if current.outcome is not None:
                if current is not flight:
                    _observe(current.outcome, shared=True)
                return current.outcome.unwrap()

    def _lead(self, key: bytes, flight: Flight, deadline: float) -> Generator[Any, Any, None]:
        """Refresh, and end the flight for everybody who waits; one that was stopped is left to the next caller."""
        outcome: Outcome | None = None
        try:
            outcome = yield from self._shared_refresh(key[:_KEY_BYTES].hex(), deadline)
        except Exception as error:  # noqa: BLE001 - it reaches every caller
            outcome = Outcome(error=error)
        finally:
            if outcome is not None:
                self.memory.put(key, outcome)
                _observe(outcome, shared=False)
            self._finish(key, flight, outcome)

    def _finish(self, key: bytes, flight: Flight, outcome: Outcome | None) -> None:
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
                break  # this caller has the lease, or the store is lost: that blocks no refresh
            if self.clock() >= deadline:
                return self._busy(deadline)
            yield Pause(random.uniform(*_POLL))  # noqa: S311 - it spreads processes, it guards nothing
        verdict = yield from self._read(key)  # the one before may have ended since the first look
        if verdict is None:
            verdict = yield from self._attempts(deadline)
            seconds = self.memory.lifetime(verdict)
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
        problem = problem_without_response(self._endpoint.registry, "resource-busy", self._endpoint.provider, 0)
        return Outcome(CredentialReplaced, problem=problem)

    def _ask(self, method: str, *arguments: Any) -> Generator[Any, Any, Any]:
        """Call the store; one that fails is reported once and gives None."""
        try:
            return (yield Ask(method, arguments))
        except Exception as error:  # noqa: BLE001 - a store may fail; the refresh continues without it
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
        except Exception as error:  # noqa: BLE001 - a response that we cannot read proves nothing against a credential
            events.report_fault(error, "the response to a refresh could not be read")
            outcome = self._endpoint.own("upstream-error")
        if outcome.error is None:
            outage = outcome.problem is not None and is_outage(outcome.problem)
            self._breaker.record(self.clock(), outage=outage)
        return outcome

    def _busy(self, deadline: float) -> Outcome:
        """The budget is spent while somebody else refreshes."""
        after = max(1.0, self.clock() - deadline)
        return self._endpoint.own("resource-busy", after)

    def _reported(self, outcome: Outcome) -> Outcome:
        """Emit the event of a refresh whose result is known without a request, and return the outcome."""
        if outcome.problem is not None:
            endpoint = self._endpoint
            path = ENDPOINTS[endpoint.provider]
            report_problem(endpoint.options, outcome.problem, "POST", path, event=events.SUPPRESSED)
        return outcome


def _observe(outcome: Outcome, *, shared: bool) -> None:
    """Count a refresh that was performed, or whose result another caller got."""
    name = "failed" if outcome.error is not None else _OUTCOMES.get(outcome.kind, "failed")
    observers.observe(lambda observer: observer.refresh(name, shared=shared))


def _repeatable(problem: Problem) -> bool:
    """Whether the provider refused before it did anything, so that a repeat spends nothing (rotation included).

    The hint of a token request is never `automatic`, since it may carry a one-time code. A refresh carries none: after
    a limit (429, or 503 of a limit) or a refused connection the same token can be sent again.
    """
    retry = problem.retry
    refused = problem.owner == "limit" or problem.reason == "upstream-unreachable"
    return retry.automatic or (retry.policy == "after_delay" and retry.after is not None and refused)
