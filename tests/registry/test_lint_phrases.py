"""The lint of phrases and proofs: each planted fault is found, and the data of the repository has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from authproblem import Registry
from tools.registry_data import ROOT, read
from tools.registry_phrases import phrases
from tools.registry_rules import proof

Json = dict[str, Any]
REGISTRY = Registry.builtin()
DATA, _ = read(ROOT)


def unknown_type(table: Json) -> None:
    table["rules"][0]["type"] = "no-such-type"


def unknown_concept(table: Json) -> None:
    table["rules"][0]["says"] = ["no-such-concept"]


def unused_concept(table: Json) -> None:
    table["concepts"]["nobody-asks"] = ["quite unusual"]


def type_without_statuses(table: Json) -> None:
    table["refinements"]["invalid-request"]["to"].append("slow-down")


def skipped_word(table: Json) -> None:
    next(iter(table["concepts"].values())).append("of the word")


def skipped_and_rewritten(table: Json) -> None:
    table["skip"].append(next(iter(table["rewrites"])))


def id_of_two(table: Json) -> None:
    table["rules"][1]["id"] = table["rules"][0]["id"]


def asks_for_the_same(table: Json) -> None:
    table["rules"].append({**table["rules"][0], "id": "again"})


def refines_nothing(table: Json) -> None:
    table["rules"][0]["type"] = "slow-down"


def never_with_this_status(table: Json) -> None:
    table["rules"][0].update(type="not-found", status=[503])


def failure_to_the_caller(table: Json) -> None:
    table["refinements"]["upstream-error"]["to"].append("invalid-credentials")


def sends_the_user_away(table: Json) -> None:
    row = table["refinements"]["invalid-request"]
    row["to"].append("session-expired")
    row.pop("why", None)


def lets_a_program_wait(table: Json) -> None:
    table["refinements"]["invalid-request"]["to"].append("rate-limited")


FAULTS: dict[Callable[[Json], None], str] = {
    unknown_type: "type 'no-such-type' does not exist",
    unknown_concept: "concept 'no-such-concept' does not exist",
    unused_concept: "no rule uses the concept",
    type_without_statuses: "slow-down has no statuses",
    skipped_word: "has words that are skipped",
    skipped_and_rewritten: "is skipped and rewritten",
    id_of_two: "the id stands twice",
    asks_for_the_same: "asks for the same as",
    refines_nothing: "nothing may be refined to slow-down",
    never_with_this_status: "never comes with these statuses",
    failure_to_the_caller: "moves a failure of the provider to the user",
    sends_the_user_away: "sends the user away (session-expired: sign_in)",
    lets_a_program_wait: "lets a program wait for rate-limited",
}


def test_the_phrases_of_the_repository_have_no_findings() -> None:
    """Otherwise the tests below would show nothing."""
    assert list(phrases(DATA, REGISTRY)) == []


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_lint_of_phrases_finds(plant: Callable[[Json], None]) -> None:
    """Each planted fault is named."""
    table = copy.deepcopy(DATA.table("phrases"))
    plant(table)

    found = phrases(DATA._replace(tables={**DATA.tables, "phrases": table}), REGISTRY)

    assert [finding for finding in found if FAULTS[plant] in finding.what]


@pytest.mark.parametrize(
    ("texts", "text", "what"),
    [
        (["This sentence is long enough to be one."], "Another sentence.", "is not one of its texts"),
        (["Too short."], "Too short.", "may come from anybody"),
        (["Something about {parameter} and more."], "Something about {parameter} and more.", "may come from anybody"),
    ],
)
def test_the_lint_of_proofs_finds(texts: list[str], text: str, what: str) -> None:
    """A text that proves the sender is a long constant of its entry."""
    files = copy.deepcopy(DATA.files)
    row = next(row for row in files["auth0"]["entries"] if row["id"] == "auth0:invalid_user_password")
    row.update(texts=texts, proof=[text])

    assert list(proof(DATA)) == []
    assert [finding for finding in proof(DATA._replace(files=files)) if what in finding.what]
