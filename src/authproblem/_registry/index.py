"""The registry's look-ups: entries by code and text, families by pattern. Built once, then only read.

From the specific to the general: text, cause, name, then surface and status, then the code alone. Every step is a
dictionary look-up or a walk over the few entries that share a code; nothing depends on the number of entries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from authproblem._model import Entry, MatchedBy, ProblemType, UpstreamError
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._registry.texts import KnownTexts, TextTable, is_constant, unescape

Match = tuple[Entry, MatchedBy]

_MANY = 6
"""Entries of a code from which on its index takes more than a quarter of a millisecond."""


class Family(NamedTuple):
    """An open-ended group of codes, such as `inexistent_*`.

    Attributes:
        words: where there are any, the rest of a code consists of them: a tenant mints `invalid_company`, a server
            `invalid_resource`.
    """

    pattern: str
    shapes: frozenset[str]
    status: frozenset[int]
    type: ProblemType
    words: frozenset[str] = frozenset()

    @property
    def is_prefix(self) -> bool:
        """Whether its codes share a beginning; otherwise they share an end."""
        return self.pattern.endswith("*")

    @property
    def common(self) -> str:
        """The part that its codes have in common."""
        return self.pattern.strip("*")

    def matches(self, code: str, shape: str, status: int) -> bool:
        """Whether a code belongs to the family."""
        if (self.shapes and shape not in self.shapes) or (self.status and status not in self.status):
            return False
        return covers(self.pattern, self.words, code)


def covers(pattern: str, words: Collection[str], code: str) -> bool:
    """Whether a code fits a pattern with a star at one end, and the part for the star consists of certain words.

    Args:
        pattern: such as `invalid_*`.
        words: the words that the part may have between underscores; any, where there are none.
        code: the code.
    """
    common = pattern.strip("*")
    is_prefix = pattern.endswith("*")
    if not (code.startswith(common) if is_prefix else code.endswith(common)):
        return False
    part = code.removeprefix(common) if is_prefix else code.removesuffix(common)
    return not words or all(word in words for word in part.split("_"))


class CodeIndex:
    """The entries of one provider that share a code (or have none)."""

    __slots__ = (
        *("_by_cause", "_by_reason", "_by_text", "_default", "_exact", "_named", "_others"),
        "only",
    )

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Sort the entries into tiers; within a tier the most specific comes first."""
        by_text: list[Entry] = []
        by_cause: list[Entry] = []
        named: list[Entry] = []
        rest: list[Entry] = []
        for entry in sorted(entries, key=_specificity, reverse=True):
            has_cause = entry.causes or entry.reasons
            tier = by_text if entry.texts else by_cause if has_cause else named if entry.name else rest
            tier.append(entry)
        self._named = tuple(named)
        self._by_text = TextTable((text, e) for e in by_text for text in e.texts) if by_text else None
        self._by_cause = TextTable((text, e) for e in by_cause for text in e.causes)
        self._by_reason = {reason: e for e in reversed(by_cause) for reason in e.reasons}
        self._default = rest[-1] if rest and not _specificity(rest[-1]) else None
        self._others = tuple(e for e in rest if e is not self._default)
        # Two shortcuts: texts whose only entry requires nothing else, and the only entry of the code.
        self._exact = _unconditional(by_text)
        self.only: Match | None = (self._default, "code") if self._default and len(entries) == 1 else None

    def unconditional(self, text: str | None) -> Match | None:
        """Return the entry of a text that is written exactly so, if the entry requires nothing else."""
        return self._exact.get(text)

    def by_text(self, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces) -> Match | None:
        """Return the entry of the upstream's text."""
        if upstream.text is None or self._by_text is None:
            return None
        for entry in self._by_text.find(upstream.text):
            if _admits(entry, upstream, status, surfaces):
                return entry, "code_description"
        return None

    def by_rest(self, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces) -> Match | None:
        """Return the entry that causes, name, surface, status or the code alone select."""
        for text, reason in upstream.causes:
            by_reason = self._by_reason.get(reason) if reason else None
            for entry in (*(self._by_cause.find(text) if text else ()), *((by_reason,) if by_reason else ())):
                if _admits(entry, upstream, status, surfaces):
                    return entry, "cause"
        for entry in self._named:
            if entry.name == upstream.name and _admits(entry, upstream, status, surfaces):
                return entry, "name"
        for entry in self._others:
            if _admits(entry, upstream, status, surfaces):
                return entry, "code_status" if entry.status else "code"
        return (self._default, "code") if self._default is not None else None


class ProviderIndex:
    """All entries of one provider."""

    __slots__ = (
        "_by_code",
        "_codes",
        "_families",
        "_known",
        "_prefixes",
        "_suffixes",
        "constants",
        "provider",
        "texts",
        "values",
    )

    def __init__(
        self,
        provider: str,
        entries: Iterable[Entry],
        families: Sequence[Family],
        known: Iterable[str],
        shared: ProviderIndex | None = None,
    ) -> None:
        """Sort entries by code; the index of a code is built when it is first needed.

        Args:
            provider: the provider.
            entries: its entries.
            families: its open-ended groups of codes.
            known: further texts of it that may be sent on.
            shared: the index of OAuth's specifications, whose texts are known for every provider.

        Attributes:
            provider: the provider.
            constants: the texts without slots that may be sent on, as they are written on the wire.
            values: the names and reasons that entries require.
            texts: those that come with any code, and those of entries, each with the entry's id.
        """
        self.provider = provider
        entries = tuple(entries)
        self._by_code: dict[str | None, list[Entry]] = {}
        general = tuple(known)
        texts = [(text, entry.id) for entry in entries for text in (*entry.texts, *entry.causes, *entry.known)]
        values: set[str | None] = set()
        for entry in entries:
            if not entry.lookup_only:
                self._by_code.setdefault(entry.code, []).append(entry)
            values.update(entry.reasons, (entry.name,))
        self._codes: dict[str | None, CodeIndex] = {}
        self._families = tuple(families)
        self._prefixes = tuple(family.common for family in families if family.is_prefix)
        self._suffixes = tuple(family.common for family in families if not family.is_prefix)
        self.texts = general, texts
        others = ((), ()) if shared is None else shared.texts
        self._known = KnownTexts((*general, *others[0]), (*texts, *others[1]))
        own = (*general, *(text for text, _ in texts))
        self.constants = frozenset(unescape(text) for text in own if is_constant(text))
        self.values = frozenset(values)

    def prepare(self) -> None:
        """Build the indexes that take long: those of codes that many entries share."""
        for code, entries in self._by_code.items():
            if len(entries) >= _MANY:
                self.code(code)

    def has_code(self, code: str | None) -> bool:
        """Whether an entry has a code."""
        return code in self._by_code

    def code(self, code: str | None) -> CodeIndex | None:
        """Return the index of a code; None where no entry has it."""
        index = self._codes.get(code)
        if index is None:
            entries = self._by_code.get(code)
            if entries is None:
                return None
            index = self._codes[code] = CodeIndex(entries)
        return index

    def match(self, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces) -> Match | None:
        """Return the entry of a provider's error."""
        index = self.code(upstream.code)
        rest = None
        if index is not None:
            if index.only is not None and (index.only[0].evidence or None not in self._by_code):
                return index.only
            hit = index.unconditional(upstream.text) or index.by_text(upstream, status, surfaces)
            if hit is not None:
                return hit
            rest = index.by_rest(upstream, status, surfaces)
        # A sentence may decide what a generic or unknown code means, but not a vendor's own code; and in Identity
        # Engine documents the key decides, for texts are localized.
        is_generic = rest is None or not rest[0].evidence
        if is_generic and upstream.code is not None and upstream.text is not None and upstream.shape != "okta_idx":
            codeless = self.code(None)
            if codeless is not None and (hit := codeless.by_text(upstream, status, surfaces)) is not None:
                return hit
        return rest

    def family(self, code: str, shape: str, status: int) -> ProblemType | None:
        """Return the problem type of the first family that a code belongs to, or None."""
        if not (code.startswith(self._prefixes) or code.endswith(self._suffixes)):  # most codes: two calls
            return None
        return next((family.type for family in self._families if family.matches(code, shape, status)), None)

    def is_known_text(self, text: str) -> bool:
        """Whether a text may be sent on as it came."""
        return text in self.constants or text in self._known

    def is_explained(self, entry_id: str, text: str) -> bool:
        """Whether an entry has a text, or it comes with any code: nothing more can be learned from it."""
        return self._known.is_explained(entry_id, text)

    def sources(self, text: str) -> tuple[object, ...]:
        """Return the rows of the registered texts, the provider's and OAuth's, that a text equals or fits."""
        return self._known.sources(text)


def _unconditional(by_text: Sequence[Entry]) -> dict[str | None, Match]:
    """Return the constant texts that lead to one entry whatever else the response contains."""
    exact: dict[str | None, Match] = {}
    for entry in by_text:
        for text in entry.texts if _specificity(entry) == 0 else ():
            if is_constant(text):
                exact.setdefault(unescape(text), (entry, "code_description"))
    for entry in by_text:
        for text in entry.texts if _specificity(entry) else ():
            exact.pop(unescape(text), None)
    return exact


def _specificity(entry: Entry) -> int:
    """Return how much an entry requires beyond its code and its tier."""
    return bool(entry.surfaces) * 4 + bool(entry.status) * 3 + bool(entry.shapes) * 2 + bool(entry.name)


def _admits(entry: Entry, upstream: UpstreamError, status: int, surfaces: EndpointSurfaces) -> bool:
    if (entry.shapes and upstream.registry_shape not in entry.shapes) or (entry.status and status not in entry.status):
        return False
    if entry.name is not None and entry.name != upstream.name:
        return False
    if not entry.surfaces:
        return True
    surface = surfaces.find(entry.provider)
    return surface is not None and surface.id in entry.surfaces
