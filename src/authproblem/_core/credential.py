"""What an error says about the credential that was used: the one rule over the table `credentials.json`."""

from __future__ import annotations

from typing import Any

from authproblem._model import Credential
from authproblem._registry.registry import Registry

_PAGES = frozenset(("text", "html"))
_GUESSES = frozenset(("status", "family"))


def credential_of(  # noqa: PLR0917 - what a classification consists of, in its order
    registry: Registry, entry: str | None, reason: str, status: int | None, matched_by: str, shape: str | None = None
) -> tuple[Credential, str | None]:
    """Return what an error says about the credential that was used, and the kind of credential that it speaks of.

    `dead` means that nothing but a new credential helps, so an application deletes the one it has. It is therefore
    returned only for a registered code or text, never for 429 and 5xx (RFC 9110 section 15.6: the server is at fault),
    nor where only a family, a status or a page led to the problem type.

    Args:
        registry: has the table; entries that a team added take the verdict of their type.
        entry: the id of the registry entry, or None.
        reason: the slug of the problem type.
        status: the upstream's HTTP status; None where there was no response.
        matched_by: what the classification rests on, as in `Classification.matched_by`.
        shape: the wire shape, or None where it is not known any more.

    Returns:
        The verdict (`dead`, `keep`, `step_up` or `unknown`), and the kind (such as `refresh_token`) or None.
    """
    if status is not None and (status == 429 or status >= 500):
        return "keep", None
    table = registry.data["credentials"]
    row: list[Any] = table["entries"].get(entry) or table["types"].get(reason) or ["unknown"]
    verdict: Credential = row[0]
    kind: str | None = row[1] if len(row) > 1 else None
    if verdict == "dead" and (matched_by in _GUESSES or shape in _PAGES or (matched_by == "phrase" and entry is None)):
        return "unknown", None
    return verdict, kind
