"""The kit's data files: complete, sorted, and without a name that means nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

import authproblem.testing as kit
from authproblem import Registry
from authproblem.testing import FakeAuth0, FakeOAuth, FakeOkta
from authproblem.testing._catalog import Catalog
from authproblem.testing._templates import fill, read_data

ROWS = read_data("responses")["entries"]
TEMPLATES = read_data("templates")
VENDORS = {name: row for name, row in read_data("vendors").items() if name != "about"}
FIELDS = {
    "form",
    "status",
    "code",
    "text",
    "name",
    "phrase",
    "title",
    "cause",
    "step",
    "members",
    "body",
    "headers",
    "endpoint",
}
VALUES = {
    *("code", "key", "text", "name", "status", "phrase", "title", "step", "causes", "user", "redirect", "challenge"),
    *("ray", "ray_id", "request_id", "error_id", "state_handle", "state_token", "mfa_token", "nonce", "expires"),
    *("origin", "wait", "status_text"),
}
"""The values that templates may name."""


def names(value: Any) -> Iterator[str]:
    """The names in a template."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from names(name)
            yield from names(item)
    elif isinstance(value, list):
        for item in value:
            yield from names(item)
    elif isinstance(value, str):
        yield from re.findall(r"\$([a-z_]+)", value.replace("$$", ""))


def test_rows_belong_to_entries_and_are_sorted() -> None:
    """No row outlives its entry."""
    assert [name for name in ROWS if Registry.builtin().lookup(name) is None] == []
    assert list(ROWS) == sorted(ROWS)


def test_rows_have_known_fields() -> None:
    """A misspelled one would be ignored."""
    assert {field for row in ROWS.values() for field in row} <= FIELDS
    assert {row["form"] for row in ROWS.values() if "form" in row} <= TEMPLATES["forms"].keys()


def test_no_row_repeats_what_is_derived_anyway() -> None:
    """A row without one of its fields gives another response, for each field."""
    catalog, plain = Catalog(), Catalog()
    needless = []
    for entry in catalog.entries():
        row = ROWS.get(entry.id, {})
        for field in row:
            plain._rows = {**ROWS, entry.id: {name: value for name, value in row.items() if name != field}}
            if described(catalog, entry) == described(plain, entry):
                needless.append((entry.id, field))
    assert needless == []


def described(catalog: Catalog, entry: Any) -> Any:
    """A response and its place, with every value that varies named."""
    from authproblem.testing._catalog import Variation

    values = {
        name: f"<{name}>"
        for name in ("error_id", "state_handle", "state_token", "mfa_token", "nonce", "wait", "origin")
    }
    return catalog.response(entry, values, Variation()), catalog.endpoint(entry)


@pytest.mark.parametrize("data", ["responses", "templates", "vendors"])
def test_templates_name_values_that_there_are(data: str) -> None:
    """Every `$name` is filled."""
    document = {name: value for name, value in read_data(data).items() if name != "about"}
    assert set(names(document)) - VALUES == set()


def test_dollars_are_doubled() -> None:
    """A dollar sign of the vendor's own is doubled in a template, and single on the wire."""
    assert fill({"a": "!@#$$%^&*"}, {}) == {"a": "!@#$%^&*"}


def test_forms_have_an_order_and_a_place() -> None:
    """Every form that entries have is somewhere in the order of preference, every vendor has a place for the rest."""
    shapes = {shape for entry in Registry.builtin() for shape in entry.shapes}
    assert shapes <= set(TEMPLATES["prefer"])
    assert {provider for provider, paths in TEMPLATES["endpoints"].items() if "*" in paths} == VENDORS.keys()


@pytest.mark.parametrize("fake", [FakeAuth0, FakeOkta, FakeOAuth])
def test_what_goes_wrong_in_a_flow_is_an_entry_of_the_vendor(fake: Any) -> None:
    """Every error of a flow and of a limit; every endpoint of the metadata is a route."""
    row, made = VENDORS[fake.provider], fake()
    for entry in row["oauth"]["errors"].values():
        made.catalog.find(entry, fake.provider, *fake.also)
    for rules in row["limit"]["entries"].values():
        assert rules[-1][0] == "*"
        for _, entry in rules:
            made.catalog.find(entry, fake.provider, *fake.also)
    routes = {path for _, path, _ in fake.routes}
    assert set(row["oauth"]["paths"].values()) <= routes


def test_vendors_have_the_same_flows() -> None:
    """What can go wrong at all vendors is named alike."""
    errors = {provider: set(row["oauth"]["errors"]) for provider, row in VENDORS.items()}
    assert errors["oauth"] <= errors["auth0"] & errors["okta"]


def test_public_names_are_listed_sorted_and_documented() -> None:
    """Those of `authproblem.testing`."""
    assert kit.__all__ == sorted(kit.__all__)
    assert [name for name in kit.__all__ if not (getattr(kit, name).__doc__ or "").strip()] == []


def test_the_data_is_small() -> None:
    """It ships with every installation."""
    assert sum(len(json.dumps(read_data(name))) for name in ("responses", "templates", "vendors")) < 64_000
