"""The headers of a rewritten response: what describes the old body goes, everything else stays, line by line, in order.

RFC 9110 sections 3.7, 7.6, 8 and 11.6.1, RFC 9111 section 5.2, RFC 9530. Nothing but registry constants and integers is
ever added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from authproblem._core.problem import Problem
from authproblem._core.wire import retry_token
from authproblem._upstream.headers import Fields, Pair, layout_of, lower
from authproblem._upstream.media_types import JSON, PROBLEM

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
_DROPPED = frozenset(_DROPPED_NAMES)
_CORS = frozenset(("access-control-allow-origin", "access-control-expose-headers"))
_CONSTANT_TYPES = frozenset((PROBLEM, JSON))
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
    media_type, binary, keep_retry_after, drop_retry_after, keep_challenge, negotiated, expose = dress
    layout = fields.layout or layout_of(pairs)
    way = (keep_retry_after, keep_challenge, expose)
    kept = layout.kept.get(way)
    if kept is None:
        kept = layout.kept[way] = _kept(layout.names, *way)
    keep, varied = kept
    retry = problem.retry
    fixed = _CONSTANT if media_type in _CONSTANT_TYPES else _constant
    constant, varies = fixed(media_type, problem.reason, problem.owner, retry_token(retry), binary)
    headers = [*keep(pairs), *constant]
    if length is not None:
        headers.append((b"content-length", b"%d" % length) if binary else ("Content-Length", str(length)))
    told = retry.after is not None and not drop_retry_after
    if told and not keep_retry_after:
        headers += _as_kind([("Retry-After", str(retry.after))], binary=binary)
    if expose and not fields.plain and not _CORS.isdisjoint(fields.lines):
        headers += _as_kind(_exposed(fields, waits=keep_retry_after or told), binary=binary)
    if negotiated:
        for at in varied:
            if _varies(pairs[at][1]):
                return headers
        headers += varies
    return headers


Keep = Callable[[list[Pair]], Iterable[Pair]]


def _kept(names: Sequence[str], keep_retry_after: bool, keep_challenge: bool, expose: bool) -> tuple[Keep, list[int]]:  # noqa: FBT001
    """What is kept of a row of headers, and where `Vary` stands in it."""
    dropped = _DROPPED.union(
        () if keep_retry_after else ("retry-after",),
        () if keep_challenge else ("www-authenticate",),
        ("access-control-expose-headers",) if expose else (),
    )
    stay = [at for at, name in enumerate(names) if name not in dropped]
    varied = [at for at, name in enumerate(names) if name == "vary"]
    return itemgetter(*stay) if len(stay) > 1 else partial(_few, stay), varied


def _few(stay: Sequence[int], pairs: list[Pair]) -> list[Pair]:
    return [pairs[at] for at in stay]


Constant = tuple[Sequence[Pair], Sequence[Pair]]
"""The lines that all problems of a type are sent with: what describes the body, and the header twin; and `Vary`."""


def _constant(media_type: str, reason: str, owner: str, token: str, binary: bool) -> Constant:  # noqa: FBT001
    described = [("Content-Type", media_type), ("Content-Language", "en"), ("Cache-Control", "no-store")]
    twin = zip(_TWIN_NAMES, (reason, owner, token), strict=True)
    return _as_kind([*described, *twin], binary=binary), _as_kind([("Vary", "Accept")], binary=binary)


_CONSTANT = lru_cache(maxsize=1024)(_constant)
"""Bounded by the registry: reasons, owners and tokens are its constants, and the media type is one of two."""


def marked(pairs: list[Pair], fields: Fields, problem: Problem, *, binary: bool, expose: bool) -> list[Pair]:
    """The headers of a redirect with the header twin added; nothing else changes."""
    gone = {"auth-problem-upstream", "access-control-expose-headers"} if expose else {"auth-problem-upstream"}
    kept = [pair for pair in pairs if lower(pair[0]) not in gone]
    added = problem.twin() + (_exposed(fields, waits=False) if expose else [])
    return kept + _as_kind(added, binary=binary)


def without_mark(pairs: list[Pair], fields: Fields) -> list[Pair]:
    """The headers without `Auth-Problem-Upstream`, which never leaves the app; the very list where it is not there."""
    if "auth-problem-upstream" not in fields:
        return pairs
    return [pair for pair in pairs if lower(pair[0]) != "auth-problem-upstream"]


def forbids_transform(pairs: list[Pair]) -> bool:
    """Whether `Cache-Control` says `no-transform` (RFC 9111 section 5.2.2.6)."""
    return any("no-transform" in _text(value).lower() for name, value in pairs if lower(name) == "cache-control")


def _exposed(fields: Fields, *, waits: bool) -> list[tuple[str, str]]:
    """The line that lets scripts of other origins read the header twin (Fetch, CORS protocol)."""
    listed = fields.all("access-control-expose-headers")
    if "access-control-allow-origin" not in fields:
        return [("Access-Control-Expose-Headers", line) for line in listed]
    names = {name.strip().lower() for line in listed for name in line.split(",")}
    wanted = (*_TWIN_NAMES, "Retry-After") if waits else _TWIN_NAMES
    missing = [] if "*" in names else [name for name in wanted if name.lower() not in names]
    return [("Access-Control-Expose-Headers", ", ".join([*listed, *missing]))] if listed or missing else []


@lru_cache(maxsize=64)
def _varies(line: str | bytes) -> bool:
    """Whether a line of `Vary` says that `Accept` decides; an app has few of them, always the same."""
    names = {name.strip().lower() for name in _text(line).split(",")}
    return "accept" in names or "*" in names


def _text(value: str | bytes) -> str:
    """A value of a header that only a rewrite reads."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _as_kind(added: list[tuple[str, str]], *, binary: bool) -> list[Any]:
    if not binary:
        return list(added)
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in added]
