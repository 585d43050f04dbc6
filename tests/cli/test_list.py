"""`list` and `registry`: the entries, filtered or as one document, a team's own included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from authproblem import Registry
from tests.cli.support import Result, Run, own, schema


def test_list_has_every_entry_on_a_line(run: Run) -> None:
    """Id first, in order."""
    lines = run("list").out.splitlines()

    starts = [line.startswith(entry.id) for line, entry in zip(lines, Registry.builtin(), strict=True)]
    assert all(starts)


def test_list_narrows_by_provider_and_type(run: Run) -> None:
    """Both filters hold at once."""
    wanted = [e.id for e in Registry.builtin() if e.provider == "okta" and e.reason == "mfa-required"]

    rows = json.loads(run("list", "--provider", "okta", "--type", "mfa-required", "--json").out)

    assert [row["id"] for row in rows] == wanted


def test_list_of_nothing_is_status_1(run: Run) -> None:
    """As grep does."""
    assert run("list", "--provider", "oauth", "--type", "upstream-unreachable") == Result(1, "", "")


def test_list_of_an_unknown_type_offers_the_near_ones(run: Run) -> None:
    """A slug is easily misspelled."""
    got = run("list", "--type", "mfa-requird")

    assert (got.status, "mfa-required" in got.err) == (1, True)


def test_registry_prints_one_document_that_fits_its_schema(run: Run) -> None:
    """Every entry, resolved, under a schema id and a version."""
    registry = Registry.builtin()

    document = json.loads(run("registry").out)

    Draft202012Validator(schema("document.schema")).validate(document)
    first = next(iter(registry))
    resolved = document["entries"][0]
    assert [row["id"] for row in document["entries"]] == [entry.id for entry in registry]
    assert (resolved["owner"], resolved["remedy"], resolved["detail"]) == (first.owner, first.remedy, first.detail)
    assert (document["$schema"], document["version"]) == (schema("document.schema")["$id"], registry.version)


def test_registry_document_is_the_same_without_line_breaks(run: Run) -> None:
    """`--compact` for machines."""
    assert json.loads(run("registry", "--compact").out) == json.loads(run("registry").out)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((), "document.schema"), (("document",), "document.schema"), (("wire",), "wire.schema"), (("entries",), "schema")],
)
def test_registry_prints_its_schemas(run: Run, arguments: tuple[str, ...], name: str) -> None:
    """Other languages get the forms from the same place."""
    assert json.loads(run("registry", "--schema", *arguments).out) == schema(name)


def test_own_entries_are_part_of_every_subcommand(run: Run, tmp_path: Path) -> None:
    """`--registry FILE` tries an extension out before it goes into the app."""
    path = own(tmp_path, {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denied", "text": "pass"})
    body = json.dumps({"error": "acme_denied", "error_description": "Contract 7 has ended."}).encode()

    explained = run("explain", "acme_denied", "--registry", path)
    classified = json.loads(
        run("classify", "-", "--provider", "auth0", "--status", "403", "--registry", path, stdin=body).out
    )
    listed = json.loads(run("list", "--json", "--type", "access-denied", "--registry", path).out)
    exported = json.loads(run("registry", "--registry", path).out)

    assert explained.out.startswith("auth0:acme_denied")
    assert classified["error_description"] == "Contract 7 has ended."
    assert "auth0:acme_denied" in {row["id"] for row in listed}
    Draft202012Validator(schema("document.schema")).validate(exported)


def test_a_mistake_in_own_entries_is_reported_and_ends_the_run(run: Run, tmp_path: Path) -> None:
    """The message of `Registry.extend`, no traceback."""
    path = own(tmp_path, {"id": "auth0:acme_denied", "code": "acme_denied", "type": "access-denyed"})

    got = run("list", "--registry", path)

    assert (got.status, got.out, "auth0:acme_denied" in got.err, "access-denied" in got.err) == (2, "", True, True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--code", "e0000047"), ["okta:E0000047", "okta:E0000047/concurrency"]),
        (("--code", "E000004?", "--type", "rate-limited"), ["okta:E0000047"]),
        (("--grep", "deactivated", "--code", "E0000061"), []),
        (("--grep", "TOO many requests.", "--code", "E0000047"), ["okta:E0000047"]),
    ],
)
def test_list_filters_by_code_and_text(run: Run, arguments: tuple[str, ...], expected: list[str]) -> None:
    """Codes in any case and with wildcards; texts anywhere in the entry; all filters have to match."""
    rows = json.loads(run("list", "--json", *arguments).out)

    assert [row["id"] for row in rows] == expected


def test_list_of_an_unknown_code_suggests_similar_ones(run: Run) -> None:
    """A digit is easily lost."""
    got = run("list", "--code", "E000047")

    assert (got.status, got.err.startswith("authproblem: unknown code 'E000047'; did you mean E0000047")) == (1, True)
