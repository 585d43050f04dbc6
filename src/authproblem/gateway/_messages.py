"""What a gateway does to the headers of requests and responses: RFC 9110 sections 7.6 and 12.5.3. Pure functions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec

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
_FORWARDED = frozenset(
    (
        b"cf-connecting-ip",
        b"forwarded",
        b"true-client-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-forwarded",
        b"x-real-ip",
    )
)
"""With all `X-Forwarded-*`: where a request came from. A caller can write what it likes into them."""
_OWN = frozenset((b"host", b"accept-encoding", b"expect", b"via"))
_UNSAFE = re.compile(rb"[^\x21-\x7e]")
_ORIGIN = b"x-forwarded-for"
NAME = b"authproblem"
"""The pseudonym in `Via` (RFC 9110 section 7.6.3): it does not tell who runs the gateway."""


def decodable() -> frozenset[bytes]:
    """The content codings that an error's body can be freed of, with the extras that are installed."""
    names = {b"gzip", b"x-gzip", b"deflate", b"identity"}
    if find_spec("brotli") is not None:
        names.add(b"br")
    if sys.version_info >= (3, 14) or find_spec("zstandard") is not None:
        names.add(b"zstd")
    return frozenset(names)


def accept_encoding(lines: Iterable[bytes], known: frozenset[bytes]) -> bytes:
    """What may be asked of the provider: what the caller accepts and we can decode; `identity` where nothing is left.

    A request without the header would accept any coding (RFC 9110 section 12.5.3), so it is never left out.
    """
    asked = [item.strip() for line in lines for item in line.split(b",")]
    kept = [item for item in asked if item.partition(b";")[0].strip().lower() in known]
    return b", ".join(kept) or b"identity"


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Headers without those of one connection: the hop-by-hop ones, and those that `Connection` names."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {item.strip().lower() for name, value in pairs if name == b"connection" for item in value.split(b",")}
    return [(name, value) for name, value in pairs if name not in _HOP_BY_HOP and name not in named]


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
    sent += [pair for pair in given if pair[0] not in _OWN and (forwarded == "keep" or not _tells_origin(pair[0]))]
    sent.append((b"accept-encoding", accept_encoding(_lines(given, b"accept-encoding"), known)))
    sent.append((b"via", b", ".join([*_lines(given, b"via"), peer.version + b" " + NAME])))
    if forwarded != "none":
        told = [value for value in (*_lines(sent, _ORIGIN), peer.address) if value]
        sent = [pair for pair in sent if pair[0] != _ORIGIN] + [(_ORIGIN, b", ".join(told))] if told else sent
        sent += [] if _lines(sent, b"x-forwarded-proto") else [(b"x-forwarded-proto", peer.scheme)]
    return sent


class Peer:
    """Who called, as the server saw it: never what a header says."""

    __slots__ = ("address", "scheme", "version")

    def __init__(self, scope: Mapping[str, object]) -> None:
        """Read the ASGI scope."""
        client = scope.get("client")
        self.address = str(client[0]).encode("latin-1", "replace") if isinstance(client, (tuple, list)) else b""
        self.scheme = str(scope.get("scheme", "http")).encode("latin-1", "replace")
        self.version = str(scope.get("http_version", "1.1")).encode("latin-1", "replace")


def target(path: bytes, query: bytes) -> bytes:
    """A request target, byte for byte as the caller sent it; what HTTP does not allow in it is percent-encoded."""
    safe = _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], path)
    return safe + b"?" + _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], query) if query else safe


def below(path: bytes, prefix: bytes) -> bytes | None:
    """The rest of a path below a prefix, by whole segments; None if it is not below."""
    if not path.startswith(prefix):
        return None
    rest = path[len(prefix) :]
    return (rest or b"/") if not rest or rest.startswith(b"/") else None


def cors(origin: bytes) -> Headers:
    """What lets the scripts of an origin read an answer that is the gateway's own (Fetch, CORS protocol)."""
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Auth-Problem, Auth-Problem-Owner, Auth-Problem-Retry, Retry-After"),
        (b"vary", b"Origin"),
    ]


def _tells_origin(name: bytes) -> bool:
    return name in _FORWARDED or name.startswith(b"x-forwarded-")


def _lines(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]
