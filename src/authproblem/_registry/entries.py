"""Turns rows of the data files into values: problem types, and entries with all that their rows leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from authproblem._model import Entry, Json, ProblemType, Source
from authproblem._registry.texts import fold, unescape

_source = lru_cache(maxsize=4096)(Source)
"""Many entries come from the same page."""


def _sources(rows: Iterable[Mapping[str, str]]) -> tuple[Source, ...]:
    return tuple([_source(row["at"], row["strength"]) for row in rows])


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(fold(unescape(text)) for text in texts)


_DEFAULTS: Mapping[str, Any] = {
    "id": "",
    "provider": "oauth",
    "code": None,
    "default_wait": None,
    "evidence": False,
    "sign_in": False,
    "pass_text": False,
    "shapes": frozenset(),
    "status": frozenset(),
    "name": None,
    "surfaces": frozenset(),
    "texts": (),
    "causes": (),
    "reasons": (),
    "known": (),
    "usual_status": frozenset(),
    "proof": frozenset(),
    "lookup_only": False,
    "retired": False,
    "aliases": (),
    "sources": (),
    "since": "",
}
"""The fields of an entry that are not its problem type's, where the row does not name them."""
_CONVERTED: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("shapes", "status", "surfaces", "usual_status"), frozenset),
    **dict.fromkeys(("texts", "causes", "reasons", "known", "aliases"), tuple),
    "proof": _folded,
    "sources": _sources,
}
"""How the lists of a row become fields of an entry."""
_AS_GIVEN = frozenset(Entry.__slots__) - _CONVERTED.keys() - {"provider", "type", "pass_text"}
"""The fields of a row that are an entry's as they are."""


def problem_type_of(row: Json) -> ProblemType:
    """Return a problem type from its row."""
    return ProblemType(**{field: row[field] for field in ProblemType.__slots__})


def entry_of(row: Json, types: Mapping[str, ProblemType], sentences: Mapping[str, str]) -> Entry:
    """Return an entry from its row; what it leaves out is its problem type's, or follows from its remedy.

    Args:
        row: the row.
        types: the problem types.
        sentences: what an end user reads for a remedy that is not the problem type's.
    """
    kind = types[row["type"]]
    fields = _inherited(kind)
    if row.get("remedy", kind.remedy) != kind.remedy:
        # A sentence belongs to a remedy: users are not asked to sign in where the developers have to act.
        fields["detail"] = sentences.get(row["remedy"], kind.detail)
    for name, value in row.items():
        if name in _AS_GIVEN:
            fields[name] = value
        elif name in _CONVERTED:
            fields[name] = _CONVERTED[name](value)
    fields["provider"] = row["id"].partition(":")[0]
    fields["pass_text"] = row.get("text") == "pass"
    return Entry(**fields)


def bare_entry(kind: ProblemType) -> Entry:
    """Return the stand-in entry of a problem type, with the type's own sentences and an empty id."""
    return Entry(**_inherited(kind))


def _inherited(kind: ProblemType) -> dict[str, Any]:
    """Return the fields of an entry whose row has nothing but its problem type."""
    return {
        **_DEFAULTS,
        "type": kind,
        "owner": kind.owner,
        "remedy": kind.remedy,
        "retry": kind.retry,
        "detail": kind.detail,
        "hint": kind.hint,
    }
