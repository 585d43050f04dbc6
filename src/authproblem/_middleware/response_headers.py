"""The headers of a rewritten response: what describes the old body is dropped, everything else stays in order.

RFC 9110 sections 3.7, 7.6, 8 and 11.6.1, RFC 9111 section 5.2, RFC 9530. Only registry constants and integers are ever
added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from authproblem._core.problem import HEADER, HEADER_OWNER, HEADER_RETRY, Problem
from authproblem._core.template import PreparedProblem
from authproblem._core.wire import is_token, is_wait, retry_token
from authproblem._model import RetryHint
from authproblem._upstream.headers import HeaderLayout, Pair, ResponseHeaders, decoded, lower

_DROPPED = frozenset((
    # framing and the coding of the old body
    "content-length", "content-type", "content-encoding", "content-language", "content-disposition",
    "transfer-encoding", "trailer", "connection", "keep-alive", "te", "upgrade", "proxy-connection",
    # validators, digests and ranges of the old body
    "etag", "last-modified", "content-md5", "digest", "content-digest", "repr-digest", "signature", "signature-input",
    "accept-ranges", "content-range",
    # an error is never stored
    "cache-control", "expires", "pragma",
    # the headers of this package, which nothing else may set
    "auth-problem", "auth-problem-owner", "auth-problem-retry", "auth-problem-upstream",
))  # fmt: skip
_CORS = frozenset(("access-control-allow-origin", "access-control-expose-headers"))
_PROBLEM_HEADERS = (HEADER, HEADER_OWNER, HEADER_RETRY)
_MAX_PLANS = 1024
"""Plans that are cached: sequences of header names times types of problems. Then the cache is emptied."""
_MAX_MEDIA_TYPE = 128
"""Characters of a media type that is cached; it may be the upstream's."""
_MAX_VARY = 256
"""Characters of a `Vary` line whose result is cached."""


class RewriteOptions(NamedTuple):
    """How a problem is to be sent.

    Attributes:
        media_type: the value of `Content-Type`.
        binary: whether the pairs are bytes (ASGI) or str (WSGI).
        keep_retry_after: whether the upstream's `Retry-After` is valid, so that it stays as sent.
        drop_retry_after: whether no wait is sent at all, since the response is folded.
        keep_challenge: whether `WWW-Authenticate` stays; only a folded response of another status loses it.
        negotiated: whether `Accept` chose the media type.
        expose: whether browsers of other origins may read the problem headers.
    """

    media_type: str
    binary: bool
    keep_retry_after: bool
    drop_retry_after: bool = False
    keep_challenge: bool = True
    negotiated: bool = True
    expose: bool = True


class HeaderPlan(NamedTuple):
    """The part that is the same for all problems of a type and all responses with the same header names.

    Attributes:
        select: returns the pairs that are kept.
        added: the pairs that are added.
        vary_at: the position of the upstream's `Vary`, and whether it names `Accept`.
        vary: the pair that is added where it does not.
        is_exposed: whether scripts of another origin read the response.
    """

    select: Callable[[list[Pair]], Iterable[Pair]]
    added: Sequence[Pair]
    vary_at: Sequence[int]
    vary: Sequence[Pair]
    is_exposed: bool


_PlanKey = tuple[HeaderLayout, RewriteOptions, str, str, str, bool]


class HeaderRewriter:
    """Makes the headers of problem responses; caches the plan for a type of problem and a sequence of names."""

    __slots__ = ("_plans",)

    def __init__(self) -> None:
        """Begin with an empty cache."""
        self._plans: dict[_PlanKey, HeaderPlan] = {}

    def rewrite(
        self, headers: ResponseHeaders, problem: Problem | PreparedProblem, length: int | None, options: RewriteOptions
    ) -> list[Pair]:
        """Return the headers of a problem response.

        Args:
            headers: the headers of the response that it replaces.
            problem: the problem.
            length: bytes of the body, or None where none is sent (HEAD).
            options: how it is sent.
        """
        pairs, retry = headers.pairs, problem.retry
        key = (headers.layout, options, problem.reason, problem.owner, retry.policy, retry.automatic)
        select, added, vary_at, vary, is_exposed = self._plans.get(key) or self._plan(key, retry)
        rewritten = [*select(pairs), *added]
        if length is not None:
            binary = options.binary
            rewritten.append((b"content-length", b"%d" % length) if binary else ("Content-Length", str(length)))
        if is_exposed or retry.after is not None:
            rewritten += _wait_headers(headers, retry.after, options, is_exposed=is_exposed)
        for at in vary_at:
            if _varies_by_accept(pairs[at][1]):
                return rewritten
        rewritten += vary
        return rewritten

    def _plan(self, key: _PlanKey, retry: RetryHint) -> HeaderPlan:
        """Make a plan, and cache it where all of its key is bounded."""
        layout, options, reason, owner, *_ = key
        dropped = _DROPPED.union(
            () if options.keep_retry_after else ("retry-after",),
            () if options.keep_challenge else ("www-authenticate",),
            ("access-control-expose-headers",) if options.expose else (),
        )
        kept = [at for at, name in enumerate(layout.names) if name not in dropped]
        vary_at = [at for at, name in enumerate(layout.names) if name == "vary"] if options.negotiated else []
        described = [("Content-Type", options.media_type), ("Content-Language", "en"), ("Cache-Control", "no-store")]
        values = zip(_PROBLEM_HEADERS, (reason, owner, retry_token(retry)), strict=True)
        problem_headers = [(name, value) for name, value in values if is_token(value)]
        vary = [("Vary", "Accept")] if options.negotiated else []
        plan = HeaderPlan(
            itemgetter(*kept) if len(kept) > 1 else partial(_few, kept),
            as_kind([*described, *problem_headers], binary=options.binary),
            vary_at,
            as_kind(vary, binary=options.binary),
            options.expose and not _CORS.isdisjoint(layout.positions),
        )
        if layout.is_cached and len(options.media_type) <= _MAX_MEDIA_TYPE:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan


def add_problem_headers(headers: ResponseHeaders, problem: Problem, *, binary: bool, expose: bool) -> list[Pair]:
    """Return the headers of a redirect with the problem headers added; those that the app has set itself stay."""
    dropped = {"auth-problem-upstream", "access-control-expose-headers"} if expose else {"auth-problem-upstream"}
    names = headers.layout.names
    kept = [pair for name, pair in zip(names, headers.pairs, strict=True) if name not in dropped]
    added = [] if "auth-problem" in headers else problem.problem_headers()
    return kept + as_kind(added + (_exposed(headers, waits=False) if expose else []), binary=binary)


def without_mark(headers: ResponseHeaders) -> list[Pair]:
    """Return the headers without `Auth-Problem-Upstream`, which never leaves the app."""
    if "auth-problem-upstream" not in headers:
        return headers.pairs
    names = headers.layout.names
    return [pair for name, pair in zip(names, headers.pairs, strict=True) if name != "auth-problem-upstream"]


def vary_by_accept(pairs: list[Pair], *, binary: bool) -> list[Pair]:
    """Return headers that say that the response depends on `Accept` (RFC 9110 section 12.5.5)."""
    if any(lower(name) == "vary" and _varies_by_accept(value) for name, value in pairs):
        return pairs
    return [*pairs, *as_kind([("Vary", "Accept")], binary=binary)]


def forbids_transform(pairs: list[Pair]) -> bool:
    """Whether `Cache-Control` has `no-transform` (RFC 9111 section 5.2.2.6)."""
    return any("no-transform" in decoded(value).lower() for name, value in pairs if lower(name) == "cache-control")


def as_kind(added: list[tuple[str, str]], *, binary: bool) -> list[Any]:
    """Return pairs of str as the pairs of bytes or str that a server expects."""
    if not binary:
        return list(added)
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in added]


def _few(kept: Sequence[int], pairs: list[Pair]) -> list[Pair]:
    return [pairs[at] for at in kept]


def _wait_headers(
    headers: ResponseHeaders, after: int | None, options: RewriteOptions, *, is_exposed: bool
) -> list[Pair]:
    """Return `Retry-After`, unless the upstream's stays, and the headers that show it and our headers to scripts."""
    if options.drop_retry_after or not is_wait(after):
        after = None
    added = [("Retry-After", str(after))] if after is not None and not options.keep_retry_after else []
    if is_exposed:
        added += _exposed(headers, waits=options.keep_retry_after or after is not None)
    return as_kind(added, binary=options.binary)


def _exposed(headers: ResponseHeaders, *, waits: bool) -> list[tuple[str, str]]:
    """Return the header that lets scripts of other origins read the problem headers (Fetch, CORS protocol)."""
    listed = headers.all("access-control-expose-headers")
    if "access-control-allow-origin" not in headers:
        return [("Access-Control-Expose-Headers", line) for line in listed]
    names = {name.strip().lower() for line in listed for name in line.split(",")}
    wanted = (*_PROBLEM_HEADERS, "Retry-After") if waits else _PROBLEM_HEADERS
    missing = [] if "*" in names else [name for name in wanted if name.lower() not in names]
    return [("Access-Control-Expose-Headers", ", ".join([*listed, *missing]))] if listed or missing else []


def _varies_by_accept(line: str | bytes) -> bool:
    """Whether a line of `Vary` names `Accept` (or `*`); an app has few of them, always the same."""
    return _cached_vary(line) if len(line) <= _MAX_VARY else _lists_accept(line)


def _lists_accept(line: str | bytes) -> bool:
    names = {name.strip().lower() for name in decoded(line).split(",")}
    return "accept" in names or "*" in names


_cached_vary = lru_cache(maxsize=64)(_lists_accept)
