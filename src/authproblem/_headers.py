"""The headers of a rewritten response: what describes the old body goes, everything else stays, line by line, in order.

RFC 9110 sections 3.7, 7.6, 8 and 11.6.1, RFC 9111 section 5.2, RFC 9530. Nothing but registry constants and integers is
ever added.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from authproblem._fields import Fields, Pair
from authproblem._problem import Problem

_DROPPED_NAMES = (
    # framing and the coding of the old body
    "content-length", "content-type", "content-encoding", "content-language", "content-disposition",
    "transfer-encoding", "trailer", "connection", "keep-alive", "te", "upgrade", "proxy-connection",
    # validators, digests and ranges of the old body
    "etag", "last-modified", "content-md5", "digest", "content-digest", "repr-digest", "signature", "signature-input",
    "accept-ranges", "content-range",
    # an error is never stored
    "cache-control", "expires", "pragma",
    # ours, which nobody else may set
    "auth-problem", "auth-problem-owner", "auth-problem-retry", "auth-problem-upstream",
)  # fmt: skip
_DROPPED = frozenset(key for name in _DROPPED_NAMES for key in (name, name.encode()))
_RETRY_AFTER = frozenset(("retry-after", b"retry-after"))
_CHALLENGE = frozenset(("www-authenticate", b"www-authenticate"))
_EXPOSE = frozenset(("access-control-expose-headers", b"access-control-expose-headers"))
_VARY = frozenset(("vary", b"vary"))
_CACHE_CONTROL = frozenset(("cache-control", b"cache-control"))
_MARK = frozenset(("auth-problem-upstream", b"auth-problem-upstream"))
_TWIN_NAMES = ("Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry")


class Dress(NamedTuple):
    """How a problem is to be sent.

    Attributes:
        media_type: the value of `Content-Type`.
        binary: whether the pairs are bytes (ASGI) or str (WSGI).
        keep_retry_after: whether the upstream's `Retry-After` is valid and believed, so that it stays as sent.
        drop_retry_after: whether no wait is told at all, since the answer is folded.
        keep_challenge: whether `WWW-Authenticate` stays; only a folded answer of another status loses it.
        negotiated: whether `Accept` chose the media type.
        expose: whether browsers of other origins may read the header twin.
    """

    media_type: str
    binary: bool
    keep_retry_after: bool
    drop_retry_after: bool = False
    keep_challenge: bool = True
    negotiated: bool = True
    expose: bool = True


def rewritten(pairs: list[Pair], fields: Fields, problem: Problem, length: int | None, dress: Dress) -> list[Pair]:
    """The headers of a problem response.

    Args:
        pairs: the headers of the response that it replaces.
        fields: the same, scanned.
        problem: the problem.
        length: bytes of the body, or None where none is sent (HEAD).
        dress: how it is sent.
    """
    kept: list[Pair] = []
    for pair in pairs:
        name = pair[0].lower()
        if name in _DROPPED or (name in _RETRY_AFTER and not dress.keep_retry_after):
            continue
        if (name in _CHALLENGE and not dress.keep_challenge) or (dress.expose and name in _EXPOSE):
            continue
        kept.append((pair[0], pair[1]))
    added = [("Content-Type", dress.media_type), ("Content-Language", "en"), ("Cache-Control", "no-store")]
    if length is not None:
        added.append(("Content-Length", str(length)))
    told = problem.retry.after is not None and not dress.drop_retry_after
    if told and not dress.keep_retry_after:
        added.append(("Retry-After", str(problem.retry.after)))
    added += twin(fields, problem, expose=dress.expose, waits=dress.keep_retry_after or told)
    if dress.negotiated and not _varies(pairs):
        added.append(("Vary", "Accept"))
    return kept + _as_kind(added, binary=dress.binary)


def marked(pairs: list[Pair], fields: Fields, problem: Problem, *, binary: bool, expose: bool) -> list[Pair]:
    """The headers of a redirect with the header twin added; nothing else changes."""
    kept = [(n, v) for n, v in pairs if n.lower() not in _MARK and not (expose and n.lower() in _EXPOSE)]
    return kept + _as_kind(twin(fields, problem, expose=expose, waits=False), binary=binary)


def without_mark(pairs: list[Pair], fields: Fields) -> list[Pair]:
    """The headers without `Auth-Problem-Upstream`, which never leaves the app; the very list where it is not there."""
    if "auth-problem-upstream" not in fields:
        return pairs
    return [pair for pair in pairs if pair[0].lower() not in _MARK]


def forbids_transform(pairs: list[Pair]) -> bool:
    """Whether `Cache-Control` says `no-transform` (RFC 9111 section 5.2.2.6)."""
    return any("no-transform" in line.lower() for line in _lines(pairs, _CACHE_CONTROL))


def twin(fields: Fields, problem: Problem, *, expose: bool, waits: bool) -> list[tuple[str, str]]:
    """The header twin, and the line that lets scripts of other origins read it (Fetch, CORS protocol)."""
    added = problem.twin()
    listed = fields.all("access-control-expose-headers")
    if not expose:
        return added
    if "access-control-allow-origin" in fields:
        names = {name.strip().lower() for line in listed for name in line.split(",")}
        wanted = (*_TWIN_NAMES, "Retry-After") if waits else _TWIN_NAMES
        missing = [] if "*" in names else [name for name in wanted if name.lower() not in names]
        listed = [", ".join([*listed, *missing])] if listed or missing else []
    return added + [("Access-Control-Expose-Headers", line) for line in listed]


def _varies(pairs: list[Pair]) -> bool:
    names = {name.strip().lower() for line in _lines(pairs, _VARY) for name in line.split(",")}
    return "accept" in names or "*" in names


def _lines(pairs: list[Pair], names: frozenset[Any]) -> list[str]:
    """The values of a header that only a rewrite reads."""
    values = [pair[1] for pair in pairs if pair[0].lower() in names]
    return [value.decode("latin-1") if isinstance(value, bytes) else value for value in values]


def _as_kind(added: list[tuple[str, str]], *, binary: bool) -> list[Any]:
    if not binary:
        return list(added)
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in added]
