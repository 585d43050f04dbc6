"""Reads the JSON files in `data/` and turns rows into classifications. The files are the source; nothing is generated.

Rules on how an event is read live in `_okta` and `_auth0`; here is only what both share.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from authproblem._registry import registry as registry_module
from authproblem._registry.registry import Registry
from authproblem.logs._model import AttackKind, AttackSeverity, DecidedBy, LogClassification, LogProvider

Json = dict[str, Any]

_FOLDER = os.path.join(os.path.dirname(__file__), "data")
MAX_CACHED = 8192
"""Classifications kept for each provider: far more than one tenant's types and reasons; then the cache is emptied."""
MAX_TEXT = 512
"""Characters of a text that are searched, and of a text that may be a key of the cache."""

_MAX_JSON = 1 << 18
"""Characters of a string that is read as JSON; an event of Okta has at most 256 KiB."""


class Meaning(NamedTuple):
    """What a type, a reason or a text means, before it is tied to an event."""

    type: str
    matched_by: DecidedBy
    entry: str | None = None
    attack: AttackKind | None = None
    severity: AttackSeverity | None = None


class Phrase(NamedTuple):
    """A text to look for, in lower case, and what it means; `only` limits it to one group of events."""

    text: str
    type: str
    only: str | None
    attack: AttackKind | None


def as_object(value: object) -> Json:
    """An object as it is, or out of a string of JSON, as SQL tables have them; anything else counts as empty."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and value.startswith("{") and len(value) <= _MAX_JSON:
        try:
            found = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}
    return {}


def read(name: str) -> Json:
    """A file of `data/` by its name without `.json`."""
    with open(os.path.join(_FOLDER, name + ".json"), "rb") as file:
        document: Json = orjson.loads(file.read())
    return document


def read_registry(name: str) -> Json:
    """A file of the registry's data: what `Entry` leaves out, such as the internal names of errors."""
    with open(os.path.join(os.path.dirname(registry_module.__file__), "data", name + ".json"), "rb") as file:
        document: Json = orjson.loads(file.read())
    return document


def known_texts(names: Iterable[str]) -> dict[str, Meaning]:
    """What whole sentences mean, from the registry's files; those that depend on their code are left out.

    Args:
        names: files of the registry; of two entries with the same sentence and type the first counts.
    """
    found: dict[str, Meaning] = {}
    ambiguous: set[str] = set()
    for entry in (entry for name in names for entry in read_registry(name)["entries"]):
        for text in map(sentence, entry.get("texts", ())):
            known = found.setdefault(text, Meaning(entry["type"], "text", entry["id"]))
            if known.type != entry["type"] or "{" in text:
                ambiguous.add(text)
    return {text: meaning for text, meaning in found.items() if text not in ambiguous}


def sentence(text: str) -> str:
    """A text as `known_texts` has it: lower case, without the last full stop."""
    return text[:MAX_TEXT].strip().rstrip(".").lower()


def phrases(rows: list[Json]) -> tuple[Phrase, ...]:
    """The rows of a list of phrases, in their order."""
    return tuple(Phrase(row["contains"], row["type"], row.get("only"), row.get("attack")) for row in rows)


def search(table: tuple[Phrase, ...], text: str, groups: frozenset[str]) -> Meaning | None:
    """The first phrase that a text contains.

    Args:
        table: the phrases, the most specific first.
        text: the text as it came; only its first `MAX_TEXT` characters are searched.
        groups: which limited phrases count.
    """
    folded = text[:MAX_TEXT].lower()
    for phrase in table:
        if phrase.text in folded and (phrase.only is None or phrase.only in groups):
            return Meaning(phrase.type, "text", attack=phrase.attack)
    return None


class Maker:
    """Makes classifications from meanings; one for a provider."""

    def __init__(self, provider: LogProvider) -> None:
        """Load the problem types and the kinds of attacks."""
        self.provider: LogProvider = provider
        self.registry = Registry.builtin()
        kinds = read("attacks")["attacks"]
        self.severities: dict[AttackKind, AttackSeverity] = {row["id"]: row["severity"] for row in kinds}
        self.attacks: dict[str, AttackKind] = {row["type"]: row["id"] for row in kinds if "type" in row}

    def owner(self, slug: str) -> str:
        """The owner of a problem type."""
        return self.registry.types[slug].owner

    def make(self, event_type: str, meaning: Meaning) -> LogClassification:
        """The classification of an event of some type that has some meaning."""
        kind = self.registry.types[meaning.type]
        entry = self.registry.lookup(meaning.entry) if meaning.entry else None
        attack = meaning.attack or self.attacks.get(meaning.type)
        severity = (meaning.severity or self.severities[attack]) if attack else None
        return LogClassification(
            provider=self.provider,
            event_type=event_type,
            reason=kind.slug,
            title=kind.title,
            owner=kind.owner,
            remedy=kind.remedy,
            entry=meaning.entry,
            matched_by=meaning.matched_by,
            attack=attack,
            severity=severity,
            hint=entry.hint if entry is not None else kind.hint,
        )
