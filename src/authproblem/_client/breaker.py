"""A circuit breaker for the token endpoint: while it is open nothing is sent, then one probe decides.

Only outages count (owner `upstream`): a refusal of a user's dead token or of a wrong client secret shows that the
endpoint works. So does a rate limit, which has its own wait. Time comes from the caller.
"""

from __future__ import annotations

import threading

CLOSED, OPEN, PROBING = "closed", "open", "probing"


class Breaker:
    """The breaker of one guard; safe to share between threads.

    Attributes:
        state: `closed` (requests are sent), `open` (none is), or `probing` (one is under way, its result decides).
    """

    def __init__(self, failures: int, open_for: float) -> None:
        """Make a closed breaker.

        Args:
            failures: outages in a row that open it.
            open_for: seconds for which it stays open, and for which a probe may take.
        """
        self.state = CLOSED
        self._failures, self._open_for = failures, open_for
        self._outages, self._until = 0, 0.0
        self._lock = threading.Lock()

    def wait(self, now: float) -> float:
        """Return 0 if a request may be sent now, else the seconds to wait.

        The caller that gets 0 from an open breaker whose time is over sends the probe. A probe that never comes back,
        of a process that was stopped, is followed by another one.
        """
        with self._lock:
            if self.state == CLOSED:
                return 0.0
            if now < self._until:
                return self._until - now
            self.state, self._until = PROBING, now + self._open_for
            return 0.0

    def record(self, now: float, *, outage: bool) -> None:
        """Record how a request ended."""
        with self._lock:
            self._outages = self._outages + 1 if outage else 0
            if not outage:
                self.state = CLOSED
            elif self.state != CLOSED or self._outages >= self._failures:
                self.state, self._until = OPEN, now + self._open_for
