"""`WWW-Authenticate`, read by the grammar of RFC 9110 sections 5.6 and 11: several challenges on one line and on many.

Only reading: the header itself is never added, dropped or changed (RFC 9110 section 11.6.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_NEXT = r"(?=[ \t]*(?:,|$))"
_SKIP = re.compile(r"[ \t,]*")
_SCHEME = re.compile(rf"({_TOKEN})(?: +|{_NEXT})")
_TOKEN68 = re.compile(rf"([A-Za-z0-9\-._~+/]+=*){_NEXT}")
_PARAMETER = re.compile(
    rf'({_TOKEN})[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\uffff])*)"){_NEXT}'
)
_LOOSE_PARAMETER = re.compile(
    rf'({_TOKEN})[ \t]*=[ \t]*(?:([^\s,"]+)|"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e])*)")'
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

MAX_LINE = 8192
"""Characters of a header line that are read; nginx and most servers allow no longer line either."""


class Challenge(NamedTuple):
    """One challenge: scheme and parameter names in lower case, `token68` where it has that form."""

    scheme: str
    token68: str | None
    parameters: dict[str, str]


def parse_challenges(lines: Iterable[str]) -> list[Challenge] | None:
    """Read all lines of the field as one list in order.

    Returns:
        The challenges, or None if any line does not follow the grammar.
    """
    challenges: list[Challenge] = []
    for line in lines:
        found = parse_line(line)
        if found is None:
            return None
        challenges += found
    return challenges


def parse_line(line: str, *, loose: bool = False) -> list[Challenge] | None:
    """Read one field line.

    Args:
        line: the field value.
        loose: whether unquoted values may hold characters that no token has, and parameters may follow without a comma.

    A comma does not tell a new challenge from a new parameter: a token followed by `=` is a parameter, else a scheme.

    Returns:
        The challenges, or None if the line does not follow the grammar (RFC 9110 section 11.3).
    """
    if len(line) > MAX_LINE:
        return None
    parameter = _LOOSE_PARAMETER if loose else _PARAMETER
    challenges: list[Challenge] = []
    at = _SKIP.match(line).end()  # type: ignore[union-attr]
    while at < len(line):
        found = parameter.match(line, at) if challenges and challenges[-1].token68 is None else None
        if found:
            name, token, quoted = found.groups()
            parameters = challenges[-1].parameters
            if name.lower() in parameters:  # each name once a challenge (RFC 9110 section 11.2)
                return None
            parameters[name.lower()] = token if token is not None else _QUOTED_PAIR.sub(r"\1", quoted)
        elif found := _SCHEME.match(line, at):
            scheme = found.group(1).lower()
            token68 = _TOKEN68.match(line, found.end())
            challenges.append(Challenge(scheme, token68.group(1) if token68 else None, {}))
            found = token68 or found
        else:
            return None
        at = _SKIP.match(line, found.end()).end()  # type: ignore[union-attr]
    return challenges
