"""Cool-down: when a provider says when to come back, nothing is sent until then, and the same problem is the answer.

Here are the store, what a limit bucket is, and which problems trip it; sending and answering is the doors' business.
Only a limit with a wait that the provider itself named trips it, or an outage with a `Retry-After`: never attack
protection, never an error of a user, for one visitor's failed attempts must not lock out the others.
"""

from __future__ import annotations

import hashlib
import math
import random
from base64 import b64decode
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from authproblem._core.problem import Problem
from authproblem._model import RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.json_values import CODE

MAX_HOLD = 3600.0
"""Seconds; after them requests are sent again to see. go-auth0 and the MSAL libraries cap waits at an hour, too."""

_SPREAD, _LEAST_SPREAD = 0.1, 2
"""What is added to a wait at most: a part of it, but not less than these seconds."""
_SEGMENTS = 3
"""Path segments that tell limits apart: `/api/v1/users` and `/api/v1/logs` have their own, the ids below them not."""
_MAX_SEGMENT = 64
_KEPT_CODES = frozenset(("error", "errorCode", "errorLink", "code", "name"))
_KEPT_TEXTS = _KEPT_CODES | {"errorSummary", "error_description", "description", "message"}


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
