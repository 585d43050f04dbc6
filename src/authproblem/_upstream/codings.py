"""Undoes content codings (RFC 9110 section 8.4), with a limit: a decompression bomb costs no more memory than that.

gzip and deflate by the standard library; br and zstd where their extras are installed. What cannot be decoded is not
guessed at: the response passes unchanged.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

CODINGS = frozenset(("gzip", "x-gzip", "deflate", "br", "zstd", "identity"))
"""The codings that can be undone, br and zstd where their extras are installed."""
_MAX_CODINGS = 2
"""Codings on top of each other that are undone; one is usual, two happen behind a second proxy."""

_MAX_MEMBERS = 16
"""Members of one gzip body: each costs a copy of the rest, so that a body of empty members would cost seconds."""


def decode(body: bytes, codings: list[str], limit: int) -> bytes | None:
    """Undo the content codings of a body.

    Args:
        body: the coded bytes.
        codings: the values of `Content-Encoding`, line by line.
        limit: bytes that the decoded body may have.

    Returns:
        The decoded bytes, or None if a coding is unknown, the data is damaged or truncated, or the limit is passed. A
        body that is plain JSON in spite of the header (a client library has decoded it and left the header) is given
        as it is.
    """
    names = [name.strip().lower() for line in codings for name in line.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > _MAX_CODINGS:
        return None
    for name in reversed(names):
        undo = _UNDO.get(name)
        if undo is None:
            return None
        decoded = undo(body, limit)
        if decoded is None:
            return body if body.startswith(b"{") else None
        body = decoded
    return body


def _gzip(body: bytes, limit: int) -> bytes | None:
    """Decode all members of a gzip file (RFC 1952 section 2.2)."""
    out = b""
    for _ in range(_MAX_MEMBERS):
        if not body:
            return out
        part = _inflate(body, limit - len(out), 31)
        if part is None:
            return None
        data, body = part
        out += data
    return None if body else out


def _deflate(body: bytes, limit: int) -> bytes | None:
    """Decode the zlib format, or raw deflate, which some senders use instead (RFC 9110 section 8.4.1.2)."""
    part = _inflate(body, limit, 15) or _inflate(body, limit, -15)
    return part[0] if part and not part[1] else None


def _inflate(body: bytes, limit: int, wbits: int) -> tuple[bytes, bytes] | None:
    stream = zlib.decompressobj(wbits)
    try:
        data = stream.decompress(body, limit + 1)
    except zlib.error:
        return None
    return (data, stream.unused_data) if stream.eof and len(data) <= limit else None


def _brotli(body: bytes, limit: int) -> bytes | None:
    try:
        import brotli
    except ImportError:
        return None
    stream = brotli.Decompressor()
    try:
        out: bytes = stream.process(body, output_buffer_limit=limit + 1)
    except (brotli.error, TypeError):  # TypeError: a release before 1.2 has no output limit, so it is not used
        return None
    return out if stream.is_finished() and len(out) <= limit else None


if sys.version_info >= (3, 14):

    def _zstd(body: bytes, limit: int) -> bytes | None:
        try:
            from compression import zstd
        except ImportError:  # an interpreter that was built without it
            return None
        stream = zstd.ZstdDecompressor()
        try:
            out: bytes = stream.decompress(body, limit + 1)
        except zstd.ZstdError:
            return None
        return out if stream.eof and not stream.unused_data and len(out) <= limit else None

else:

    def _zstd(body: bytes, limit: int) -> bytes | None:
        try:
            import zstandard
        except ImportError:
            return None
        try:
            if zstandard.frame_content_size(body) > limit:
                return None
            out = zstandard.ZstdDecompressor().decompress(body, max_output_size=limit + 1, allow_extra_data=False)
        except zstandard.ZstdError:  # damaged, cut short, too large, or more than one frame
            return None
        return out if len(out) <= limit else None


_UNDO: dict[str, Callable[[bytes, int], bytes | None]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
