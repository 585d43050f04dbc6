"""What a gateway does to the headers of requests and responses: RFC 9110 sections 7.6 and 12.5.3. Pure functions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from urllib.parse import unquote_to_bytes

Headers = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_END_TO_END = frozenset(
    (
        b"authorization",
        b"cache-control",
        b"cookie",
        b"date",
        b"dpop",
        b"host",
        b"retry-after",
        b"set-cookie",
        b"www-authenticate",
    )
)
"""With all `Content-*`: fields for the final recipient, which `Connection` must not name (RFC 9110 section 7.6.1).

Such an option is ignored: by `Connection: content-length` a caller would cut the body off its request.
"""
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


def decodable() -> frozenset[bytes]:
    """The content codings that can be decoded with the extras that are installed."""
    names = {b"gzip", b"x-gzip", b"deflate", b"identity"}
    if find_spec("brotli") is not None:
        names.add(b"br")
    if sys.version_info >= (3, 14) or find_spec("zstandard") is not None:
        names.add(b"zstd")
    return frozenset(names)


def accept_encoding(lines: Iterable[bytes], known: frozenset[bytes]) -> bytes:
    """Return what may be accepted from the provider: what the caller accepts and we can decode, else `identity`.

    A request without the header would accept any coding (RFC 9110 section 12.5.3), so it is never left out.
    """
    items = [item.strip() for line in lines for item in line.split(b",")]
    kept = [item for item in items if item.partition(b";")[0].strip().lower() in known]
    return b", ".join(kept) or b"identity"


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Headers without those of one connection: the hop-by-hop ones, and those that `Connection` names."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {item.strip().lower() for name, value in pairs if name == b"connection" for item in value.split(b",")}
    dropped = _HOP_BY_HOP | {name for name in named if name not in _END_TO_END and not name.startswith(b"content-")}
    return [pair for pair in pairs if pair[0] not in dropped]


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
) -> Headers:
    """The headers of a request as the provider gets them.

    Args:
        headers: those of the caller.
        host: the provider's authority.
        known: the codings that we can decode.
        forwarded: `own`, `keep` or `none`.
        peer: who called.
    """
    given = end_to_end(headers)
    sent: Headers = [(b"host", host)]
    keep = forwarded == "keep"
    sent += [pair for pair in given if pair[0] not in _OWN and (keep or not _names_origin(pair[0]))]
    sent.append((b"accept-encoding", accept_encoding(_lines(given, b"accept-encoding"), known)))
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


def cors(origin: bytes) -> Headers:
    """What lets the scripts of an origin read an answer that is the gateway's own (Fetch, CORS protocol)."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Auth-Problem, Auth-Problem-Owner, Auth-Problem-Retry, Retry-After"),
        (b"vary", b"Origin"),
    ]


def _names_origin(name: bytes) -> bool:
    return name in _ORIGIN_FIELDS or name.startswith(b"x-forwarded-")


def _lines(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]
