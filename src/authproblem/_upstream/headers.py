"""Response headers as the core reads them: what names there are is told once, then only the few that decide are read.

ASGI hands over bytes, WSGI and plain callers str. Neither is converted as a whole: a row of names is looked up
as it came, and only the values that are read become str (latin-1, as RFC 9110 section 5.5 has it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
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


_READ = frozenset(_NAMES)
_SILENT = frozenset(("content-type", "date"))
"""Names that are read and decide nothing by themselves: `Date` only together with a name that tells a wait."""
_JSON_TYPES = ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8")
_PLAIN_TYPES = frozenset(kind for text in _JSON_TYPES for kind in (text, text.encode()))
_MAX_LAYOUTS = 512
"""Rows of names that are kept; an app behind one provider has a few dozen. Past it all are told anew."""
_MAX_NAMES = 64
_name = itemgetter(0)


def lower(name: Any) -> str:
    """A header's name as we know it."""
    return (name.decode("latin-1") if isinstance(name, bytes) else name).lower()


class Fields:
    """The headers that are read.

    Attributes:
        lines: the values of all lines by lower-case name.
        media_type: that of the body, in lower case and without parameters; empty where none is given.
        layout: where each header stands; None where they are no response's own.
        plain: whether there is a plain JSON type and nothing else that decides anything, as in most errors.
    """

    __slots__ = ("layout", "lines", "media_type", "plain")

    def __init__(self, pairs: Iterable[Pair], layout: Layout | None = None, *, plain: bool = False) -> None:
        """Read pairs of bytes or str."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            key = lower(name)
            if key in _READ:
                text = (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip(" \t")
                values.setdefault(key, []).append(text)
        self.lines = values
        lines = values.get("content-type")
        self.media_type = lines[0].partition(";")[0].strip().lower() if lines else ""
        self.layout, self.plain = layout, plain

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


class Layout:
    """One row of header names, told once: an app sends the same few rows again and again, only the values differ.

    Attributes:
        names: the names, in lower case, in order.
        read: where those stand that are read.
        type_at: where the only `Content-Type` stands, if nothing else can tell anything; else None.
        plain: what is read where that type is plain JSON: the same for all responses.
        kept: what a rewrite keeps of them, by the way in which it is sent: `_headers` fills it.
    """

    __slots__ = ("kept", "names", "plain", "read", "type_at")

    def __init__(self, names: Iterable[Any]) -> None:
        """Tell the names, `str` or `bytes`, in any spelling."""
        self.names = tuple(map(lower, names))
        self.kept: dict[Any, Any] = {}
        self.read = [at for at, name in enumerate(self.names) if name in _READ]
        types = [at for at in self.read if self.names[at] == "content-type"]
        telling = any(self.names[at] not in _SILENT for at in self.read)
        self.type_at = types[0] if len(types) == 1 and not telling else None
        self.plain = Fields([("content-type", _JSON_TYPES[0])], self, plain=True)


_layouts: dict[tuple[Any, ...], Layout] = {}


def layout_of(pairs: list[Pair]) -> Layout:
    """The layout of a response's headers."""
    names = tuple(map(_name, pairs))
    layout = _layouts.get(names)
    if layout is None:
        layout = Layout(names)
        if len(_layouts) >= _MAX_LAYOUTS:
            _layouts.clear()
        if len(names) <= _MAX_NAMES:
            _layouts[names] = layout
    return layout


def scan(headers: Headers) -> Fields:
    """Read a response's headers.

    Args:
        headers: a mapping, or an iterable of pairs, `str` or `bytes`; of a mapping the view that keeps duplicates.

    Raises:
        TypeError: if `headers` is neither.
    """
    pairs = headers if type(headers) is list else pairs_of(headers)
    layout = _layouts.get(tuple(map(_name, pairs))) or layout_of(pairs)
    at = layout.type_at
    if at is not None and pairs[at][1] in _PLAIN_TYPES:
        return layout.plain
    return Fields([pairs[at] for at in layout.read], layout)


def pairs_of(headers: Headers) -> list[Pair]:
    """The pairs of any kind of headers, in order, read once.

    Raises:
        TypeError: if `headers` is neither a mapping nor an iterable.
    """
    items: Any = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    return list(items() if callable(items) else headers)


PLAIN_JSON = scan([("content-type", _JSON_TYPES[0])])
"""The headers of an error of which nothing is known but that it is JSON."""
