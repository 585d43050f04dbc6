"""Sections printed as tables: with rich where it is installed, else plainly."""

from __future__ import annotations

import sys

from benchmarks.results import Section, columns
from benchmarks.timing import Figure

_WIDTH = 150
_ROOMY = 3


def show(section: Section) -> None:
    """Print one table, and its metrics below."""
    titles = columns(section.rows)
    lines = [
        [row.case, *(_cell(row.figures.get(title), spread=_tells_spread(title, titles)) for title in titles)]
        for row in section.rows
    ]
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        _plain(section, titles, lines)
    else:
        table = Table(title=section.title, caption=section.note, title_justify="left", caption_justify="left")
        table.add_column("case")
        for title in titles:
            table.add_column(title, justify="right")
        for line in lines:
            table.add_row(*(text.replace("[", r"\[") for text in line))
        Console(width=_WIDTH if not sys.stdout.isatty() else None).print(table)
    for name, figure in section.metrics.items():
        print(f"  {name}: {_cell(figure, spread=True)}")
    print()


def _plain(section: Section, titles: list[str], lines: list[list[str]]) -> None:
    print(f"\n{section.title}\n  ({section.note})")
    print("  " + " | ".join(["case", *titles]))
    for line in lines:
        print("  " + " | ".join(line))


def _tells_spread(title: str, titles: list[str]) -> bool:
    """A wide table has room for the spread of its ratios only; the kept run has all of them."""
    return len(titles) <= _ROOMY or " / " in title


def _cell(figure: Figure | None, *, spread: bool) -> str:
    if figure is None:
        return ""
    if not spread:
        return number(figure.value)
    return f"{number(figure.value)} [{number(figure.low)}, {number(figure.high)}]"


def number(value: float) -> str:
    """Three digits that matter, all digits of what is large."""
    if abs(value) < 0.0005:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
