"""Upstream texts: folding, templates with slots of a safe kind, and the closed list of texts that may be sent on.

Upstream text is untrusted: it can reflect user input. Nothing here guesses whether a text looks harmless; a text is
known or it is not. Every lookup is a dictionary's or a bounded scan: never one alternation over all texts, which costs
milliseconds of event loop for each unknown sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, TypeVar

MAX_TEXT = 1024
"""Characters of an upstream text that are looked at; longer ones are unknown. The longest registered one has 400."""

_KEY = 6
"""Templates are found by their first characters, or by their last ones where they begin with a slot: six keep the
buckets below ten templates each."""

_SPACE = re.compile(r"[ \t\r\n]+")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u0060": "'", "\u00b4": "'"})
_CONTRACTION = re.compile(r"\b(ca|wo|[A-Za-z]{2,6})n't\b|\b([Tt]here|[Ii]t)'s\b")
"""Vendors write the same sentence with and without contractions. Another `'s` may be a possessive."""
_NEGATED = {"ca": "cannot", "Ca": "Cannot", "wo": "will not", "Wo": "Will not"}
_SLOT = re.compile(r"\{\{|\}\}|\{(integer|parameter|scopes|policy|any|enum:[^{}]+)\}")
_SAFE = {
    "integer": r"\d{1,10}",
    # Names of parameters: words joined by _ . or -, no digits, so that no token, address or number fits.
    "parameter": r"(?!.{65})[A-Za-z]{1,24}(?:[_.-][A-Za-z]{1,24}){0,7}",
    "scopes": (
        r"(?!.{513})[a-z]{1,24}(?:[_.:/-][a-z]{1,24}){0,7}(?:(?:,| |, )[a-z]{1,24}(?:[_.:/-][a-z]{1,24}){0,7})*"
    ),
    # Password policies: plain words and numbers of up to three digits, none joined to a fourth by a dot (an address).
    "policy": r"(?!.{513})(?:(?:[A-Za-z'()/-]{1,20}|\d{1,3}(?![.\d]\d))[,.;:]?(?: |$))+",
}

_ANY = "*"
"""The owner of texts that come with any code; no entry's id has this form."""

Value = TypeVar("Value")


def fold(text: str) -> str:
    """Return the form in which texts are compared.

    White space, quotation marks, contractions, the final dot and the first letter are made alike.
    """
    if not text.isascii() or "`" in text:
        # U+2019 in UTF-8, read as Windows-1252: how old Auth0 pages and proxies send it.
        text = text.replace("\u00e2\u20ac\u2122", "'").replace("\u00a0", " ").translate(_APOSTROPHES)
    if "  " in text or "\n" in text or "\t" in text or "\r" in text:
        text = _SPACE.sub(" ", text)
    if '"' in text:
        text = text.replace('"', "'")
    if "'" in text:
        text = _CONTRACTION.sub(_expanded, text)
    text = text.strip(" ").rstrip(". ")
    return text[:1].lower() + text[1:]


def _expanded(found: re.Match[str]) -> str:
    verb, subject = found.groups()
    return f"{subject} is" if verb is None else _NEGATED.get(verb, f"{verb} not")


class Template:
    """A text with slots, such as `Denied scopes: [{scopes}]`; `{any}` is the one kind that is not safe."""

    __slots__ = ("_kinds", "_literals", "ending", "ends", "longest", "prefix", "safe")

    def __init__(self, source: str) -> None:
        """Compile a template.

        Args:
            source: the text; `{kind}` is a slot, `{{` and `}}` are braces.

        Raises:
            ValueError: for an unknown slot or a lone brace.
        """
        literals, kinds, literal, end = [], [], "", 0
        for found in _SLOT.finditer(source):
            literal += _literal(source[end : found.start()], source)
            end = found.end()
            if kind := found.group(1):
                literals.append(literal)
                kinds.append(kind)
                literal = ""
            else:
                literal += found.group()[0]
        literals.append(literal + _literal(source[end:], source))
        folded = fold("\0".join(literals)).split("\0")
        self._literals = tuple(folded)
        self._kinds = tuple(_kind(kind) for kind in kinds)
        self.safe = "any" not in kinds
        self.prefix, self.ending = self._literals[0], self._literals[-1]
        self.longest = max(self._literals, key=len)
        # Where a slot of fixed values comes last, these values are the possible ends of a text, as a literal would be.
        last = kinds[-1][5:].split("|") if kinds and kinds[-1].startswith("enum:") else [""]
        self.ends = tuple((fold(word) + self.ending).lower() for word in last)

    def fits(self, folded: str) -> bool:
        """Whether a folded text fits; linear in its length, since literals are searched from left to right, once."""
        if not folded.startswith(self.prefix):
            return False
        at = len(self.prefix)
        last = len(self._kinds) - 1
        for number, kind in enumerate(self._kinds):
            literal = self._literals[number + 1]
            if number == last:
                end = len(folded) - len(literal) if folded.endswith(literal) else -1
            else:
                end = folded.find(literal, at)
            if end < at or not (kind is None or kind.fullmatch(folded, at, end)):
                return False
            at = end + len(literal)
        return True


def _literal(text: str, source: str) -> str:
    if "{" in text or "}" in text:
        slots = " ".join(f"{{{kind}}}" for kind in (*_SAFE, "enum:a|b", "any"))
        msg = f"{source!r}: a brace that is no slot; write {{{{ or }}}}, or one of {slots}"
        raise ValueError(msg)
    return text


@lru_cache(maxsize=256)
def _kind(kind: str) -> re.Pattern[str] | None:
    if kind == "any":
        return None
    if kind.startswith("enum:"):
        return re.compile("|".join(re.escape(fold(word)) for word in kind[5:].split("|")), re.IGNORECASE)
    return re.compile(_SAFE[kind])


@lru_cache(maxsize=4096)
def _template(source: str) -> Template:
    """Return the template of a registered text: it is in several tables and is compiled once."""
    return Template(source)


_SAMPLES = {
    "integer": "5",
    "parameter": "name",
    "scopes": "openid profile",
    "policy": "at least 8 characters",
    "any": "example",
}


def fill(source: str) -> str:
    """An example of a registered text: each slot filled with a value of its kind."""

    def sample(found: re.Match[str]) -> str:
        kind = found.group(1)
        if kind is None:
            return found.group()[0]
        if kind.startswith("enum:"):
            return kind[5:].partition("|")[0]
        before = source[found.start() - 1 : found.start()]
        if kind == "any" and before and not before.isspace() and before not in "'\"`([:":
            return ""  # the rest of a sentence that may end here
        return _SAMPLES[kind]

    return _SLOT.sub(sample, source)


def is_constant(source: str) -> bool:
    """Whether a registered text has no slot."""
    return "{" not in source or not any(found.group(1) for found in _SLOT.finditer(source))


def _is_safe(source: str) -> bool:
    """Whether a registered text has no slot that takes anything."""
    return "{any}" not in source or all(found.group(1) != "any" for found in _SLOT.finditer(source))


def unescape(source: str) -> str:
    """A registered text without slots as it is sent: doubled braces made single."""
    return source.replace("{{", "{").replace("}}", "}") if "{" in source or "}" in source else source


_Row = tuple[str, tuple[str, ...], Template, Value]
"""The longest literal and the ends of a template, which rule out most texts; the template; its value."""


class TextTable(Generic[Value]):
    """Texts and templates, each with a value: one dictionary look-up for a known text, a small bucket for templates."""

    __slots__ = ("_beginnings", "_endings", "_exact", "_short")

    def __init__(self, rows: Iterable[tuple[str, Value]]) -> None:
        """Build the table; of equal texts the first keeps its place and later ones follow it."""
        self._exact: dict[str, tuple[Value, ...]] = {}
        self._beginnings: dict[str, tuple[_Row[Value], ...]] = {}
        self._endings: dict[str, tuple[_Row[Value], ...]] = {}
        self._short: tuple[_Row[Value], ...] = ()
        for text, value in rows:
            if is_constant(text):
                for key in {unescape(text), fold(unescape(text))}:
                    self._exact[key] = (*self._exact.get(key, ()), value)
                continue
            template = _template(text)
            row = (template.longest, template.ends, template, value)
            if len(template.prefix) >= _KEY:
                key = template.prefix[:_KEY]
                self._beginnings[key] = (*self._beginnings.get(key, ()), row)
            elif len(template.ending) >= _KEY:
                key = template.ending[-_KEY:]
                self._endings[key] = (*self._endings.get(key, ()), row)
            else:
                self._short = (*self._short, row)

    def find(self, text: str) -> tuple[Value, ...]:
        """Return all values of a text, constants before templates, longer prefixes first."""
        if found := self._exact.get(text):
            return found
        if len(text) > MAX_TEXT:
            return ()
        folded = fold(text)
        if found := self._exact.get(folded):
            return found
        beginnings, endings = self._beginnings.get(folded[:_KEY], ()), self._endings.get(folded[-_KEY:], ())
        fitting = [
            (template, value)
            for longest, ends, template, value in beginnings + endings + self._short
            if longest in folded and folded.lower().endswith(ends) and template.fits(folded)
        ]
        if len(fitting) > 1:
            fitting.sort(key=lambda row: -len(row[0].prefix))
        return tuple([value for _, value in fitting]) if fitting else ()


class KnownTexts:
    """The texts of one provider: which of them may be sent on as they came, and which add nothing to their entry.

    Only constants may be sent on, and templates all of whose slots are of a safe kind: any other text may carry what a
    user typed.
    """

    __slots__ = ("_table", "_unknown")

    def __init__(self, texts: Iterable[str], of_entries: Iterable[tuple[str, str]] = ()) -> None:
        """Sort the texts.

        Args:
            texts: those that come with any code.
            of_entries: those of entries, each with the entry's id.
        """
        rows = [*((text, _ANY) for text in texts), *of_entries]
        self._table: TextTable[tuple[str, bool, str]] = TextTable(
            (text, (owner, _is_safe(text), text)) for text, owner in rows
        )
        self._unknown = hash("")

    def __contains__(self, text: str) -> bool:
        """Whether the text may be sent on as it came."""
        found = self.sources(text)
        return bool(found) and any(safe for _, safe, _ in found)

    def is_explained(self, entry_id: str, text: str) -> bool:
        """Whether an entry has the text, or it comes with any code: then it adds nothing to the meaning."""
        found = self.sources(text)
        return bool(found) and any(owner in {entry_id, _ANY} for owner, *_ in found)

    def sources(self, text: str) -> tuple[tuple[str, bool, str], ...]:
        """Return the rows of the registered texts that a text equals or fits: all that a look-up can know of it.

        One response asks three times for the same text: for the cache, the phrase rules and the members. Of the last
        unknown one the hash is kept, never the text: users typed it.
        """
        key = hash(text)
        if key == self._unknown:
            return ()
        found = self._table.find(text)
        if not found:
            self._unknown = key
        return found
