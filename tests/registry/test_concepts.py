"""Concepts in sentences: which words count, what parts a phrase, and how much of a text is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._registry.concepts import ConceptAutomaton, split_sentences

BITS = {"gone": 1, "sent": 2, "limit": 4, "key": 8, "try": 16, "put": 32, "found": 64, "close": 128}


def automaton(**changes: Any) -> ConceptAutomaton:
    """A few concepts of one's own."""
    data = {
        "skip": ["the", "is", "has"],
        "irregular": {"send": ["sent"]},
        "rewrites": {"cannot": "can not", "couldn't": "can not", "gone": "not found", "isn't": "is not"},
        "concepts": {
            "gone": ["not found", "no such"],
            "sent": ["can not send"],
            "limit": ["limit reach", "mb"],
            "key": ["key", "px"],
            "try": ["try again"],
            "put": ["put on"],
            "found": ["found"],
            "close": ["close"],
        },
        **changes,
    }
    return ConceptAutomaton(data, BITS)


def read(*texts: str | None) -> list[set[str]]:
    """The names of the concepts of each sentence."""
    return [{name for name, bit in BITS.items() if found & bit} for found in automaton().read(texts)]


pieces = st.sampled_from(["key", "Close", "50MB", "7", "can't", "'this'", "has to", "x_y", "\u2019t", "\u00e9"])
marks = st.sampled_from([".", ". ", "! ", "; ", ".\t", "?\r", "!\n", " "])
two_sentences = st.builds("{}{}{}".format, pieces, marks, pieces)


@given(two_sentences | st.lists(pieces | marks, max_size=30).map("".join) | st.text(max_size=80))
def test_words_are_the_same_whichever_way_a_text_is_split(text: str) -> None:
    """A sentence of its own is split in a faster way than in company of another one."""
    alone, beside = split_sentences(text), split_sentences(f"{text}\n! x")

    assert beside[-1] == ["x"]
    assert [words for words in alone if words] == [words for words in beside[:-1] if words]


class TestWords:
    """Which words stand for a base form."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("close", {"close"}),
            ("50MB", {"limit"}),
            ("50px", {"key"}),
            ("50MBx", set()),
            ("50Mb", set()),
            ("x" * 60 + "YKey", {"key"}),
            ("x" * 61 + "YKey", set()),
            ("close1", set()),
            ("1Close", set()),
            ("closes", {"close"}),
            ("closed", {"close"}),
            ("closing", {"close"}),
            ("closs", set()),
            ("tries again", {"try"}),
            ("tried again", {"try"}),
            ("trying again", {"try"}),
            ("trys again", set()),
            ("keys", {"key"}),
            ("keyed", {"key"}),
            ("kies", set()),
            ("limit reaches", {"limit"}),
            ("limits reached", {"limit"}),
            ("limiting reaching", {"limit"}),
            ("puts on", {"put"}),
            ("putting on", {"put"}),
            ("putted on", {"put"}),
            ("put ons", set()),
            ("cannot send", {"sent"}),
            ("cannot sent", {"sent"}),
            ("couldn't send", {"sent"}),
            ("couldn\u2019t send", {"sent"}),
            ("couldn\u2018t send", {"sent"}),
            ("couldn\u00b4t send", {"sent"}),
            ("couldn\u2032t send", set()),
            ("the gone", {"gone", "found"}),
            ("isn't found", {"gone", "found"}),
            ("found isn't the found", {"gone", "found"}),
            ("can isn't send", {"sent"}),
            ("not the found", {"gone", "found"}),
            ("no such", {"gone"}),
            ("nos such", set()),
        ],
    )
    def test_forms_of_a_word_count(self, text: str, expected: set[str]) -> None:
        """Regular, irregular and rewritten forms; words of two letters have none."""
        assert read(text) == [expected]

    @pytest.mark.parametrize(
        "text", ["not found", "Not Found", "NOT FOUND", "notFound", "NotFound", "NOTFound", "nOt found"]
    )
    def test_case_does_not_count(self, text: str) -> None:
        """A name in mixed case is read by its parts, unless it is a word as a whole."""
        assert read(text) == [{"gone", "found"}]

    @pytest.mark.parametrize("text", ["put key", "put the key", "the put is key"])
    def test_a_word_without_meaning_counts_nowhere(self, text: str) -> None:
        """Neither in a sentence nor in the phrase itself."""
        words = automaton(concepts={"put": ["put the key"]})

        assert list(words.read((text,))) == [BITS["put"]]

    @pytest.mark.parametrize("text", ["The key has to close", "keys have to close", "it is a key; it has to close"])
    def test_have_to_means_must(self, text: str) -> None:
        """Each of its two words by itself means nothing."""
        words = automaton(rewrites={}, concepts={"close": ["must close"], "key": ["key close"]})

        *_, found = words.read((text,))
        assert found == BITS["close"]

    @pytest.mark.parametrize("text", ["it has total close", "it was to close", "it has a to close"])
    def test_have_and_to_apart_mean_nothing(self, text: str) -> None:
        """Only the two words side by side."""
        assert list(automaton(rewrites={}, concepts={"close": ["must close"]}).read((text,))) == [0]

    def test_a_form_that_is_another_word_keeps_its_meaning(self) -> None:
        """`found` would be a form of `find` if no phrase had it."""
        words = ConceptAutomaton(
            {
                "skip": [],
                "irregular": {"find": ["found"]},
                "rewrites": {},
                "concepts": {"key": ["find"], "gone": ["found"]},
            },
            BITS,
        )

        assert list(words.read(("found",))) == [BITS["gone"]]
        assert list(words.read(("find",))) == [BITS["key"]]

    @pytest.mark.parametrize(
        "text", ["not x7 found", "not other found", "notOtherFound", "not Other found", "not-a-found"]
    )
    def test_a_phrase_does_not_continue_across_an_unknown_word(self, text: str) -> None:
        """Identifiers, words that no phrase has, and parts of names alike."""
        assert read(text) == [{"found"}]

    @pytest.mark.parametrize("text", ["not 5 found", "not 404 found", "not, 1, found", "not_found", "not/found"])
    def test_a_number_does_not_part_a_phrase(self, text: str) -> None:
        """`your last 5 passwords` says the same as `your last passwords`; punctuation says nothing."""
        assert read(text) == [{"gone", "found"}]


letters = st.lists(st.sampled_from("abc"), min_size=1, max_size=4)


class TestPhrases:
    """Phrases that begin, end or lie within others."""

    @pytest.mark.parametrize(
        ("phrases", "text", "expected"),
        [
            (("x y z", "y w"), "x y w", {"y w"}),
            (("x y z", "y w"), "x y z", {"x y z"}),
            (("x y z", "y z"), "x y z", {"x y z", "y z"}),
            (("x y", "z w"), "z w y", {"z w"}),
            (("x y", "z x w"), "z x y", {"x y"}),
            (("x y z", "y q", "z r"), "x y z r", {"x y z", "z r"}),
            (("x x y",), "x x x y", {"x x y"}),
        ],
    )
    def test_overlapping_phrases_are_each_found(self, phrases: tuple[str, ...], text: str, expected: set[str]) -> None:
        """The automaton continues with another phrase where the one that it follows ends early."""
        data = {"skip": [], "irregular": {}, "rewrites": {}, "concepts": {phrase: [phrase] for phrase in phrases}}
        bits = {phrase: 1 << number for number, phrase in enumerate(phrases)}
        (found,) = ConceptAutomaton(data, bits).read((text,))

        assert {phrase for phrase in phrases if found & bits[phrase]} == expected

    @given(phrases=st.lists(letters, min_size=1, max_size=6), text=st.lists(st.sampled_from("abcd"), max_size=12))
    def test_a_phrase_is_found_wherever_its_words_are_adjacent(self, phrases: list[list[str]], text: list[str]) -> None:
        """As a search for each phrase by itself finds it; `d` is in no phrase."""
        concepts = {str(number): [" ".join(words)] for number, words in enumerate(phrases)}
        data = {"skip": [], "irregular": {}, "rewrites": {}, "concepts": concepts}
        bits = {name: 1 << int(name) for name in concepts}
        (found,) = ConceptAutomaton(data, bits).read((" ".join((*text, "d")),))

        sentence = f" {' '.join(text)} "
        assert found == sum(bits[name] for name, (phrase,) in concepts.items() if f" {phrase} " in sentence)


class TestSentences:
    """What is one sentence."""

    @pytest.mark.parametrize("end", [". ", "! ", "? ", "; ", ".\n"])
    def test_each_sentence_has_its_own_concepts(self, end: str) -> None:
        """Every mark that ends a sentence begins a new set of concepts."""
        assert read(f"The key{end}Not found") == [{"key"}, {"gone", "found"}]

    def test_a_phrase_does_not_reach_into_the_next_sentence(self) -> None:
        """`not.` and `Found` of two sentences are not `not found`."""
        assert read("It is not. Found it") == [set(), {"found"}]

    @pytest.mark.parametrize("text", ["key.not.found", "key X not found", "key - not found"])
    def test_nothing_else_ends_a_sentence(self, text: str) -> None:
        """A dot within a word, a single letter or a dash do not end a sentence."""
        assert read(text) == [{"key", "gone", "found"}]

    def test_texts_are_read_one_by_one(self) -> None:
        """Missing and empty ones are passed over."""
        assert read(None, "the key", "", "no", "such") == [{"key"}, set(), set()]


class TestLimits:
    """How much is read: 1024 characters of a text, 512 words of a response."""

    def test_a_text_is_read_up_to_1024_characters(self) -> None:
        """A word that ends behind the limit is not found."""
        assert read("x" * 1020 + " key") == [{"key"}]
        assert read("x" * 1021 + " key") == [set()]

    @pytest.mark.parametrize(
        ("texts", "expected"),
        [
            (("a " * 511, "key"), [set(), {"key"}]),
            (("a " * 512, "key"), [set()]),
            (("a " * 510, "key key"), [set(), {"key"}]),
            (("a " * 511, "a key"), [set(), set()]),
        ],
    )
    def test_words_are_counted_over_all_texts(self, texts: tuple[str, ...], expected: list[set[str]]) -> None:
        """The limit of 512 words is one for all texts of a response."""
        assert read(*texts) == expected

    @pytest.mark.parametrize(("rest", "expected"), [("a " * 110 + "key", {"key"}), ("a " * 111 + "key", set())])
    def test_words_are_counted_over_the_sentences_of_a_text(self, rest: str, expected: set[str]) -> None:
        """The text before the rest has two sentences with 401 words."""
        assert read("a " * 200 + "a. " + "a " * 200, rest)[-1] == expected

    def test_sentences_without_words_count_too(self) -> None:
        """Otherwise texts of dots alone would cost more than texts of words."""
        assert read(". " * 512, "key")[-1] == set()
        assert read(". " * 500, "key")[-1] == {"key"}

    def test_nothing_is_read_behind_the_limit(self) -> None:
        """Nor the last words of a sentence that begins before it, or of one after it."""
        assert read("a " * 511, "a b key. key key. key") == [set(), set()]
