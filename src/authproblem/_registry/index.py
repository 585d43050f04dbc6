"""The registry's look-ups: entries by code and text, families by pattern, surfaces by path. Built once, then only read.

From the specific to the general: text, cause, name, then surface and status, then the code alone. Every step is a
dictionary look-up or a walk over the few entries that share a code; nothing depends on the number of entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from authproblem._model import Entry, ProblemType, UpstreamError
from authproblem._registry.texts import KnownTexts, TextTable, is_constant, plain

Match = tuple[Entry, str]


class Surface(NamedTuple):
    """A group of a provider's endpoints: whether one signs in there, and whether a repeat can spend a credential."""

    id: str
    provider: str
    sign_in: bool
    credential: bool


class Family(NamedTuple):
    """An open-ended group of codes, such as `inexistent_*`."""

    pattern: str
    shapes: frozenset[str]
    status: frozenset[int]
    type: ProblemType

    @property
    def begins(self) -> bool:
        """Whether its codes have their beginning in common; else their end."""
        return self.pattern.endswith("*")

    @property
    def common(self) -> str:
        """What its codes have in common."""
        return self.pattern.strip("*")

    def holds(self, code: str, shape: str, status: int) -> bool:
        """Whether a code belongs to the family."""
        if (self.shapes and shape not in self.shapes) or (self.status and status not in self.status):
            return False
        return code.startswith(self.common) if self.begins else code.endswith(self.common)


class Group:
    """The entries of one provider that share a code (or have none)."""

    __slots__ = (
        "_base",
        "_causes",
        "_entries",
        "_known",
        "_names",
        "_others",
        "_reasons",
        "_texts",
        "only",
        "ready",
        "surfaced",
    )

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Sort the entries into tiers; within a tier the one that demands most comes first."""
        ranked = sorted(entries, key=_demands, reverse=True)
        told = [e for e in ranked if e.texts]
        caused = [e for e in ranked if not e.texts and (e.causes or e.reasons)]
        named = [e for e in ranked if not e.texts and not e.causes and not e.reasons and e.name]
        rest = [e for e in ranked if e not in told and e not in caused and e not in named]
        self._texts = TextTable((text, e) for e in told for text in e.texts)
        self._causes = TextTable((text, e) for e in caused for text in e.causes)
        self._reasons = {reason: e for e in reversed(caused) for reason in e.reasons}
        self._names = tuple(named)
        self._base = rest[-1] if rest and not _demands(rest[-1]) else None
        self._others = tuple(e for e in rest if e is not self._base)
        self._entries = tuple(entries)
        self._known: TextTable[bool] | None = None
        self.surfaced = any(e.surfaces for e in entries)
        # The hot path: a text that stands there to the letter and demands nothing else, or the one entry of the code.
        self.ready: dict[str | None, Match] = {}
        for entry in told:
            for text in entry.texts if _demands(entry) == 0 else ():
                if is_constant(text):
                    self.ready.setdefault(plain(text), (entry, "code_description"))
        for text in {text for entry in told if _demands(entry) for text in entry.texts}:
            self.ready.pop(plain(text), None)
        self.only = (self._base, "code") if self._base is not None and len(entries) == 1 else None

    def knows(self, text: str) -> bool:
        """Whether a text is one of those that the code's entries name."""
        if self._known is None:
            entries = self._entries
            self._known = TextTable((text, True) for e in entries for text in (*e.texts, *e.causes, *e.known))
        return bool(self._known.find(text))

    def alone(self, shape: str) -> Entry | None:
        """The one entry that counts in a shape, if its code is all that it demands there."""
        counting = [entry for entry in self._entries if not entry.shapes or shape in entry.shapes]
        if len(counting) != 1:
            return None
        (entry,) = counting
        return None if entry.texts or entry.causes or entry.reasons or entry.name else entry

    def by_text(self, upstream: UpstreamError, status: int, surface: str | None) -> Match | None:
        """The entry whose text this is."""
        text = upstream.text
        if text is None or not self._texts:
            return None
        for entry in self._texts.find(text):
            if _admits(entry, upstream, status, surface):
                return entry, "code_description"
        return None

    def by_rest(self, upstream: UpstreamError, status: int, surface: str | None) -> Match | None:
        """The entry that causes, name, surface, status or the bare code tell."""
        for text, reason in upstream.causes:
            for entry in self._causes.find(text) if text else ():
                if _admits(entry, upstream, status, surface):
                    return entry, "cause"
            caused = self._reasons.get(reason) if reason else None
            if caused is not None and _admits(caused, upstream, status, surface):
                return caused, "cause"
        for entry in self._names:
            if entry.name == upstream.name and _admits(entry, upstream, status, surface):
                return entry, "name"
        for entry in self._others:
            if _admits(entry, upstream, status, surface):
                return entry, "code_status" if entry.status else "code"
        return (self._base, "code") if self._base is not None else None


def _demands(entry: Entry) -> int:
    """How much an entry demands beyond its code and its tier."""
    return bool(entry.surfaces) * 4 + bool(entry.status) * 3 + bool(entry.shapes) * 2 + bool(entry.name)


def _admits(entry: Entry, upstream: UpstreamError, status: int, surface: str | None) -> bool:
    return (
        (not entry.shapes or upstream.shape in entry.shapes)
        and (not entry.status or status in entry.status)
        and (not entry.surfaces or surface in entry.surfaces)
        and (entry.name is None or entry.name == upstream.name)
    )


class Book:
    """All entries of one provider."""

    __slots__ = (
        *("_beginnings", "_by_code", "_endings", "_families", "_general", "_groups", "_known", "_known_rows"),
        *("codeless", "provider"),
    )

    def __init__(
        self, provider: str, entries: Iterable[Entry], families: Sequence[Family], known: Sequence[str]
    ) -> None:
        """Sort entries by code; groups and the list of known texts are built when first needed."""
        self.provider = provider
        self._by_code: dict[str | None, list[Entry]] = {}
        rows = list(known)
        for entry in entries:
            if not entry.lookup_only:
                self._by_code.setdefault(entry.code, []).append(entry)
            rows += (*entry.texts, *entry.causes, *entry.known)
        self._groups: dict[str | None, Group] = {}
        self._families = tuple(families)
        self._beginnings = tuple(family.common for family in families if family.begins)
        self._endings = tuple(family.common for family in families if not family.begins)
        self._known_rows = rows
        self._general = TextTable((text, True) for text in known)
        self.codeless = None in self._by_code
        self._known: KnownTexts | None = None

    def group(self, code: str | None) -> Group | None:
        """The group of a code; None where no entry holds it."""
        group = self._groups.get(code)
        if group is None:
            entries = self._by_code.get(code)
            if entries is None:
                return None
            group = self._groups[code] = Group(entries)
        return group

    def family(self, code: str, shape: str, status: int) -> ProblemType | None:
        """The problem type of the first family that holds a code; of most codes none does, which two calls tell."""
        if not (code.startswith(self._beginnings) or code.endswith(self._endings)):
            return None
        for family in self._families:
            if family.holds(code, shape, status):
                return family.type
        return None

    def constants(self) -> Iterator[str]:
        """The known texts without slots, as they stand on the wire."""
        return (plain(text) for text in self._known_rows if is_constant(text))

    def says_nothing(self, text: str) -> bool:
        """Whether a text is one that the provider sends with any code: it refines nothing."""
        return bool(self._general.find(text))

    def knows(self, text: str) -> bool:
        """Whether a text may be sent on as it came."""
        if self._known is None:
            self._known = KnownTexts(self._known_rows)
        return text in self._known


class Surfaces:
    """Endpoints by path: a tree of segments, `{x}` for any one segment, a final `*` for all below."""

    __slots__ = ("_trees",)

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        """Build the trees, one for each provider."""
        self._trees: dict[str, dict[str, Any]] = {}
        for row in rows:
            surface = Surface(row["id"], row["provider"], row["sign_in"], row["credential"])
            for path in row["paths"]:
                node = self._trees.setdefault(surface.provider, {})
                for segment in path.strip("/").split("/"):
                    node = node.setdefault("{}" if segment.startswith("{") else segment, {})
                node[_LEAF] = surface

    def find(self, provider: str, endpoint: str) -> Surface | None:
        """The surface of a provider's path, without query; None where the registry does not know it."""
        node = self._trees.get(provider)
        if node is None:
            return None
        path = endpoint.partition("?")[0].strip("/")
        return _walk(node, path.split("/")[:_MAX_SEGMENTS])


_MAX_SEGMENTS = 24
_LEAF = "/"  # no segment has a slash


def _walk(node: dict[str, Any], segments: list[str]) -> Surface | None:
    if not segments:
        found: Surface | None = node.get(_LEAF) or node.get("*", {}).get(_LEAF)
        return found
    for key in (segments[0], "{}"):
        child = node.get(key)
        if child is not None and key != "*":
            found = _walk(child, segments[1:])
            if found is not None:
                return found
    below: Surface | None = node.get("*", {}).get(_LEAF)
    return below
