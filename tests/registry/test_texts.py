"""Texts: folding, templates with slots of a safe kind, tables of both, and the closed list of known texts."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._registry.texts import MAX_TEXT, KnownTexts, Template, TextTable, fold, is_constant, unescape

SENTENCE = "Wrong email or password."
words = st.text(alphabet=string.ascii_letters, min_size=1, max_size=12)
sentences = st.lists(words, min_size=1, max_size=8).map(" ".join)


class TestFold:
    @pytest.mark.parametrize(
        "variant",
        [
            "wrong email or password",
            "Wrong email or password",
            "  Wrong email or password. ",
            "Wrong\temail or password.",
            "Wrong\nemail or password.",
            "Wrong\remail or password.",
            "Wrong email\u00a0or  password.",
            "Wrong email  or   password",
        ],
    )
    def test_ignores_white_space_final_dot_and_first_letter(self, variant: str) -> None:
        """Vendors change these between releases, and no meaning hangs on them."""
        assert fold(SENTENCE) == fold(variant)

    @pytest.mark.parametrize("apostrophe", ["'", "\u2019", "\u2018", "`", "\u00b4", "\u00e2\u20ac\u2122"])
    def test_makes_all_apostrophes_one(self, apostrophe: str) -> None:
        """Curly ones too, and the three characters that UTF-8 read as Windows-1252 makes of one."""
        assert fold(f"We{apostrophe}ve sent you an email") == "we've sent you an email"

    @pytest.mark.parametrize(
        ("contracted", "full"),
        [
            ("The user doesn't exist.", "the user does not exist"),
            ("Factor isn\u2019t active", "factor is not active"),
            ("You can't do this", "you cannot do this"),
            ("Can't do this", "cannot do this"),
            ("It won't start", "it will not start"),
            ("Won't start", "will not start"),
            ("There's no session", "there is no session"),
            ("It's closed", "it is closed"),
            ("The user's factor", "the user's factor"),
        ],
    )
    def test_makes_contractions_full_forms(self, contracted: str, full: str) -> None:
        """A possessive stays."""
        assert fold(contracted) == full

    def test_makes_all_quotation_marks_one(self) -> None:
        """A name in any of them is the same."""
        assert fold('Use "name" only') == fold("Use `name` only") == "use 'name' only"

    @pytest.mark.parametrize(
        "other", ["Wrong Email or password.", "Wrong email or password!", "wrongemail or password"]
    )
    def test_keeps_everything_else_apart(self, other: str) -> None:
        """Case within the sentence, other punctuation, and missing blanks make another text."""
        assert fold(SENTENCE) != fold(other)

    @given(st.lists(st.text(alphabet="aXx.'", min_size=1, max_size=4), min_size=1, max_size=4))
    def test_is_the_words_with_one_blank_between_them(self, parts: list[str]) -> None:
        """Without the dots at the end, the first letter small."""
        expected = " ".join(parts).rstrip(". ")

        assert fold("  ".join(parts)) == expected[:1].lower() + expected[1:]

    @given(st.text(alphabet=" .aA'\u2019\n", max_size=6))
    def test_folding_twice_changes_nothing(self, text: str) -> None:
        """A folded text stands for itself."""
        assert fold(text) == fold(fold(text))


class TestTemplate:
    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("missing {parameter} parameter", "missing client_id parameter"),
            ("Denied scopes: [{scopes}].", "Denied scopes: [read:users, openid]"),
            ("Wait {integer} seconds", "wait 30 seconds."),
            ("It has to be {enum:red|dark green}", "It has to be Dark green"),
            ("It has to be {enum:red|dark green}", "It has to be red"),
            ("Policy: {policy}", "Policy: at least 8 characters, a number, no parts of your username."),
            ("Anything {any} goes", "Anything at all, even <b>this</b>, goes"),
            ("Nothing{any}", "Nothing"),
            ("{{literal}} {integer}", "{literal} 7"),
            ("{integer} of {integer}", "3 of 10"),
        ],
    )
    def test_fits(self, source: str, text: str) -> None:
        """A text whose parts are the template's, with fitting words in the slots."""
        assert Template(source).fits(fold(text))

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("missing {parameter} parameter", "missing  parameter"),
            ("missing {parameter} parameter", "missing jane@example.com parameter"),
            ("missing {parameter} parameter", "missing client_id parameters"),
            ("Denied scopes: [{scopes}].", "Denied scopes: [Jane Doe]"),
            ("Wait {integer} seconds", "Wait 12345678901 seconds"),
            ("Wait {integer} seconds", "Wait ten seconds"),
            ("It has to be {enum:red|green}", "It has to be blue"),
            ("Policy: {policy}", "Policy: hunter2xyz"),
            ("Policy: {policy}", "Policy: 192.168.0.1"),
            ("{integer} of {integer}", "3 of"),
        ],
    )
    def test_does_not_fit(self, source: str, text: str) -> None:
        """A text with another kind of value, or with a part missing or added."""
        assert not Template(source).fits(fold(text))

    @pytest.mark.parametrize("source", ["a {word}", "a {", "a }", "a {enum:}", "{integer", "integer}", "{}"])
    def test_refuses_an_unknown_slot_and_a_lone_brace(self, source: str) -> None:
        """The message shows the source and the slots that there are."""
        with pytest.raises(ValueError, match="no slot") as caught:
            Template(source)
        assert repr(source) in str(caught.value)
        assert "{parameter}" in str(caught.value)

    def test_is_safe_unless_a_slot_takes_anything(self) -> None:
        """`any` is the one kind that may hold what a user typed."""
        assert [Template("a {integer}").safe, Template("a {any}").safe] == [True, False]

    @given(sentences, st.integers(0, 10**9), sentences)
    def test_fits_whatever_is_put_into_its_slots(self, before: str, number: int, after: str) -> None:
        """Filling a slot by its kind always gives a text that fits."""
        assert Template(f"{before} {{integer}} {after}").fits(fold(f"{before} {number} {after}"))

    @given(st.text(max_size=200))
    def test_never_raises_for_a_text(self, text: str) -> None:
        """Texts are foreign."""
        assert Template("missing {parameter} of {any} in {scopes}.").fits(fold(text)) in {True, False}

    @pytest.mark.parametrize("kind", ["parameter", "scopes", "policy"])
    def test_costs_no_more_than_its_length(self, kind: str) -> None:
        """No slot's pattern backtracks without end: the longest text that is looked at, of the kind's own letters."""
        template = Template(f"Prefix {{{kind}}} suffix")

        assert not template.fits("prefix " + "a." * (MAX_TEXT // 2) + "! suffix")
        assert not template.fits("prefix " + "a " * (MAX_TEXT // 2) + "! suffix")
        assert not template.fits("prefix " + "a" * MAX_TEXT)


class TestTextTable:
    def test_finds_a_constant_by_any_of_its_forms(self) -> None:
        """To the letter or folded."""
        table = TextTable([(SENTENCE, 1)])

        assert [table.find(SENTENCE), table.find("wrong email or password"), table.find("other")] == [(1,), (1,), ()]

    def test_gives_all_values_of_a_text_in_their_order(self) -> None:
        """Entries of several surfaces may share a text."""
        assert TextTable([("One text", 1), ("one text.", 2)]).find("one text") == (1, 2)

    def test_prefers_constants_to_templates_and_long_prefixes_to_short_ones(self) -> None:
        """From the specific to the general."""
        table = TextTable([("Unknown {any}", 1), ("Unknown client {any}", 2), ("Unknown client x", 3), ("{any} x", 4)])

        assert table.find("Unknown client x") == (3,)
        assert table.find("Unknown client y") == (2, 1)
        assert table.find("No x") == (4,)

    def test_does_not_look_at_a_text_that_is_too_long(self) -> None:
        """Except to the letter: a registered text may be as long as it likes."""
        long = "a" * (MAX_TEXT + 1)

        assert [TextTable([("a{any}", 1)]).find(long), TextTable([(long, 1)]).find(long)] == [(), (1,)]
        assert TextTable([("a{any}", 1)]).find(long[:-1]) == (1,)

    @given(st.lists(sentences, unique_by=fold, min_size=1, max_size=20), st.data())
    def test_finds_exactly_what_it_contains(self, texts: list[str], data: st.DataObject) -> None:
        """Each text its own value, and no text another's."""
        table = TextTable([(text, number) for number, text in enumerate(texts)])
        other = data.draw(sentences)

        assert [table.find(text) for text in texts] == [(number,) for number in range(len(texts))]
        assert bool(table.find(other)) == (fold(other) in map(fold, texts))


class TestKnownTexts:
    @given(
        st.lists(st.sampled_from(["Wrong", "unknown", "missing x parameter", "missing x", "", "wrong."]), max_size=12)
    )
    def test_answer_the_same_whatever_was_asked_before(self, asked: list[str]) -> None:
        """That a text is unknown is remembered for the next question, of which it must not change the answer."""
        rows = ["Wrong", "missing {parameter} parameter"], [("missing x", "entry")]
        known = KnownTexts(*rows)

        found = [(known.sources(text), text in known, known.is_explained("entry", text)) for text in asked]

        for text, got in zip(asked, found, strict=True):
            fresh = [KnownTexts(*rows) for _ in range(3)]
            assert got == (fresh[0].sources(text), text in fresh[1], fresh[2].is_explained("entry", text))

    def test_knows_constants_and_safe_templates(self) -> None:
        """In any of the forms that count as equal."""
        known = KnownTexts([SENTENCE, "missing {parameter} parameter"])

        assert SENTENCE in known
        assert "wrong email or password" in known
        assert "missing client_id parameter" in known

    def test_does_not_know_what_a_template_lets_through_unchecked(self) -> None:
        """`any` may hold what a user typed."""
        assert "Unknown client jane" not in KnownTexts(["Unknown client {any}"])

    def test_knows_braces_as_they_are_on_the_wire(self) -> None:
        """Doubled in the registry, single in the response."""
        assert [unescape("a {{b}}"), "a {b}" in KnownTexts(["a {{b}}"]), is_constant("a {{b}}")] == [
            "a {b}",
            True,
            True,
        ]
