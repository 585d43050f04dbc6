"""Decides what an error means for the credential that was used, by the table `credentials.json`."""

from __future__ import annotations

from typing import Any

from authproblem._model import Credential
from authproblem._registry.registry import Registry

_PAGES = frozenset(("text", "html"))
_GUESSES = frozenset(("status", "family"))


def credential_of(  # noqa: PLR0917 - what a classification consists of, in its order
    registry: Registry,
    entry: str | None,
    reason: str,
    status: int | None,
    matched_by: str,
    shape: str | None = None,
    code: str | None = None,
) -> tuple[Credential, str | None]:
    """Return what an error says about the credential that was used, and the kind of that credential.

    `dead` means that nothing but a new credential helps, so an application deletes the one it has. It is therefore
    returned only for a registered code or text, never for 429 and 5xx (RFC 9110 section 15.6: the server is at fault),
    nor where only a family, a status or a page led to the problem type.

    Args:
        registry: has the table; entries that a team added take the row of their type.
        entry: the id of the registry entry, or None.
        reason: the slug of the problem type.
        status: the upstream's HTTP status; None where there was no response.
        matched_by: what the classification rests on, as in `Classification.matched_by`.
        shape: the wire shape, or None where it is not known any more.
        code: the upstream's code: where only a phrase decided, the code has to mean `dead` as well.

    Returns:
        `dead`, `keep`, `step_up` or `unknown`; and the kind (such as `refresh_token`) or None.
    """
    if status is not None and (status == 429 or status >= 500):
        return "keep", None
    table = registry.data["credentials"]
    row: list[Any] = table["entries"].get(entry) or table["types"].get(reason) or ["unknown"]
    verdict: Credential = row[0]
    kind: str | None = row[1] if len(row) > 1 else None
    is_guess = matched_by in _GUESSES or shape in _PAGES
    if verdict == "dead" and (
        is_guess or (matched_by == "phrase" and entry is None and not _is_dead_by_code(registry, code))
    ):
        return "unknown", None
    return verdict, kind


def _is_dead_by_code(registry: Registry, code: str | None) -> bool:
    """Whether a code alone, such as OAuth's `invalid_grant`, refuses the credential for good."""
    entry = None if code is None else registry.lookup(f"oauth:{code}")
    if entry is None:
        return False
    table = registry.data["credentials"]
    row: list[Any] = table["entries"].get(entry.id) or table["types"].get(entry.reason) or ["unknown"]
    return bool(row[0] == "dead")
