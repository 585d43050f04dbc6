"""What a run gives: sections of rows, and the few figures that targets, page and plot read. Kept as JSON.

The kept document grows by sections: a part that was measured again replaces the older one, the others stay,
each with its date. Figures of another machine or of other packages are never mixed in.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from authproblem import __version__
from benchmarks.machine import machine
from benchmarks.timing import Figure

_FIGURE = re.compile(r'\{\s+"value": [^{}]+\}')
LATEST = Path(__file__).parent / "results" / "latest.json"


class Settings(NamedTuple):
    """How much is measured.

    Attributes:
        rounds: shuffled rounds.
        calls: calls of a case in one round.
        processes: fresh processes for import time.
        entries: the sizes of the padded registries.
        errors: error responses of the short memory case.
        million: error responses of the long memory case.
        servings: rounds of the served runs.
        seconds: how long wrk sends requests to one server in one round.
    """

    rounds: int
    calls: int
    processes: int
    entries: tuple[int, ...]
    errors: int
    million: int
    servings: int
    seconds: int


_ENTRIES = (100, 1_000, 10_000, 100_000)
TINY = Settings(rounds=2, calls=4, processes=1, entries=(100, 1_000), errors=200, million=1_000, servings=1, seconds=1)
QUICK = Settings(
    rounds=21, calls=100, processes=7, entries=_ENTRIES, errors=20_000, million=100_000, servings=2, seconds=1
)
FULL = Settings(
    rounds=61, calls=200, processes=21, entries=_ENTRIES, errors=100_000, million=1_000_000, servings=5, seconds=3
)


class Row(NamedTuple):
    """One line of a table: its figures by the title of their column, which ends in a unit or is a ratio (`a / b`)."""

    case: str
    figures: dict[str, Figure]


class Section(NamedTuple):
    """One table.

    Attributes:
        title: what is measured.
        note: what a reader has to know beside it.
        rows: its lines.
        metrics: the figures that targets, page and plot read, by name.
    """

    title: str
    note: str
    rows: list[Row]
    metrics: dict[str, Figure]


def columns(rows: list[Any]) -> list[str]:
    """The titles of all columns of a table, from left to right; rows of the kept document do as well."""
    found = (row.figures if isinstance(row, Row) else row["figures"] for row in rows)
    return list(dict.fromkeys(title for figures in found for title in figures))


def as_json(sections: dict[str, Section], *, size: str, load: float | None) -> dict[str, Any]:
    """The run as one JSON object.

    Args:
        sections: what was measured, by name.
        size: how much was measured, in one word.
        load: what else the machine did when the run began.
    """
    date = datetime.now(timezone.utc).date().isoformat()
    run = {"date": date, "size": size, "load average": load, "authproblem": __version__}
    return {
        "machine": machine(),
        "sections": {
            name: {
                "title": section.title,
                "note": section.note,
                "run": run,
                "metrics": _figures(section.metrics),
                "rows": [{"case": row.case, "figures": _figures(row.figures)} for row in section.rows],
            }
            for name, section in sections.items()
        },
    }


def _figures(figures: dict[str, Figure]) -> dict[str, dict[str, float]]:
    """Five digits are more than any clock gives, and keep the file fit for a diff."""
    return {
        name: {key: float(f"{value:.5g}") for key, value in figure._asdict().items()}
        for name, figure in figures.items()
    }


def merged(kept: dict[str, Any] | None, new: dict[str, Any], order: list[str]) -> dict[str, Any]:
    """A new run laid over the kept one.

    Args:
        kept: the document so far; none, or one of another machine, is left behind.
        new: what `as_json` gives.
        order: the names of all sections, in the order of the suite; a section that has left the suite is dropped.
    """
    old = kept["sections"] if kept is not None and kept["machine"] == new["machine"] else {}
    found = {**old, **new["sections"]}
    return {"machine": new["machine"], "sections": {name: found[name] for name in order if name in found}}


def metrics(document: dict[str, Any]) -> dict[str, dict[str, float]]:
    """All metrics of a document by name."""
    return {name: figure for section in document["sections"].values() for name, figure in section["metrics"].items()}


def read(path: Path = LATEST) -> dict[str, Any] | None:
    """The kept document, if there is one in the present form."""
    if not path.is_file():
        return None
    document: dict[str, Any] = orjson.loads(path.read_bytes())
    return document if isinstance(document.get("sections"), dict) else None


def write(document: dict[str, Any], path: Path = LATEST) -> None:
    """Keep a document; a figure takes one line, so that a diff can be read."""
    path.parent.mkdir(exist_ok=True)
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    path.write_text(_FIGURE.sub(lambda found: " ".join(found.group().split()), text), encoding="utf-8")
