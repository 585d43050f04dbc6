"""`ResponseCache`: what was found for responses with the same codes and texts, by registered values only, bounded.

Nothing that a user typed is kept: a key is made of codes, names, reasons and texts that the registry has, and of the
member names of an object. In place of a text with slots, it has the registered ones that it fits: all that the look-ups
use of it. A key contains everything that the classification depended on; whether the endpoint is part of that is
recorded by the look-up itself (`EndpointSurfaces.consulted`).
"""

from __future__ import annotations

from authproblem._core.context import RequestContext
from authproblem._core.sender import Sender
from authproblem._core.template import ResponseTemplate
from authproblem._model import PROVIDERS, Classification, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces, Surface
from authproblem._upstream.flat_shapes import KnownKey, KnownText, ParsedKey
from authproblem._upstream.response import UpstreamResponse
from authproblem._upstream.shapes import Shapes

MAX_ENTRIES = 4096
"""Responses that are cached: about three for each entry of the registry. Then the cache is emptied."""

MAX_KEY_TEXT = 2048
"""Characters of texts, names and reasons in one key: 32 causes in any order would fill memory.

A text with slots counts by the number of registered texts that it fits, which the registry has anyway.
"""

CacheKey = tuple[KnownKey, int, "str | None", bool]
"""Codes and texts of the object, status, declared provider, and whether the provider is certain."""
_VENDORS = ("auth0", "okta")
_ENTRY_MATCHES = frozenset(("code_description", "code_status", "code", "name", "cause"))


class CachedResponse:
    """The result for all responses with one key.

    Attributes:
        classification: what they mean, without the contents of any of them.
        key: their codes and texts, by registered values.
        has_slots: whether a text of the key has slots, so that responses with the key may differ in it.
        template: what is sent for them, once it was prepared.
        can_prepare: whether a template can be made of it.
    """

    __slots__ = ("can_prepare", "classification", "has_slots", "key", "template")

    def __init__(self, found: Classification, key: KnownKey, *, has_slots: bool, can_prepare: bool) -> None:
        """Keep a classification; its template follows with the second response."""
        self.classification = found.replace(upstream=found.upstream.replace(text=None, causes=(), document=None))
        self.key = key
        self.has_slots = has_slots
        self.can_prepare = can_prepare
        self.template: ResponseTemplate | None = None

    def classification_of(self, response: UpstreamResponse, shapes: Shapes) -> Classification:
        """Return the classification of a response with the same key."""
        cached, parsed = self.classification, response.key(shapes)
        if parsed is None:
            return cached
        _, code, text, name, causes = parsed
        known = cached.upstream
        upstream = UpstreamError(
            known.shape, code, text, name, causes, response.load(), known.protocol, known.vendor, known.proof
        )
        return Classification(cached.reason, cached.entry, cached.provider, cached.shape, cached.matched_by, upstream)


_BySurface = dict[tuple["Surface | None", "Surface | None"], CachedResponse]
_Slot = CachedResponse | _BySurface


class ResponseCache:
    """The cached responses of one `Normalizer`."""

    __slots__ = ("_constants", "_entries", "_registry", "_size")

    def __init__(self, registry: Registry) -> None:
        """Begin with none."""
        self._registry = registry
        texts = (registry.constants(provider)[0] for provider in PROVIDERS)
        self._constants: frozenset[str | None] = frozenset((None,)).union(*texts)
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
        is_plain = not parsed[4] and parsed[2] in self._constants
        known: KnownKey | None = parsed if is_plain else self._known(parsed, sender)
        if known is None:
            return None
        return known, response.status, sender.provider, sender.certain

    def find(self, key: CacheKey, context: RequestContext) -> CachedResponse | None:
        """Return what was found for a key at the request's endpoint."""
        slot = self._entries.get(key)
        return slot.get(context.surfaces(self._registry).key()) if type(slot) is dict else slot  # type: ignore[return-value]

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

    def is_cacheable(self, known: KnownKey, found: Classification) -> bool:
        """Whether an entry decided, by nothing but what the key contains, and all of that is registered."""
        layout, _, text, name, causes = known
        if found.matched_by not in _ENTRY_MATCHES or found.shape != layout.shape.id:
            return False
        registry, upstream = self._registry, found.upstream
        values = [name, *(reason for _, reason in causes)]
        if not all(value is None or registry.is_constant(found.provider, value) for value in values):
            return False
        parts = (text, name, *(part for cause in causes for part in cause))
        if sum(len(part) for part in parts if part) > MAX_KEY_TEXT:
            return False
        if found.matched_by != "code":
            return True
        # The phrase rules have read the texts that the entry does not explain: all their words, those in slots too.
        raw_texts = (upstream.text, *(raw for raw, _ in upstream.causes))
        texts = zip((text, *(cause for cause, _ in causes)), raw_texts, strict=True)
        slots = [raw for registered, raw in texts if raw is not None and type(registered) is tuple]
        return all(registry.is_explained(found.provider, found.entry or "", raw) for raw in slots)

    def _known(self, parsed: ParsedKey, sender: Sender) -> KnownKey | None:
        """Put registered texts in place of those that fit them; None where a text is unknown.

        Only the texts of one vendor are looked at where the shape or a certain sender names it, as in `classify`.
        """
        layout, code, text, name, causes = parsed
        constants = self._constants
        vendor = layout.shape.vendor or (sender.provider if sender.certain else None)
        known: KnownText = text if text in constants else self._sources(vendor, text)
        if known == ():
            return None
        known_causes: tuple[tuple[KnownText, str | None], ...] = causes
        if not all([cause in constants for cause, _ in causes]):  # noqa: C419 - half the time of a generator
            known_causes = tuple((t if t in constants else self._sources(vendor, t), reason) for t, reason in causes)
            if any(registered == () for registered, _ in known_causes):
                return None
        return layout, code, known, name, known_causes

    def _sources(self, vendor: str | None, text: str | None) -> tuple[object, ...]:
        """Return the registered texts that a text fits, of one vendor or of both; none for an unknown one."""
        if text is None:
            return ()
        if vendor is not None:
            return self._registry.sources(vendor, text)
        found = tuple([self._registry.sources(provider, text) for provider in _VENDORS])
        return found if any(found) else ()
