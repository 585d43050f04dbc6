"""Loading: rows of the data files, and extensions on top of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from authproblem._registry.entries import problem_type_of
from authproblem._registry.load import merge_extension, read_builtin
from authproblem.errors import RegistryError

TABLES, ROWS, FAMILIES, KNOWN, VERSION = read_builtin()
TYPES = {row["slug"]: problem_type_of(row) for row in TABLES["problem_types"]["types"]}
SURFACES = {row["id"] for row in TABLES["surfaces"]["surfaces"]}
ROW = {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denied"}


def merge(*rows: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Put rows on top of the built-in ones."""
    return merge_extension({"entries": rows}, ROWS, TYPES, SURFACES)


def test_every_row_names_its_own_id_and_the_release_that_added_it() -> None:
    """The files give `since` once for all their rows."""
    assert [entry_id for entry_id, row in ROWS.items() if row["id"] != entry_id or not row["since"]] == []


def test_a_new_row_is_no_evidence_unless_declared() -> None:
    """A team's code may be anybody's, too."""
    assert merge(ROW)[0][ROW["id"]]["evidence"] is False
    assert merge({**ROW, "evidence": True})[0][ROW["id"]]["evidence"] is True


def test_a_row_with_a_known_id_changes_the_fields_that_it_names() -> None:
    """All others stay."""
    before = ROWS["okta:E0000004"]
    after = merge({"id": "okta:E0000004", "detail": "Other words."})[0]["okta:E0000004"]

    assert {**before, "detail": "Other words."} == after


def test_the_checksum_depends_on_the_rows_and_not_on_the_order_of_their_fields() -> None:
    """Events show by it which registry was in use."""
    reordered = dict(reversed(ROW.items()))

    assert merge(ROW)[1] == merge(reordered)[1]
    assert merge(ROW)[1] != merge({**ROW, "type": "rate-limited"})[1]


def test_rows_that_match_the_same_responses_are_refused() -> None:
    """The second could never be found."""
    with pytest.raises(RegistryError, match="matches other responses than auth0:acme_denied"):
        merge(ROW, {**ROW, "id": "auth0:acme_denied/again"})


def test_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    """By its name alone: the folder stays private."""
    file = tmp_path / "acme.json"
    file.write_text(json.dumps({"entries": [{"id": "auth0:x", "type": "unheard-of"}]}))

    with pytest.raises(RegistryError) as caught:
        merge_extension(file, ROWS, TYPES, SURFACES)

    assert str(caught.value).startswith("acme.json, entry 1 (auth0:x): invalid type")
