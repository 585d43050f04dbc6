"""What a row of a team's own registry has to look like; the built-in files are held against a JSON Schema in lint.

Every message names the row, the field and what would be right: a mistake is found at start-up, not in a response.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from authproblem._model import PROVIDERS, ProblemType
from authproblem._registry.texts import Template, is_constant

_ID = re.compile(r"(auth0|okta|oauth):\S(.{0,110}\S)?")
_STATUSES = range(200, 600)
_STRENGTHS = ("recorded", "documented", "sdk", "community")
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str, "code": str, "shapes": list, "status": list, "name": str, "texts": list, "causes": list, "reasons": list,
    "surfaces": list, "known": list, "usual_status": list, "type": str, "proof": list, "evidence": bool, "sign_in": bool,
    "lookup_only": bool, "owner": str, "remedy": str, "retry": str, "default_wait": int, "text": str, "detail": str,
    "hint": str, "internal": list, "aliases": list, "note": str, "retired": bool, "since": str, "sources": list,
}  # fmt: skip
_SHAPES = (
    "oauth", "www_authenticate", "redirect", "auth0_signup", "auth0_api", "auth0_problem", "sentence", "legacy_key",
    "okta_api", "okta_idx", "okta_state", "okta_factor", "scim", "fga", "text", "html",
)  # fmt: skip


class RowError(ValueError):
    """A row of a registry extension does not hold."""


def check_type_names(document: object, where: str) -> None:
    """Check the outermost object of an extension.

    Raises:
        RowError: if it is no object with a list `entries`, or has other members.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("entries"), (list, tuple)):
        msg = f'{where}: a registry extension is an object {{"entries": [...]}}'
        raise RowError(msg)
    if unknown := sorted(set(document) - {"entries", "$schema", "about"}):
        msg = f"{where}: unknown member {unknown[0]!r}; only entries, $schema and about are known"
        raise RowError(msg)


def check_row(row: Mapping[str, Any], where: str, types: Mapping[str, ProblemType], surfaces: Collection[str]) -> None:
    """Check one row.

    Raises:
        RowError: at the first field that does not hold.
    """
    entry_id = row.get("id")
    if not isinstance(entry_id, str) or not _ID.fullmatch(entry_id):
        _fail(
            where, "id", entry_id, f"provider:code or provider:code/variant, with a provider of {', '.join(PROVIDERS)}"
        )
    where = f"{where} ({entry_id})"
    for field, value in row.items():
        wanted = _FIELDS.get(field)
        if wanted is None:
            _fail(where, field, value, f"one of the fields {', '.join(_FIELDS)}")
        elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            _fail(where, field, value, f"a value of type {wanted.__name__ if isinstance(wanted, type) else wanted}")
    _check_words(row, where, types)
    if "type" not in row:
        _fail(where, "type", None, "a problem type such as access-denied")
    if not row.get("code") and not row.get("texts"):
        _fail(where, "code", None, "a code, or texts that tell the response without one")
    _check_numbers(row, where)
    for field, names in (("shapes", _SHAPES), ("surfaces", surfaces)):
        for value in row.get(field, ()):
            if value not in names:
                _fail(where, field, value, f"one of {', '.join(sorted(names))}")
    _check_texts(row, where)
    _check_sources(row, where)


def _check_words(row: Mapping[str, Any], where: str, types: Mapping[str, ProblemType]) -> None:
    vocabulary = {
        "type": types,
        "owner": {kind.owner for kind in types.values()},
        "remedy": {kind.remedy for kind in types.values()},
        "retry": {kind.retry for kind in types.values()},
        "text": ("known", "pass"),
    }
    for field, allowed in vocabulary.items():
        if field in row and row[field] not in allowed:
            _fail(where, field, row[field], f"one of {', '.join(sorted(allowed))}")


def _check_numbers(row: Mapping[str, Any], where: str) -> None:
    for status in row.get("status", ()):
        if status not in _STATUSES or isinstance(status, bool):
            _fail(where, "status", status, "HTTP statuses from 200 to 599")
    if not 0 <= row.get("default_wait", 0) <= 86400:
        _fail(where, "default_wait", row["default_wait"], "seconds from 0 to 86400")


def _check_texts(row: Mapping[str, Any], where: str) -> None:
    for field in ("texts", "causes", "known", "reasons", "aliases"):
        for text in row.get(field, ()):
            if not isinstance(text, str) or not text.strip():
                _fail(where, field, text, "texts that are not empty")
            try:
                Template(text)
            except ValueError as error:
                _fail(where, field, text, str(error))
    if row.get("evidence") and not row.get("code") and not all(is_constant(text) for text in row.get("texts", ())):
        _fail(where, "evidence", row["evidence"], "false: a text with slots proves no sender")


def _check_sources(row: Mapping[str, Any], where: str) -> None:
    for source in row.get("sources", ()):
        sound = isinstance(source, Mapping) and set(source) == {"at", "strength"}
        if not sound or not isinstance(source["at"], str) or source["strength"] not in _STRENGTHS:
            right = 'objects {"at": "...", "strength": ...} with a strength of ' + ", ".join(_STRENGTHS)
            _fail(where, "sources", source, right)


def _fail(where: str, field: str, value: object, right: str) -> None:
    msg = f"{where}: {field}={value!r} does not hold; it has to be {right}"
    raise RowError(msg)
