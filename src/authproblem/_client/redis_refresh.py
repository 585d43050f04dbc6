"""Leases and verdicts of refreshes in Redis: `RefreshStore` and `AsyncRefreshStore`, one atomic command a decision.

While the server is not reachable, methods raise at once instead of waiting for it: the guard then continues without.
"""

from __future__ import annotations

from typing import Any

import redis
from redis.asyncio import Redis as AsyncRedis

from authproblem._client.redis_link import (
    DEFAULT_NAMESPACE,
    DEFAULT_TIMEOUT,
    FAILURES,
    Link,
    address_of,
    connect,
    prefix_of,
)

_BOTH = ("connection", "command")

# A key of another type counts as empty. `pcall` gives a table in place of an error.
_ACQUIRE = """
local holder = redis.pcall('GET', KEYS[1])
if type(holder) == 'string' and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
local holder = redis.pcall('GET', KEYS[1])
if holder == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class StoreUnavailableError(ConnectionError):
    """The server failed a moment ago and is not called again yet."""


class _Keys:
    """The names of the keys, and the state of the link."""

    def __init__(self, client: Any, namespace: str) -> None:
        prefix = prefix_of(namespace)
        self.lease, self.verdict = prefix + "lease:", prefix + "verdict:"
        self.link = Link(address_of(client))

    def check(self) -> None:
        """Raise `StoreUnavailableError` while the server is not to be called."""
        if self.link.paused:
            raise StoreUnavailableError("the store failed a moment ago and is not called again yet")


class RedisRefreshStore:
    """A `RefreshStore` in Redis or Valkey, for the `RefreshGuard` of every process of an app.

    It keeps digests and verdicts, never a token. Leases and verdicts end by the server's own expiry.
    """

    def __init__(
        self,
        server: str | redis.Redis,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Make a store; nothing is sent before the first refresh.

        Args:
            server: a URL such as `rediss://user:password@host:6379/0`, or a client with its own timeouts.
            namespace: what the keys begin with; apps that share it share their refreshes.
            timeout: seconds for one command, where `server` is a URL.

        Raises:
            ConfigurationError: for a wrong URL, client or namespace.
        """
        self._client: redis.Redis = connect(redis.Redis, server, timeout)
        self._keys = _Keys(self._client, namespace)

    def acquire(self, key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a key, in one atomic step; True if no other owner has it."""
        return bool(self._run("eval", _ACQUIRE, 1, self._keys.lease + key, owner, _milliseconds(seconds)))

    def release(self, key: str, owner: str) -> None:
        """End a lease, in one atomic step; without effect if it belongs to another owner by now."""
        self._run("eval", _RELEASE, 1, self._keys.lease + key, owner)

    def read(self, key: str) -> bytes | None:
        """Return the verdict of a key; None if there is none, or its time is over."""
        verdict: bytes | None = self._run("get", self._keys.verdict + key)
        return verdict

    def write(self, key: str, verdict: bytes, seconds: float) -> None:
        """Keep a verdict for so many seconds, in place of any other."""
        self._run("psetex", self._keys.verdict + key, _milliseconds(seconds), verdict)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _run(self, command: str, *arguments: Any) -> Any:
        self._keys.check()
        try:
            result = getattr(self._client, command)(*arguments)
        except FAILURES as error:
            if _is_other_type(error):
                return None
            self._keys.link.failed(error)
            raise
        self._keys.link.worked(_BOTH)
        return result


class AsyncRedisRefreshStore:
    """`RedisRefreshStore` for `AsyncRefreshGuard`: the same keys, so that both can share their refreshes."""

    def __init__(
        self,
        server: str | AsyncRedis,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Make a store; nothing is sent before the first refresh.

        Args:
            server: a URL such as `rediss://user:password@host:6379/0`, or a client with its own timeouts.
            namespace: what the keys begin with; apps that share it share their refreshes.
            timeout: seconds for one command, where `server` is a URL.

        Raises:
            ConfigurationError: for a wrong URL, client or namespace.
        """
        self._client: AsyncRedis = connect(AsyncRedis, server, timeout)
        self._keys = _Keys(self._client, namespace)

    async def acquire(self, key: str, owner: str, seconds: float) -> bool:
        """Take the lease of a key, in one atomic step; True if no other owner has it."""
        return bool(await self._run("eval", _ACQUIRE, 1, self._keys.lease + key, owner, _milliseconds(seconds)))

    async def release(self, key: str, owner: str) -> None:
        """End a lease, in one atomic step; without effect if it belongs to another owner by now."""
        await self._run("eval", _RELEASE, 1, self._keys.lease + key, owner)

    async def read(self, key: str) -> bytes | None:
        """Return the verdict of a key; None if there is none, or its time is over."""
        verdict: bytes | None = await self._run("get", self._keys.verdict + key)
        return verdict

    async def write(self, key: str, verdict: bytes, seconds: float) -> None:
        """Keep a verdict for so many seconds, in place of any other."""
        await self._run("psetex", self._keys.verdict + key, _milliseconds(seconds), verdict)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _run(self, command: str, *arguments: Any) -> Any:
        self._keys.check()
        try:
            result = await getattr(self._client, command)(*arguments)
        except FAILURES as error:
            if _is_other_type(error):
                return None
            self._keys.link.failed(error)
            raise
        self._keys.link.worked(_BOTH)
        return result


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _is_other_type(error: BaseException) -> bool:
    """Whether somebody else's value of another type is under a key: only reading one fails."""
    return isinstance(error, redis.ResponseError) and str(error).startswith("WRONGTYPE")
