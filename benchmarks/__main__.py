"""The whole suite: `python -m benchmarks`, or `make bench`. Prints tables; keeps the run as JSON and as a picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from benchmarks import core, doors, errors, instructions, scale, served
from benchmarks.plot import draw
from benchmarks.readme import publish
from benchmarks.results import FULL, LATEST, LONG, QUICK, TINY, Row, Section, Settings, as_json, show, write
from benchmarks.timing import Figure

_SIZES = {"tiny": TINY, "quick": QUICK, "full": FULL, "long": LONG}
_SECTIONS: dict[str, Callable[[Settings], Section]] = {
    "healthy-asgi": doors.healthy_asgi,
    "healthy-wsgi": doors.healthy_wsgi,
    "stream": doors.streamed_asgi,
    "classify": core.classify_section,
    "normalize": core.normalize_section,
    "peers": core.peers_section,
    "errors-asgi": partial(errors.rewritten, door="ASGI"),
    "errors-wsgi": partial(errors.rewritten, door="WSGI"),
    "events": errors.events,
    "entries": scale.entries,
    "imports": scale.fresh,
    "memory": scale.memory,
}


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=_SIZES, default="full", help="how much is measured")
    parser.add_argument("--only", default="", help=f"sections, by comma: {', '.join(_SECTIONS)}, instructions, served")
    parser.add_argument("--served", action="store_true", help="real servers under wrk, too: some minutes")
    parser.add_argument("--keep", action="store_true", help="keep the run although it is small or partial")
    given = parser.parse_args(arguments)
    settings = _SIZES[given.size]
    wanted = [name for name in given.only.split(",") if name]
    sections = []
    for name, run in _SECTIONS.items():
        if not wanted or name in wanted:
            sections.append(run(settings))
            show(sections[-1])
    keep = given.keep or (not wanted and given.size in {"full", "long"})
    if instructions.available() and (keep if not wanted else "instructions" in wanted):
        sections.append(counted())
        show(sections[-1])
    if given.served or "served" in wanted:
        sections.append(served.served() if served.available() else Section("served", "needs Linux and wrk", [], {}))
        show(sections[-1])
    if keep:
        document = as_json(sections, settings=settings)
        write(document)
        draw(document)
        publish(document)
        print(f"kept in {LATEST.name}, plot.svg and README.md")


def counted() -> Section:
    """Instructions of each operation."""
    rows = [Row(name, Figure(value, value, value), None) for name, value in instructions.count().items()]
    return Section("instructions of one call, by callgrind", "the same on every run; PYTHONHASHSEED=0", rows, {})


if __name__ == "__main__":
    main()
