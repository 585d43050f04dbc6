"""Find what a name means: an entry, a code, an error message, a problem type, or a code of a family.

For `explain` and `list`. Responses are classified elsewhere; nothing here takes part in that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from authproblem._cli.screen import Json, families_of
from authproblem._cli.similar import similar
from authproblem._model import PROVIDERS, Entry, ProblemType
from authproblem._registry.index import covers
from authproblem._registry.registry import Registry
from authproblem._registry.texts import fold

_STRENGTHS = ("recorded", "documented", "sdk", "community")
"""Strengths of sources, the strongest first."""
_LIKELY_MISSPELLED = 0.9
_MOST_SENTENCE = 200
"""Characters: a longer name is not compared with error messages, which takes time proportional to its square."""


class Found(NamedTuple):
    """The meaning of a name. Nothing was found where all members but `similar` are empty.

    Attributes:
        entries: The entries, the best match first.
        kind: The problem type, if the name is a slug or a type URI.
        family: The family that an unregistered code belongs to.
        similar: Similar names, for "did you mean".
    """

    entries: list[Entry]
    kind: ProblemType | None = None
    family: Json | None = None
    similar: Sequence[str] = ()


def find(registry: Registry, name: str) -> Found:
    """Return what a name means: entries first, then problem types, then families."""
    if entries := find_entries(registry, name):
        return Found(entries)
    if (kind := find_type(registry, name)) is not None:
        return Found([], kind)
    family = next((row for row in families_of(registry) if _covers(row, name)), None)
    if family is not None:
        return Found([], None, family, similar(name, _names(registry), least=_LIKELY_MISSPELLED))
    near = similar(name, _names(registry))
    if not near and " " in name and len(name) <= _MOST_SENTENCE:
        near = similar(name, dict.fromkeys(_texts(registry)))
    return Found([], similar=near)


def find_type(registry: Registry, name: str) -> ProblemType | None:
    """Return the problem type of a slug, or of a type URI that ends with one."""
    provider, _, rest = name.rpartition(":")
    slug = name if provider in PROVIDERS else rest.rstrip("/").rpartition("/")[2].rpartition("#")[2]
    return registry.types.get(slug.lower())


def find_entries(registry: Registry, name: str) -> list[Entry]:
    """Return the entries of an id, a code in any case, or an error message, the best match first.

    Where several entries have the same message, an exact spelling comes before one that differs in case or
    punctuation, a message that identifies the entry before one that it may carry, and a better source before a weaker.
    """
    if (found := registry.lookup(name)) is not None:
        return [found]
    provider, _, rest = name.rpartition(":")
    wanted = rest.lower() if provider in PROVIDERS else name.lower()
    entries = [entry for entry in registry if provider not in PROVIDERS or entry.provider == provider]
    by_code = [e for e in entries if e.code is not None and wanted in {e.code.lower(), f"errors.{e.code}".lower()}]
    by_code.sort(key=lambda entry: (PROVIDERS.index(entry.provider), bool(entry.texts), len(entry.id)))
    return by_code or _find_by_text(entries, name)


def related(registry: Registry, entries: list[Entry]) -> list[Entry]:
    """Return further entries that the same name or the same code can mean."""
    first = entries[0]
    same = [e for e in registry if first.code is not None and e.code == first.code]
    same.sort(key=lambda entry: entry.provider != first.provider)
    return list(dict.fromkeys(e for e in (*entries[1:], *same) if e.id != first.id))


def _find_by_text(entries: list[Entry], text: str) -> list[Entry]:
    folded = fold(text)
    ranked = []
    for entry in entries:
        identifying = (*entry.texts, *entry.causes)
        matching = [known for known in (*identifying, *entry.known) if fold(known) == folded]
        if matching:
            rank = (text not in matching, matching[0] not in identifying, _weakness(entry))
            ranked.append((rank, entry))
    ranked.sort(key=lambda pair: pair[0])
    return [entry for _, entry in ranked]


def _weakness(entry: Entry) -> int:
    return min((_STRENGTHS.index(source.strength) for source in entry.sources), default=len(_STRENGTHS))


def _covers(family: Json, name: str) -> bool:
    provider, _, code = name.rpartition(":")
    if provider not in {"", family["provider"]} or " " in code:
        return False
    return covers(family["pattern"], family.get("words", ()), code)


def _names(registry: Registry) -> list[str]:
    codes = sorted({entry.code for entry in registry if entry.code is not None})
    return list(dict.fromkeys((*registry.types, *(entry.id for entry in registry), *codes)))


def _texts(registry: Registry) -> Iterator[str]:
    for entry in registry:
        yield from (*entry.texts, *entry.causes, *entry.known)
