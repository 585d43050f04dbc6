"""Phrase rules: what unknown sentences mean, what no sentence may do, and how much work one costs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry
from authproblem._registry.concepts import MAX_WORDS
from authproblem._registry.phrases import Phrases, Situation

REGISTRY = Registry.builtin()
PHRASES = REGISTRY.phrases
DATA = REGISTRY.data["phrases"]
GENERAL = sorted(PHRASES.refinements)
STATUSES = (302, 400, 401, 402, 403, 404, 409, 412, 422, 423, 429, 500, 502, 503, 504)
WORDS = sorted({word for texts in DATA["concepts"].values() for text in texts for word in text.split()})
CODES = (None, "E0000001", "E0000004", "invalid_request", *DATA["firm"])

with (Path(__file__).parent / "phrases.jsonl").open(encoding="utf-8") as _file:
    EXAMPLES: list[dict[str, Any]] = [json.loads(line) for line in _file]

situations = st.builds(
    Situation,
    provider=st.sampled_from(("auth0", "okta", "oauth")),
    shape=st.sampled_from(("oauth", "okta_api", "auth0_api", "okta_idx", "text", "redirect")),
    code=st.sampled_from(CODES),
    status=st.sampled_from(STATUSES),
    surface=st.sampled_from((None, "auth0.management", "okta.management")),
)
sentences = st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=30).map(" ".join)


def meaning(
    *texts: str | None,
    general: str = "invalid-request",
    provider: str = "okta",
    shape: str = "okta_api",
    code: str | None = "E0000001",
    status: int = 400,
    surface: str | None = None,
) -> str | None:
    """The type that sentences choose in place of a general one."""
    return PHRASES.refine(general, texts, Situation(provider, shape, code, status, surface))


def refined(phrases: Phrases, row: dict[str, Any]) -> str | None:
    """What rules make of an example."""
    situation = Situation(row["provider"], row["shape"], row["code"], row["status"], row["surface"])
    return phrases.refine(row["general"], (row["text"],), situation)


class TestMeaning:
    """Sentences that no entry of the registry has."""

    @pytest.mark.parametrize(
        ("text", "status", "expected"),
        [
            ("A widget with that name already exists.", 409, "conflict"),
            ("There is already a user with this email address.", 409, "account-exists"),
            ("You have reached the maximum number of 5 widgets.", 400, "quota-exceeded"),
            ("This widget is not enabled for this tenant.", 403, "feature-unavailable"),
            ("Your subscription does not include widgets, please upgrade your plan.", 403, "feature-unavailable"),
            ("You do not have permission to turn the widget.", 403, "permission-denied"),
            ("The widget could not be found.", 404, "not-found"),
            ("The parameter widget is required.", 400, "missing-parameter"),
            ("The widget's name cannot be blank.", 400, "missing-parameter"),
            ("The security answer must be at least 5 letters long.", 400, "invalid-input"),
            ("The phone number that you entered is invalid.", 400, "invalid-phone-number"),
            ("This user account is locked.", 403, "account-locked"),
            ("The new password was used recently.", 400, "password-reused"),
        ],
    )
    def test_words_that_carry_the_meaning_decide(self, text: str, status: int, expected: str) -> None:
        """Whatever a widget is, the other words of the sentence decide the type."""
        assert meaning(text, status=status) == expected

    @pytest.mark.parametrize(
        "text",
        ["", "   ", "Lorem ipsum dolor sit amet.", "E0000001", "\u0442\u0435\u043a\u0441\u0442", "{}", "0" * 4000],
    )
    def test_a_sentence_without_a_known_phrase_leaves_the_general_type(self, text: str) -> None:
        """Empty texts, other languages, identifiers and numbers match no rule."""
        assert meaning(text) is None

    def test_case_and_punctuation_do_not_count(self) -> None:
        """Upper case, commas and dots do not change what a sentence means."""
        plain = meaning("the widget could not be found", status=404)

        assert plain == "not-found"
        assert meaning("THE WIDGET COULD NOT BE FOUND!", status=404) == plain
        assert meaning("The widget: could, not be found...", status=404) == plain

    @pytest.mark.parametrize("apostrophe", ["'", "\u2019", "\u2018", "\u00b4"])
    def test_every_kind_of_apostrophe_counts(self, apostrophe: str) -> None:
        """`don't` is read with a typewriter or typographic apostrophe, or an acute accent."""
        text = f"You don{apostrophe}t have permission to turn the widget"

        assert meaning(text, status=403) == "permission-denied"

    def test_words_in_a_name_count(self) -> None:
        """A name in mixed case is split into its words."""
        assert meaning("widgetNotFound", status=404) == "not-found"

    def test_the_first_sentence_that_matches_a_rule_decides(self) -> None:
        """Missing texts and sentences without a known phrase are skipped."""
        assert (
            meaning(None, "Lorem ipsum.", "The widget could not be found.", "It is required.", status=404)
            == "not-found"
        )

    def test_each_sentence_of_a_text_is_read_by_itself(self) -> None:
        """Words of two sentences make no phrase together."""
        assert meaning("The widget is not. Found is the other.", status=404) is None

    def test_a_phrase_does_not_continue_across_an_identifier(self) -> None:
        """`not x7 found` is not `not found`."""
        assert meaning("not x7 found", status=404) is None

    def test_a_sentence_that_agrees_with_the_general_type_leaves_it(self) -> None:
        """No refinement is returned where the rule gives the same type."""
        assert meaning("The widget could not be found.", general="not-found", status=404) is None

    def test_of_several_general_types_the_first_that_a_sentence_decides_on_counts(self) -> None:
        """The second is asked only where no sentence decides on the first."""
        situation = Situation("okta", "okta_api", "E0000006", 404)
        lost = ("The widget could not be found.",)

        assert PHRASES.decide(("mfa-factor-locked", "not-found"), lost, situation) == "not-found"
        assert PHRASES.decide(("not-found", "invalid-request"), lost, situation) == "not-found"
        assert PHRASES.decide(("permission-denied",), lost, situation) is None
        assert PHRASES.decide(("not-found",), lost, situation._replace(code=DATA["firm"][0])) is None


class TestExamples:
    """Every rule of the registry, with sentences that it decides."""

    @pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row["rule"])
    def test_a_rule_gives_its_type(self, row: dict[str, Any]) -> None:
        """Each example sentence gets the type of the rule that it belongs to."""
        assert refined(PHRASES, row) == row["type"]

    def test_each_rule_has_an_example(self) -> None:
        """`phrases.jsonl` and the rules of the registry have the same ids."""
        assert {row["rule"] for row in EXAMPLES} == {rule["id"] for rule in DATA["rules"]}

    @pytest.mark.slow
    def test_no_rule_can_be_left_out(self) -> None:
        """Without a rule, one of its examples gets another type: what another rule does as well is no rule."""
        useless = []
        for rule in DATA["rules"]:
            smaller = Phrases({**DATA, "rules": [other for other in DATA["rules"] if other is not rule]})
            if all(refined(smaller, row) == row["type"] for row in EXAMPLES if row["rule"] == rule["id"]):
                useless.append(rule["id"])

        assert useless == []


class TestLimits:
    """What no sentence may do, whatever it says."""

    @pytest.mark.parametrize("code", DATA["firm"])
    def test_no_sentence_changes_a_firm_code(self, code: str) -> None:
        """A code that the data lists as firm has no refinement."""
        text = "You do not have permission to turn the widget."

        assert meaning(text, code=code, status=403) is None

    @pytest.mark.parametrize("code", DATA["firm"])
    def test_each_firm_code_is_one_of_the_registry(self, code: str) -> None:
        """The list has no code that no provider sends."""
        assert REGISTRY.has_code_anywhere(code)

    def test_a_type_without_refinements_stays(self) -> None:
        """A type that is not general is never changed by a sentence."""
        assert meaning("The widget could not be found.", general="no-such-type", status=404) is None
        assert meaning("The widget could not be found.", general="rate-limited", status=404) is None

    def test_the_status_has_to_agree(self) -> None:
        """A missing permission never comes with 404, and nothing of the caller's with 5xx."""
        text = "You do not have permission to turn the widget."

        assert meaning(text, status=403) == "permission-denied"
        assert meaning(text, status=404) != "permission-denied"
        assert meaning(text, status=500) is None

    def test_a_redirect_counts_as_a_bad_request(self) -> None:
        """A type agrees with 302 if a provider sends it with 400."""
        assert PHRASES.agrees("invalid-scope", 302)
        assert not PHRASES.agrees("rate-limited", 302)
        assert not PHRASES.agrees("no-such-type", 400)

    @given(sentences, st.sampled_from(GENERAL), situations)
    def test_a_refinement_is_one_that_the_table_allows(self, text: str, general: str, situation: Situation) -> None:
        """For any words, general type and situation."""
        found = PHRASES.refine(general, (text,), situation)

        chosen = PHRASES.refinements[general]
        if situation.shape == "okta_idx":
            chosen |= PHRASES.at_sign_in[general]

        assert found is None or found in chosen
        assert found is None or PHRASES.agrees(found, situation.status)
        assert found != general

    @given(sentences, st.sampled_from(GENERAL), situations)
    def test_no_sentence_makes_a_5xx_the_callers_fault(self, text: str, general: str, situation: Situation) -> None:
        """With 503, no sentence leads to a type whose owner is the user or the client."""
        found = PHRASES.refine(general, (text,), situation._replace(status=503))

        assert found is None or REGISTRY.types[found].owner not in {"user", "client"}

    @given(sentences, st.sampled_from(GENERAL), situations)
    def test_no_sentence_makes_a_program_wait(self, text: str, general: str, situation: Situation) -> None:
        """No sentence leads from a type without a wait to one with a wait, other than `resource-busy`."""
        found = PHRASES.refine(general, (text,), situation)
        waits = {"after_delay", "once", "poll"}

        if found not in {None, "resource-busy"} and REGISTRY.types[general].retry not in waits:
            assert REGISTRY.types[found].retry not in waits

    def test_rules_cannot_be_changed(self) -> None:
        """`Phrases` refuses a second assignment."""
        with pytest.raises(AttributeError, match="immutable"):
            PHRASES.firm = frozenset()


class Steps(dict[str, int]):
    """The transitions of one state, which count their look-ups."""

    total = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Look up, and count."""
        Steps.total += 1
        return super().get(key, default)


@pytest.fixture(scope="module")
def counted() -> Phrases:
    """The rules of the registry, counting every step of the automaton."""
    phrases = Phrases(DATA)
    automaton = phrases._automaton
    automaton._steps[:] = [Steps(row) for row in automaton._steps]
    return phrases


def steps(phrases: Phrases, texts: Iterable[str]) -> int:
    """How many steps some texts cost."""
    Steps.total = 0
    phrases.refine("invalid-request", texts, Situation("okta", "okta_api", None, 400))
    return Steps.total


class TestWork:
    """One pass over the words, whatever they are."""

    @given(words=st.lists(st.sampled_from(WORDS), max_size=100))
    def test_a_word_costs_at_most_a_fixed_number_of_steps(self, counted: Phrases, words: list[str]) -> None:
        """Each word stands for at most three base forms, and each of these is at most two look-ups."""
        assert steps(counted, [" ".join(words)]) <= 6 * len(words)

    @pytest.mark.parametrize(
        "unit", ["not ", "not found ", "already ", "maximum number of ", "a", "zz ", "a.b; ", "'t "]
    )
    def test_twice_the_text_is_twice_the_work(self, counted: Phrases, unit: str) -> None:
        """The steps of the automaton grow with the length of a text and no faster."""
        once, twice = (steps(counted, [unit * (number * 40 // len(unit.split() or unit))]) for number in (1, 2))

        assert twice <= 2 * once + 8

    def test_words_beyond_the_limit_are_not_read(self, counted: Phrases) -> None:
        """A response with ten times as many words costs as many steps."""
        most = steps(counted, ["not found " * 60] * 40)

        assert most <= 4 * MAX_WORDS
        assert most == steps(counted, ["not found " * 60] * 400)

    def test_the_end_of_a_long_text_is_not_read(self) -> None:
        """Only the first 1024 characters of a text count."""
        assert meaning("x " * 600 + "could not be found", status=404) is None
