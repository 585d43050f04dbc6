"""Where cool-downs and refresh verdicts are kept: the protocols that a shared store implements, and the memory stores.

Keys are digests and endpoint names made by the caller; values are small documents without tokens. No rule about what is
kept, or for how long, belongs here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from authproblem.errors import invalid

DEFAULT_SIZE = 1024
"""Entries of a memory store, about 1 KB each. A tenant has tens of limits, and its callers are few."""


class CooldownStore(Protocol):
    """Where cool-downs are kept. `MemoryCooldown` serves one process; a shared store can take its place.

    Both methods are called for every request and must not block: a store that shares its entries over a network reads
    from a local copy, and sends and receives changes in the background. Entries may be lost: the provider repeats
    its error.

    A store may also have a method `is_empty()`: True where no key has anything. Requests are then sent without a
    look-up, whose keys cost more than the look-up itself.
    """

    def look(self, key: str) -> tuple[float, bytes] | None:
        """Return the seconds that remain and the problem document of a key; None if nothing is kept for it."""

    def hold(self, key: str, seconds: float, document: bytes) -> None:
        """Keep a document for so many seconds; an entry that lasts longer already stays."""


class RefreshStore(Protocol):
    """The store that processes share about refreshes: leases and verdicts, never a token.

    A lease says who refreshes a credential now. It expires, so that a process that died blocks no other. A verdict
    is an opaque document of at most a few kilobytes: what the last refresh of a credential came to.

    Methods may block on the network, with a timeout well below a second: a refresh costs a request to the provider
    anyway. They may raise anything: the guard then continues without the store. Keys are at most 80 characters of
    `[A-Za-z0-9:._-]`.
    """

    def acquire(self, key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a key, in one atomic step.

        Args:
            key: the credential's digest.
            owner: a random name of the caller, unique to this attempt.
            seconds: how long the lease lasts unless it is released.

        Returns:
            True if no other owner has the lease.
        """
        ...

    def release(self, key: str, owner: str) -> None:
        """End a lease, in one atomic step; without effect if it belongs to another owner by now."""

    def read(self, key: str) -> bytes | None:
        """Return the verdict of a key; None if there is none, or its time is over."""

    def write(self, key: str, verdict: bytes, seconds: float) -> None:
        """Keep a verdict for so many seconds, in place of any other."""


class AsyncRefreshStore(Protocol):
    """`RefreshStore` for `AsyncRefreshGuard`, with coroutine methods of the same names, arguments and results."""

    async def acquire(self, key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a key, in one atomic step; True if no other owner has it."""
        ...

    async def release(self, key: str, owner: str) -> None:
        """End a lease, in one atomic step; without effect if it belongs to another owner by now."""

    async def read(self, key: str) -> bytes | None:
        """Return the verdict of a key; None if there is none, or its time is over."""

    async def write(self, key: str, verdict: bytes, seconds: float) -> None:
        """Keep a verdict for so many seconds, in place of any other."""


class _Expiring:
    """A bounded table whose entries end by themselves. Not safe to share between threads: its owner has the lock."""

    def __init__(self, size: int, clock: Callable[[], float]) -> None:
        if size < 1:
            invalid("size", size, "a whole number of at least 1")
        self.size, self.clock = size, clock
        self.entries: dict[str, tuple[float, bytes]] = {}
        self.last_end = clock()

    def has_ended(self) -> bool:
        """Whether the time of all entries is over."""
        return self.last_end <= self.clock()

    def get(self, key: str) -> tuple[float, bytes] | None:
        """Return the seconds that remain and the value of a key."""
        entry = self.entries.get(key)
        left = entry[0] - self.clock() if entry is not None else 0.0
        return (left, entry[1]) if entry is not None and left > 0 else None

    def put(self, key: str, seconds: float, value: bytes) -> None:
        """Set the value of a key; of too many entries, the ones that end first are dropped."""
        now = self.clock()
        if key not in self.entries and len(self.entries) >= self.size:
            self.entries = {key: entry for key, entry in self.entries.items() if entry[0] > now}
            if len(self.entries) >= self.size:
                del self.entries[min(self.entries, key=lambda key: self.entries[key][0])]
        self.entries[key] = (now + seconds, value)
        self.last_end = max(self.last_end, now + seconds)


class MemoryCooldown:
    """The cool-downs of one process: bounded, safe to share between threads, gone with the process."""

    def __init__(self, size: int = DEFAULT_SIZE, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty store.

        Args:
            size: entries that are kept; of more, the ones that end first are dropped.
            clock: a clock in seconds that never goes back.

        Raises:
            ConfigurationError: for a size below 1.
        """
        self._table = _Expiring(size, clock)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[MemoryCooldown], tuple[int]]:
        """Copy and pickle an empty store of the same size: entries are one process's."""
        return type(self), (self._table.size,)

    def __len__(self) -> int:
        """Entries that are kept, ended ones included until their place is needed."""
        return len(self._table.entries)

    def is_empty(self) -> bool:
        """Whether nothing is kept for any key."""
        return self._table.has_ended()

    def look(self, key: str) -> tuple[float, bytes] | None:
        """Return the seconds that remain and the problem document of a key; None if nothing is kept for it."""
        return self._table.get(key)

    def hold(self, key: str, seconds: float, document: bytes) -> None:
        """Keep a document for so many seconds; an entry that lasts longer already stays."""
        with self._lock:
            kept = self._table.get(key)
            if kept is None or kept[0] < seconds:
                self._table.put(key, seconds, document)


class MemoryRefreshStore:
    """A `RefreshStore` for the guards of one process: bounded, safe to share between threads, gone with the process.

    A guard needs no store for its own process; this one lets a `RefreshGuard` (threads) and an `AsyncRefreshGuard`
    (tasks) of one process share their leases and verdicts.
    """

    def __init__(self, size: int = DEFAULT_SIZE, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty store.

        Args:
            size: leases and verdicts that are kept, each; of more, the ones that end first are dropped.
            clock: a clock in seconds that never goes back.

        Raises:
            ConfigurationError: for a size below 1.
        """
        self._leases, self._verdicts = _Expiring(size, clock), _Expiring(size, clock)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[MemoryRefreshStore], tuple[int]]:
        """Copy and pickle an empty store of the same size: entries are one process's."""
        return type(self), (self._leases.size,)

    def acquire(self, key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a key; True if no other owner has it."""
        with self._lock:
            lease = self._leases.get(key)
            if lease is not None and lease[1] != owner.encode():
                return False
            self._leases.put(key, seconds, owner.encode())
            return True

    def release(self, key: str, owner: str) -> None:
        """End a lease; without effect if it belongs to another owner by now."""
        with self._lock:
            lease = self._leases.get(key)
            if lease is not None and lease[1] == owner.encode():
                del self._leases.entries[key]

    def read(self, key: str) -> bytes | None:
        """Return the verdict of a key; None if there is none, or its time is over."""
        verdict = self._verdicts.get(key)
        return None if verdict is None else verdict[1]

    def write(self, key: str, verdict: bytes, seconds: float) -> None:
        """Keep a verdict for so many seconds, in place of any other."""
        with self._lock:
            self._verdicts.put(key, seconds, verdict)
