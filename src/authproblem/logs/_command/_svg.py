"""Draws the counts of a run as an SVG: failures over time by owner, and the most frequent reasons. No dependency."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.sax.saxutils import escape

COLORS = {
    "user": "#2563eb",
    "client": "#d97706",
    "policy": "#7c3aed",
    "tenant": "#be185d",
    "limit": "#0d9488",
    "upstream": "#dc2626",
}
"""One color for each owner, dark enough to be read on white and light enough on black."""
_WIDTH, _LEFT, _CHART = 900, 230, 180
_ROW = 22
_MOST = 12
_MOST_BARS = 120
_STYLE = "font-family:system-ui,sans-serif;font-size:12px"


def draw(counts: dict[str, Counter[Any]], failures: int) -> str:
    """The drawing as text.

    Args:
        counts: by `reason` (reason, owner) and by `time` (hour, owner).
        failures: their sum, for the title.
    """
    reasons = counts["reason"].most_common(_MOST)
    height = 90 + _CHART + 60 + _ROW * len(reasons)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" style="{_STYLE}">',
        f"<title>{failures:,} failures by time, owner and reason</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _words(20, 28, f"{failures:,} failures", size=18),
        *_legend(counts["owner"]),
        *_over_time(counts["time"], top=60),
        *_by_reason(reasons, top=60 + _CHART + 60),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend(owners: Counter[Any]) -> list[str]:
    parts, x = [], 230
    for owner in (name for name in COLORS if owners.get(name)):
        parts.append(f'<rect x="{x}" y="18" width="12" height="12" fill="{COLORS[owner]}"/>')
        parts.append(_words(x + 17, 28, f"{owner} {owners[owner]:,}"))
        x += 110
    return parts


def _over_time(times: Counter[Any], top: int) -> list[str]:
    slots = _slots(times)
    if not slots:
        return []
    most = max(sum(owners.values()) for _, owners in slots)
    width = (_WIDTH - 60) / len(slots)
    parts = [f'<line x1="40" y1="{top + _CHART}" x2="{_WIDTH - 20}" y2="{top + _CHART}" stroke="#9ca3af"/>']
    parts.append(_words(36, top + 10, f"{most:,}", anchor="end"))
    for index, (slot, owners) in enumerate(slots):
        y = float(top + _CHART)
        for owner, color in COLORS.items():
            size = owners[owner] / most * _CHART
            if size:
                y -= size
                x, w = 40 + index * width, max(width - 1, 0.5)
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{size:.1f}" fill="{color}">'
                    f"<title>{escape(slot)} {owner}: {owners[owner]:,}</title></rect>"
                )
    parts.append(_words(40, top + _CHART + 18, slots[0][0]))
    parts.append(_words(_WIDTH - 20, top + _CHART + 18, slots[-1][0], anchor="end"))
    return parts


def _slots(times: Counter[Any]) -> list[tuple[str, Counter[str]]]:
    """The counts by hour, or by day or month where there are too many hours for the width."""
    for length in (13, 10, 7):
        slots: dict[str, Counter[str]] = {}
        for (hour, owner), count in times.items():
            if hour:
                slots.setdefault(hour[:length], Counter())[owner] += count
        if len(slots) <= _MOST_BARS:
            break
    return sorted(slots.items())[-_MOST_BARS:]


def _by_reason(reasons: list[tuple[Any, int]], top: int) -> list[str]:
    parts = []
    most = max((count for _, count in reasons), default=1)
    for index, ((reason, owner), count) in enumerate(reasons):
        y = top + index * _ROW
        width = max(count / most * (_WIDTH - _LEFT - 100), 1)
        parts.append(_words(_LEFT - 10, y + 13, reason, anchor="end"))
        parts.append(
            f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="16" fill="{COLORS.get(owner, "#6b7280")}"/>'
        )
        parts.append(_words(_LEFT + width + 8, y + 13, f"{count:,}"))
    return parts


def _words(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" fill="#111827">{escape(text)}</text>'
    )
