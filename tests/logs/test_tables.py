"""The tables: that their lint finds what is wrong, and how much of the published lists is mapped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.logs.cases import Json
from tools.check_logs import DATA, LISTS, check, counts, data_folder
from tools.registry_data import ROOT

Change = Callable[[Json], object]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the lint reads."""
    shutil.copytree(data_folder(ROOT), tmp_path / DATA)
    shutil.copytree(ROOT / LISTS, tmp_path / LISTS)
    return tmp_path


def test_every_published_type_is_mapped_or_left_out_with_a_reason() -> None:
    """Counts of Okta's list of May 2026 and of Auth0's schemas and documentation; a change of them is a decision."""
    assert check() == []
    assert counts() == {"auth0": (165, 84), "okta": (1125, 354)}


def rewrite(root: Path, name: str, change: Change) -> None:
    path = root / DATA / f"{name}.json"
    document = json.loads(path.read_text("utf-8"))
    change(document)
    members = (
        f"{json.dumps(name)}: " + (f"[\n{lines(value)}\n]" if isinstance(value, list) else json.dumps(value))
        for name, value in document.items()
    )
    path.write_text("{" + ",\n".join(members) + "}", "utf-8")


def lines(rows: list[Json]) -> str:
    return ",\n".join(json.dumps(row) for row in rows)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("okta-events", lambda d: d["events"][0].update(type="made-up"), "no problem type 'made-up'"),
        ("okta-events", lambda d: d["events"][0].update(attack="made_up"), "no kind of attack"),
        ("okta-events", lambda d: d["events"].reverse(), "stands after"),
        ("okta-events", lambda d: d["events"][0].update(typ="x"), "Additional properties"),
        ("okta-events", lambda d: d["families"].clear(), "should be non-empty"),
        ("okta-events", lambda d: d["families"].pop(0), "has no row and no family"),
        ("okta-events", lambda d: d["events"][0].update(retired=True), "`retired` and the published list differ"),
        ("okta-events", lambda d: d.pop("sources"), "'sources' is a required property"),
        ("okta-reasons", lambda d: d["phrases"].append({**d["phrases"][0], "type": "x"}), "is never reached"),
        ("okta-reasons", lambda d: d["phrases"].insert(0, {"contains": "Upper", "type": "not-found"}), "has capitals"),
        ("auth0-events", lambda d: d["events"].pop(0), "has no row"),
        ("auth0-events", lambda d: d["events"][0].pop("excluded"), "is not valid under any"),
        ("auth0-events", lambda d: d["actions"].update(x="made_up"), "no failure 'made_up'"),
        ("auth0-texts", lambda d: d["names"].update(x="made-up"), "no problem type 'made-up'"),
        ("auth0-texts", lambda d: d["texts"].append({"contains": "a user is blocked", "type": "x"}), "never reached"),
    ],
)
def test_the_lint_names_what_is_wrong(copy: Path, name: str, change: Change, message: str) -> None:
    """Each rule, tried on a table that breaks it."""
    rewrite(copy, name, change)

    findings = check(copy)

    assert any(message in finding.what for finding in findings)
    assert all(name in finding.where for finding in findings)


def test_the_lint_wants_one_row_a_line(copy: Path) -> None:
    """Diffs stay small."""
    path = copy / DATA / "attacks.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=2), "utf-8")

    assert {"is not one line"} == {finding.what for finding in check(copy)}


def test_the_lint_names_broken_json(copy: Path) -> None:
    """Reading never fails."""
    (copy / DATA / "attacks.json").write_text("{", "utf-8")

    assert [str(DATA / "attacks.json")] == [finding.where for finding in check(copy)]
