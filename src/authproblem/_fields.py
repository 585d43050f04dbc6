"""Response headers as the core reads them: one pass over the pairs, keeping only the few names that decide anything.

ASGI hands over bytes, WSGI and plain callers hand over str. Neither is converted as a whole: names are looked up in
both kinds, and only the values that are read become str (latin-1, as RFC 9110 section 5.5 has it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Pair = tuple[Any, Any]
Headers = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[Pair]

_NAMES = (
    "access-control-allow-origin",
    "access-control-expose-headers",
    "auth-problem",
    "auth-problem-owner",
    "auth-problem-retry",
    "auth-problem-upstream",
    "auth0-client-quota-limit",
    "auth0-organization-quota-limit",
    "cache-control",
    "content-encoding",
    "content-type",
    "date",
    "dpop-nonce",
    "location",
    "ot-baggage-auth0-request-id",
    "ratelimit",
    "retry-after",
    "vary",
    "www-authenticate",
    "x-auth0-requestid",
    "x-okta-request-id",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-reset",
)
_READ: dict[Any, str] = {key: name for name in _NAMES for key in (name, name.encode())}


class Fields:
    """The headers of one response: the untouched pairs in order, and the values of the names that are read."""

    __slots__ = ("_values", "pairs")

    def __init__(self, headers: Headers) -> None:
        """Scan headers; a one-shot iterable is read once, and a mapping's duplicate-keeping view is preferred.

        Raises:
            TypeError: if `headers` is neither a mapping nor an iterable of pairs.
        """
        pairs = headers if type(headers) is list else list(_pairs(headers))
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            key = _READ.get(name) or _READ.get(name.lower())
            if key is not None:
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                values.setdefault(key, []).append(text.strip(" \t"))
        self.pairs: list[Pair] = pairs
        self._values = values

    def __contains__(self, name: str) -> bool:
        """Whether a header of this (lower-case) name is there."""
        return name in self._values

    def get(self, name: str) -> str | None:
        """The first line's value, or None."""
        lines = self._values.get(name)
        return lines[0] if lines else None

    def all(self, name: str) -> list[str]:
        """The values of all lines, in order."""
        return self._values.get(name, [])

    @property
    def media_type(self) -> str:
        """The media type without parameters, lower-case; empty where there is none."""
        lines = self._values.get("content-type")
        return lines[0].partition(";")[0].strip().lower() if lines else ""


def _pairs(headers: Headers) -> Iterable[Pair]:
    items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    return items() if callable(items) else headers  # type: ignore[return-value]
