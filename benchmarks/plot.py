"""The picture of a run: dots on a logarithmic scale, written as SVG by hand, so that nothing has to be installed.

Dots, not bars: on a logarithmic scale a bar has no honest beginning.
"""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from pathlib import Path
from typing import Any, NamedTuple

PLOT = Path(__file__).parent / "plot.svg"

_WIDTH, _LEFT, _RIGHT = 860, 250, 90
_LINE, _TITLE, _AXIS = 22, 44, 34
_OURS, _OTHER, _LEAST = "#0b6bcb", "#7b8794", "#2f9e44"
_ERROR = "Auth0, 403: added, µs"
_BASELINES = ("rewriter by hand", "a closure that looks at the status", "bare app")
_UNITS = (("ns", 1.0), ("µs", 1e3), ("ms", 1e6))
_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1f2933}"
    ".big{font-size:16px;font-weight:600}.head{font-weight:600}.note{font-size:11px;fill:#52606d}"
    ".ours{font-weight:600;fill:#0b6bcb}"
)


class Dot(NamedTuple):
    """One line of a panel: nanoseconds, with quartiles."""

    label: str
    value: float
    low: float
    high: float
    color: str


class Panel(NamedTuple):
    """Dots on a scale of their own."""

    title: str
    dots: list[Dot]


def draw(document: dict[str, Any], path: Path = PLOT) -> None:
    """Draw a run.

    Args:
        document: what `results.as_json` gives.
        path: where to.
    """
    panels = [panel for panel in _panels(document["sections"]) if panel.dots]
    if panels:
        path.write_text(_svg(panels, _about(document)), encoding="utf-8")


def _panels(sections: dict[str, Any]) -> list[Panel]:
    panels = [
        Panel(f"An error of Auth0 through {adapter} middleware: time added", _column(sections, name, _ERROR, 1e3))
        for adapter, name in (("ASGI", "errors-asgi"), ("WSGI", "errors-wsgi"))
    ]
    panels += [
        Panel(f"A healthy response through {adapter} middleware: time added", _column(sections, name, "added, ns"))
        for adapter, name in (("ASGI", "healthy-asgi"), ("WSGI", "healthy-wsgi"))
    ]
    for server in ("uvicorn", "gunicorn"):
        rows = [row for row in _rows(sections, "served") if row["case"].startswith(f"{server}, error")]
        dots = [_dot(row["case"].split(", ", 2)[2], row["figures"]["CPU, µs"], 1e3) for row in rows]
        panels.append(Panel(f"Behind {server}: CPU time of a whole request that ends in an error", dots))
    return panels


def _rows(sections: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sections[name]["rows"] if name in sections else []
    return found


def _column(sections: dict[str, Any], name: str, title: str, unit: float = 1.0) -> list[Dot]:
    rows = [row for row in _rows(sections, name) if title in row["figures"]]
    return [_dot(row["case"], row["figures"][title], unit) for row in rows]


def _dot(label: str, figure: dict[str, float], unit: float = 1.0) -> Dot:
    color = _OURS if label.startswith("authproblem") else _LEAST if label in _BASELINES else _OTHER
    value, low, high = (max(figure[key] * unit, 1.0) for key in ("value", "low", "high"))
    return Dot(label, value, low, high, color)


def _about(document: dict[str, Any]) -> list[str]:
    machine = document["machine"]
    runs = {section["run"]["date"]: section["run"] for section in document["sections"].values()}
    first = f"{machine['python']} ({machine['optimized build']}), {machine['processor']}, {machine['cores']} cores; "
    dates = " and ".join(sorted(runs))
    version = document["sections"][next(iter(document["sections"]))]["run"]["authproblem"]
    return [
        (
            "Medians; the line through a dot spans the middle half of the rounds. Scales are logarithmic. "
            "Where two lines overlap, the difference is noise."
        ),
        f"{first}authproblem {version}, measured {dates}.",
    ]


def _svg(panels: list[Panel], about: list[str]) -> str:
    out, y = ['<text class="big" x="16" y="30">What authproblem costs, beside others</text>'], 40
    out += _legend()
    for panel in panels:
        y = _panel(panel, y, out)
    for line in about:
        out.append(f'<text class="note" x="16" y="{y + 16}">{escape(line)}</text>')
        y += 16
    height = y + 16
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img"'
    card = f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fff"/>'
    opening = f'{head} viewBox="0 0 {_WIDTH} {height}"><style>{_STYLE}</style>'
    return "\n".join([opening, "<title>What authproblem costs, beside others</title>", card, *out, "</svg>", ""])


def _legend() -> list[str]:
    out, x = [], _WIDTH - 368
    for label, color, width in (
        ("authproblem", _OURS, 100),
        ("written by hand", _LEAST, 150),
        ("others", _OTHER, 60),
    ):
        out.append(
            f'<circle cx="{x}" cy="26" r="5" fill="{color}"/><text class="note" x="{x + 9}" y="30">{label}</text>'
        )
        x += width
    return out


def _panel(panel: Panel, y: int, out: list[str]) -> int:
    """Draw one panel below `y`; returns where it ends."""
    first = floor(log10(min(dot.low for dot in panel.dots)))
    last = max(ceil(log10(max(dot.high for dot in panel.dots))), first + 1)

    def at(value: float) -> float:
        share = (log10(value) - first) / (last - first)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)

    out.append(f'<text class="head" x="16" y="{y + 28}">{escape(panel.title)}</text>')
    top, bottom = y + _TITLE - 4, y + _TITLE + _LINE * len(panel.dots)
    for power in range(first, last + 1):
        x = at(10**power)
        out.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="#e4e7eb"/>')
        out.append(f'<text class="note" x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{_time(10.0**power)}</text>')
    for number, dot in enumerate(panel.dots):
        out += _drawn(dot, y + _TITLE + _LINE * number + _LINE // 2, at(dot.value), at(dot.low), at(dot.high))
    return bottom + _AXIS - 12


def _drawn(dot: Dot, middle: int, end: float, low: float, high: float) -> list[str]:
    name = ' class="ours"' if dot.color == _OURS else ""
    return [
        f'<text{name} x="{_LEFT - 12}" y="{middle + 4}" text-anchor="end">{escape(dot.label)}</text>',
        f'<path d="M{_LEFT} {middle}H{end:.1f}" stroke="#cbd2d9" stroke-dasharray="1 3"/>',
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{dot.color}" stroke-width="2"/>',
        f'<circle cx="{end:.1f}" cy="{middle}" r="5" fill="{dot.color}"/>',
        f'<text{name} x="{max(end, high) + 10:.1f}" y="{middle + 4}">{_time(dot.value)}</text>',
    ]


def _time(nanoseconds: float) -> str:
    unit, size = next((one for one in reversed(_UNITS) if nanoseconds >= one[1]), _UNITS[0])
    return f"{nanoseconds / size:.3g} {unit}" if nanoseconds / size < 100 else f"{nanoseconds / size:.0f} {unit}"
