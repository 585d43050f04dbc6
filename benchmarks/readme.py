"""The kept figures, written into README.md between its marks: the targets first, then the tables a reader wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from benchmarks.results import columns, metrics
from benchmarks.tables import number

README = Path(__file__).parent / "README.md"
BUDGETS = Path(__file__).parent / "budgets.json"
_BEGIN, _END = "<!-- results: written by `make bench` -->", "<!-- end of results -->"
_OPEN = ("errors-asgi", "errors-wsgi", "healthy-asgi", "healthy-wsgi", "served")
"""What a reader sees at once; the other tables open at a click."""
_LEFT_OUT = ("instructions", "memory")
"""Too long; and the short form of what is measured in full."""
_PARTS_OF_A_THOUSAND = 3


def publish(document: dict[str, Any], path: Path = README) -> None:
    """Replace the figures.

    Args:
        document: what `results.as_json` gives.
        path: the page.

    Raises:
        ValueError: if the page has lost its marks.
    """
    text = path.read_text(encoding="utf-8")
    head, begin, rest = text.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        msg = f"{path.name}: the marks {_BEGIN!r} and {_END!r} are not there"
        raise ValueError(msg)
    path.write_text(f"{head}{begin}\n{page(document)}\n{end}{tail}", encoding="utf-8")


def page(document: dict[str, Any]) -> str:
    """All that stands between the marks."""
    machine = document["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    about = f"{machine['python']} ({machine['optimized build']}), {machine['processor']}, {machine['cores']} cores"
    parts = [f"{about}; {packages}.", *_targets(document)]
    for name, section in document["sections"].items():
        if name not in _LEFT_OUT:
            parts += _section(section, shut=name not in _OPEN)
    return "\n\n".join(parts)


def verdict(value: float, target: dict[str, Any]) -> str:
    """Whether a figure is met: a thousandth more is none, as no measurement here is finer."""
    rounded = round(value, _PARTS_OF_A_THOUSAND)
    if rounded > target["at most"]:
        return "**over**"
    return "aim reached" if "aim" in target and rounded <= target["aim"] else "met"


def _targets(document: dict[str, Any]) -> list[str]:
    """The targets, each with its figure and whether it is met or was not measured. Then the rest.

    Where there is a count, it decides: it is the same on every run.
    """
    found = metrics(document)
    targets = orjson.loads(BUDGETS.read_bytes())["targets"]
    lines = ["| target | figure | spread | by instructions | at most | aim | |", "|-|-:|-|-:|-:|-:|-|"]
    for target in targets:
        counted = found.get(f"{target.get('counted')}, counted")
        by_count = number(counted["value"]) if counted else ""
        aim = f"{target['aim']:g}" if "aim" in target else ""
        figure = found.get(target["metric"])
        cells, result = (
            (" | ", "not measured")
            if figure is None
            else (_cells(figure), verdict((counted or figure)["value"], target))
        )
        lines.append(f"| {target['metric']} | {cells} | {by_count} | {target['at most']:g} | {aim} | {result} |")
    named = {target["metric"] for target in targets}
    rest = [
        f"| {name} | {_cells(figure)} |"
        for name, figure in found.items()
        if name not in named and not name.endswith(", counted")
    ]
    further = "\n".join(["| metric | figure | spread |", "|-|-:|-|", *rest])
    return ["\n".join(lines), "<details><summary>Metrics without a target</summary>", further, "</details>"]


def _cells(figure: dict[str, float]) -> str:
    return f"{number(figure['value'])} | {number(figure['low'])} to {number(figure['high'])}"


def _section(section: dict[str, Any], *, shut: bool) -> list[str]:
    titles = columns(section["rows"])
    lines = [f"| | {' | '.join(titles)} |", f"|-{'|-:' * len(titles)}|"]
    for row in section["rows"]:
        cells = [number(row["figures"][title]["value"]) if title in row["figures"] else "" for title in titles]
        lines.append(f"| {row['case']} | {' | '.join(cells)} |")
    run = section["run"]
    size = "" if run["size"] == "full" else f", {run['size']} size: not for comparison"
    note = f"{section['note']}; " if section["note"] else ""
    caption = f"_{note}{run['date']}, version {run['authproblem']}, load average {run['load average']}{size}._"
    title = section["title"][0].upper() + section["title"][1:]
    if shut:
        return [f"<details><summary>{title}</summary>", "\n".join(lines), caption, "</details>"]
    return [f"**{title}**", "\n".join(lines), caption]
