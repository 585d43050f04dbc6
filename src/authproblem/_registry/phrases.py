"""Finds the meaning of a vendor's sentence by its words, where the registry does not contain the sentence.

The rules are data (`phrases.json`). `concepts` finds which *concepts* occur in a sentence; a rule is a conjunction of
concepts with conditions on the response. The first rule decides, from the specific to the general, whose type the
general type may be refined to (`refinements`, checked by `tools/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from authproblem._registry.concepts import ConceptAutomaton, Json

MAX_KEPT = 4096
"""Sets of concepts whose rules are kept. The registry's own texts have about 1100."""

_PAGE = "html"
"""The shape whose text has more than the error in it: only rules for pages apply."""

SIGN_IN_SHAPES = frozenset(("okta_idx",))
"""The shapes that a provider sends to somebody who is signing in."""


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
    pages: bool

    def occurs_in(self, concepts: int) -> bool:
        """Whether a sentence has the concepts of the rule, and none that rule it out."""
        return (
            not self.needs & ~concepts and not self.without & concepts and all(some & concepts for some in self.choice)
        )

    def applies_to(self, situation: Situation) -> bool:
        """Whether the response is one that the rule is for."""
        provider, shape, code, status, surface = situation
        return (
            (not self.status or max(status, 400) in self.status)  # a redirect stands for 400, as in `agrees`
            and (not self.providers or provider in self.providers)
            and (self.pages if shape == _PAGE else not self.shapes or shape in self.shapes)
            and (not self.codes or code in self.codes)
            and (not self.surfaces or (surface is not None and surface.startswith(self.surfaces)))
        )


class Phrases:
    """The compiled phrase rules; immutable.

    Attributes:
        refinements: for each general problem type, the types that a phrase may choose in its place.
        at_sign_in: the types that it may choose beside them in a document of the sign-in itself, where a type that
            requires a new sign-in interrupts nobody.
        firm: codes whose meaning no sentence changes.
    """

    __slots__ = ("_automaton", "_by_concepts", "_rules", "_statuses", "at_sign_in", "firm", "refinements")

    def __init__(self, data: Json) -> None:
        """Compile `phrases.json`."""
        bits = {name: 1 << number for number, name in enumerate(data["concepts"])}
        self._automaton = ConceptAutomaton(data, bits)
        self._rules = tuple(_rule(row, bits, data["groups"]) for row in data["rules"])
        self._by_concepts: dict[int, tuple[Rule, ...]] = {}
        self._statuses = {slug: frozenset(row) for slug, row in data["statuses"].items()}
        rows = data["refinements"].items()
        self.refinements = {general: frozenset(row["to"]) for general, row in rows}
        self.at_sign_in = {general: frozenset(row.get("at_sign_in", ())) for general, row in rows}
        self.firm = frozenset(data["firm"])

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute once; the rules do not change."""
        if hasattr(self, name):
            raise AttributeError(f"Phrases is immutable: {name} cannot be set")
        super().__setattr__(name, value)

    def refine(self, general: str, sentences: Iterable[str | None], situation: Situation) -> str | None:
        """Choose a more exact problem type by the sentences.

        Args:
            general: the problem type that code, family or status give.
            sentences: the unknown texts, the most specific first; None is skipped.
            situation: the response.

        Returns:
            The slug of a problem type that the general one may be refined to; None if no sentence is more exact, or it
            agrees with the general type.
        """
        found = self.decide((general,), sentences, situation)
        return None if found == general else found

    def decide(self, generals: Iterable[str], sentences: Iterable[str | None], situation: Situation) -> str | None:
        """Choose as `refine` does from several general types, the first that a sentence decides on.

        A sentence that agrees with a general type decides on that type itself.
        """
        for general in generals:
            allowed = self.refinements.get(general)
            if allowed is None or situation.code in self.firm:
                continue
            if situation.shape in SIGN_IN_SHAPES:
                allowed |= self.at_sign_in[general]
            found = self._first(general, allowed, sentences, situation)
            if found is not None:
                return found
        return None

    def _first(
        self, general: str, allowed: frozenset[str], sentences: Iterable[str | None], situation: Situation
    ) -> str | None:
        """The type of the first rule that suits and that gives the general type or an allowed one."""
        for concepts in self._automaton.read(sentences):
            for rule in self._candidates(concepts):
                if not rule.applies_to(situation):
                    continue
                if rule.type == general or (rule.type in allowed and self.agrees(rule.type, situation.status)):
                    return rule.type
        return None

    def agrees(self, slug: str, status: int) -> bool:
        """Whether a provider sends a problem type with an HTTP status; a redirect counts as 400 (RFC 6749 4.1.2.1)."""
        return max(status, 400) in self._statuses.get(slug, ())

    def rule_of(self, text: str, slug: str) -> str | None:
        """The id of the first rule that a text leads to and that gives a type: for tools that ask what supports it."""
        for concepts in self._automaton.read((text,)):
            for rule in self._candidates(concepts):
                if rule.type == slug:
                    return rule.id
        return None

    def _candidates(self, concepts: int) -> tuple[Rule, ...]:
        """The rules whose concepts all occur. Kept by the concepts, which contain no text; `MAX_KEPT` at most."""
        found = self._by_concepts.get(concepts)
        if found is None:
            found = tuple(rule for rule in self._rules if rule.occurs_in(concepts))
            if len(self._by_concepts) < MAX_KEPT:
                self._by_concepts[concepts] = found
        return found


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
        row.get("pages", False),
    )
