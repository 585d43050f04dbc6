"""Shows the counts of a run: tables with bars on the terminal (rich), and a drawing on request."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from authproblem.logs._command._svg import COLORS, draw

if TYPE_CHECKING:
    from authproblem.logs._command._run import Total

_MOST = 15
"""Rows of a table; what is beyond is counted together."""
_BAR = 32
"""Columns of the longest bar."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def show(total: Total, plot: str | None) -> None:
    """Print the summary, and draw it into a file.

    Args:
        total: the counts.
        plot: the name of an SVG file, or None.
    """
    from rich.console import Console

    console = Console(highlight=False)
    counts = {name: total.counts.get(name, Counter()) for name in ("reason", "owner", "client", "attack", "time")}
    console.print(f"[bold]{total.failures:,}[/] failures in {total.lines:,} lines")
    _table(console, "reason", _rows(counts["reason"]))
    _table(console, "owner", [((owner,), count, owner) for owner, count in counts["owner"].most_common()])
    if counts["attack"]:
        _table(
            console,
            "attack signal",
            [((kind, severity), n, "policy") for (kind, severity), n in _top(counts["attack"])],
        )
    _table(console, "client", [((client,), n, "") for client, n in _top(counts["client"])])
    _table(console, "time", _times(counts["time"]))
    if plot is not None:
        with open(plot, "w", encoding="utf-8") as file:
            file.write(draw(counts, total.failures))
        sys.stderr.write(f"drawn: {plot}\n")


def _top(counter: Counter[Any]) -> list[tuple[Any, int]]:
    return counter.most_common(_MOST)


def _rows(counter: Counter[Any]) -> list[tuple[tuple[str, ...], int, str]]:
    return [((reason, owner), count, owner) for (reason, owner), count in _top(counter)]


def _times(counter: Counter[Any]) -> list[tuple[tuple[str, ...], int, str]]:
    """By hour; by day where there are more hours than rows."""
    hours: Counter[str] = Counter()
    for (hour, _), count in counter.items():
        hours[hour] += count
    if len(hours) > 2 * _MOST:
        days: Counter[str] = Counter()
        for hour, count in hours.items():
            days[hour[:10]] += count
        hours = days
    shown = sorted(hours.items())[-2 * _MOST :]
    return [((f"{hour}:00" if len(hour) > 10 else hour or "(no time)",), count, "") for hour, count in shown]


def _table(console: Any, title: str, rows: list[tuple[tuple[str, ...], int, str]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        return
    table = Table(title=f"by {title}", title_justify="left", title_style="bold", box=None, show_header=False)
    most = max(count for _, count, _ in rows)
    for labels, count, owner in rows:
        bar = f"[{COLORS.get(owner, '#6b7280')}]{_bar(count / most)}[/]"
        table.add_row(*(escape(label) for label in labels), bar, f"{count:,}")
    console.print()
    console.print(table)


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR * 8))
    return _EIGHTHS[8] * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
