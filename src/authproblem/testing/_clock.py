"""The clock of fake providers: it runs like the real one, or is frozen until a test advances it."""

from __future__ import annotations

import time
from email.utils import formatdate


class Clock:
    """Seconds since the epoch, under the control of a test.

    Example:
        >>> clock = Clock(frozen=True, start=1_000.0)
        >>> clock.advance(17)
        >>> clock.now()
        1017.0
    """

    def __init__(self, *, frozen: bool = False, start: float | None = None) -> None:
        """Start a clock.

        Args:
            frozen: whether it stops until `advance` is called.
            start: seconds since the epoch; the real time where None.
        """
        real = time.time()
        self._offset = 0.0 if start is None else start - real
        self._still = (real + self._offset) if frozen else None

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._still if self._still is not None else time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward; a negative number moves it back."""
        if self._still is not None:
            self._still += seconds
        else:
            self._offset += seconds

    def freeze(self) -> None:
        """Stop the clock where it is."""
        self._still = self.now()

    @property
    def date(self) -> str:
        """The moment as a `Date` header (RFC 9110 section 5.6.7)."""
        return formatdate(int(self.now()), usegmt=True)

    def __repr__(self) -> str:
        return f"<Clock {self.date}{' (frozen)' if self._still is not None else ''}>"
