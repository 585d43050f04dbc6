"""Checks whether a JSON value is the same after parsing and writing, so that it may be sent on."""

from __future__ import annotations

from math import isfinite
from typing import Any

_MAX_DEPTH = 240
"""Levels of a value that is sent on: orjson writes 254, and the value is inside a problem document."""


def is_text(text: str) -> bool:
    """Whether a text can be sent: a lone surrogate has no UTF-8 (RFC 3629 section 3)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_lossless(value: object) -> bool:
    """Whether a value survives parsing and writing.

    Integers beyond 64 bits come back as floats, infinity as null, and what nests too deep is not written at all.
    """
    level: list[Any] = [(value,)]
    for _ in range(_MAX_DEPTH):  # a loop, level by level: a protocol document is a large tree
        below: list[Any] = []
        for node in level:
            for part in node.values() if type(node) is dict else node:
                kind = type(part)
                if kind is dict or kind is list:
                    below.append(part)
                elif kind is float and not (isfinite(part) and (not part.is_integer() or abs(part) < 2.0**63)):
                    return False
        if not below:
            return True
        level = below
    return False
