"""Explain an entry id, an error code, an Okta i18n key, an error message or a problem type.

Several names may be given; a message of several words needs no quotes. Exit status 1 if a name is unknown.
"""

from __future__ import annotations

import argparse
import json

from authproblem._cli.explanations import describe, show
from authproblem._cli.find import Found, find, find_entries
from authproblem._cli.screen import Screen, add_registry, registry_of
from authproblem._registry.registry import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "name",
        nargs="+",
        help="okta:E0000047, E0000047, too_many_attempts, mfa-required, Wrong email or password. ...",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array with one object for each name")
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Explain each name; return 1 if one of them is unknown."""
    registry, screen = registry_of(args), Screen()
    names = _names(registry, args.name)
    found = [(name, find(registry, name)) for name in names]
    if args.json:
        screen.line(json.dumps([describe(registry, name, what) for name, what in found], indent=2, default=dict))
    else:
        for number, (name, what) in enumerate(found):
            if number:
                screen.line()
            show(screen, registry, name, what)
    return 1 if any(_is_unknown(what) for _, what in found) else 0


def _names(registry: Registry, words: list[str]) -> list[str]:
    """Return the names in the arguments: one if together they are a known message, or no word is a name."""
    joined = " ".join(words).strip()
    if len(words) == 1 or find_entries(registry, joined):
        return [joined]
    return [joined] if all(_is_unknown(find(registry, word)) for word in words) else words


def _is_unknown(found: Found) -> bool:
    return not found.entries and found.kind is None and found.family is None
