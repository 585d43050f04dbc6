"""`ResponseCache`: what was found for responses that said the same, in registered words only, bounded.

Nothing that a user typed is kept: a key is made of codes, names, reasons and texts that the registry has, and of the
member names of an object. It holds everything that the classification depended on; whether the endpoint is part of
that is noted by the look-up itself (`EndpointSurfaces.consulted`).
"""

from __future__ import annotations

from authproblem._core.sender import Sender
from authproblem._core.template import ResponseTemplate
from authproblem._model import Classification, Json, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces, Surface
from authproblem._upstream.response import UpstreamResponse
from authproblem._upstream.shapes import ParsedKey

MAX_ENTRIES = 4096
"""Responses that are cached: about three for each entry of the registry. Then the cache is emptied."""

MAX_SAID = 1024
"""Characters of texts, names and reasons of one response that is cached: 32 causes in any order would fill memory."""

CacheKey = tuple[ParsedKey, int, "str | None", bool]
"""Parsed key, status, declared provider, and whether it is certain."""
_ENTRY_MATCHES = frozenset(("code_description", "code_status", "code", "name", "cause"))


class CachedResponse:
    """What was found for responses with one key.

    Attributes:
        classification: what they mean, without the document.
        template: what is sent for them, once it was prepared.
        can_prepare: whether a template can be made of it.
    """

    __slots__ = ("can_prepare", "classification", "template")

    def __init__(self, classification: Classification, *, can_prepare: bool) -> None:
        """Keep a classification; its template follows with the second response."""
        self.classification = classification
        self.can_prepare = can_prepare
        self.template: ResponseTemplate | None = None

    def classification_of(self, document: Json | None) -> Classification:
        """Return the classification of a response with the same key."""
        found = self.classification
        said = found.upstream
        upstream = UpstreamError(
            said.shape, said.code, said.text, said.name, said.causes, document, said.protocol, said.vendor, said.proof
        )
        return Classification(found.reason, found.entry, found.provider, found.shape, found.matched_by, upstream)


_BySurface = dict[tuple["Surface | None", "Surface | None"], CachedResponse]
_Slot = CachedResponse | _BySurface


class ResponseCache:
    """The cached responses of one `Normalizer`."""

    __slots__ = ("_entries", "_registry", "_size")

    def __init__(self, registry: Registry) -> None:
        """Begin with none."""
        self._registry = registry
        self._entries: dict[CacheKey, _Slot] = {}
        self._size = 0

    def __len__(self) -> int:
        """Return the number of cached responses."""
        return self._size

    def key_of(self, response: UpstreamResponse, sender: Sender) -> CacheKey | None:
        """Return the key of a response; None for one that is never cached."""
        if response.status < 400 or not (response.headers.is_usual_json or response.has_plain_json_error):
            return None
        parsed = response.key(self._registry.shapes)
        if parsed is None or not parsed[0].is_cached:
            return None
        return parsed, response.status, sender.provider, sender.certain

    def find(self, key: CacheKey, surfaces: EndpointSurfaces) -> CachedResponse | None:
        """Return what was found for a key at an endpoint."""
        slot = self._entries.get(key)
        return slot.get(surfaces.key()) if type(slot) is dict else slot  # type: ignore[return-value]

    def add(self, key: CacheKey, surfaces: EndpointSurfaces, cached: CachedResponse) -> None:
        """Cache what was found; `surfaces` is the look-up that the classification used."""
        if self._size >= MAX_ENTRIES:
            self._entries.clear()
            self._size = 0
        self._size += 1
        if not surfaces.consulted:
            self._entries[key] = cached
            return
        slot = self._entries.setdefault(key, {})
        if type(slot) is dict:
            slot[surfaces.key()] = cached

    def is_cacheable(self, parsed: ParsedKey, found: Classification) -> bool:
        """Whether an entry decided, by nothing but the object, and all that was said is registered without slots."""
        layout, _, text, name, causes = parsed
        if found.matched_by not in _ENTRY_MATCHES or found.shape != layout.shape.id:
            return False
        values = [value for value in (text, name, *(part for cause in causes for part in cause)) if value is not None]
        is_constant = self._registry.is_constant
        return sum(map(len, values)) <= MAX_SAID and all(is_constant(found.provider, value) for value in values)
