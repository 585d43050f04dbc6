"""A response as people have it in a file: `curl -i` output, a recording, or a body alone. For the command line only."""

from __future__ import annotations

import re
from typing import NamedTuple

_STATUS_LINE = re.compile(rb"HTTP/[0-9.]{1,3} +([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_END = re.compile(rb"\r?\n\r?\n|\r?\n\Z|\Z")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*?)[ \t]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r?\n")
_BOM = b"\xef\xbb\xbf"


class Received(NamedTuple):
    """What was received; `status` is None and there are no headers where it is a body alone."""

    status: int | None
    headers: list[tuple[str, str]]
    body: bytes


def read_response(data: bytes) -> Received:
    """Read a response from what was saved of it.

    Of several header blocks (100 Continue, a proxy's answer to CONNECT, redirects that were followed) the last counts.

    Args:
        data: the bytes of the file; lines end with CRLF or LF.

    Returns:
        The response; of anything that does not begin with a status line, the body alone.
    """
    data = data.removeprefix(_BOM)
    rest, status, headers = data.lstrip(b"\r\n"), None, []
    while (line := _STATUS_LINE.match(rest)) is not None:
        status = int(line.group(1))
        rest = rest[line.end() :]
        head, rest = _split(rest)
        headers = _fields(head)
    if status is None:
        return Received(None, [], data)
    return Received(status, headers, _unchunked(headers, rest))


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The header lines, and what follows the empty line."""
    if data.startswith((b"\r\n", b"\n")):
        return b"", data[2 if data.startswith(b"\r") else 1 :]
    end = _END.search(data)
    return (data, b"") if end is None else (data[: end.start()], data[end.end() :])


def _fields(head: bytes) -> list[tuple[str, str]]:
    """The field lines; a line that begins with white space goes on the one before (RFC 9112 section 5.2)."""
    fields: list[tuple[str, str]] = []
    for line in head.decode("latin-1").splitlines():
        if line[:1] in {" ", "\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
        elif (found := _FIELD.fullmatch(line)) is not None:
            fields.append((found.group(1), found.group(2)))
    return fields


def _unchunked(headers: list[tuple[str, str]], body: bytes) -> bytes:
    """The body without its chunks, where it has any: curl takes them off and leaves the header."""
    if not any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        return body
    whole, rest = b"", body
    while (size := _CHUNK.match(rest)) is not None:
        length = int(size.group(1), 16)
        if length == 0:
            return whole
        chunk, rest = rest[size.end() : size.end() + length], rest[size.end() + length :]
        if len(chunk) < length or not rest.startswith((b"\r\n", b"\n")):
            break
        whole += chunk
        rest = rest[2 if rest.startswith(b"\r") else 1 :]
    return body
