"""Phrase rules of one's own: what a rule can ask for, and in which order rules count."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem._registry.phrases import Phrases, Rule, Situation


def small(*rules: dict[str, Any], **tables: Any) -> Phrases:
    """A few rules of one's own."""
    return Phrases(
        {
            "skip": ["the", "is"],
            "irregular": {"send": ["sent"]},
            "rewrites": {"cannot": "can not"},
            "concepts": {
                "gone": ["not found", "no such"],
                "user": ["user"],
                "unsent": ["can not send"],
                "found": ["found"],
            },
            "groups": {"plain": ["a", "b"]},
            "statuses": {"x": [400, 404], "y": [400], "z": [400]},
            "refinements": {"g": {"to": ["x", "y", "z"]}},
            "firm": ["firm"],
            "rules": [{"id": f"{number}", "type": "x", **rule} for number, rule in enumerate(rules)],
            **tables,
        }
    )


def refine(phrases: Phrases, text: str, **changes: Any) -> str | None:
    """What rules make of one sentence."""
    situation = Situation("okta", "okta_api", None, 400)._replace(**changes)
    return phrases.refine("g", (text,), situation)


class TestRules:
    """What a rule can ask for."""

    def test_all_concepts_of_a_rule_are_needed(self) -> None:
        """A sentence with one of two concepts does not match."""
        phrases = small({"says": ["gone", "user"]})

        assert refine(phrases, "The user is not found") == "x"
        assert refine(phrases, "no such user") == "x"
        assert refine(phrases, "not found") is None
        assert refine(phrases, "user") is None

    def test_one_of_several_concepts_is_enough(self) -> None:
        """`gone|unsent` matches a sentence with either."""
        phrases = small({"says": ["gone|unsent"]})

        assert refine(phrases, "not found") == "x"
        assert refine(phrases, "cannot send") == "x"
        assert refine(phrases, "user") is None

    def test_a_concept_can_exclude_a_rule(self) -> None:
        """`without` excludes the sentences with a concept."""
        phrases = small({"says": ["gone"], "without": ["user"]})

        assert refine(phrases, "not found") == "x"
        assert refine(phrases, "user not found") is None

    def test_forms_of_words_count(self) -> None:
        """Inflected, irregular and rewritten ones; words that carry nothing vanish."""
        phrases = small({"says": ["unsent"]})

        assert refine(phrases, "cannot send") == "x"
        assert refine(phrases, "cannot sending") == "x"
        assert refine(phrases, "can not the sent") == "x"
        assert refine(phrases, "can send") is None

    def test_a_phrase_that_ends_another_is_found_within_it(self) -> None:
        """`found` counts in `not found`, which is another concept."""
        phrases = small({"says": ["found", "gone"]})

        assert refine(phrases, "not found") == "x"

    def test_the_first_rule_decides(self) -> None:
        """Of several rules that match, the one that the data lists first."""
        phrases = small({"says": ["gone", "user"], "type": "y"}, {"says": ["gone"]})

        assert refine(phrases, "user not found") == "y"
        assert refine(phrases, "not found") == "x"

    def test_a_rule_whose_status_does_not_agree_gives_way(self) -> None:
        """The next rule counts where the type of the first is not sent with this status."""
        phrases = small({"says": ["gone"], "type": "y"}, {"says": ["gone"]})

        assert refine(phrases, "not found", status=404) == "x"

    @pytest.mark.parametrize(
        ("condition", "fitting", "other"),
        [
            ({"providers": ["okta"]}, {"provider": "okta"}, {"provider": "auth0"}),
            ({"shapes": ["okta_api"]}, {"shape": "okta_api"}, {"shape": "oauth"}),
            ({"codes": ["a"]}, {"code": "a"}, {"code": "b"}),
            ({"codes": ["plain"]}, {"code": "b"}, {"code": "plain"}),
            ({"status": [400]}, {"status": 400}, {"status": 404}),
            ({"surfaces": ["okta."]}, {"surface": "okta.token"}, {"surface": "auth0.token"}),
            ({"surfaces": ["okta."]}, {"surface": "okta.token"}, {"surface": None}),
        ],
    )
    def test_a_rule_can_require_properties_of_the_response(self, condition: Any, fitting: Any, other: Any) -> None:
        """Provider, shape, code, status and endpoint; `plain` names a group of codes."""
        phrases = small({"says": ["gone"], **condition})

        assert refine(phrases, "not found", **fitting) == "x"
        assert refine(phrases, "not found", **other) is None

    def test_a_redirect_stands_for_a_bad_request(self) -> None:
        """The parameters of a redirect or callback come with 302, or with no status at all."""
        phrases = small({"says": ["gone"], "status": [400]}, {"says": ["gone"], "type": "y", "status": [404]})

        assert refine(phrases, "not found", status=302) == "x"
        assert refine(phrases, "not found", status=200) == "x"

    def test_rule_of_names_the_rule_that_gives_a_type(self) -> None:
        """Tools look up which rule led from a text to a type."""
        phrases = small({"says": ["gone"], "type": "y"}, {"says": ["gone"]})

        assert phrases.rule_of("not found", "x") == "1"
        assert phrases.rule_of("not found", "z") is None


class TestKept:
    """What is kept between sentences."""

    def test_the_cache_of_rules_is_bounded_and_contains_no_text(self) -> None:
        """At most 4096 sets of concepts, as numbers."""
        phrases = small({"says": ["gone"]})
        for number in range(4098):
            phrases._candidates(number)

        assert len(phrases._by_concepts) == 4096
        assert all(isinstance(concepts, int) for concepts in phrases._by_concepts)


RULE = Rule(
    "made-up",
    "conflict",
    needs=0b1,
    choice=(0b110,),
    without=0b1000,
    providers=frozenset({"okta"}),
    shapes=frozenset({"okta_api"}),
    codes=frozenset({"E1"}),
    status=frozenset({400}),
    surfaces=(),
    pages=False,
)
SITUATION = Situation("okta", "okta_api", "E1", 400, None)


@pytest.mark.parametrize(
    ("concepts", "fits"),
    [(0b11, True), (0b101, True), (0b111, True), (0b10, False), (0b1, False), (0b1011, False), (0, False)],
)
def test_a_rule_needs_its_concepts_one_of_each_choice_and_none_of_the_others(concepts: int, fits: bool) -> None:
    """`needs`, `choice` and `without` as bits."""
    assert RULE.occurs_in(concepts) is fits


@pytest.mark.parametrize(
    "change", [{"provider": "auth0"}, {"shape": "oauth"}, {"code": "E2"}, {"code": None}, {"status": 401}]
)
def test_a_rule_applies_to_its_own_responses_alone(change: dict[str, Any]) -> None:
    """Each condition of a rule is checked by itself."""
    assert RULE.applies_to(SITUATION)
    assert not RULE.applies_to(SITUATION._replace(**change))
