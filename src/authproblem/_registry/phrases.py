"""What a vendor's sentence means by the words in it, where no entry of the registry knows the sentence.

The rules are data (`phrases.json`); this is the matcher. A sentence is split into words, words become base forms, and
one pass of an Aho-Corasick automaton over them finds which *concepts* occur. A rule is a conjunction of concepts with
conditions on the response. The first rule decides, from the specific to the general, whose type the general answer may
be refined to (`refinements`, checked by `tools/`). Nothing here backtracks over upstream text: the work is one step a
word, and the number of words that are read is bounded (`MAX_WORDS`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Json = dict[str, Any]

MAX_WORDS = 512
"""Words of one response that are looked at; real sentences have fewer than 60, and 32 causes of them fit."""

_MAX_TEXT = 1024
"""Characters of one sentence that are looked at, as for known texts."""

_WORD = re.compile(r"[A-Za-z0-9]+(?:'t)?|[.!?;](?=\s)")
"""Words, and ends of sentences. A word with a digit is an identifier: it stands for nothing and parts phrases."""

_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""The parts of a name such as `factorEnrollRequest`."""

_ENDS = frozenset(".!?;")
_APOSTROPHES = {0x2019: "'", 0x2018: "'", 0x60: " ", 0xB4: "'"}


class Situation(NamedTuple):
    """What a rule can depend on beside the sentence.

    Attributes:
        provider: `auth0`, `okta` or `oauth`.
        shape: the wire shape.
        code: the upstream's code, or None.
        status: the HTTP status.
        surface: the name of the provider's endpoint, or None where it is unknown.
    """

    provider: str
    shape: str
    code: str | None
    status: int
    surface: str | None = None


class Rule(NamedTuple):
    """One phrase rule, compiled: concepts are bits of `needs`, `choice` and `without`."""

    id: str
    type: str
    needs: int
    choice: tuple[int, ...]
    without: int
    providers: frozenset[str]
    shapes: frozenset[str]
    codes: frozenset[str]
    status: frozenset[int]
    surfaces: tuple[str, ...]

    def fits(self, concepts: int, situation: Situation) -> bool:
        """Whether the concepts of a sentence and the response are those of the rule."""
        if self.needs & ~concepts or self.without & concepts or not all(some & concepts for some in self.choice):
            return False
        provider, shape, code, status, surface = situation
        return (
            (not self.status or status in self.status)
            and (not self.providers or provider in self.providers)
            and (not self.shapes or shape in self.shapes)
            and (not self.codes or code in self.codes)
            and (not self.surfaces or (surface is not None and surface.startswith(self.surfaces)))
        )


class Phrases:
    """The compiled phrase rules; immutable.

    Attributes:
        refinements: for each general problem type, the types that a phrase may choose in its place.
        firm: codes whose meaning no sentence changes.
    """

    __slots__ = ("_automaton", "_by_concepts", "_rules", "_statuses", "firm", "refinements")

    def __init__(self, data: Json) -> None:
        """Compile `phrases.json`."""
        bits = {name: 1 << number for number, name in enumerate(data["concepts"])}
        self._automaton = _Automaton(data, bits)
        self._rules = tuple(_rule(row, bits, data["groups"]) for row in data["rules"])
        self._by_concepts: dict[int, tuple[Rule, ...]] = {}
        self._statuses = {slug: frozenset(row) for slug, row in data["statuses"].items()}
        self.refinements = {general: frozenset(row["to"]) for general, row in data["refinements"].items()}
        self.firm = frozenset(data["firm"])

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute once; the rules do not change."""
        if hasattr(self, name):
            raise AttributeError(f"Phrases is immutable: {name} cannot be set")
        super().__setattr__(name, value)

    def may_refine(self, general: str, code: str | None) -> bool:
        """Whether a sentence could change the answer at all: most codes are firm, and most types have no refinement."""
        return general in self.refinements and code not in self.firm

    def refine(self, general: str, sentences: Iterable[str | None], situation: Situation) -> str | None:
        """Choose a more exact problem type by what is said.

        Args:
            general: the problem type that code, family or status give.
            sentences: the unknown texts, the most telling first; None is skipped.
            situation: the response.

        Returns:
            The slug of a problem type that the general one may be refined to; None if no sentence says more, or what
            it says agrees with the general answer.
        """
        allowed = self.refinements.get(general)
        if allowed is None or situation.code in self.firm:
            return None
        for concepts in self._automaton.read(sentences):
            for rule in self._candidates(concepts) if concepts else ():
                if not rule.fits(concepts, situation):
                    continue
                if rule.type == general:
                    return None
                if rule.type in allowed and self.agrees(rule.type, situation.status):
                    return rule.type
        return None

    def agrees(self, slug: str, status: int) -> bool:
        """Whether a provider sends a problem type with an HTTP status; a redirect stands for 400 (RFC 6749 4.1.2.1)."""
        return (max(status, 400)) in self._statuses.get(slug, ())

    def rule_of(self, text: str, slug: str) -> str | None:
        """The id of the first rule that a text leads to and that gives a type: for tools that ask what supports it."""
        for concepts in self._automaton.read((text,)):
            for rule in self._candidates(concepts):
                if rule.type == slug:
                    return rule.id
        return None

    def _candidates(self, concepts: int) -> tuple[Rule, ...]:
        """The rules whose concepts all occur. Kept by the concepts, which hold no text; 4096 at most."""
        found = self._by_concepts.get(concepts)
        if found is None:
            found = tuple(
                rule
                for rule in self._rules
                if not rule.needs & ~concepts and not rule.without & concepts and all(c & concepts for c in rule.choice)
            )
            if len(self._by_concepts) < 4096:
                self._by_concepts[concepts] = found
        return found


class _Automaton:
    """Aho-Corasick over words: which concepts occur in a sentence, in one step a word."""

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
        self._vocabulary = _vocabulary(base, data["irregular"], rewrites, skipped)
        self._steps, self._found = _compile(phrases)

    def read(self, sentences: Iterable[str | None]) -> Iterator[int]:
        """Yield the concepts of each sentence, as bits; a text of several sentences gives one number for each."""
        vocabulary, steps, found = self._vocabulary, self._steps, self._found
        left = MAX_WORDS
        for text in sentences:
            if not text or left <= 0:
                continue
            concepts = state = 0
            if not text.isascii():
                text = text.translate(_APOSTROPHES)  # noqa: PLW2901 - the same sentence, spelled plainly
            for word in _WORD.findall(text, 0, _MAX_TEXT):
                left -= 1
                parts = vocabulary.get(word)
                if parts is None and word in _ENDS:
                    yield concepts
                    concepts = state = 0
                elif parts is None and word.isalpha() and not word.islower():
                    parts = _split(vocabulary, word)
                if parts is None:
                    state = 0
                else:
                    for part in parts:
                        state = steps[state].get(part) or steps[0].get(part, 0)
                        concepts |= found[state]
                if left <= 0:
                    break
            yield concepts


def _split(vocabulary: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    """The base forms of the parts of a name in mixed or upper case; unknown parts part phrases."""
    return tuple(
        part for piece in _PART.findall(name) for part in vocabulary.get(piece) or vocabulary.get(piece.lower(), ("",))
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
            failure[target] = steps[failure[state]].get(part) or steps[0].get(part, 0) if state else 0
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
    if not word.isalpha() or len(word) < 3:
        return
    stem = word[:-1]
    if word.endswith("e"):
        yield from (word + "s", word + "d", stem + "ing")
    elif word.endswith("y") and word[-2] not in "aeiou":
        yield from (stem + "ies", stem + "ied", word + "ing")
    else:
        yield from (word + "s", word + "es", word + "ed", word + "ing")
        yield from (word + word[-1] + "ed", word + word[-1] + "ing")


def _rule(row: Json, bits: Mapping[str, int], groups: Mapping[str, list[str]]) -> Rule:
    needs, choice = 0, []
    for name in row["says"]:
        parts = name.split("|")
        mask = 0
        for part in parts:
            mask |= bits[part]
        if len(parts) == 1:
            needs |= mask
        else:
            choice.append(mask)
    without = 0
    for name in row.get("without", ()):
        without |= bits[name]
    codes = [code for name in row.get("codes", ()) for code in groups.get(name, (name,))]
    return Rule(
        row["id"],
        row["type"],
        needs,
        tuple(choice),
        without,
        frozenset(row.get("providers", ())),
        frozenset(row.get("shapes", ())),
        frozenset(codes),
        frozenset(row.get("status", ())),
        tuple(row.get("surfaces", ())),
    )
