"""What a run gives: sections of rows, and the few figures that budgets and plot read. As a table and as JSON."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmarks.timing import Figure

LATEST = Path(__file__).parent / "results" / "latest.json"
_PACKAGES = ("orjson", "structlog", "starlette", "werkzeug", "flask", "asgi-correlation-id", "starlette-problem")


class Settings(NamedTuple):
    """How much is measured.

    Attributes:
        rounds: shuffled rounds.
        calls: calls of a case in one round.
        processes: fresh processes for import time.
        entries: the sizes of the padded registries.
        errors: error responses of the memory case.
    """

    rounds: int
    calls: int
    processes: int
    entries: tuple[int, ...]
    errors: int


TINY = Settings(rounds=2, calls=4, processes=1, entries=(100, 1_000), errors=200)
QUICK = Settings(rounds=21, calls=100, processes=7, entries=(100, 1_000, 10_000, 100_000), errors=20_000)
FULL = Settings(rounds=61, calls=200, processes=21, entries=(100, 1_000, 10_000, 100_000), errors=100_000)
LONG = FULL._replace(errors=1_000_000)


class Row(NamedTuple):
    """One line of a table: nanoseconds of one call (or what the section says), and a ratio to the baseline."""

    case: str
    time: Figure | None
    ratio: Figure | None


class Section(NamedTuple):
    """One table."""

    title: str
    note: str
    rows: list[Row]
    metrics: dict[str, Figure]


def machine() -> dict[str, Any]:
    """On what it was measured: enough to compare, nothing that names the machine."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "compiler": platform.python_compiler(),
        "optimized build": _optimized(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load average": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _optimized() -> str:
    import sysconfig

    given = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    found = [flag for flag in ("--enable-optimizations", "--with-lto") if flag in given]
    return " ".join(found) or ("unknown" if sys.platform == "win32" else "no PGO, no LTO")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def as_json(sections: list[Section], *, settings: Settings) -> dict[str, Any]:
    """The run as one JSON object."""
    return {
        "machine": machine(),
        "settings": settings._asdict(),
        "metrics": {name: figure._asdict() for section in sections for name, figure in section.metrics.items()},
        "sections": [
            {
                "title": section.title,
                "note": section.note,
                "rows": [
                    {
                        "case": row.case,
                        "time": row.time._asdict() if row.time else None,
                        "ratio": row.ratio._asdict() if row.ratio else None,
                    }
                    for row in section.rows
                ],
            }
            for section in sections
        ],
    }


def write(document: dict[str, Any], path: Path = LATEST) -> None:
    """Keep a run."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def show(section: Section) -> None:
    """Print one table: with rich where it is installed, else plainly."""
    lines = [(row.case, _interval(row.time), _interval(row.ratio)) for row in section.rows]
    lines += [(name, "", _interval(figure)) for name, figure in section.metrics.items()]
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        print(f"\n{section.title}\n  ({section.note})")
        for case, time, ratio in lines:
            print(f"  {case:<58} {time:>32} {ratio:>26}")
        return
    table = Table(title=section.title, caption=section.note, title_justify="left", caption_justify="left")
    table.add_column("case")
    table.add_column("median [quartiles]", justify="right")
    table.add_column("ratio [spread]", justify="right")
    for number, line in enumerate(lines):
        table.add_row(*(text.replace("[", r"\[") for text in line), end_section=number == len(section.rows) - 1)
    Console(width=120 if not sys.stdout.isatty() else None).print(table)


def _interval(figure: Figure | None) -> str:
    if figure is None:
        return ""
    digits = 0 if figure.value >= 200 else 1 if figure.value >= 20 else 3
    return f"{figure.value:,.{digits}f} [{figure.low:,.{digits}f}, {figure.high:,.{digits}f}]"
