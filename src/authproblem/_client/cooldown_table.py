"""The local copy of shared cool-downs, and what happens when one ends. No I/O: time and leases come from outside.

When a cool-down ends, the processes do not all send a request at once. One of them has taken a lease before (see
`due`): its first request goes out, and its others wait, as all requests of the other processes do, until the provider
has limited it again (`merge` extends the cool-down), or the grace period is over. Nothing waits for longer than that.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from authproblem.errors import invalid

GRACE = 1.0
"""Seconds after the end of a cool-down in which one request is to show whether the provider responds again."""
BUSY_LEAD, IDLE_LEAD = (0.2, 0.3), (0.0, 0.1)
"""Seconds before the end, from and to, at which a process tries to take the lease: those with requests come first."""

_SAME = 0.05
"""Seconds by which two ends may differ that are one: a process receives its own cool-down a little later."""


class Entry:
    """One cool-down.

    Attributes:
        until: when it ends, by the table's clock.
        document: the problem document.
        written: whether the server has it.
        is_used: whether this process has had a request that it stopped.
        due: when this process tries to take the lease; None: it has tried.
        probing: whether the next request of this process is to go out when the cool-down has ended.
    """

    __slots__ = ("document", "due", "is_used", "probing", "until", "written")

    def __init__(self, until: float, document: bytes, *, written: bool) -> None:
        """Begin a cool-down."""
        self.until, self.document, self.written = until, document, written
        self.is_used = self.probing = False
        self.due: float | None = until - random.uniform(*IDLE_LEAD)  # noqa: S311 - it spreads processes


class Unwritten(NamedTuple):
    """A cool-down that the server does not have yet."""

    digest: str
    seconds: float
    document: bytes


class CooldownTable:
    """The cool-downs of this process: bounded, safe to share between threads."""

    def __init__(self, size: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty table.

        Args:
            size: entries that are kept; of more, the ones that end first are dropped.
            clock: a clock in seconds that never goes back.

        Raises:
            ConfigurationError: for a size below 1.
        """
        if size < 1:
            invalid("size", size, "a whole number of at least 1")
        self.entries: dict[str, Entry] = {}
        self._size, self._clock = size, clock
        self._lock = threading.Lock()

    def look(self, digest: str) -> tuple[float, bytes] | None:
        """Return the seconds that remain and the document; None if a request is to be sent."""
        entry = self.entries.get(digest)
        if entry is None:
            return None
        left = entry.until - self._clock()
        if left > 0:
            if not entry.is_used:
                self._note_request(entry)
            return left, entry.document
        with self._lock:
            return self._look_after_end(digest, entry, left + GRACE)

    def _note_request(self, entry: Entry) -> None:
        entry.is_used = True
        if entry.due is not None:
            entry.due = entry.until - random.uniform(*BUSY_LEAD)  # noqa: S311 - it spreads processes

    def _look_after_end(self, digest: str, entry: Entry, grace: float) -> tuple[float, bytes] | None:
        if grace <= 0:
            self.entries.pop(digest, None)
            return None
        if entry.probing:
            entry.probing = False
            return None
        return grace, entry.document

    def merge(self, digest: str, seconds: float, document: bytes, *, written: bool) -> bool:
        """Keep a cool-down, unless one that lasts longer is there already.

        Args:
            digest: its key.
            seconds: how long it lasts from now.
            document: the problem document.
            written: whether the server has it.

        Returns:
            Whether it was kept.
        """
        now = self._clock()
        with self._lock:
            entry = self.entries.get(digest)
            if entry is not None and entry.until + _SAME >= now + seconds:
                return False
            if entry is None and len(self.entries) >= self._size:
                del self.entries[min(self.entries, key=lambda digest: self.entries[digest].until)]
            self.entries[digest] = Entry(now + seconds, document, written=written)
            return True

    def drop_ended(self) -> None:
        """Drop the cool-downs whose grace period is over, so that an empty table can be seen at once."""
        now = self._clock()
        with self._lock:
            for digest in [digest for digest, entry in self.entries.items() if entry.until + GRACE <= now]:
                del self.entries[digest]

    def unwritten(self) -> list[Unwritten]:
        """Return the cool-downs that the server does not have yet."""
        now = self._clock()
        with self._lock:
            found = [(digest, entry) for digest, entry in self.entries.items() if not entry.written]
        return [Unwritten(digest, entry.until - now, entry.document) for digest, entry in found if entry.until > now]

    def mark_written(self, digest: str) -> None:
        """Take note that the server has a cool-down."""
        entry = self.entries.get(digest)
        if entry is not None:
            entry.written = True

    def mark_all_unwritten(self) -> None:
        """Take note that the server may have lost everything."""
        with self._lock:
            for entry in self.entries.values():
                entry.written = False

    def due(self) -> tuple[list[str], float | None]:
        """Return the digests whose lease is to be taken now, and the seconds until the next one."""
        now = self._clock()
        with self._lock:
            waiting = [(entry.due - now, digest) for digest, entry in self.entries.items() if entry.due is not None]
        later = [left for left, _ in waiting if left > 0]
        return [digest for left, digest in waiting if left <= 0], min(later, default=None)

    def grant(self, digest: str, *, lease: bool) -> None:
        """Record who sends the first request: this process, if it has the lease."""
        with self._lock:
            entry = self.entries.get(digest)
            if entry is not None:
                entry.due, entry.probing = None, lease
