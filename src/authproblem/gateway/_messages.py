"""What a gateway does to the headers of requests and responses: RFC 9110 sections 7.6 and 12.5.3. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from authproblem._upstream.hop_by_hop import Lines, end_to_end, filter_accept_encoding

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
_OWN = frozenset((b"host", b"accept-encoding", b"expect", b"via"))
_UNSAFE = re.compile(rb"[^\x21\x22\x24-\x7e]")  # `#` would begin a fragment
_FORWARDED_FOR = b"x-forwarded-for"
NAME = b"authproblem"
"""The pseudonym in `Via` (RFC 9110 section 7.6.3), which does not reveal who runs the gateway."""


def transfer_codings(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The transfer codings that a message names, in order and in lower case (RFC 9112 section 6.1)."""
    lines = [value for name, value in headers if name.lower() == b"transfer-encoding"]
    return [item.strip().lower() for value in lines for item in value.split(b",")]


def framing(headers: Iterable[tuple[bytes, bytes]], http_version: str, method: str) -> str:
    """How the body of a request is delimited: `chunked`, `length`, or `none` (RFC 9112 section 6)."""
    names = {name.lower(): value for name, value in headers}
    if b"transfer-encoding" in names:
        return "chunked"
    if b"content-length" in names:
        return "none" if names[b"content-length"].strip() == b"0" else "length"
    bodiless = http_version.startswith("1") or method in {"GET", "HEAD"}
    return "none" if bodiless else "chunked"  # HTTP/2 needs neither field


def request_headers(
    headers: Iterable[tuple[bytes, bytes]], *, host: bytes, known: frozenset[bytes], forwarded: str, peer: Peer
) -> Lines:
    """The headers of a request as the provider gets them.

    Args:
        headers: those of the caller.
        host: the provider's authority.
        known: the codings that we can decode.
        forwarded: `own`, `keep` or `none`.
        peer: who called.
    """
    given = end_to_end(headers)
    sent: Lines = [(b"host", host)]
    keep = forwarded == "keep"
    sent += [pair for pair in given if pair[0] not in _OWN and (keep or not _names_origin(pair[0]))]
    sent.append((b"accept-encoding", filter_accept_encoding(_lines(given, b"accept-encoding"), known)))
    sent.append((b"via", b", ".join([*_lines(given, b"via"), peer.version + b" " + NAME])))
    if forwarded != "none":
        addresses = [value for value in (*_lines(sent, _FORWARDED_FOR), peer.address) if value]
        sent = (
            [pair for pair in sent if pair[0] != _FORWARDED_FOR] + [(_FORWARDED_FOR, b", ".join(addresses))]
            if addresses
            else sent
        )
        sent += [] if _lines(sent, b"x-forwarded-proto") else [(b"x-forwarded-proto", peer.scheme)]
    return sent


class Peer:
    """The client of a request, as the server saw it and not as a header claims."""

    __slots__ = ("address", "scheme", "version")

    def __init__(self, scope: Mapping[str, object]) -> None:
        """Read the ASGI scope."""
        client = scope.get("client")
        self.address = str(client[0]).encode("latin-1", "replace") if isinstance(client, (tuple, list)) else b""
        self.scheme = str(scope.get("scheme", "http")).encode("latin-1", "replace")
        self.version = str(scope.get("http_version", "1.1")).encode("latin-1", "replace")


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
    """What lets the scripts of an origin read an answer that is the gateway's own (Fetch, CORS protocol)."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Auth-Problem, Auth-Problem-Owner, Auth-Problem-Retry, Retry-After"),
        (b"vary", b"Origin"),
    ]


def _names_origin(name: bytes) -> bool:
    return name in _ORIGIN_FIELDS or name.startswith(b"x-forwarded-")


def _lines(headers: Lines, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]
