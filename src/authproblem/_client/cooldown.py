"""Cool-down: while a provider wants a caller to wait, requests get the same problem and are not sent.

Here are the keys of the store and the rules on which problem sets which key; adapters send requests and
responses. Only a limit whose wait the provider itself named sets one, or an outage with a `Retry-After`: never attack
protection, never a user's error.

The keys follow one rule: **a limit of one user, address or client suppresses no other caller's requests.** A response
does not show whose limit it is (`remaining: 0` is sent for a limit of one user as well), so each caller discovers a
limit by its own request, except where the provider documents that all callers share it (`limits.json`).
"""

from __future__ import annotations

import hashlib
import math
import random
from typing import Any, NamedTuple

from authproblem._core.problem import Problem
from authproblem._model import RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.json_values import CODE

LONGEST_COOLDOWN = 3600.0
"""Seconds after which requests are sent again in any case. go-auth0 and the MSAL libraries cap waits at an hour too."""

_JITTER, _LEAST_JITTER = 0.1, 2
"""What is added to a wait at most: this part of it, but not less than these seconds."""
_SEGMENTS = 3
"""Path segments in the common key: `/api/v1/users` and `/api/v1/logs` fail apart, the ids below them do not."""
_MAX_SEGMENT = 64
_NO_TOKEN = frozenset(("", "basic", "digest"))
"""Schemes without a token. A client id can be sent by anyone, so that it proves nothing about the caller."""
_KEPT_CODES = frozenset(("error", "errorCode", "errorLink", "code", "name"))
_KEPT_TEXTS = _KEPT_CODES | {"errorSummary", "error_description", "description", "message"}


class Caller(NamedTuple):
    """The sender of a request, as far as it can be known without the provider.

    Attributes:
        authorization: the value of `Authorization`, or None.
        peer: the address of the client of a gateway; empty if the server does not have it. None in a client
            integration, where the process itself is the caller.
    """

    authorization: str | None = None
    peer: str | None = None

    def __repr__(self) -> str:
        """Nothing of the caller: tools that report exceptions show local variables."""
        return "Caller(...)"


class Bucket(NamedTuple):
    """The keys of one request.

    Attributes:
        own: the key of this caller at this method and path; None if the caller cannot be distinguished from others.
        common: the key that all callers share; set by outages and documented shared limits alone.
        surface: the id of the endpoint's surface, or None.
    """

    own: str | None
    common: str
    surface: str | None


def bucket(registry: Registry, provider: str, place: tuple[str, str], method: str, caller: Caller) -> Bucket:
    """Return the keys of one request.

    Args:
        registry: names the endpoint's surface.
        provider: whose endpoint it is.
        place: the host (tenant or org; a custom domain counts separately) and the provider's path.
        method: the method, upper case; HEAD counts as GET.
        caller: who sends it.
    """
    host, endpoint = place
    surface = registry.surface(provider, endpoint)
    name = surface.id if surface is not None else None
    start = "/".join(segment[:_MAX_SEGMENT] for segment in endpoint.split("/")[1 : _SEGMENTS + 1])
    verb = "GET" if method == "HEAD" else method[:_MAX_SEGMENT]
    common = f"{provider} {host} {verb} {name or '-'} /{start}"
    names_user = surface is not None and (surface.sign_in or surface.credential)
    identity = _identity(caller, names_user=names_user)
    own = None if identity is None else f"{common} {_digest('path', endpoint)} {identity}"
    return Bucket(own, f"{common} *", name)


def _identity(caller: Caller, *, names_user: bool) -> str | None:
    """Return a digest of the caller; None if nothing distinguishes it from others.

    A client integration sends the requests of all its users. Where a request names its user in the body, as at a
    sign-in or with a one-time code, neither the process nor its API token shows whose limit it was.
    """
    if caller.peer is None and names_user:
        return None
    scheme, _, token = (caller.authorization or "").strip().partition(" ")
    if token.strip() and scheme.lower() not in _NO_TOKEN:
        return _digest("token", token.strip())
    if caller.peer is None:
        return "self"
    return _digest("peer", caller.peer) if caller.peer else None


def _digest(kind: str, value: str) -> str:
    return f"{kind}:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:16]}"


def key_to_set(registry: Registry, problem: Problem, keys: Bucket, headers: list[tuple[Any, Any]]) -> str | None:
    """Return the key that a problem sets, or None.

    Args:
        registry: has the shared limits.
        problem: the provider's problem.
        keys: the request's keys.
        headers: the response's headers, for the proof that some shared limits need.
    """
    retry = problem.retry
    if retry.policy != "after_delay" or not retry.after or retry.source in {None, "default"}:
        return None
    if problem.owner == "limit":
        return keys.common if _is_shared(registry, keys.surface, headers) else keys.own
    if problem.reason == "upstream-unavailable" and retry.source == "retry-after":
        return keys.common
    return None


def _is_shared(registry: Registry, surface: str | None, headers: list[tuple[Any, Any]]) -> bool:
    """Whether the provider documents that all callers share the limit of a surface."""
    rows = (row for row in registry.data["limits"]["shared"] if row["surface"] == surface)
    return any("header" not in row or _has(headers, *row["header"]) for row in rows)


def _has(headers: list[tuple[Any, Any]], name: str, value: str) -> bool:
    return any(_text(key).lower() == name and _text(given).strip().lower() == value for key, given in headers)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def document_of(problem: Problem, registry: Registry) -> bytes:
    """Return what is kept of a problem: nothing of the one request that led to it.

    Codes, registered texts and the registry's own sentence stay; ids, continuations and whatever else the response
    carried are dropped, since other requests get the document.
    """
    kept: dict[str, Any] = {}
    for name, value in problem.extensions.items():
        if name in _KEPT_TEXTS and isinstance(value, str):
            known = name in _KEPT_CODES and CODE.fullmatch(value)
            kept[name] = value if known or registry.is_known_text(problem.provider, value) else problem.detail
        elif (name == "statusCode" and isinstance(value, int)) or (name == "errorCauses" and value == []):
            kept[name] = value
    upstream: dict[str, Any] = {name: problem.upstream[name] for name in ("status", "code") if name in problem.upstream}
    return problem.replace(instance=None, upstream=upstream, extensions=kept).to_bytes()


def jittered_wait(left: float) -> int:
    """Return whole seconds, never less than `left`, plus some at random: not all callers return at one instant."""
    least = math.ceil(left)
    jitter = max(_LEAST_JITTER, math.ceil(least * _JITTER))
    return least + random.randint(0, jitter)  # noqa: S311 - it spreads clients, it guards nothing


def suppressed_problem(document: bytes, after: int, instance: str, *, automatic: bool) -> Problem | None:
    """Return the problem for a request that is not sent.

    Args:
        document: what the store kept.
        after: the seconds to wait.
        instance: the URI of this occurrence.
        automatic: whether a program may repeat this request unattended.

    Returns:
        The problem; None if the store returned something else, so that the request has to be sent.
    """
    problem = Problem.from_bytes(document)
    if problem is None:
        return None
    retry = RetryHint("after_delay", after, automatic, problem.retry.source)
    return problem.replace(instance=instance, retry=retry)
