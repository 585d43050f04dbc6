"""Cool-downs of all processes of an app, by Redis: requests read a local copy, threads keep it up to date.

One thread listens for the cool-downs of others, one writes what is new and takes leases; requests never wait for
either. Redis has each cool-down under its own key with an expiry, an index of them, and the leases.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import weakref
from contextlib import suppress
from typing import Any

import redis

from authproblem._client.cooldown import LONGEST_COOLDOWN
from authproblem._client.cooldown_table import GRACE, CooldownTable
from authproblem._client.redis_link import (
    DEFAULT_NAMESPACE,
    DEFAULT_TIMEOUT,
    FAILURES,
    Link,
    address_of,
    connect,
    prefix_of,
)
from authproblem._client.stores import DEFAULT_SIZE

_IDLE = 1.0
"""Seconds without a message after which the listener checks whether the server is still there."""
_LONGEST_WAIT = 1.0
"""Seconds that the writer sleeps at most: a cool-down that another process has announced may have a lease to take."""
_DIGEST = 32
_LEASE_MS = round((0.3 + GRACE) * 1000)

# Keeps a cool-down unless a longer one is there (50 ms are the network's), bounds the number, and announces it.
# KEYS: the entry, the index. ARGV: milliseconds, document, digest, size, channel, prefix of entries.
_HOLD = """
local ms, size = tonumber(ARGV[1]), tonumber(ARGV[4])
if redis.call('PTTL', KEYS[1]) + 50 >= ms then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('TYPE', KEYS[2]).ok ~= 'zset' then redis.call('DEL', KEYS[2]) end
redis.call('ZADD', KEYS[2], now + ms, ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local extra = redis.call('ZCARD', KEYS[2]) - size
if extra > 0 then
  for _, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, extra - 1)) do redis.call('DEL', ARGV[6] .. digest) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, extra - 1)
end
if redis.call('PTTL', KEYS[2]) < ms then redis.call('PEXPIRE', KEYS[2], ms) end
redis.call('PUBLISH', ARGV[5], ARGV[3] .. ms .. ':' .. ARGV[2])
return 1
"""
# What there is. KEYS: the index. ARGV: size, prefix of entries.
_LOAD = """
local found = {}
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then return found end
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], -tonumber(ARGV[1]), -1)) do
  local document = redis.pcall('GET', ARGV[2] .. digest)
  if type(document) == 'string' then
    found[#found + 1] = {digest, redis.call('PTTL', ARGV[2] .. digest), document}
  end
end
return found
"""


class RedisCooldown:
    """A `CooldownStore` that all processes of an app share, by Redis or Valkey; for threads, asyncio and trio alike.

    `look` and `hold` never wait for the network. What one process finds out reaches the others within milliseconds.
    Without the server each process continues with its own cool-downs, and shares them when the server is back. When a
    cool-down ends, one process sends one request first, and the others wait for at most a second more.
    """

    def __init__(
        self,
        server: str | redis.Redis,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        size: int = DEFAULT_SIZE,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Make a store; its threads start with the first request, again in each process after a fork.

        Args:
            server: a URL such as `rediss://user:password@host:6379/0`, or a client with its own timeouts.
            namespace: what the keys begin with; apps that share it share their cool-downs.
            size: cool-downs that are kept, here and by the server; of more, the ones that end first are dropped.
            timeout: seconds for one command, where `server` is a URL.

        Raises:
            ConfigurationError: for a wrong URL, client, namespace or size.
        """
        self._client: redis.Redis = connect(redis.Redis, server, timeout)
        self._size = size
        prefix = prefix_of(namespace)
        self._entry, self._lease = prefix + "cooldown:", prefix + "probe:"
        self._index, self._channel = prefix + "cooldowns", prefix + "cooldowns"
        self._begin()
        _instances.add(self)

    def _begin(self) -> None:
        """Set what a fork must not share with its parent."""
        self._table = CooldownTable(self._size)
        self._link = Link(address_of(self._client))
        self._news, self._closed = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._owner = secrets.token_hex(8)

    def look(self, key: str) -> tuple[float, bytes] | None:
        """Return the seconds that remain and the problem document of a key; None if nothing is kept for it."""
        if not self._threads:
            self._start()
        return self._table.look(_digest(key))

    def is_empty(self) -> bool:
        """Whether nothing is kept for any key, as far as this process knows; the usual case."""
        if not self._threads:
            self._start()
        return not self._table.entries

    def hold(self, key: str, seconds: float, document: bytes) -> None:
        """Keep a document for so many seconds; an entry that lasts longer already stays."""
        if not self._threads:
            self._start()
        if self._table.merge(_digest(key), seconds, document, written=False):
            self._news.set()

    def close(self) -> None:
        """End the threads and close the connections; the store keeps what it has."""
        self._closed.set()
        self._news.set()
        if self._threads and not self._link.paused:
            with suppress(*FAILURES):
                self._client.publish(self._channel, b"")  # wakes the listener; everybody ignores it
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _start(self) -> None:
        with self._starting:
            if self._threads or self._closed.is_set():
                return
            threads = [
                threading.Thread(target=task, name=f"authproblem-{task.__name__.strip('_')}", daemon=True)
                for task in (self._listen, self._write)
            ]
            for thread in threads:
                thread.start()
            self._threads = threads

    def _listen(self) -> None:
        """Take over the cool-downs of others, until the store is closed."""
        while not self._closed.is_set():
            self._listen_on_one_connection()

    def _listen_on_one_connection(self) -> None:
        try:
            with self._client.pubsub(ignore_subscribe_messages=True) as messages:  # type: ignore[no-untyped-call]
                messages.subscribe(self._channel)
                self._load()
                self._follow(messages)
        except FAILURES as error:
            self._link.failed(error)
            self._closed.wait(self._link.paused)

    def _load(self) -> None:
        """Take over what is there, and share what this process has: the server may have lost it."""
        for digest, left, document in self._client.eval(_LOAD, 1, self._index, self._size, self._entry):
            self._take_over(digest, left, document)
        self._link.worked()
        self._table.mark_all_unwritten()
        self._news.set()

    def _follow(self, messages: Any) -> None:
        while not self._closed.is_set():
            message = messages.get_message(timeout=_IDLE)
            if message is None:
                self._client.ping()
                self._link.worked()
            elif message["type"] == "message":
                digest, (left, _, document) = message["data"][:_DIGEST], message["data"][_DIGEST:].partition(b":")
                self._take_over(digest, left, document)

    def _take_over(self, digest: bytes, left: Any, document: bytes) -> None:
        with suppress(ValueError):  # not written by this class
            seconds = min(int(left) / 1000, LONGEST_COOLDOWN)
            self._table.merge(digest.decode("ascii"), seconds, document, written=True)

    def _write(self) -> None:
        """Write what is new and take leases when they are due, until the store is closed."""
        while not self._closed.is_set():
            self._table.drop_ended()
            paused = self._link.paused
            due, next_due = self._table.due()
            if paused:
                self._grant_all(due)
            else:
                try:
                    self._write_all(due)
                except FAILURES as error:
                    self._failed(error)
                    continue
            wait = min(paused or _LONGEST_WAIT, next_due or _LONGEST_WAIT, _LONGEST_WAIT)
            if self._news.wait(wait):
                self._news.clear()

    def _write_all(self, due: list[str]) -> None:
        for digest in due:
            lease = self._client.set(self._lease + digest, self._owner, nx=True, px=_LEASE_MS)
            self._table.grant(digest, lease=bool(lease))
        for digest, seconds, document in self._table.unwritten():
            milliseconds = max(1, round(seconds * 1000))
            keys = (self._entry + digest, self._index)
            self._client.eval(_HOLD, 2, *keys, milliseconds, document, digest, self._size, self._channel, self._entry)
            self._table.mark_written(digest)
            self._link.worked(("connection", "command"))

    def _grant_all(self, due: list[str]) -> None:
        """Without a server there are no leases: each process sends its own request."""
        for digest in due:
            self._table.grant(digest, lease=True)

    def _failed(self, error: BaseException) -> None:
        self._link.failed(error)
        if isinstance(error, redis.ReadOnlyError):  # a former primary: the next connection finds the new one
            self._client.connection_pool.disconnect(inuse_connections=False)  # the listener's is its own


def _digest(key: str) -> str:
    """The name of a key on the server: of fixed length, and without readable hosts or callers."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:_DIGEST]


_instances: weakref.WeakSet[RedisCooldown] = weakref.WeakSet()


def _after_fork() -> None:
    for store in list(_instances):
        store._begin()  # noqa: SLF001 - of this module's own class


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
