"""The whole suite: `python -m benchmarks`, or `make bench`. Prints tables; keeps the run as JSON, page and picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from benchmarks import budget, cold, core, errors, healthy, instructions, logging_modes, memory, results, scale, served
from benchmarks.machine import load
from benchmarks.plot import draw
from benchmarks.readme import publish
from benchmarks.results import FULL, QUICK, TINY, Row, Section, Settings
from benchmarks.tables import show
from benchmarks.timing import Figure

_SIZES = {"tiny": TINY, "quick": QUICK, "full": FULL}
_SHORT: dict[str, Callable[[Settings], Section]] = {
    "errors-asgi": partial(errors.vendors, adapter="ASGI"),
    "errors-wsgi": partial(errors.vendors, adapter="WSGI"),
    "healthy-asgi": healthy.healthy_asgi,
    "healthy-wsgi": healthy.healthy_wsgi,
    "stream": healthy.streamed_asgi,
    "classify": core.classify_section,
    "normalize": core.normalize_section,
    "headers": core.headers_section,
    "shapes-asgi": partial(errors.rewritten, adapter="ASGI"),
    "shapes-wsgi": partial(errors.rewritten, adapter="WSGI"),
    "entries": scale.entries,
    "imports": scale.fresh,
    "cold": cold.cold,
    "memory": memory.memory,
}
_LONG: dict[str, Callable[[Settings], Section]] = {
    "instructions": lambda _: counted(),
    "served": served.served,
    "million": memory.million,
}
ORDER = [*_SHORT, *_LONG]


def main(arguments: list[str] | None = None) -> None:
    """Run what is chosen; keep what was measured in full."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=_SIZES, default="full", help="how much is measured; only full is kept")
    parser.add_argument("--only", default="", help=f"sections, by comma: {', '.join(ORDER)}")
    parser.add_argument("--keep", action="store_true", help="keep the run although it is small")
    given = parser.parse_args(arguments)
    unknown = {name for name in given.only.split(",") if name} - set(ORDER)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    keep = given.keep or given.size == "full"
    wanted = [name for name in given.only.split(",") if name] or [*_SHORT, *(["instructions"] if keep else [])]
    before = load()
    logging_modes.off()
    sections: dict[str, Section] = {}
    for name in ORDER:
        if name in wanted:
            sections[name] = (_SHORT | _LONG)[name](_SIZES[given.size])
            show(sections[name])
    if keep:
        _keep(sections, given.size, before)


def _keep(sections: dict[str, Section], size: str, before: float | None) -> None:
    """Lay the run over the kept one, and write page and picture again; what could not be measured here is left out."""
    measured = {name: section for name, section in sections.items() if section.rows}
    document = results.merged(results.read(), results.as_json(measured, size=size, load=before), ORDER)
    results.write(document)
    draw(document)
    publish(document)
    print(f"kept in {results.LATEST.name}, plot.svg and README.md: {', '.join(measured)}")


def counted() -> Section:
    """Instructions of each operation, and the budget's ratios of them."""
    title, note = "instructions of one call, by callgrind", "the same on every run; PYTHONHASHSEED=0"
    if not instructions.available():
        return Section(title, "needs valgrind", [], {})
    counts = instructions.count(turns=budget.TURNS)
    rows = [Row(name, {"instructions": Figure(value, value, value)}) for name, value in counts.items()]
    checks = {name: check(counts) for name, check in budget.CHECKS.items()}
    return Section(title, note, rows, {f"{name}, counted": Figure(*[value] * 3) for name, value in checks.items()})


if __name__ == "__main__":
    main()
