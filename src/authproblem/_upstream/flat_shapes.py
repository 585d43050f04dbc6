"""Flat shapes: objects that have code, text and causes among their own members; the rows are data (`shapes.json`).

A row says which members recognize a shape and where its values stand; a `KeyLayout` is a row applied to the members of
one object, and a `ParsedKey` is what the values give.
"""

from __future__ import annotations

from collections.abc import KeysView
from typing import Any, NamedTuple

from authproblem._model import Cause, Json, Provider, as_provider
from authproblem._upstream.json_values import is_e_code


class FlatShape(NamedTuple):
    """How one flat shape is recognized and read; the fields are those of `shapes.json`."""

    id: str
    vendor: Provider | None
    all: frozenset[str]
    any: frozenset[str]
    none: frozenset[str]
    code: str | None
    text: tuple[str, ...]
    name: str | None
    causes: str | None
    proof: str
    requires: str | None

    def accepts(self, names: KeysView[str]) -> bool:
        """Whether an object with these members may have this shape."""
        return self.all <= names and not (self.any and self.any.isdisjoint(names)) and self.none.isdisjoint(names)


class KeyLayout:
    """Where an object with certain members has code, text, name and causes, read as one flat shape.

    Attributes:
        shape: the shape.
        names: the members, in order.
        code: the member with the code, or None in a shape that has none.
        texts: the members that may contain the text; the first string counts.
        name: the member with the name, or None.
        causes: the member with the causes, or None.
        members: the four, with the first of the texts.
        other: the layout to try where the values do not fit this shape, or None.
        is_cached: whether objects with the same members get this very layout, so that it can be part of a cache's key.
    """

    __slots__ = ("causes", "code", "is_cached", "members", "name", "names", "other", "shape", "texts")

    def __init__(self, shape: FlatShape, names: tuple[str, ...], other: KeyLayout | None) -> None:
        """Find the members of a shape among those that are there."""
        self.shape, self.names, self.other, self.code = shape, names, other, shape.code
        self.texts = tuple(member for member in shape.text if member in names)
        self.name = shape.name if shape.name in names else None
        self.causes = shape.causes if shape.causes in names else None
        self.members: tuple[Any, ...] = (self.code, next(iter(self.texts), None), self.name, self.causes)
        self.is_cached = False


ParsedKey = tuple[KeyLayout, "str | None", "str | None", "str | None", tuple[Cause, ...]]
"""Layout, code, text, name and causes of an object: all that its meaning can depend on. A plain tuple, since it is the
key of the response cache."""


KnownText = str | tuple[object, ...] | None
"""A registered text, or those that a text fits or is written nearly like, or None where there is no text."""
KnownKey = tuple[KeyLayout, "str | None", KnownText, "str | None", "tuple[tuple[KnownText, str | None], ...]"]
"""A parsed key without upstream text: with the registered texts that a text fits in place of that text."""


def flat_shape(row: Json) -> FlatShape:
    """Compile a row of `flat`."""
    return FlatShape(
        id=row["id"],
        vendor=as_provider(row["vendor"]) if "vendor" in row else None,
        all=frozenset(row.get("all", ())),
        any=frozenset(row.get("any", ())),
        none=frozenset(row.get("none", ())),
        code=row.get("code"),
        text=tuple(row["text"]),
        name=row.get("name"),
        causes=row.get("causes"),
        proof=row.get("proof", "entry"),
        requires=row.get("requires"),
    )


def meets(requirement: str, code: str | None, text: str | None) -> bool:
    """Whether the values meet what a shape requires of them: a text with blanks, or a code that is a word.

    The codes of Auth0 are words, those of Okta a letter and digits.
    """
    if requirement == "sentence":
        return text is not None and " " in text
    return code is not None and not is_e_code(code)
