"""Checks of a team's rows: the first mistake is named, with its value and what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Registry
from authproblem._registry.validate import check_row, check_top_level
from authproblem.errors import RegistryError

TYPES = Registry.builtin().types
ROW: dict[str, Any] = {"id": "okta:acme", "code": "acme", "type": "access-denied"}


def refusal(**changes: object) -> str:
    """Return the message with which a row is refused."""
    with pytest.raises(RegistryError) as caught:
        check_row({**ROW, **changes}, "acme.json", TYPES, {"okta.authn"})
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "google:x"}, "id"),
        ({"id": None}, "id"),
        ({"kode": "x"}, "field"),
        ({"type": "acces-denied"}, "type"),
        ({"owner": "me"}, "owner"),
        ({"code": ""}, "code"),
        ({"status": [99]}, "status"),
        ({"status": [True]}, "status"),
        ({"default_wait": 86401}, "default_wait"),
        ({"default_wait": True}, "default_wait"),
        ({"shapes": ["soap"]}, "shapes"),
        ({"surfaces": ["okta.auth"]}, "surfaces"),
        ({"texts": [" "]}, "texts"),
        ({"texts": ["{unknown}"]}, "texts"),
        ({"sources": ["a page"]}, "sources"),
        ({"sources": [{"at": "a page", "strength": "strong"}]}, "sources"),
        ({"code": None, "texts": ["Denied {any}"], "evidence": True}, "code"),
    ],
)
def test_the_message_names_the_row_and_the_field(changes: dict[str, object], field: str) -> None:
    """So that it can be found at once."""
    message = refusal(**changes)

    assert message.startswith("acme.json")
    assert f": invalid {field}: " in message


def test_a_near_miss_is_suggested() -> None:
    """Misspelled types, fields and surfaces."""
    assert refusal(type="acces-denied").endswith("did you mean 'access-denied'?")
    assert refusal(retri="never").endswith("did you mean 'retry'?")
    assert refusal(surfaces=["okta.auth"]).endswith("did you mean 'okta.authn'?")


def test_a_text_with_slots_is_no_evidence() -> None:
    """Anybody can send a text that fits a template."""
    with pytest.raises(RegistryError, match="a text with slots proves no sender"):
        check_row({"id": "okta:x", "type": "access-denied", "texts": ["Denied {any}"], "evidence": True}, "", TYPES, ())


@pytest.mark.parametrize("wait", [0, 86400])
def test_a_correct_row_is_accepted(wait: int) -> None:
    """The limits of a wait are included."""
    check_row(
        {**ROW, "default_wait": wait, "status": [200, 599], "surfaces": ["okta.authn"]}, "", TYPES, {"okta.authn"}
    )


@pytest.mark.parametrize("document", [None, [], {}, {"entries": {}}, {"entries": [], "rows": []}])
def test_an_extension_is_an_object_with_entries(document: object) -> None:
    """And with no unused member."""
    with pytest.raises(RegistryError, match="expected"):
        check_top_level(document, "acme.json")


def test_a_row_may_name_every_shape_that_the_package_reads() -> None:
    """The list of names is complete: the flat shapes of the data, and those that entries of the package name."""
    registry = Registry.builtin()
    names = {row["id"] for row in registry.data["shapes"]["flat"]} | {
        name for entry in registry for name in entry.shapes
    }

    check_row({**ROW, "shapes": sorted(names)}, "acme.json", TYPES, ())
