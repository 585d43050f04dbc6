"""The picture of a run: bars on a logarithmic scale, written as SVG by hand, so that nothing has to be installed."""

from __future__ import annotations

from html import escape
from math import log10
from pathlib import Path
from typing import Any, NamedTuple

PLOT = Path(__file__).parent / "plot.svg"

_WIDTH, _LEFT, _RIGHT = 860, 290, 110
_LINE, _HEAD, _GAP = 22, 30, 18
_OURS, _OTHER, _LEAST = "#0b6bcb", "#9aa5b1", "#2f9e44"
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.head{font-weight:600}.note{font-size:11px;fill:#616e7c}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.note{fill:#9aa5b1}}"
)


class Bar(NamedTuple):
    """One bar: what it shows in nanoseconds, its quartiles, and its color."""

    label: str
    value: float
    low: float
    high: float
    color: str


def draw(document: dict[str, Any], path: Path = PLOT) -> None:
    """Draw a run.

    Args:
        document: what `results.as_json` gives.
        path: where to.
    """
    sections = {section["title"]: section["rows"] for section in document["sections"]}
    groups: list[tuple[str, list[Bar]]] = []
    for title, rows in sections.items():
        if title.startswith(("ASGI, a healthy", "WSGI, a healthy")):
            groups.append((f"{title}: time added to the bare app", _added(rows)))
        elif title.startswith("peers"):
            groups.append((f"A whole problem from upstream bytes ({title.partition(', ')[2]})", _plain(rows)))
        elif title.startswith("ASGI, an error"):
            groups.append(("A whole request that ends in an error, ASGI, events off", _plain(rows)))
    bars = [bar for _, group in groups for bar in group]
    if not bars:
        return
    machine = document["machine"]
    about = f"Medians with quartiles, logarithmic scale. {machine['python']}, {machine['optimized build']}; "
    path.write_text(_svg(groups, about + machine["processor"]), encoding="utf-8")


def _added(rows: list[dict[str, Any]]) -> list[Bar]:
    bare = rows[0]["time"]["value"]
    return [
        _bar(row["case"], *(max(row["time"][key] - bare, 1.0) for key in ("value", "low", "high"))) for row in rows[1:]
    ]


def _plain(rows: list[dict[str, Any]]) -> list[Bar]:
    return [_bar(row["case"], *(row["time"][key] for key in ("value", "low", "high"))) for row in rows if row["time"]]


def _bar(label: str, value: float, low: float, high: float) -> Bar:
    least = label.startswith(("limit", "floor"))
    others = ("no-op", "GZip", "asgi-correlation", "Base", "ProxyFix", "json +", "starlette")
    return Bar(label, value, low, high, _LEAST if least else _OTHER if label.startswith(others) else _OURS)


def _svg(groups: list[tuple[str, list[Bar]]], about: str) -> str:
    values = [bar.value for _, group in groups for bar in group]
    first, last = log10(min(values)) // 1, max(log10(max(values)), 2.0)

    def at(value: float) -> float:
        share = (log10(max(value, 10**first)) - first) / (last - first)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    out, y = [], _GAP
    for title, bars in groups:
        y += _HEAD
        out.append(f'<text class="head" x="8" y="{y - 8}">{escape(title)}</text>')
        for bar in bars:
            out += _drawn(bar, y, at(bar.value), at(bar.low), at(bar.high))
            y += _LINE
        y += _GAP
    out.append(f'<text class="note" x="8" y="{y + 4}">{escape(about)}</text>')
    size = f'width="{_WIDTH}" height="{y + 20}" viewBox="0 0 {_WIDTH} {y + 20}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><style>{_STYLE}</style>'
    return "\n".join([head, "<title>What authproblem costs, beside others</title>", *out, "</svg>", ""])


def _drawn(bar: Bar, y: int, end: float, low: float, high: float) -> list[str]:
    middle = y + _LINE // 2
    return [
        f'<text x="{_LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect x="{_LEFT}" y="{y + 3}" width="{max(end - _LEFT, 1):.1f}" height="{_LINE - 7}" fill="{bar.color}"/>',
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="#1f2933" stroke-width="1.5"/>',
        f'<text x="{max(end, high) + 6:.1f}" y="{middle + 4}">{_time(bar.value)}</text>',
    ]


def _time(nanoseconds: float) -> str:
    return f"{nanoseconds:.0f} ns" if nanoseconds < 1_000 else f"{nanoseconds / 1_000:.1f} µs"
