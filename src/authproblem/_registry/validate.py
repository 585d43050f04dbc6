"""Checks for the rows of a team's own registry; the built-in files are checked against a JSON Schema by `make lint`.

Every message names the row, the field, its value and what is expected, so that a mistake is found at start-up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from authproblem._model import PROVIDERS, ProblemType
from authproblem._registry.texts import Template, is_constant
from authproblem.errors import RegistryError, message

_ID = re.compile(r"(auth0|okta|oauth):\S(.{0,110}\S)?")
_STATUSES = range(200, 600)
_STRENGTHS = ("recorded", "documented", "sdk", "community")
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str, "code": str, "shapes": list, "status": list, "name": str, "texts": list, "causes": list, "reasons": list,
    "surfaces": list, "known": list, "usual_status": list, "type": str, "proof": list,
    "evidence": bool, "sign_in": bool,
    "lookup_only": bool, "owner": str, "remedy": str, "retry": str, "default_wait": int, "text": str, "detail": str,
    "hint": str, "internal": list, "aliases": list, "note": str, "retired": bool, "since": str, "sources": list,
}  # fmt: skip
_SHAPES = (
    "oauth", "www_authenticate", "redirect", "auth0_signup", "auth0_api", "auth0_problem", "sentence", "legacy_key",
    "okta_api", "okta_idx", "okta_state", "okta_factor", "scim", "fga", "text", "html",
)  # fmt: skip


def check_top_level(document: object, where: str) -> None:
    """Check the outermost object of an extension.

    Raises:
        RegistryError: if it is no object with a list `entries`, or has other members.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("entries"), (list, tuple)):
        fail(where, "registry extension", type(document).__name__, 'an object {"entries": [...]}')
    if unknown := sorted(set(document) - {"entries", "$schema", "about"}):
        fail(where, "member", unknown[0], "one of entries, $schema, about", ("entries", "$schema", "about"))


def check_row(row: Mapping[str, Any], where: str, types: Mapping[str, ProblemType], surfaces: Collection[str]) -> None:
    """Check one row.

    Raises:
        RegistryError: for the first invalid field.
    """
    entry_id = row.get("id")
    if not isinstance(entry_id, str) or not _ID.fullmatch(entry_id):
        fail(
            where, "id", entry_id, f"provider:code or provider:code/variant, with a provider of {', '.join(PROVIDERS)}"
        )
    where = f"{where} ({entry_id})"
    for field, value in row.items():
        wanted = _FIELDS.get(field)
        if wanted is None:
            fail(where, "field", field, f"one of {', '.join(_FIELDS)}", _FIELDS)
        elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            fail(where, field, value, f"a value of type {wanted.__name__ if isinstance(wanted, type) else wanted}")
    _check_vocabulary(row, where, types)
    if "type" not in row:
        fail(where, "type", None, "a problem type such as access-denied")
    if not row.get("code") and not row.get("texts"):
        fail(where, "code", None, "a code, or texts that identify the response without one")
    _check_numbers(row, where)
    for field, names in (("shapes", _SHAPES), ("surfaces", surfaces)):
        for value in row.get(field, ()):
            if value not in names:
                fail(where, field, value, f"one of {', '.join(sorted(names))}", names)
    _check_texts(row, where)
    _check_sources(row, where)


def _check_vocabulary(row: Mapping[str, Any], where: str, types: Mapping[str, ProblemType]) -> None:
    vocabulary = {
        "type": types,
        "owner": {kind.owner for kind in types.values()},
        "remedy": {kind.remedy for kind in types.values()},
        "retry": {kind.retry for kind in types.values()},
        "text": ("known", "pass"),
    }
    for field, allowed in vocabulary.items():
        if field in row and row[field] not in allowed:
            fail(where, field, row[field], f"one of {', '.join(sorted(allowed))}", allowed)


def _check_numbers(row: Mapping[str, Any], where: str) -> None:
    for status in row.get("status", ()):
        if status not in _STATUSES or isinstance(status, bool):
            fail(where, "status", status, "HTTP statuses from 200 to 599")
    if not 0 <= row.get("default_wait", 0) <= 86400:
        fail(where, "default_wait", row["default_wait"], "seconds from 0 to 86400")


def _check_texts(row: Mapping[str, Any], where: str) -> None:
    for field in ("texts", "causes", "known", "reasons", "aliases"):
        for text in row.get(field, ()):
            if not isinstance(text, str) or not text.strip():
                fail(where, field, text, "texts that are not empty")
            try:
                Template(text)
            except ValueError as error:
                fail(where, field, text, str(error))
    if row.get("evidence") and not row.get("code") and not all(is_constant(text) for text in row.get("texts", ())):
        fail(where, "evidence", row["evidence"], "false: a text with slots proves no sender")


def _check_sources(row: Mapping[str, Any], where: str) -> None:
    for source in row.get("sources", ()):
        is_valid = isinstance(source, Mapping) and set(source) == {"at", "strength"}
        if not is_valid or not isinstance(source["at"], str) or source["strength"] not in _STRENGTHS:
            expected = 'objects {"at": "...", "strength": ...} with a strength of ' + ", ".join(_STRENGTHS)
            fail(where, "sources", source, expected)


def fail(where: str, field: str, value: object, expected: str, choices: Iterable[str] = ()) -> NoReturn:
    """Refuse a row.

    Raises:
        RegistryError: always; it names the row, the field, its value and what is expected.
    """
    raise RegistryError(f"{where}: {message(field, value, expected, choices)}", where)
