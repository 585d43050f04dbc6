"""The base of the Redis stores: the client, the names of keys, and whether the server responds.

Valkey and Redis have the same protocol; what is written about Redis is true of both.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import redis
from redis.backoff import NoBackoff

from authproblem._middleware import events
from authproblem.errors import ConfigurationError, invalid

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis

STORE_LOST = "authproblem.store_lost"
STORE_RESTORED = "authproblem.store_restored"

VERSION = 1
"""Version of what is kept, in every key: releases with another one ignore each other's entries."""
DEFAULT_NAMESPACE = "authproblem"
DEFAULT_TIMEOUT = 0.25
"""Seconds for one command. A refresh waits for it; a healthy server in the same network responds within 2 ms."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
"""Seconds before the first further try, doubled with each; AWS and gRPC back off likewise, with jitter."""

FAILURES = (redis.RedisError, OSError)
_NAMESPACE = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_Client = TypeVar("_Client", bound="redis.Redis | AsyncRedis")


def connect(kind: type[_Client], given: str | _Client, timeout: float) -> _Client:
    """Return the client that is given, or one for a URL.

    Args:
        kind: the class of the client.
        given: a URL (`redis://`, `rediss://` for TLS, `unix://`), or a client.
        timeout: seconds for a connection and for each command, of a client that is made here.

    Raises:
        ConfigurationError: for a URL that is none, or a client that decodes; the message never shows the URL.
    """
    from redis.asyncio.retry import Retry as AsyncRetry
    from redis.retry import Retry

    if not isinstance(given, str):
        if given.get_encoder().decode_responses:
            raise ConfigurationError("invalid client: decode_responses=True; expected a client that returns bytes")
        return given
    retry: Any = (Retry if kind is redis.Redis else AsyncRetry)(NoBackoff(), 0)  # `Link` makes the pauses
    try:
        return kind.from_url(given, socket_timeout=timeout, socket_connect_timeout=timeout, retry=retry)  # type: ignore[return-value]
    except (ValueError, TypeError):
        raise ConfigurationError("invalid URL; expected 'redis://HOST:PORT', 'rediss://...' or 'unix://PATH'") from None


def address_of(client: Any) -> str:
    """Return the address of a client's server, without credentials."""
    known = client.connection_pool.connection_kwargs
    return str(known.get("path") or f"{known.get('host', '?')}:{known.get('port', '?')}")


def prefix_of(namespace: str) -> str:
    """Return what all keys of a namespace begin with.

    The braces keep the keys of a namespace in one slot of a cluster, where one script may use several.

    Raises:
        ConfigurationError: for a namespace of another form.
    """
    if not _NAMESPACE.match(namespace):
        invalid("namespace", namespace, "1 to 64 characters of A-Z, a-z, 0-9, '.', '_', '-'")
    return f"{{{namespace}}}:{VERSION}:"


class Link:
    """Whether the server responds: one event when it stops, one when it responds again, and pauses between tries."""

    def __init__(self, address: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the server taken for healthy.

        Args:
            address: the server's address, for the events.
            clock: a clock in seconds that never goes back.
        """
        self._address, self._clock = address, clock
        self._failing: set[str] = set()
        self._pause, self._until = FIRST_PAUSE, 0.0
        self._lock = threading.Lock()

    @property
    def paused(self) -> float:
        """Seconds before the next try; 0 if the server may be called."""
        return max(0.0, self._until - self._clock()) if self._failing else 0.0

    def failed(self, error: BaseException) -> None:
        """Record a failure.

        Args:
            error: what the client raised. Its message may contain anything, so the event has its class only.
        """
        with self._lock:
            lost = not self._failing
            self._failing.add(_side(error))
            # Full jitter would let a fleet reconnect at once with some luck; half keeps a least distance.
            self._until = self._clock() + self._pause * random.uniform(0.5, 1)  # noqa: S311 - it spreads clients
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if lost:
            events.emit("warning", STORE_LOST, {"server": self._address, "exception": type(error).__name__})

    def worked(self, sides: Iterable[str] = ("connection",)) -> None:
        """Record how a command ended.

        Args:
            sides: what has worked: the `connection`, or also the `command`, such as a write.
        """
        if not self._failing:
            return
        with self._lock:
            self._failing.difference_update(sides)
            restored = not self._failing
            if restored:
                self._pause, self._until = FIRST_PAUSE, 0.0
        if restored:
            events.emit("info", STORE_RESTORED, {"server": self._address})


def _side(error: BaseException) -> str:
    """What failed: a server that refuses a command (full, a replica, no permission) still accepts others."""
    return "command" if isinstance(error, redis.ResponseError) else "connection"
