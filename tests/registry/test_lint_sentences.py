"""The lint of sentences: each planted contradiction is found, and the data of the repository has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from authproblem import Registry
from tools.registry_actions import ACTIONS, REMEDIES, UNUSUAL
from tools.registry_data import ROOT, read
from tools.registry_sentences import actions, links, sentences

REGISTRY = Registry.builtin()
DATA, _ = read(ROOT)
CHANGED = "auth0:invalid_user_password"

USUAL: dict[str, tuple[str, str, str]] = {
    "fix_client": ("client", "fix_client", "never"),
    "fix_request": ("client", "fix_request", "never"),
    "mend_input": ("user", "fix_request", "after_action"),
    "ask_admin": ("policy", "ask_admin", "after_action"),
    "wait": ("limit", "wait", "after_delay"),
    "sign_in": ("user", "sign_in", "after_action"),
    "check_credentials": ("user", "check_credentials", "after_action"),
    "choose_other_factor": ("policy", "choose_other_factor", "after_action"),
    "reset_password": ("user", "reset_password", "after_action"),
    "none": ("user", "none", "never"),
}


def findings(owner: str, remedy: str, retry: str, **fields: Any) -> list[str]:
    """What the lint says of one entry that is changed."""
    row = {"id": CHANGED, "owner": owner, "remedy": remedy, "retry": retry, **fields}
    own = REGISTRY.extend({"entries": [row]})
    return [finding.what for finding in sentences(DATA, own) if CHANGED in finding.where]


def test_the_sentences_of_the_repository_have_no_findings() -> None:
    """No entry sends the user where he cannot get on."""
    assert list(sentences(DATA, REGISTRY)) == []


@pytest.mark.parametrize(
    ("name", "detail", "action"),
    [
        ("fix_client", "Please sign in again.", "sign_in"),
        ("fix_client", "Please log in once more.", "sign_in"),
        ("fix_client", "Your session ended, please sign in.", "sign_in"),
        ("fix_client", "Reset your password.", "reset_password"),
        ("fix_client", "Enter the code again.", "check_code"),
        ("fix_client", "Something is wrong. Please contact support and try again.", "repeat"),
        ("fix_request", "Sign out and back in.", "sign_out"),
        ("fix_request", "Sign out and back in.", "sign_in"),
        ("fix_request", "Try again in a few minutes.", "wait"),
        ("fix_request", "Please check what you entered.", "fix_input"),
        ("fix_request", "This phone number cannot be used. Please try another one.", "fix_input"),
        ("mend_input", "Please contact support.", "contact"),
        ("ask_admin", "Wait a minute and try again.", "wait"),
        ("ask_admin", "Try again later.", "wait"),
        ("ask_admin", "Check your password.", "check_credentials"),
        ("ask_admin", "This way to confirm is switched off. Please use another one.", "choose_method"),
        ("wait", "Ask the help desk.", "contact"),
        ("wait", "Get in touch with support.", "contact"),
        ("wait", "Please sign in again later.", "sign_in"),
        ("sign_in", "Open the link.", "open_link"),
        ("sign_in", "Please complete your profile to go on.", "fix_input"),
        ("check_credentials", "Sign out and try again.", "sign_out"),
        ("check_credentials", "You have to reset your password.", "reset_password"),
        ("choose_other_factor", "Please contact your administrator to set up this method.", "contact"),
        ("reset_password", "Ask your administrator.", "contact"),
        ("none", "Sign in again.", "sign_in"),
    ],
)
def test_the_lint_finds_an_action_that_belongs_to_another_remedy(name: str, detail: str, action: str) -> None:
    """The finding names the kind of action and the remedy."""
    owner, remedy, retry = USUAL[name]

    found = findings(owner, remedy, retry, detail=detail)

    assert [what for what in found if f"({action}), but the remedy is {remedy} of the {owner}" in what]


@pytest.mark.parametrize("name", USUAL.keys() - {"none", "fix_request"})
def test_the_lint_finds_a_sentence_that_names_nothing_to_do(name: str) -> None:
    """A user whose remedy needs an action has to read which one."""
    assert any("names nothing to do" in what for what in findings(*USUAL[name], detail="This is switched off."))


@pytest.mark.parametrize("name", ["none", "fix_request"])
def test_a_remedy_without_a_task_for_the_user_needs_no_action(name: str) -> None:
    """What the client has to fix, or what is settled, needs no request."""
    assert findings(*USUAL[name], detail="This is switched off.") == []


@pytest.mark.parametrize(
    ("detail", "unknown"),
    [
        ("Ring a friend.", "ring a friend"),
        ("Your session ended, please begin anew.", "begin anew"),
        ("Something is wrong. You should restart your phone.", "you should restart your phone"),
        ("Please contact support, or clear your cookies.", "clear your cookies"),
        ("If that does not help, clear your cookies.", "clear your cookies"),
        ("Please contact support and clear your cookies.", "clear your cookies"),
    ],
)
def test_the_lint_finds_an_action_that_has_no_wording_in_the_table(detail: str, unknown: str) -> None:
    """A new wording is assigned to a kind of action before it is used, whatever the remedy."""
    assert f"detail says {unknown!r}, which is no known action" in findings(*USUAL["fix_client"], detail=detail)


@pytest.mark.parametrize(
    ("detail", "asked"),
    [
        ("You can't reset or unlock your account here. Please contact support.", {"contact"}),
        ("Your password was changed, but we could not sign you in. Please sign in.", {"sign_in"}),
        ("Waiting for your approval. Please finish signing in on your other device.", {"approve"}),
        ("This code was used already. Wait for the next one and enter that.", {"check_code"}),
        ("This password is too weak. Please choose a stronger one.", {"choose_password"}),
        ("This method is not available. Please choose another one.", {"choose_method"}),
        ("We just called you. You can ask for another call in half a minute.", {"resend", "wait"}),
        ("Your session has expired.", set()),
    ],
)
def test_actions_are_those_that_the_sentence_asks_for(detail: str, asked: set[str]) -> None:
    """What a sentence denies is no request, and a pronoun stands for the noun before it."""
    assert actions(detail) == ({name: wording for name, wording in actions(detail)[0].items() if name in asked}, [])
    assert actions(detail)[0].keys() == asked


@pytest.mark.parametrize(
    ("owner", "remedy", "retry"),
    [
        ("client", "sign_in", "never"),
        ("limit", "ask_admin", "never"),
        ("upstream", "sign_in", "after_action"),
        ("user", "wait", "after_delay"),
        ("user", "fix_client", "never"),
        ("tenant", "fix_client", "never"),
        ("user", "check_credentials", "after_delay"),
    ],
)
def test_the_lint_finds_owner_remedy_and_retry_that_do_not_go_together(owner: str, remedy: str, retry: str) -> None:
    """Combinations are those of the table and no others."""
    what = f"owner {owner}, remedy {remedy} and retry {retry} do not go together"

    assert what in findings(owner, remedy, retry)


def test_the_lint_finds_an_entry_without_a_predicate() -> None:
    """An app has something to branch on."""
    assert "no predicate of Problem is true" in findings("policy", "check_credentials", "never")


def test_the_table_has_the_vocabulary_and_what_entries_add() -> None:
    """Every remedy has a row, every kind of action is used, and no reason is given for what nobody has."""
    entries = {(entry.owner, entry.remedy, entry.retry) for entry in REGISTRY}
    types = {(kind.owner, kind.remedy, kind.retry) for kind in REGISTRY.types.values()}
    rows = {(owner, row.remedy, row.retry) for row in REMEDIES for owner in row.owners}
    kinds = set().union(*(row.asks | row.may for row in REMEDIES))

    assert {row.remedy for row in REMEDIES} == set(REGISTRY.data["problem_types"]["remedies"])
    assert types - rows == set()
    assert rows - types == {("user", "open_link", "after_action")}
    assert UNUSUAL.keys() - entries == set()
    assert UNUSUAL.keys() & rows == set()
    assert kinds == ACTIONS.keys()


LINK_FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a sentence that asks for support": (
        lambda table: table["types"].update({"consent-required": "Please contact support."}),
        "but the remedy is open_link",
    ),
    "a sentence that asks to sign in": (
        lambda table: table["types"].update({"consent-required": "Please sign in again."}),
        "but the remedy is open_link",
    ),
    "an unknown type": (lambda table: table["types"].update({"no-such-type": "Open the link."}), "does not exist"),
    "a limit": (lambda table: table["types"].update({"rate-limited": "Open the link."}), "its owner is limit"),
    "a failure": (lambda table: table["types"].update({"upstream-error": "Open the link."}), "its owner is upstream"),
    "a type without a sentence": (lambda table: table.update(otherwise="access-denied"), "has no sentence"),
    "a member that is dropped": (lambda table: table["members"].append("access_token"), "is not kept as it comes"),
}


@pytest.mark.parametrize("fault", LINK_FAULTS)
def test_the_lint_of_links_finds(fault: str) -> None:
    """Each planted fault is named; the table of the repository has none."""
    plant, what = LINK_FAULTS[fault]
    shapes = copy.deepcopy(DATA.table("shapes"))
    plant(shapes["links"])
    wrong = DATA._replace(tables={**DATA.tables, "shapes": shapes})

    assert list(links(DATA, REGISTRY)) == []
    assert [finding for finding in links(wrong, REGISTRY) if what in finding.what]
