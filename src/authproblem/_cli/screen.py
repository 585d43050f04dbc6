"""What the subcommands of `python -m authproblem` share: the terminal, the glossary, the registry that is asked for.

Only the command line comes here; nothing that answers a response does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import Any, TextIO, TypeVar

import orjson

from authproblem._registry.registry import Registry

Json = dict[str, Any]
Result = TypeVar("Result")

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "_registry", "data")
_MAX_WIDTH = 100
"""Columns: longer lines are hard to read, however wide the terminal is."""
_MAX_COLUMN = 60
_LABEL = 16
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Screen:
    """Plain text for people: wrapped at the width of the terminal; color only on one, and not where NO_COLOR is set."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Look at the stream (standard output if None) and the environment."""
        self.out = out if out is not None else sys.stdout
        self.width = max(40, min(shutil.get_terminal_size().columns, _MAX_WIDTH))
        self.color = self.out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, style: str) -> str:
        """The text in a style, where there is color."""
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self.color else text

    def line(self, text: str = "") -> None:
        """One line as it is."""
        encoding = self.out.encoding or "utf-8"
        self.out.write(text.encode(encoding, "replace").decode(encoding) + "\n")

    def heading(self, text: str, beside: str = "") -> None:
        """A heading, with something less loud beside it."""
        self.line(self.paint(text, "bold") + (f"  {beside}" if beside else ""))

    def field(self, label: str, *paragraphs: str) -> None:
        """A label, and beside it one or more wrapped paragraphs."""
        shown = self.paint(label.ljust(_LABEL), "cyan")
        for paragraph in paragraphs:
            for line in self._wrap(paragraph, _LABEL + 2):
                self.line(f"  {shown}{line}")
                shown = " " * _LABEL

    def items(self, label: str, rows: Iterable[str]) -> None:
        """A label on a line of its own, and below it indented lines."""
        self.line(f"  {self.paint(label, 'cyan')}")
        for row in rows:
            lines = self._wrap(row, 6)
            self.line("    " + lines[0])
            for line in lines[1:]:
                self.line("      " + line)

    def columns(self, rows: list[tuple[str, ...]]) -> None:
        """Rows in aligned columns; a cell that is far longer than the others sticks out."""
        widths = [min(max(map(len, column)), _MAX_COLUMN) for column in zip(*rows, strict=True)]
        for row in rows:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def _wrap(self, text: str, indent: int) -> list[str]:
        width = self.width - indent
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def glossary() -> Json:
    """What the words of the vocabulary mean."""
    found: Json = orjson.loads(read_data("glossary"))
    return found


def read_data(name: str) -> bytes:
    """A file of the registry's folder, as it is."""
    with open(os.path.join(_FOLDER, name + ".json"), "rb") as file:
        return file.read()


def add_registry(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand the option that reads a team's own entries."""
    parser.add_argument(
        "--registry", metavar="FILE", help="a JSON file with entries of your own, as for Registry.extend"
    )


def registry_of(args: argparse.Namespace) -> Registry:
    """The registry that the arguments ask for.

    Raises:
        SystemExit: if the file cannot be read, or a row of it does not hold.
    """
    registry = Registry.builtin()
    if args.registry is None:
        return registry
    return attempt(lambda: registry.extend(args.registry))


def attempt(action: Callable[[], Result]) -> Result:
    """Do something that the user's input may make impossible.

    Raises:
        SystemExit: with what went wrong.
    """
    try:
        return action()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"authproblem: {error}\n")
        raise SystemExit(2) from None


def row_of(registry: Registry, entry_id: str) -> Json:
    """An entry's row as it stands in its file: what only people read is not part of `Entry`."""
    return registry.row(entry_id)


def families_of(registry: Registry) -> list[Json]:
    """The families of all providers, each with its provider."""
    families = registry.families
    return [{"provider": provider, **row} for provider in sorted(families) for row in families[provider]]


def known_of(registry: Registry) -> dict[str, list[str]]:
    """The texts of each provider that may be sent on wherever they stand."""
    known = registry.known
    return {provider: list(known[provider]) for provider in sorted(known)}


def close(name: str, names: Iterable[str], least: float = 0.6) -> list[str]:
    """The names that are spelled most like one, best first; case does not count.

    Args:
        name: what somebody wrote.
        names: what there is.
        least: how like it a name has to be, from 0 to 1.
    """
    from difflib import SequenceMatcher, get_close_matches

    folded = {candidate.lower(): candidate for candidate in names}
    matches = get_close_matches(name.lower(), folded, n=25, cutoff=least)
    matches.sort(key=lambda match: (-SequenceMatcher(None, match, name.lower()).ratio(), match))
    return [folded[match] for match in matches[:5]]
