"""What the gateway reads of a message before its body: the header lines, in one pass, and who sent a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from authproblem._upstream.hop_by_hop import Lines, removed_fields


class Head:
    """The header fields of a request or a response.

    Attributes:
        lines: all of them in their order, with lower-case names.
    """

    __slots__ = ("_repeats", "_values", "lines")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Read the fields; names in any case."""
        self.lines: Lines = [(name.lower(), value) for name, value in headers]
        self._values = dict(self.lines)
        self._repeats = len(self._values) < len(self.lines)

    def get(self, name: bytes) -> bytes | None:
        """Return the lines of a field, joined by commas (RFC 9110 section 5.3); None if there is none."""
        value = self._values.get(name)
        if value is None or not self._repeats:
            return value
        values = [value for key, value in self.lines if key == name]
        return b", ".join(values)

    def text(self, name: bytes) -> str | None:
        """Return the same as text; None for an empty field, too."""
        value = self.get(name)
        return value.decode("latin-1") if value else None

    def size(self) -> int:
        """Return the bytes of all names and values."""
        return len(b"".join(chain.from_iterable(self.lines)))

    def removed(self) -> frozenset[bytes]:
        """Return the names of the fields that concern this connection alone."""
        return removed_fields(self.get(b"connection"))

    def end_to_end(self) -> Lines:
        """Return the lines without those that concern this connection alone."""
        removed = self.removed()
        return [pair for pair in self.lines if pair[0] not in removed]

    def is_coded(self) -> bool:
        """Whether the message has a transfer coding other than `chunked` (RFC 9112 section 6.1)."""
        value = self.get(b"transfer-encoding")
        return value is not None and any(coding.strip().lower() != b"chunked" for coding in value.split(b","))


class Peer:
    """The client of a request, as the server saw it and not as a header claims."""

    __slots__ = ("address", "scheme", "version")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        """Read the ASGI scope."""
        client = scope.get("client")
        self.address: str = str(client[0]) if client else ""
        self.scheme: str = scope.get("scheme") or "http"
        self.version: str = scope.get("http_version") or "1.1"
