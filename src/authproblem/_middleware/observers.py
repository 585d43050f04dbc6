"""Where metrics and traces attach: one observer for the process, called inline. Off, it costs one comparison an error.

Events are for people and may be filtered by level; an observer sees every problem. `authproblem.otel` installs one;
what it does is not used here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from authproblem._middleware import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from authproblem._core.problem import Problem


class Observer(Protocol):
    """Receives what is measured. Its methods are called in the thread or task of the request, and must be fast."""

    def response(self, problem: Problem, status: int, *, applied: bool, fingerprint: str | None) -> None:
        """Record an error response of a provider.

        Args:
            problem: the problem, before any folding.
            status: the HTTP status that is sent.
            applied: whether the problem is what the client gets.
            fingerprint: the shape of a response whose code is unknown; None for a known one.
        """

    def suppressed(self, problem: Problem) -> None:
        """Record a request that was not sent because of a cool-down or a refresh guard."""

    def cooldown(self, problem: Problem) -> None:
        """Record a problem that starts a cool-down."""

    def refresh(self, outcome: str, *, shared: bool) -> None:
        """Record a refresh of a credential.

        Args:
            outcome: how it ended: `refreshed`, `dead`, `replaced`, `step_up`, `misconfigured`, `try_later` or `failed`.
            shared: whether the result of another caller's refresh was taken.
        """

    def duration(self, seconds: float) -> None:
        """Record the time that this package needed for a response, without the time that its body took to come."""


observer: Observer | None = None
"""The observer of the process, or None; read it through the module, for it may change."""


def install(new: Observer | None) -> None:
    """Set the observer of the process, in place of any other; None removes it."""
    global observer  # noqa: PLW0603 - one for the process is what it is
    observer = new


def observe(call: Callable[[Observer], None]) -> None:
    """Call the observer, if there is one; where it raises, the response is sent all the same."""
    if observer is None:
        return
    try:
        call(observer)
    except Exception as error:  # noqa: BLE001 - metrics must not cost the client its response
        events.report_fault(error, "an observer raised")
