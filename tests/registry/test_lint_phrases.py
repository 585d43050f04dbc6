"""The lint of phrases and proofs: each planted fault is found, and the data of the repository has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from authproblem import Registry
from tools.registry_data import ROOT, Data, read
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


def phrase_with_another_in_it(table: Json) -> None:
    phrases = next(iter(table["concepts"].values()))
    phrases.append(f"quite {phrases[0]}")


def phrase_as_form_of_a_word(table: Json) -> None:
    next(iter(table["irregular"].values())).append("quite unusual")


def skipped_and_rewritten(table: Json) -> None:
    table["skip"].append(next(iter(table["rewrites"])))


def id_of_two(table: Json) -> None:
    table["rules"][1]["id"] = table["rules"][0]["id"]


def asks_for_the_same(table: Json) -> None:
    table["rules"].append({**table["rules"][0], "id": "again"})


def asks_for_more_than_an_earlier_one(table: Json) -> None:
    first = next(row for row in table["rules"] if "without" in row)
    other = next(name for name in table["concepts"] if name not in [*first["says"], *first["without"]])
    table["rules"].append({**first, "id": "later", "says": [*first["says"], other], "providers": ["okta"]})


def unknown_surface(table: Json) -> None:
    table["rules"][0]["surfaces"] = ["auth0.managment"]


def part_of_a_surface(table: Json) -> None:
    table["rules"][0]["surfaces"] = ["auth0.sign"]


def unknown_code(table: Json) -> None:
    table["rules"][0]["codes"] = ["acess_denied"]


def code_of_another_provider(table: Json) -> None:
    table["rules"][0].update(codes=["E0000001"], providers=["auth0"])


def unknown_code_of_a_group(table: Json) -> None:
    table["groups"]["denial"].append("acess_denied")


def unused_group(table: Json) -> None:
    table["groups"]["nobody"] = ["access_denied"]


def unknown_firm_code(table: Json) -> None:
    table["firm"].append("E0000470")


def firm_code_of_a_rule(table: Json) -> None:
    table["rules"][0]["codes"] = ["E0000047"]


def says_nothing(table: Json) -> None:
    table["rules"][0]["says"] = []


def says_nothing_but_codes(table: Json) -> None:
    table["rules"][-1].pop("without", None)
    table["rules"][-1].update(says=[], codes=["denial"])


def says_what_it_excludes(table: Json) -> None:
    row = table["rules"][0]
    row["without"] = [*row.get("without", ()), row["says"][0]]


def chooses_what_it_excludes(table: Json) -> None:
    row = next(row for row in table["rules"] if "|" in row["says"][0])
    row["without"] = [*row.get("without", ()), row["says"][0].split("|")[0]]


def excludes_a_part_of_what_it_says(table: Json) -> None:
    table["concepts"].update({"part-of-it": ["quaint"], "all-of-it": ["quaint word"]})
    table["rules"][0].update(says=["all-of-it"], without=["part-of-it"])


def shape_of_another_provider(table: Json) -> None:
    table["rules"][0].update(shapes=["okta_api"], providers=["auth0"])


def surface_of_another_provider(table: Json) -> None:
    table["rules"][0].update(surfaces=["okta.management"], providers=["auth0"])


def pages_in_shapes_alone(table: Json) -> None:
    table["rules"][0]["shapes"] = ["html"]
    table["rules"][0].pop("pages", None)


def chosen_at_sign_in_only(table: Json) -> None:
    for row in table["refinements"].values():
        row["to"] = [slug for slug in row["to"] if slug != "mfa-timed-out"]
    rule = next(rule for rule in table["rules"] if rule["type"] == "mfa-timed-out")
    rule["shapes"] = ["okta_api"]


def refines_nothing(table: Json) -> None:
    table["rules"][0]["type"] = "slow-down"


def never_with_this_status(table: Json) -> None:
    table["rules"][0].update(type="not-found", status=[503])


FAULTS: dict[Callable[[Json], None], str] = {
    unknown_type: "type 'no-such-type' does not exist",
    unknown_concept: "concept 'no-such-concept' does not exist",
    unused_concept: "no rule uses the concept",
    type_without_statuses: "slow-down has no statuses",
    skipped_word: "has words that are skipped",
    phrase_with_another_in_it: "contains 'already exist'",
    phrase_as_form_of_a_word: "'quite unusual' is no word",
    skipped_and_rewritten: "is skipped and rewritten",
    id_of_two: "the id stands twice",
    asks_for_the_same: "comes first and fits wherever it does",
    asks_for_more_than_an_earlier_one: "comes first and fits wherever it does",
    unknown_surface: "surface 'auth0.managment' does not exist",
    part_of_a_surface: "surface 'auth0.sign' does not exist",
    unknown_code: "'acess_denied' is no group, and no code of",
    code_of_another_provider: "'E0000001' is no group, and no code of auth0",
    unknown_code_of_a_group: "code 'acess_denied' is not registered",
    unused_group: "no rule uses the group",
    unknown_firm_code: "code 'E0000470' is not registered",
    firm_code_of_a_rule: "code 'E0000047' is firm",
    says_nothing: "says nothing",
    says_nothing_but_codes: "says nothing",
    says_what_it_excludes: "never fits: what it says is ruled out",
    chooses_what_it_excludes: "never fits: what it says is ruled out",
    excludes_a_part_of_what_it_says: "'all-of-it' never fits",
    shape_of_another_provider: "auth0 never sends these shapes",
    surface_of_another_provider: "auth0 has none of these surfaces",
    pages_in_shapes_alone: "a rule for pages alone does not say so",
    chosen_at_sign_in_only: "mfa-timed-out may be chosen at sign-in only",
    refines_nothing: "nothing may be refined to slow-down",
    never_with_this_status: "never comes with these statuses",
}


def changed(*plants: Callable[[Json], None]) -> Data:
    """The data with faults in a copy of the phrases."""
    table = copy.deepcopy(DATA.table("phrases"))
    for plant in plants:
        plant(table)
    return DATA._replace(tables={**DATA.tables, "phrases": table})


def test_the_phrases_of_the_repository_have_no_findings() -> None:
    """Otherwise the tests below would show nothing."""
    assert list(phrases(DATA, REGISTRY)) == []


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_lint_of_phrases_finds(plant: Callable[[Json], None]) -> None:
    """Each planted fault is named."""
    found = phrases(changed(plant), REGISTRY)

    assert [finding for finding in found if FAULTS[plant] in finding.what]


@pytest.mark.parametrize(
    "fields",
    [
        {"says": [], "codes": ["denial"], "without": ["session"]},
        {"surfaces": ["auth0."]},
        {"surfaces": ["okta.management"], "providers": ["okta", "auth0"]},
        {"shapes": ["html", "okta_api"], "providers": ["okta"]},
    ],
)
def test_the_lint_of_phrases_accepts(fields: Json) -> None:
    """A rule of codes and exclusions needs no concept, and conditions need not meet in every case."""

    def plant(table: Json) -> None:
        table["rules"].insert(
            0, {"id": "mine", "says": ["session"], "type": "access-denied", "status": [403], **fields}
        )

    found = phrases(changed(plant), REGISTRY)

    assert [finding for finding in found if finding.where.endswith(" mine")] == []


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
