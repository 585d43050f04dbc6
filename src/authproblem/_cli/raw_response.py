"""Read an HTTP response from text: a raw response, or the output of `curl -i` or `curl -v`."""

from __future__ import annotations

import re

from authproblem._cli.recording import Recording, check_status, path_of, without_undone_codings

_STATUS_LINE = re.compile(rb"HTTP/[0-9.]{1,3} +([0-9]{1,9})(?: [^\r\n]*)?(?:\r?\n|\Z)")
_BLOCK_END = re.compile(rb"\r?\n\r?\n|\r?\n\Z|\Z")
_EMPTY_LINE = re.compile(rb"\r?\n")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[^\r\n]*)?\r?\n")
_VERBOSE = re.compile(rb"^< HTTP/", re.MULTILINE)
_REQUEST_LINE = re.compile(rb"> ([A-Z]{1,16}) (\S{1,8192}) HTTP/")
_PROGRESS = re.compile(rb"[{}] \[[0-9]+ bytes data\]\r?\n?")
_CLOSING = re.compile(rb"\* (?:Connection #|Closing connection)[^\r\n*]*\s*\Z")
_CLOSING_LENGTH = 320
"""Bytes at the end of `curl -v` output in which its closing line is looked for: a host name has up to 253."""


def is_raw(data: bytes) -> bool:
    """Return whether the data is a raw response or curl's output."""
    return _STATUS_LINE.match(data.lstrip(b"\r\n")) is not None or _VERBOSE.search(data) is not None


def read_raw(data: bytes) -> Recording:
    """Read a response from text for which `is_raw` is true.

    Of several header blocks (100 Continue, a proxy's response to CONNECT, followed redirects) the last one counts.

    Args:
        data: The bytes; lines end with CRLF or LF.

    Raises:
        ValueError: If the status line has a status that does not exist.
    """
    method = path = None
    form = "response"
    if _STATUS_LINE.match(data.lstrip(b"\r\n")) is None:
        data, method, path = _plain(data)
        form = "curl"
    position, status, headers = len(data) - len(data.lstrip(b"\r\n")), 0, []
    while (line := _STATUS_LINE.match(data, position)) is not None:
        status = check_status(int(line.group(1)), "status in the status line")
        head, position = _head(data, line.end())
        headers = _fields(head)
    body = _without_chunks(headers, data[position:])
    return Recording(status, without_undone_codings(headers, body), body, form, method, path)


def _plain(data: bytes) -> tuple[bytes, str | None, str | None]:
    """Return the response in the output of `curl -v`, and the method and path of the request."""
    method = path = None
    kept: list[bytes] = []
    in_body = False
    for line in data.splitlines(keepends=True):
        if (request := _REQUEST_LINE.match(line)) is not None:
            method, path = request.group(1).decode(), path_of(request.group(2).decode("latin-1"))
            kept, in_body = [], False
        elif line.startswith(b"<") and not in_body:
            kept.append(line[2:] if line[1:2] == b" " else line[1:])
            in_body = not kept[-1].strip() and len(kept) > 1
        elif in_body and line.startswith(b"< HTTP/"):  # another response on the same connection
            kept, in_body = [line[2:]], False
        elif in_body and not line.startswith(b"* "):
            kept.append(_PROGRESS.sub(b"", line))
    text = b"".join(kept)
    return text[:-_CLOSING_LENGTH] + _CLOSING.sub(b"", text[-_CLOSING_LENGTH:]), method, path


def _head(data: bytes, start: int) -> tuple[bytes, int]:
    """Return the header lines that begin at a position, and the position behind the empty line that ends them."""
    empty = _EMPTY_LINE.match(data, start)
    if empty is not None:
        return b"", empty.end()
    end = _BLOCK_END.search(data, start)
    return (data[start:], len(data)) if end is None else (data[start : end.start()], end.end())


def _fields(head: bytes) -> list[tuple[str, str]]:
    """Return the header fields; a line that begins with white space continues the one before (RFC 9112 section 5.2)."""
    fields: list[tuple[str, list[str]]] = []
    for line in head.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and fields:
            fields[-1][1].append(line.strip())
        elif colon and _NAME.fullmatch(name.rstrip(" \t")):
            fields.append((name.rstrip(" \t"), [value.strip()]))
    return [(name, " ".join(parts)) for name, parts in fields]


def _without_chunks(headers: list[tuple[str, str]], body: bytes) -> bytes:
    """Return the body with the chunked coding removed; curl removes it itself and leaves the header."""
    if not any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        return body
    parts: list[bytes] = []
    position = 0
    while (size := _CHUNK.match(body, position)) is not None:
        start, length = size.end(), int(size.group(1), 16)
        if length == 0:
            return b"".join(parts)
        end = _EMPTY_LINE.match(body, start + length)
        if end is None:  # damaged: return the body as it was recorded
            return body
        parts.append(body[start : start + length])
        position = end.end()
    return body
