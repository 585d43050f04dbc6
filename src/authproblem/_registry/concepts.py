"""Which concepts occur in a sentence: words become base forms, and one pass of an automaton finds the phrases.

The phrases are data (`phrases.json`: `concepts`, with `skip`, `irregular` and `rewrites` for the words). Nothing here
backtracks over upstream text: the work is one step per word, and the number of words that are read is bounded
(`MAX_WORDS`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

MAX_WORDS = 512
"""Words of one response that are looked at; real sentences have fewer than 60, and 32 causes of them fit."""

_MAX_TEXT = 1024
"""Characters of one sentence that are looked at, as for known texts."""

_MAX_WORD = 64
"""Characters of a name that is taken apart: longer ones are no words. Okta's longest object name has about 40."""

_END = re.compile(r"[.!?;](?=[ \t\r\n])")
_HAVE_TO = re.compile(r"\b(?:has|have) to\b")
"""Means "must"; by themselves the two words mean nothing and are skipped."""

_WORD = re.compile(r"[A-Za-z0-9]+(?:'t)?")
_WORD_BYTES = bytes(byte if byte < 128 and chr(byte).isalnum() else ord(" ") for byte in range(256))
"""For `bytes.translate`: ASCII letters and digits stay, anything else separates words."""

_UNIT = re.compile(r"[0-9]+(kb|Kb|kB|KB|[MG]B|px)")
"""A number with its unit, which is a word.

Other words of letters and digits are identifiers: a phrase does not continue across them. It does across numbers.
"""

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""The parts of a name such as `factorEnrollRequest`."""

Parts = tuple[tuple[str, int], ...]
"""The base forms in a word, each with the state that it leads to where no phrase has begun."""

_BREAK: Parts = (("", 0),)
"""An empty word, which no phrase has, so that no phrase continues across it."""

_APOSTROPHES = {0x2019: "'", 0x2018: "'", 0xB4: "'"}


class ConceptAutomaton:
    """Aho-Corasick over words: which concepts occur in a sentence, in one step per word."""

    __slots__ = ("_found", "_steps", "_vocabulary")

    def __init__(self, data: Json, bits: Mapping[str, int]) -> None:
        """Build the vocabulary and the automaton from the concepts."""
        rewrites = {word: tuple(text.split()) for word, text in data["rewrites"].items()}
        skipped = frozenset(data["skip"])
        phrases = [
            (bits[name], [part for word in text.split() for part in rewrites.get(word, (word,)) if part not in skipped])
            for name, texts in data["concepts"].items()
            for text in texts
        ]
        base = {part for _, parts in phrases for part in parts}
        self._steps, self._found = _compile(phrases)
        root = self._steps[0]
        self._vocabulary = _Vocabulary(
            (form, tuple((part, root.get(part, 0)) for part in parts))
            for form, parts in _vocabulary(base, data["irregular"], rewrites, skipped).items()
        )

    def read(self, sentences: Iterable[str | None]) -> Iterator[int]:
        """Yield the concepts of each sentence, as bits; a text of several sentences gives one number for each."""
        vocabulary, steps, found = self._vocabulary, self._steps, self._found
        left = MAX_WORDS
        for text in sentences:
            for words in split_sentences(text) if text else ():
                if left <= 0:
                    return
                concepts = state = 0
                for word in words[:left]:
                    for part, start in vocabulary[word]:
                        state = steps[state].get(part, start) if state else start
                        concepts |= found[state]
                left -= len(words) or 1  # so that a text of dots comes to an end
                yield concepts


def split_sentences(text: str) -> list[list[str]]:
    """Return the words of each sentence within the first `_MAX_TEXT` characters of a text.

    Translating the bytes of a sentence takes a third of the time of the pattern, which is for several sentences,
    contractions, "have to" and texts that are not ASCII.
    """
    text = text[:_MAX_TEXT]
    if not text.isascii():
        text = text.translate(_APOSTROPHES)
    elif not _needs_pattern(text):
        return [text.encode().translate(_WORD_BYTES).decode().split()]
    return [_WORD.findall(sentence) for sentence in _END.split(_HAVE_TO.sub("must", text))]


def _needs_pattern(text: str) -> bool:
    """Whether a text may have several sentences, a contraction or "have to": ten plain searches."""
    is_single_line = "\n" not in text and "\r" not in text and "\t" not in text
    has_several = ". " in text or "; " in text or "? " in text or "! " in text
    return not is_single_line or has_several or "'t" in text or "has to" in text or "have to" in text


class _Vocabulary(dict[str, Parts]):
    """The parts of each word that a phrase has, in any of its forms; those of any other word are found on demand."""

    __slots__ = ()

    def __missing__(self, word: str) -> Parts:
        """Return the parts of a word that is not there: no phrase continues across it, but for numbers."""
        if word.isdigit():
            return ()
        if len(word) > _MAX_WORD:
            return _BREAK
        if not word.isalpha():
            unit = _UNIT.fullmatch(word)
            return _BREAK if unit is None else self[unit[1].lower()]
        if word.islower() or word.istitle():
            return _BREAK
        # A word such as `DPoP`, or the parts of a name in mixed or upper case.
        return self.get(word.lower()) or tuple(
            part for piece in _PART.findall(word) for part in self.get(piece) or self.get(piece.lower(), _BREAK)
        )


def _compile(phrases: list[tuple[int, list[str]]]) -> tuple[list[dict[str, int]], list[int]]:
    """Build the automaton: for each state its transitions, failure links resolved, and the concepts that end there."""
    steps: list[dict[str, int]] = [{}]
    found = [0]
    for bit, parts in phrases:
        state = 0
        for part in parts:
            if part not in steps[state]:
                steps[state][part] = len(steps)
                steps.append({})
                found.append(0)
            state = steps[state][part]
        found[state] |= bit
    failure = [0] * len(steps)
    queue = deque(steps[0].values())
    while queue:
        state = queue.popleft()
        found[state] |= found[failure[state]]
        for part, target in steps[state].items():
            failure[target] = steps[failure[state]].get(part) or steps[0].get(part, 0)
            queue.append(target)
        # Complete: what continues after the failure link continues here too, so that a word is one step.
        steps[state] = {**steps[failure[state]], **steps[state]} if failure[state] else steps[state]
    return steps, found


def _vocabulary(
    base: set[str], irregular: Mapping[str, list[str]], rewrites: Mapping[str, tuple[str, ...]], skipped: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """Every form of every word of the phrases, in lower case and capitalized, with its base form; skipped words: ()."""
    forms: dict[str, tuple[str, ...]] = {word: (word,) for word in base}  # a form that is a word of its own stays one
    for word in sorted(base):
        for form in _inflections(word):
            forms.setdefault(form, (word,))
    for word, others in irregular.items():
        for form in others:
            forms.setdefault(form, (word,))
    forms.update(rewrites)
    forms = {form: tuple(part for part in parts if part not in skipped) for form, parts in forms.items()}
    forms.update((word, ()) for word in skipped)
    return forms | {form.capitalize(): parts for form, parts in forms.items()}


def _inflections(word: str) -> Iterator[str]:
    """The regular forms of an English word: plural, third person, past, participle."""
    if len(word) < 3:
        return
    stem = word[:-1]
    if word.endswith("e"):
        yield from (word + "s", word + "d", stem + "ing")
    elif word.endswith("y") and word[-2] not in "aeiou":
        yield from (stem + "ies", stem + "ied", word + "ing")
    else:
        yield from (word + "s", word + "es", word + "ed", word + "ing")
        yield from (word + word[-1] + "ed", word + word[-1] + "ing")
