"""Auth0's tenant logs: which type codes mean a failure, and what their details mean. No I/O.

The type code decides whether an event is a failure. Where a type has many causes (a failed login, a failed exchange),
`details.error` and `description` decide: the registry is searched first, since it has these texts from responses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from authproblem._core.normalize import classify as classify_response
from authproblem.logs._data import MAX_CACHED, Json, Maker, Meaning, known_texts, phrases, read, search, sentence
from authproblem.logs._details import Details, details_of
from authproblem.logs._model import AttackKind, DecidedBy, LogClassification

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_JSON = {"content-type": "application/json"}
_SPECIFIC = {"code_description", "code_status", "name", "cause"}
"""The values of `matched_by` where the text, not only the code, was known."""
_LOGIN = frozenset({"login", "password"})
_PASSWORD = frozenset({"password"})
_TOKEN = frozenset({"token"})
_NONE: frozenset[str] = frozenset()
_GROUPS = {
    **dict.fromkeys(("fcp", "fcpr", "fs"), _PASSWORD),
    **dict.fromkeys(("f", "fc", "fcoa", "fsa"), _LOGIN),
    **dict.fromkeys(("fede", "fens", "ferrt", "fercft"), _TOKEN),
    **dict.fromkeys(("feacft", "feccft", "fecte", "feoobft", "feotpft", "fepft", "fepotpft", "fertft"), _TOKEN),
}
"""Type codes in which a phrase may mean something else: sign-in, passwords, and the token endpoint."""


class Row(NamedTuple):
    """How events of one type code are read; `meaning` is None for successes and information."""

    meaning: Meaning | None
    fixed: bool
    groups: frozenset[str]


class Auth0:
    """The compiled tables and the cache of what was classified before."""

    def __init__(self) -> None:
        """Read the tables."""
        events, texts = read("auth0-events"), read("auth0-texts")
        self.make = Maker("auth0")
        self._patterns: list[Json] = events["patterns"]
        self._rows = {row["id"]: _row(row, "event") for row in events["events"]}
        self._names: dict[str, str] = texts["names"]
        self._texts = phrases(texts["texts"])
        self._sentences = known_texts(("auth0", "auth0-management"))
        self._prompts = [(row["starts"], row["type"]) for row in texts["prompts"]]
        self._cache: dict[tuple[str, Details], LogClassification | None] = {}
        self._plain: dict[str, LogClassification | None] = {}
        self.actions: dict[str, str] = events["actions"]

    def has_type(self, code: str) -> bool:
        """Whether a type code is in the tables."""
        return code in self._rows

    def is_code(self, code: str) -> bool:
        """Whether a type has the form of a type code."""
        return _TYPE.match(code) is not None

    def classify(self, event: Mapping[str, Any]) -> LogClassification | None:
        """The meaning of one event (`type`, `description`, `details` ...); None for a success or information."""
        code = event["type"]
        try:
            return self._plain[code]
        except KeyError:
            pass
        row = self.row(code)
        if row.meaning is None or row.fixed:
            found = None if row.meaning is None else self.make.make(code, row.meaning)
            if len(self._plain) < MAX_CACHED:
                self._plain[code] = found
            return found
        key = (code, details_of(event))
        if key in self._cache:
            return self._cache[key]
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        found = self._cache[key] = self._resolve(code, row, row.meaning, key[1])
        return found

    def row(self, code: str) -> Row:
        """How events of a type code are read, by pattern where it has no row."""
        row = self._rows.get(code)
        if row is not None:
            return row
        for pattern in self._patterns:
            if (
                code.endswith(pattern.get("ends", ""))
                and code.startswith(pattern.get("starts", ""))
                and not (pattern.get("short") and ("_" in code or len(code) > 10))
            ):
                return _row({**pattern, "id": code}, "family")
        return Row(None, fixed=True, groups=_NONE)

    def _resolve(self, code: str, row: Row, default: Meaning, details: Details) -> LogClassification | None:
        meaning = self._meaning(row, details) or default
        if meaning.type == "sign-in-failed" and details.prompt:
            slug = next((slug for start, slug in self._prompts if details.prompt.startswith(start)), None)
            meaning = Meaning(slug, "prompt") if slug else meaning
        if self.make.owner(meaning.type) == "flow":
            return None  # a client that still polls: nothing failed
        attack = (None if meaning is default else meaning.attack) or _row_attack(default, details.texts)
        return self.make.make(code, meaning._replace(attack=attack))

    def _meaning(self, row: Row, details: Details) -> Meaning | None:
        if details.name in self._names:
            return Meaning(self._names[details.name], "error")
        known, general = self._of_registry(details)
        whole = next(filter(None, (self._sentences.get(sentence(text)) for text in details.texts)), None)
        return known or whole or search(self._texts, " ".join(details.texts), row.groups) or general

    def _of_registry(self, details: Details) -> tuple[Meaning | None, Meaning | None]:
        """The registry's meaning: of code and text together, and of the code alone."""
        general = None
        for text in (*details.texts, "") if details.code or details.status else ():
            meaning, specific = self._as_response(details, text)
            if specific:
                return meaning, None
            general = meaning or general
        return None, general

    def _as_response(self, details: Details, text: str) -> tuple[Meaning | None, bool]:
        """The meaning of a response with this code and text, and whether the text decided."""
        text = text.encode(errors="replace").decode()  # half a surrogate pair is no JSON
        body = orjson.dumps({"error": details.code, "error_description": text} if details.code else {})
        found = classify_response(details.status or 400, _JSON, body, provider="auth0")
        if found is None:
            return None, False
        return Meaning(found.reason, "error", found.entry), found.matched_by in _SPECIFIC


def _row(row: Json, matched_by: DecidedBy) -> Row:
    code = row["id"]
    if "type" not in row:
        return Row(None, fixed=True, groups=_NONE)
    meaning = Meaning(row["type"], matched_by, None, row.get("attack"), row.get("severity"))
    return Row(meaning, row.get("fixed", False), _GROUPS.get(code, _NONE))


def _row_attack(default: Meaning, texts: tuple[str, ...]) -> AttackKind | None:
    """A type's own attack signal; reuse of a token is one only where the text names no other cause."""
    if default.attack == "refresh_token_reuse" and texts and "reus" not in " ".join(texts).lower():
        return None
    return default.attack
