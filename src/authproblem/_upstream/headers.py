"""Response headers as the core reads them: by name, in any spelling, with values decoded only when they are read.

ASGI passes bytes, WSGI and plain callers pass str. Neither is converted as a whole. An app sends the same few
sequences of header names again and again, so what can be derived from the names alone is cached per sequence
(`HeaderLayout`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from authproblem._model import Provider, as_provider

Pair = tuple[Any, Any]
"""A header: name and value, both `str` or both `bytes`."""
Headers = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[Pair]

MAX_LINES = 16
"""Lines of one header that are read; the others are ignored. Okta sends at most two challenges, Auth0 one."""
MAX_VALUE = 8192
"""Characters of one header line that are read; a longer line is ignored. nginx and most servers allow no longer one."""

WAIT_HEADERS = (
    "retry-after",
    "ratelimit",
    "auth0-client-quota-limit",
    "auth0-organization-quota-limit",
    "x-rate-limit-reset",
    "x-ratelimit-reset",
)
"""The headers that can give a wait; a time in them is compared with `Date`."""
_NAMES = (
    *WAIT_HEADERS,
    "access-control-allow-origin",
    "access-control-expose-headers",
    "auth-problem",
    "auth-problem-owner",
    "auth-problem-retry",
    "auth-problem-upstream",
    "content-encoding",
    "content-type",
    "date",
    "dpop-nonce",
    "location",
    "www-authenticate",
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
)
"""The headers that are read, besides those that prove a provider (`provider_headers` in the registry's data)."""
_DECISIVE = frozenset(("auth-problem", "auth-problem-upstream", "content-encoding"))
"""Headers that decide how a body is read, whoever sent it."""
_NEUTRAL = frozenset(("content-type", "date"))
"""Headers that decide nothing by themselves: `Date` counts only together with a header that gives a wait."""
JSON_TYPES = ("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8")
_PLAIN_TYPES = frozenset(kind for text in JSON_TYPES for kind in (text, text.encode()))
_MAX_LAYOUTS = 512
"""Sequences of names that are cached; an app behind one provider has a few dozen. Then the cache is emptied."""
_MAX_NAMES = 64
_MAX_NAME_BYTES = 2048
"""Names of one sequence, and their length in all, above which it is not cached: the cache stays below 2 MB."""
_name = itemgetter(0)


def lower(name: Any) -> str:
    """Return a header's name as it is compared: `str` in lower case."""
    return (name.decode("latin-1") if isinstance(name, bytes) else str(name)).lower()


def decoded(value: Any) -> str:
    """Return a header's value as `str` (latin-1, RFC 9110 section 5.5), without the white space around it."""
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip(" \t")


class HeaderLayout:
    """The facts that follow from the names of a response's headers, whatever their values are.

    Attributes:
        names: the names in lower case, in order.
        positions: the positions of each header that is read, by name.
        provider: the provider whose own header is there, or None.
        provider_headers: the names of the headers that prove a provider.
        request_ids_at: the positions of the headers that prove a provider: they carry its request id.
        json_at: the position of the only `Content-Type`, if no other header decides how the body is read; or None.
        has_challenge: whether there is a `WWW-Authenticate`.
        has_retry_after: whether there is a `Retry-After`.
        is_cached: whether responses with the same names get this very layout, so that it can be the key of a cache.
        is_coded: whether there is a `Content-Encoding`.
        is_neutral: whether no other header than type and date is there that is read.
    """

    __slots__ = (
        *("has_challenge", "has_retry_after", "is_cached", "is_coded", "is_neutral", "json_at"),
        *("names", "positions", "provider", "request_ids_at"),
    )

    def __init__(self, names: Iterable[Any], provider_headers: Mapping[str, str]) -> None:
        """Read the names, `str` or `bytes`, in any spelling."""
        self.names = tuple(map(lower, names))
        self.positions: dict[str, list[int]] = {}
        for at, name in enumerate(self.names):
            if name in _READ or name in provider_headers:
                self.positions.setdefault(name, []).append(at)
        proving = [name for name in provider_headers if name in self.positions]
        self.provider: Provider | None = as_provider(provider_headers[proving[0]]) if proving else None
        self.request_ids_at = tuple(at for name in proving for at in self.positions[name][:MAX_LINES])
        types = self.positions.get("content-type", [])
        self.json_at = types[0] if len(types) == 1 and _DECISIVE.isdisjoint(self.positions) else None
        self.has_challenge = "www-authenticate" in self.positions
        self.has_retry_after = "retry-after" in self.positions
        self.is_cached = False
        self.is_coded = "content-encoding" in self.positions
        self.is_neutral = self.positions.keys() <= _NEUTRAL


_READ = frozenset(_NAMES)


class ResponseHeaders:
    """The headers of one response.

    Attributes:
        pairs: the headers as they came.
        layout: what follows from their names.
        is_usual_json: whether the body is plain JSON in no coding, neither marked by the app nor normalized before.
    """

    __slots__ = ("_media_type", "is_usual_json", "layout", "pairs")

    def __init__(self, pairs: list[Pair], layout: HeaderLayout) -> None:
        """Wrap pairs of which the layout is known."""
        self.pairs = pairs
        self.layout = layout
        at = layout.json_at
        self.is_usual_json = at is not None and pairs[at][1] in _PLAIN_TYPES
        self._media_type: str | None = None

    def __contains__(self, name: str) -> bool:
        """Whether a header of this (lower-case) name is there."""
        return name in self.layout.positions

    @property
    def is_plain(self) -> bool:
        """Whether the body is usual JSON, and no header is there that could change how it is understood."""
        return self.is_usual_json and self.layout.is_neutral

    @property
    def media_type(self) -> str:
        """The media type of the body, in lower case and without parameters; empty where none is given."""
        if self._media_type is None:
            self._media_type = (self.get("content-type") or "").partition(";")[0].strip().lower()
        return self._media_type

    def get(self, name: str) -> str | None:
        """Return the value of the first line that is not too long, or None."""
        positions = self.layout.positions.get(name)
        if positions is None:
            return None
        for at in positions[:MAX_LINES]:
            value = decoded(self.pairs[at][1])
            if len(value) <= MAX_VALUE:
                return value
        return None

    def all(self, name: str) -> list[str]:
        """Return the values of the lines in order: at most `MAX_LINES`, and none longer than `MAX_VALUE`."""
        positions = self.layout.positions.get(name)
        if positions is None:
            return []
        values = [decoded(self.pairs[at][1]) for at in positions[:MAX_LINES]]
        return [value for value in values if len(value) <= MAX_VALUE]


class HeaderReader:
    """Makes `ResponseHeaders`; caches layouts, bounded in number and in bytes."""

    __slots__ = ("_layouts", "_provider_headers")

    def __init__(self, provider_headers: Mapping[str, str]) -> None:
        """Begin with an empty cache.

        Args:
            provider_headers: headers that prove a provider, in lower case, and the provider of each.
        """
        self._provider_headers = dict(provider_headers)
        self._layouts: dict[tuple[Any, ...], HeaderLayout] = {}

    def read(self, headers: Headers) -> ResponseHeaders:
        """Read a response's headers.

        Args:
            headers: a mapping, or an iterable of pairs, `str` or `bytes`; of a mapping with several values for a name
                all of them.

        Raises:
            TypeError: if `headers` is neither.
        """
        pairs = headers if type(headers) is list else pairs_of(headers)
        names = tuple(map(_name, pairs))
        return ResponseHeaders(pairs, self._layouts.get(names) or self._layout(names))

    def _layout(self, names: tuple[Any, ...]) -> HeaderLayout:
        layout = HeaderLayout(names, self._provider_headers)
        if len(names) <= _MAX_NAMES and sum(map(len, layout.names)) <= _MAX_NAME_BYTES:
            if len(self._layouts) >= _MAX_LAYOUTS:
                self._layouts.clear()
            self._layouts[names] = layout
            layout.is_cached = True
        return layout


def pairs_of(headers: Headers) -> list[Pair]:
    """Return the pairs of any kind of headers, in order.

    Raises:
        TypeError: if `headers` is neither a mapping nor an iterable of pairs.
    """
    items: Any = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    try:
        pairs: Any = items() if callable(items) else headers
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        kind = type(headers).__name__
        raise TypeError(f"headers is {kind}; expected a mapping or an iterable of (name, value) pairs") from None


NO_HEADERS = ResponseHeaders([], HeaderLayout((), {}))
"""The headers of a response of which nothing is known."""
PLAIN_JSON = ResponseHeaders([("content-type", JSON_TYPES[0])], HeaderLayout(("content-type",), {}))
"""The headers of a JSON error of which nothing else is known."""
