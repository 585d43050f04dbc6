"""`WWW-Authenticate`, parsed by the grammar of RFC 9110 sections 5.6 and 11: several challenges on one or more lines.

Only parsed: the header itself is never added, dropped or changed (RFC 9110 section 11.6.1). The scanner only moves
forward, and each expression repeats one class of characters, so that parsing is linear in the length of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from authproblem._upstream.headers import MAX_VALUE

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+")
_PADDING = re.compile(r"=*")
_BLANK = re.compile(r"[ \t]*")
_SEPARATORS = re.compile(r"[ \t,]*")
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t\x20-\x7e\x80-\uffff])*)"')
_LOOSE_VALUE = re.compile(r'[^\s,"]+')
_MAX_ELEMENTS = 64
"""Schemes and parameters of one line; a step-up challenge has about eight. Each costs far more than its bytes do."""
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


class Challenge(NamedTuple):
    """One challenge: scheme and parameter names in lower case, `token68` where it has that form."""

    scheme: str
    token68: str | None
    parameters: dict[str, str]


def parse_challenges(lines: Iterable[str]) -> list[Challenge] | None:
    """Parse all lines of the field as one list in order.

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
    """Parse one field line.

    Args:
        line: the field value.
        loose: whether unquoted values may have characters that no token has, and parameters may follow without a comma.

    A comma does not distinguish a new challenge from a new parameter: a token followed by `=` is a parameter, any other
    is a scheme.

    Returns:
        The challenges, or None if the line does not follow the grammar (RFC 9110 section 11.3), is too long, or has too
        many elements.
    """
    if len(line) > MAX_VALUE:
        return None
    challenges: list[Challenge] = []
    at = _skip(_SEPARATORS, line, 0)
    for _ in range(_MAX_ELEMENTS):
        if at >= len(line):
            return challenges
        name = _TOKEN.match(line, at)
        if name is None:
            return None
        equals = _skip(_BLANK, line, name.end())
        if line[equals : equals + 1] == "=" and challenges and challenges[-1].token68 is None:
            end = _parameter(line, equals + 1, name.group().lower(), challenges[-1].parameters, loose=loose)
        else:
            end = _scheme(line, name, challenges)
        if end is None:
            return None
        at = _skip(_SEPARATORS, line, end)
    return challenges if at >= len(line) else None


def _parameter(line: str, at: int, name: str, parameters: dict[str, str], *, loose: bool) -> int | None:
    """Add the parameter whose value begins here; return where it ends, or None if it is malformed."""
    at = _skip(_BLANK, line, at)
    quoted = _QUOTED.match(line, at)
    value = quoted or (_LOOSE_VALUE if loose else _TOKEN).match(line, at)
    if value is None or name in parameters:  # each name once a challenge (RFC 9110 section 11.2)
        return None
    if not loose and not _is_end(line, value.end()):
        return None
    parameters[name] = _QUOTED_PAIR.sub(r"\1", value.group(1)) if quoted else value.group()
    return value.end()


def _scheme(line: str, name: re.Match[str], challenges: list[Challenge]) -> int | None:
    """Add the challenge that begins with this scheme; return where scheme and token68 end, or None if malformed."""
    at = name.end()
    if line[at : at + 1] != " " and not _is_end(line, at):
        return None
    while line[at : at + 1] == " ":
        at += 1
    token68 = _TOKEN68.match(line, at)
    if token68 is not None:
        end = _skip(_PADDING, line, token68.end())
        if _is_end(line, end):
            challenges.append(Challenge(name.group().lower(), line[at:end], {}))
            return end
    challenges.append(Challenge(name.group().lower(), None, {}))
    return at


def _skip(pattern: re.Pattern[str], line: str, at: int) -> int:
    """Return where the characters of a class end; the class may be empty there."""
    found = pattern.match(line, at)
    return at if found is None else found.end()


def _is_end(line: str, at: int) -> bool:
    """Whether a list element ends here: at a comma, or at the end of the line."""
    at = _skip(_BLANK, line, at)
    return at == len(line) or line[at] == ","
