"""Cool-down: when a provider says when to come back, nothing is sent until then, and the same problem is the answer.

Here are the store, what a limit bucket is, and which problems trip it; sending and answering is the doors' business.
Only a limit with a wait that the provider itself named trips it, or an outage with a `Retry-After`: never attack
protection, never an error of a user, for one visitor's failed attempts must not lock out the others.
"""

from __future__ import annotations

import hashlib
import math
import random
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

from authproblem._core.problem import Problem
from authproblem._model import RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.json_values import CODE

DEFAULT_SIZE = 1024
"""Buckets that are held at the same time, about 1 KB each. A tenant has tens of limits, and its callers are few."""

MAX_HOLD = 3600.0
"""Seconds; after them requests are sent again to see. go-auth0 and the MSAL libraries cap waits at an hour, too."""

_SPREAD, _LEAST_SPREAD = 0.1, 2
"""What is added to a wait at most: a part of it, but not less than these seconds."""
_SEGMENTS = 3
"""Path segments that tell limits apart: `/api/v1/users` and `/api/v1/logs` have their own, the ids below them not."""
_MAX_SEGMENT = 64
_KEPT_CODES = frozenset(("error", "errorCode", "errorLink", "code", "name"))
_KEPT_TEXTS = _KEPT_CODES | {"errorSummary", "error_description", "description", "message"}


class CooldownStore(Protocol):
    """Where cool-downs are kept. `MemoryCooldown` is one process's; a shared one can take its place.

    Both methods are called on the path of every request and must not wait: a store that shares its entries over a
    network answers from a local copy, and sends and receives changes in the background. Entries are small, bounded by
    `seconds`, and may be lost: the provider will say it again.
    """

    def look(self, key: str) -> tuple[float, bytes] | None:
        """What is held under a key.

        Returns:
            The seconds that remain and the problem document, or None where nothing is held (any more).
        """

    def hold(self, key: str, seconds: float, document: bytes) -> None:
        """Hold a key for so many seconds; a longer hold that is there already stays."""


class MemoryCooldown:
    """The cool-downs of one process: bounded, safe to share between threads, gone with the process."""

    def __init__(self, size: int = DEFAULT_SIZE, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty store.

        Args:
            size: entries that are kept; of more, the ones that end first go.
            clock: a clock in seconds that never goes back.

        Raises:
            ValueError: for a size below 1.
        """
        if size < 1:
            msg = f"size={size!r} does not hold; it has to be at least 1"
            raise ValueError(msg)
        self._size, self._clock = size, clock
        self._held: dict[str, tuple[float, bytes]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Entries that are kept, ended ones included until their place is needed."""
        return len(self._held)

    def look(self, key: str) -> tuple[float, bytes] | None:
        """What is held under a key: the seconds that remain and the problem document; None where nothing is."""
        held = self._held.get(key)
        if held is None:
            return None
        left = held[0] - self._clock()
        return (left, held[1]) if left > 0 else None

    def hold(self, key: str, seconds: float, document: bytes) -> None:
        """Hold a key for so many seconds; a longer hold that is there already stays."""
        now = self._clock()
        with self._lock:
            held = self._held.get(key)
            if held is not None and held[0] >= now + seconds:
                return
            if held is None and len(self._held) >= self._size:
                self._make_room(now)
            self._held[key] = (now + seconds, document)

    def _make_room(self, now: float) -> None:
        for key in [key for key, (until, _) in self._held.items() if until <= now]:
            del self._held[key]
        if len(self._held) >= self._size:
            del self._held[min(self._held, key=lambda key: self._held[key][0])]


class Bucket(NamedTuple):
    """The limit that a request falls under, as keys of the store.

    Attributes:
        own: provider, host, endpoint surface with the first path segments, and the caller.
        common: the same for whoever calls: an outage is everybody's.
        known: whether the caller is known; all callers without credentials share one bucket.
    """

    own: str
    common: str
    known: bool


def bucket(
    registry: Registry, provider: str, place: tuple[str, str], *, authorization: str | None, query: str
) -> Bucket:
    """The bucket of one request.

    Args:
        registry: names the endpoint's surface.
        provider: whose endpoint it is.
        place: the host (tenant or org; custom domains count by themselves) and the provider's path.
        authorization: the value of `Authorization`, or None.
        query: the query, for its `client_id`.
    """
    host, endpoint = place
    surface = registry.surface(provider, endpoint)
    segments = endpoint.split("/")[1 : _SEGMENTS + 1]
    start = "/".join(segment[:_MAX_SEGMENT] for segment in segments)
    common = f"{provider} {host} {surface.id if surface is not None else '-'} /{start}"
    caller = _caller(authorization, query)
    return Bucket(f"{common} {caller}", f"{common} *", known=caller != "-")


def _caller(authorization: str | None, query: str) -> str:
    """Who calls: a client id where it is plain to see, else a digest of the token. No credential becomes a key."""
    scheme, _, value = (authorization or "").strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            return _digest("client", b64decode(value, validate=True).partition(b":")[0])
        except ValueError:
            return "-"
    if value:
        return _digest("token", value.strip().encode("latin-1", "replace"))
    given = dict(parse_qsl(query)).get("client_id")
    return "-" if given is None else _digest("client", given.encode("utf-8", "replace"))


def _digest(kind: str, value: bytes) -> str:
    return f"{kind}:{hashlib.sha256(value).hexdigest()[:16]}"


def tripped(problem: Problem, place: Bucket, headers: list[tuple[Any, Any]]) -> str | None:
    """The key that a problem trips, or None.

    Args:
        problem: what the provider said.
        place: the request's bucket.
        headers: the response's headers, for what is left of the limit.
    """
    retry = problem.retry
    if retry.policy != "after_delay" or not retry.after or retry.source in {None, "default"}:
        return None
    if problem.owner == "limit":
        # Something is left in the bucket that the headers tell of, so this is a limit of one user, address or client:
        # it must hold nobody but this caller.
        return place.own if place.known or not _remains(headers) else None
    if problem.reason == "upstream-unavailable" and retry.source == "retry-after":
        return place.common
    return None


def _remains(headers: list[tuple[Any, Any]]) -> bool:
    for name, value in headers:
        key = name.decode("latin-1") if isinstance(name, bytes) else name
        if key.lower() in {"x-ratelimit-remaining", "x-rate-limit-remaining"}:
            text = (value.decode("latin-1") if isinstance(value, bytes) else value).strip()
            return bool(text.isascii() and text.isdigit() and text.strip("0"))
    return False


def document_of(problem: Problem, registry: Registry) -> bytes:
    """What is kept of a problem: nothing that belongs to the one request that tripped it.

    Codes, registered texts and the registry's own sentence stay; ids, continuations and whatever else the response
    carried go, since others will get the answer.
    """
    kept: dict[str, Any] = {}
    for name, value in problem.extensions.items():
        if name in _KEPT_TEXTS and isinstance(value, str):
            known = name in _KEPT_CODES and CODE.fullmatch(value)
            kept[name] = value if known or registry.knows(problem.provider, value) else problem.detail
        elif (name == "statusCode" and isinstance(value, int)) or (name == "errorCauses" and value == []):
            kept[name] = value
    upstream: dict[str, Any] = {name: problem.upstream[name] for name in ("status", "code") if name in problem.upstream}
    return problem.replace(instance=None, upstream=upstream, extensions=kept).to_bytes()


def wait_to_tell(left: float) -> int:
    """Whole seconds, never less than what is left, and some at random, so that not all come back in one instant."""
    least = math.ceil(left)
    spread = max(_LEAST_SPREAD, math.ceil(least * _SPREAD))
    return least + random.randint(0, spread)  # noqa: S311 - it spreads clients, it guards nothing


def held_back(document: bytes, after: int, instance: str, *, automatic: bool) -> Problem | None:
    """The problem for a request that is not sent.

    Args:
        document: what the store kept.
        after: the seconds to tell.
        instance: the URI of this occurrence.
        automatic: whether a program may repeat this request unattended.

    Returns:
        The problem; None if the store gave something else, so that the request is better sent.
    """
    problem = Problem.from_bytes(document)
    if problem is None:
        return None
    retry = RetryHint("after_delay", after, automatic, problem.retry.source)
    return problem.replace(instance=instance, retry=retry)
