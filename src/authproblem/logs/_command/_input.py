"""Turns files and streams into blocks of whole lines, whatever their compression and layout. Memory stays flat.

One mechanism serves every layout: arrays and pretty-printed JSON are cut into their objects, and each becomes a line.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, cast

from authproblem.errors import visible

BLOCK = 1 << 20
"""Bytes read at once: large enough that a process is worth its message, small enough for live streams."""
PART = 4 << 20
"""Bytes of a plain file that a process reads at once."""
MAX_LINE = 16 << 20
"""Bytes of one line or object; Okta's events have at most 256 KiB, batches of CloudWatch 6 MiB. Longer ones are cut."""
_QUOTE, _OPENING = b'"{'
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_REST = rb'[^"\\]*(?:\\.[^"\\]*)*(")?'
_TOKEN = re.compile(rb'"' + _REST + rb"|[{}]", re.DOTALL)
"""A string, or its beginning where it ends beyond the buffer (the group is absent); or a brace outside of strings."""
_STRING_REST = re.compile(_REST, re.DOTALL)
"""The rest of a string, from where the buffer ended before: no byte is looked at twice."""


class InputError(Exception):
    """A file that cannot be read; the message says which and why."""

    def __init__(self, message: str) -> None:
        """Make an error of a message for a terminal."""
        super().__init__(visible(message))


class Part(NamedTuple):
    """Whole lines of a plain file that a process reads on its own: cheaper than to send it the bytes."""

    name: str
    start: int
    size: int

    def read(self) -> bytes:
        """The lines."""
        with open(self.name, "rb", buffering=0) as file:
            file.seek(self.start)
            found = file.read(self.size) or b""  # all at once, unless a signal comes between
            while len(found) < self.size and (more := file.read(self.size - len(found))):
                found += more
        return found


class Block(NamedTuple):
    """Whole lines, how far the (decompressed) input was read when they were complete, and how many bytes that took."""

    data: bytes | Part
    offset: int
    size: int


@contextmanager
def opened(name: str) -> Iterator[IO[bytes]]:
    """Open a file, or standard input for `-`, and decompress it where it is gzip or zstd.

    Raises:
        InputError: if it cannot be opened, or no library for its compression is installed.
    """
    try:
        raw: Any = sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}") from None
    try:
        yield _decompressed(raw, name)
    finally:
        if name != "-":
            raw.close()


def _decompressed(raw: Any, name: str) -> IO[bytes]:
    try:
        start = raw.peek(4)[:4]
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}") from None
    if start.startswith(_GZIP):
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    return _zstd(raw, name) if start.startswith(_ZSTD) else cast("IO[bytes]", raw)


def _zstd(raw: Any, name: str) -> IO[bytes]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd

            return cast("IO[bytes]", zstd.ZstdFile(raw))
        import zstandard
    except ImportError:
        raise InputError(
            f"cannot read {name}: it is zstd, which needs an optional dependency: pip install authproblem[logs]"
        ) from None
    return cast("IO[bytes]", zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))


def head_of(name: str, size: int) -> bytes:
    """The first bytes of a file, decompressed.

    Raises:
        InputError: if it cannot be read.
    """
    with opened(name) as stream:
        return _read(lambda _: stream.read(size), name)


def blocks(stream: IO[bytes], name: str, *, skip: int = 0, whole_lines: bool = False) -> Iterator[Block]:
    """The blocks of an input.

    Args:
        stream: the decompressed input.
        name: its name; `-` for standard input.
        skip: bytes that were read before and are skipped.
        whole_lines: leave a last line without an end for the next time, as a program may still be writing it.

    Raises:
        InputError: if it cannot be read to its end.
    """
    _skip(stream, skip)
    if name != "-" and isinstance(stream, io.BufferedReader) and not _is_document(stream.peek(1)):
        return _parts(stream, name, skip, whole_lines=whole_lines)
    return _read_blocks(stream, name, skip, whole_lines=whole_lines)


def _parts(file: io.BufferedReader, name: str, start: int, *, whole_lines: bool) -> Iterator[Block]:
    end = os.fstat(file.fileno()).st_size
    while start < end:
        file.seek(min(start + PART, end) - 1)
        last = file.readline(MAX_LINE)
        stop = file.tell()
        if whole_lines and not last.endswith(b"\n"):
            file.seek(start)
            stop = start + file.read(stop - start).rfind(b"\n") + 1
            if stop == start:
                return
        yield Block(Part(name, start, stop - start), stop, stop - start)
        start = stop


def _read_blocks(stream: IO[bytes], name: str, skip: int, *, whole_lines: bool) -> Iterator[Block]:
    # Archives give a few kilobytes at a time, which would make long lines slow; a live stream must not be waited for.
    is_live = name == "-" or isinstance(stream, io.BufferedReader)
    read = getattr(stream, "read1", stream.read) if is_live else stream.read
    rest, offset = b"", skip
    chunk = _read(read, name)
    splitter = DocumentSplitter() if not skip and _is_document(chunk) else None
    while chunk:
        offset += len(chunk)
        if splitter is not None:
            data = splitter.feed(chunk)
        else:
            data, rest = _whole(rest + chunk)
        if data:
            yield Block(data, offset - len(rest), len(chunk))
        chunk = _read(read, name)
    if rest and not whole_lines:
        yield Block(rest + b"\n", offset, len(rest))


def _read(read: Any, name: str) -> bytes:
    try:
        return bytes(read(BLOCK))
    except Exception as error:  # noqa: BLE001 - a broken archive: each library has its own exceptions
        raise InputError(f"cannot read {name}: it is broken ({type(error).__name__})") from None


def _skip(stream: IO[bytes], size: int) -> None:
    if size and stream.seekable():
        stream.seek(size)
        return
    while size > 0:
        skipped = len(stream.read(min(size, BLOCK)))
        if not skipped:
            return
        size -= skipped


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """The whole lines of a buffer, and the beginning of the next; a line that is too long is ended where it is."""
    end = data.rfind(b"\n") + 1
    if not end and len(data) > MAX_LINE:
        return data[:MAX_LINE] + b"\n", b""
    return data[:end], data[end:]


def _is_document(chunk: bytes) -> bool:
    """Whether the input is an array, or JSON over several lines."""
    start = chunk.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"[") or start.split(b"\n", 1)[0].strip() == b"{"


class DocumentSplitter:
    """Splits arrays and pretty-printed JSON into the outermost objects, each on a separate line."""

    def __init__(self) -> None:
        """Start outside of any object."""
        self._buffer, self._position, self._depth, self._start = b"", 0, 0, 0
        self._in_string = False

    def feed(self, chunk: bytes) -> bytes:
        """The objects that are complete with this chunk, as lines."""
        self._buffer += chunk
        found: list[bytes] = []
        if self._in_string:
            rest = _STRING_REST.match(self._buffer, self._position)
            if rest is not None:  # it is never None: the expression matches nothing, too
                self._position, self._in_string = rest.end(), rest.group(1) is None
        for token in () if self._in_string else _TOKEN.finditer(self._buffer, self._position):
            kind = self._buffer[token.start()]
            self._position = token.end()
            if kind == _QUOTE:
                self._in_string = token.group(1) is None
            elif kind == _OPENING:
                self._start = self._start if self._depth else token.start()
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    found.append(self._buffer[self._start : token.end()].replace(b"\n", b" "))
        if not self._in_string:
            self._position = len(self._buffer)
        keep = self._start if self._depth else self._position
        if len(self._buffer) - keep > MAX_LINE:  # not JSON, or nothing that fits: start again
            keep, self._position, self._depth = len(self._buffer), len(self._buffer), 0
            self._in_string = False
        self._buffer, self._position, self._start = self._buffer[keep:], self._position - keep, 0
        return b"\n".join(found) + b"\n" if found else b""
