"""Helpers of the commands: output to the terminal, the glossary, and the registry chosen with `--registry`."""

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
from authproblem.errors import visible

Json = dict[str, Any]
Result = TypeVar("Result")

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "_registry", "data")
_MAX_WIDTH = 100
"""Columns: longer lines are hard to read, however wide the terminal is."""
_MAX_COLUMN = 60
_LABEL = 16
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Screen:
    """Text output: wrapped at the width of the terminal; colored on a terminal unless NO_COLOR is set."""

    def __init__(self, out: TextIO | None = None) -> None:
        """Prepare the output.

        Args:
            out: The stream; standard output if None.
        """
        self.out = out if out is not None else sys.stdout
        self.width = max(40, min(shutil.get_terminal_size().columns, _MAX_WIDTH))
        self.color = self.out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def paint(self, text: str, style: str) -> str:
        """Return the text in a style, or unchanged where output is not colored."""
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self.color else text

    def line(self, text: str = "") -> None:
        """Write one line; characters that the encoding of the stream lacks become question marks."""
        encoding = self.out.encoding or "utf-8"
        self.out.write(text.encode(encoding, "replace").decode(encoding) + "\n")

    def heading(self, text: str, beside: str = "") -> None:
        """Write a bold heading and, beside it, a note."""
        self.line(self.paint(text, "bold") + (f"  {beside}" if beside else ""))

    def field(self, label: str, *paragraphs: str) -> None:
        """Write a label and, beside it, one or more wrapped paragraphs."""
        shown = self.paint(label.ljust(_LABEL), "cyan")
        for paragraph in paragraphs:
            for line in self._wrap(paragraph, _LABEL + 2):
                self.line(f"  {shown}{line}")
                shown = " " * _LABEL

    def items(self, label: str, rows: Iterable[str]) -> None:
        """Write a label on its own line and, below it, an indented list."""
        self.line(f"  {self.paint(label, 'cyan')}")
        for row in rows:
            lines = self._wrap(row, 6)
            self.line("    " + lines[0])
            for line in lines[1:]:
                self.line("      " + line)

    def columns(self, rows: list[tuple[str, ...]]) -> None:
        """Write rows in aligned columns; a cell wider than 60 characters does not widen its column."""
        widths = [min(max(map(len, column)), _MAX_COLUMN) for column in zip(*rows, strict=True)]
        for row in rows:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def _wrap(self, text: str, indent: int) -> list[str]:
        width = self.width - indent
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def glossary() -> Json:
    """Return the explanations of the vocabulary: owners, remedies, retry policies, shapes and so on."""
    found: Json = orjson.loads(read_data("glossary"))
    return found


def read_data(name: str) -> bytes:
    """Return the bytes of a file in the registry's data folder.

    Args:
        name: Its name without `.json`.
    """
    with open(os.path.join(_FOLDER, name + ".json"), "rb") as file:
        return file.read()


def add_registry(parser: argparse.ArgumentParser) -> None:
    """Add the option `--registry`."""
    parser.add_argument(
        "--registry", metavar="FILE", help="a JSON file with entries of your own, as for Registry.extend"
    )


def registry_of(args: argparse.Namespace) -> Registry:
    """Return the built-in registry, extended by the file given with `--registry`.

    Raises:
        SystemExit: If the file cannot be read or an entry in it is invalid.
    """
    registry = Registry.builtin()
    if args.registry is None:
        return registry
    return attempt(lambda: registry.extend(args.registry))


def attempt(action: Callable[[], Result]) -> Result:
    """Call `action`; turn an invalid value or an unreadable file into an error message and exit status 2.

    Raises:
        SystemExit: If the action raises OSError or ValueError.
    """
    try:
        return action()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"authproblem: {visible(str(error))}\n")
        raise SystemExit(2) from None


def row_of(registry: Registry, entry_id: str) -> Json:
    """Return an entry's row as in its data file, with the members that `Entry` lacks."""
    return registry.row(entry_id)


def families_of(registry: Registry) -> list[Json]:
    """Return the code families of all providers, each with the member `provider`."""
    families = registry.families
    return [{"provider": provider, **row} for provider in sorted(families) for row in families[provider]]


def known_of(registry: Registry) -> dict[str, list[str]]:
    """Return, for each provider, the texts that may be sent on in any member."""
    known = registry.known
    return {provider: list(known[provider]) for provider in sorted(known)}
