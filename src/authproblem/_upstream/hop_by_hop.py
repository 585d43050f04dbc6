"""Changes the headers as an intermediary must: RFC 9110 sections 7.6.1 and 12.5.3, as pure functions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec

Lines = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
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
"""Headers that concern one connection (RFC 9110 section 7.6.1; `Keep-Alive` and `Proxy-Connection` by convention)."""

_STANDARD_LIBRARY_ZSTD = (3, 14)
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


def decodable_codings() -> frozenset[bytes]:
    """Return the content codings that the middleware can undo, with the extras that are installed."""
    names = {b"gzip", b"x-gzip", b"deflate", b"identity"}
    if find_spec("brotli") is not None:
        names.add(b"br")
    if sys.version_info >= _STANDARD_LIBRARY_ZSTD or find_spec("zstandard") is not None:
        names.add(b"zstd")
    return frozenset(names)


def filter_accept_encoding(lines: Iterable[bytes], known: frozenset[bytes]) -> bytes:
    """Reduce `Accept-Encoding` to the codings in `known`.

    Args:
        lines: the values of the header, line by line.
        known: names of content codings, lower case.

    Returns:
        One value; `identity` where no coding is left. Never empty: a request without the header accepts any coding
        (RFC 9110 section 12.5.3).
    """
    accepted = [item.strip() for line in lines for item in line.split(b",")]
    kept = [item for item in accepted if item.partition(b";")[0].strip().lower() in known]
    return b", ".join(kept) or b"identity"


def removed_fields(connection: bytes | None) -> frozenset[bytes]:
    """Return the names of the fields of one connection: the hop-by-hop ones, and those that `Connection` names.

    Args:
        connection: the value of `Connection`, its lines joined by commas; None if there is none.
    """
    if connection is None or connection.lower() == b"keep-alive":  # nearly all messages
        return HOP_BY_HOP
    named = {item.strip().lower() for item in connection.split(b",")}
    return HOP_BY_HOP.union(name for name in named if name not in _END_TO_END and not name.startswith(b"content-"))


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Lines:
    """Remove the headers of one connection.

    Args:
        headers: names and values; names in any case.

    Returns:
        The others in their order, with lower-case names.
    """
    pairs = [(name.lower(), value) for name, value in headers]
    removed = removed_fields(b",".join([value for name, value in pairs if name == b"connection"]))
    return [pair for pair in pairs if pair[0] not in removed]
