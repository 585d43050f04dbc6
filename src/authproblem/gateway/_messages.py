"""Changes the headers of requests and responses as a gateway must: RFC 9110 sections 7.6 and 12.5.3. Pure functions."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from authproblem._upstream.hop_by_hop import HOP_BY_HOP, Lines, filter_accept_encoding
from authproblem.gateway._head import Head, Peer

_ORIGIN_FIELDS = frozenset(
    (
        b"auth0-forwarded-for",
        b"cf-connecting-ip",
        b"cf-connecting-ipv6",
        b"cf-pseudo-ipv4",
        b"client-ip",
        b"fastly-client-ip",
        b"forwarded",
        b"forwarded-for",
        b"true-client-ip",
        b"x-appengine-user-ip",
        b"x-azure-clientip",
        b"x-azure-socketip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-envoy-external-address",
        b"x-forwarded",
        b"x-original-forwarded-for",
        b"x-originating-ip",
        b"x-real-ip",
        b"x-remote-addr",
        b"x-remote-ip",
    )
)
"""With all `X-Forwarded-*`: where a request came from. A caller can write anything into them.

`Auth0-Forwarded-For` is what Auth0's attack protection counts by, where the client is trusted to send it:
https://auth0.com/docs/get-started/authentication-and-authorization-flow/resource-owner-password-flow
"""
_UNSAFE = re.compile(rb"[^\x21\x22\x24-\x7e]")  # `#` would begin a fragment
_FORWARDED_FOR, _FORWARDED_PROTO = b"x-forwarded-for", b"x-forwarded-proto"
_REPLACED = frozenset((b"host", b"accept-encoding", b"expect", b"via", _FORWARDED_FOR))
"""Fields that the gateway writes itself, and `Expect`, which its server has handled."""
_DROPPED = {True: HOP_BY_HOP | _REPLACED, False: HOP_BY_HOP | _REPLACED | _ORIGIN_FIELDS}
"""By whether the caller is a proxy that is trusted."""
_MAX_REMEMBERED = 128
"""Bytes of an `Accept-Encoding` whose reduced form is remembered; those of browsers have about 30."""
NAME = b"authproblem"
"""The pseudonym in `Via` (RFC 9110 section 7.6.3), which does not reveal who runs the gateway."""


def framing(head: Head, http_version: str, method: str) -> str:
    """How the body of a request is delimited: `chunked`, `length`, or `none` (RFC 9112 section 6)."""
    if head.get(b"transfer-encoding") is not None:
        return "chunked"
    length = head.get(b"content-length")
    if length is not None:
        return "none" if length.strip() == b"0" else "length"
    has_no_body = http_version.startswith("1") or method in {"GET", "HEAD"}
    return "none" if has_no_body else "chunked"  # HTTP/2 needs neither field


def request_headers(head: Head, *, host: bytes, known: frozenset[bytes], forwarded: str, peer: Peer) -> Lines:
    """The headers of a request as the provider gets them.

    Args:
        head: those of the caller.
        host: the provider's authority.
        known: the codings that we can decode.
        forwarded: `own`, `keep` or `none`.
        peer: who called.
    """
    removed, keep = head.removed(), forwarded == "keep"
    dropped = _DROPPED[keep] if removed is HOP_BY_HOP else removed | _DROPPED[keep]
    sent: Lines = [(b"host", host)]
    sent += [pair for pair in head.lines if pair[0] not in dropped]
    if not keep:
        sent = [pair for pair in sent if not pair[0].startswith(b"x-forwarded-")]
    accepted = None if b"accept-encoding" in removed else head.get(b"accept-encoding")
    sent.append((b"accept-encoding", _reduced(accepted, known)))
    via = None if b"via" in removed else head.get(b"via")
    own = b"%s %s" % (peer.version.encode("latin-1", "replace"), NAME)
    sent.append((b"via", b"%s, %s" % (via, own) if via else own))
    return sent if forwarded == "none" else sent + _origin(head, removed, peer, keep=keep)


def _reduced(accepted: bytes | None, known: frozenset[bytes]) -> bytes:
    """An `Accept-Encoding` without the codings that cannot be decoded."""
    if accepted is None:
        return filter_accept_encoding((), known)
    if len(accepted) > _MAX_REMEMBERED:
        return filter_accept_encoding((accepted,), known)
    return _remembered(accepted, known)


@lru_cache(maxsize=256)
def _remembered(accepted: bytes, known: frozenset[bytes]) -> bytes:
    """The same for one of the few values that nearly all clients send."""
    return filter_accept_encoding((accepted,), known)


def _origin(head: Head, removed: frozenset[bytes], peer: Peer, *, keep: bool) -> Lines:
    """The fields that name where a request came from, appended to those of a trusted proxy."""
    before = head.get(_FORWARDED_FOR) if keep and _FORWARDED_FOR not in removed else None
    addresses = [value for value in (before, peer.address.encode("latin-1", "replace")) if value]
    lines = [(_FORWARDED_FOR, b", ".join(addresses))] if addresses else []
    if not keep or _FORWARDED_PROTO in removed or head.get(_FORWARDED_PROTO) is None:
        lines.append((_FORWARDED_PROTO, peer.scheme.encode("latin-1", "replace")))
    return lines


def target(path: bytes, query: bytes) -> bytes:
    """A request target as the caller sent it; only bytes that HTTP does not allow in it are percent-encoded."""
    safe = _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], path)
    return safe + b"?" + _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], query) if query else safe


def below(path: bytes, prefix: bytes) -> bytes | None:
    """The rest of a path below a prefix, by whole segments; None if it is not below."""
    if not path.startswith(prefix):
        return None
    rest = path[len(prefix) :]
    return (rest or b"/") if not rest or rest.startswith(b"/") else None


def climbs(path: bytes) -> bool:
    """Whether a path leaves its root by `..`, however a server may read it.

    Parameters (`..;a=1`), backslashes, empty segments and percent-encoding, also where it is applied twice, are read in
    the way that climbs highest.
    """
    for _ in range(3):
        depth = 0
        for segment in path.replace(b"\\", b"/").split(b"/"):
            name = segment.partition(b";")[0]
            depth += -1 if name == b".." else name not in {b"", b"."}
            if depth < 0:
                return True
        decoded = unquote_to_bytes(path)
        if decoded == path:
            return False
        path = decoded
    return False


def cors(origin: bytes) -> Lines:
    """What lets the scripts of an origin read a response of the gateway's own (Fetch, CORS protocol)."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Auth-Problem, Auth-Problem-Owner, Auth-Problem-Retry, Retry-After"),
        (b"vary", b"Origin"),
    ]
