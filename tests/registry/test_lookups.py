"""The look-ups of a registry, built from rows and tables."""

from __future__ import annotations

from typing import Any

from authproblem._registry.load import read_builtin
from authproblem._registry.lookups import build_lookups

TABLES, _ROWS, FAMILIES, KNOWN, _VERSION = read_builtin()


def row(entry_id: str, **fields: Any) -> dict[str, Any]:
    """Return a row of the type `access-denied` whose code is the last part of its id."""
    code = entry_id.partition(":")[2]
    return {"id": entry_id, "code": code, "type": "access-denied", "evidence": False, "since": "1.0.0", **fields}


def lookups(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return the look-ups of a registry with these rows only."""
    return build_lookups(TABLES, {one["id"]: one for one in rows}, FAMILIES, KNOWN)


def test_entries_are_sorted_by_id() -> None:
    """Whatever the order of the files."""
    assert list(lookups(row("auth0:b"), row("auth0:a"))["_entries"]) == ["auth0:a", "auth0:b"]


def test_an_alias_belongs_to_the_provider_of_its_entry() -> None:
    """Unless it names another one."""
    names = lookups(row("auth0:a", aliases=["old", "okta:older"]))["_names"]

    assert [names[name].id for name in ("auth0:a", "auth0:old", "okta:older")] == ["auth0:a"] * 3


def test_an_id_wins_over_an_alias() -> None:
    """An alias never hides an entry."""
    assert lookups(row("auth0:a", aliases=["b"]), row("auth0:b"))["_names"]["auth0:b"].id == "auth0:b"


def test_an_entry_is_indexed_for_its_own_provider() -> None:
    """Its code means nothing in another provider's responses."""
    indexes = lookups(row("auth0:acme_denied"))["_indexes"]

    assert indexes["auth0"].code("acme_denied") is not None
    assert indexes["okta"].code("acme_denied") is None
