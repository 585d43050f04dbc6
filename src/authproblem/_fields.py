"""Response headers as the core reads them: one pass over the pairs, keeping only the few names that decide anything.

ASGI hands over bytes, WSGI and plain callers hand over str. Neither is converted as a whole: names are looked up in
both kinds, and only the values that are read become str (latin-1, as RFC 9110 section 5.5 has it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    "content-encoding",
    "content-type",
    "date",
    "dpop-nonce",
    "location",
    "ot-baggage-auth0-request-id",
    "ratelimit",
    "retry-after",
    "www-authenticate",
    "x-auth0-requestid",
    "x-okta-request-id",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-reset",
)


def spellings(names: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """The spellings of header names that are told without a conversion: as HTTP/2 and as HTTP/1 have them."""
    for name in names:
        for text in (name, name.title()):
            yield text, name
            yield text.encode(), name


_READ: dict[Any, str] = dict(spellings(_NAMES))

_ORDINARY_NAMES = (
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-max-age",
    "age",
    "alt-svc",
    "cache-control",
    "connection",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "link",
    "p3p",
    "permissions-policy",
    "pragma",
    "referrer-policy",
    "server",
    "server-timing",
    "set-cookie",
    "strict-transport-security",
    "traceparent",
    "transfer-encoding",
    "vary",
    "via",
    "x-content-type-options",
    "x-correlation-id",
    "x-frame-options",
    "x-powered-by",
    "x-process-time",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-request-id",
    "x-xss-protection",
)
"""Names that decide nothing, or only together with a name that is read (`Date`)."""
_ORDINARY = frozenset(key for key, _ in spellings(_ORDINARY_NAMES))
_CONTENT_TYPE = frozenset(key for key, _ in spellings(["content-type"]))
_SILENT = _ORDINARY - _CONTENT_TYPE
_IGNORED = _ORDINARY - _READ.keys()
_JSON_TYPES = ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8")


class Fields:
    """The headers that are read.

    Attributes:
        lines: the values of all lines by lower-case name.
        media_type: that of the body, in lower case and without parameters; empty where none is given.
    """

    __slots__ = ("lines", "media_type")

    def __init__(self, pairs: Iterable[Pair]) -> None:
        """Scan pairs of bytes or str."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            if name in _IGNORED:
                continue
            key = _READ.get(name) or _READ.get(name.lower())
            if key is None:
                continue
            text = (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip(" \t")
            if key in values:
                values[key].append(text)
            else:
                values[key] = [text]
        self.lines = values
        lines = values.get("content-type")
        self.media_type = lines[0].partition(";")[0].strip().lower() if lines else ""

    def __contains__(self, name: str) -> bool:
        """Whether a header of this (lower-case) name is there."""
        return name in self.lines

    def __bool__(self) -> bool:
        """Whether any header is read."""
        return bool(self.lines)

    def get(self, name: str) -> str | None:
        """The first line's value, or None."""
        lines = self.lines.get(name)
        return lines[0] if lines else None

    def all(self, name: str) -> list[str]:
        """The values of all lines, in order."""
        return self.lines.get(name, [])


PLAIN_JSON = Fields([("content-type", _JSON_TYPES[0])])
"""The headers of most errors: a JSON type, and nothing else that decides anything. One object for all, so that telling
it costs two operations in C instead of a loop over the headers."""
_PLAIN = {key: PLAIN_JSON for text in _JSON_TYPES for key in (text, text.encode())}


def scan(headers: Headers) -> Fields:
    """Scan a response's headers.

    Args:
        headers: a mapping, or an iterable of pairs, `str` or `bytes`; of a mapping the view that keeps duplicates.

    Raises:
        TypeError: if `headers` is neither.
    """
    pairs = headers if type(headers) is list else pairs_of(headers)
    kind: Any = None
    for name, value in pairs:
        if name not in _SILENT:
            if kind is not None or name not in _CONTENT_TYPE:
                return Fields(pairs)
            kind = value
    plain = _PLAIN.get(kind)
    return Fields(pairs) if plain is None else plain


def pairs_of(headers: Headers) -> list[Pair]:
    """The pairs of any kind of headers, in order, read once.

    Raises:
        TypeError: if `headers` is neither a mapping nor an iterable.
    """
    items: Any = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    return list(items() if callable(items) else headers)
