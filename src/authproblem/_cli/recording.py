"""One recorded response, as the commands and the explorer pass it around."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Recording(NamedTuple):
    """A response, with what is known of its request.

    Attributes:
        status: The HTTP status; None where only the body was recorded.
        headers: The headers in order.
        body: The body.
        form: What it was read from: `response`, `curl`, `har`, `record` or `body`.
        method: The method of the request, if recorded.
        path: The path of the request, if recorded.
        where: Where it is in an input of several, such as `line 7`; empty otherwise.
    """

    status: int | None
    headers: list[tuple[str, str]]
    body: bytes
    form: str
    method: str | None = None
    path: str | None = None
    where: str = ""


def check_status(status: object, where: str = "status") -> int:
    """Return an HTTP status.

    Raises:
        ValueError: If it is not an integer from 100 to 599.
    """
    if isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599:
        return status
    msg = f"invalid {where}: {status!r}; expected a number from 100 to 599"
    raise ValueError(msg)


def without_undone_codings(headers: Iterable[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    """Return the headers, without `Content-Encoding` where the body is text.

    curl and browsers record the decoded body beside the original headers. Compressed data is never valid UTF-8: the
    first bytes of gzip, zlib and Zstandard already are not.
    """
    kept = list(headers)
    try:
        body.decode()
    except UnicodeDecodeError:
        return kept
    return [(name, value) for name, value in kept if name.lower() != "content-encoding"]


def path_of(url: Any) -> str | None:
    """Return the path of a URL, or None where it has none; the query is dropped."""
    from urllib.parse import urlsplit

    try:
        path = urlsplit(url).path if isinstance(url, str) else ""
    except ValueError:
        return None
    return path if path.startswith("/") else None
