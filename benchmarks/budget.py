"""The budget that CI watches: `python -m benchmarks.budget`. Ratios only, of instructions where valgrind is installed.

A count is the same on every run; where only a clock is there, the ceilings are wider and the best of three tries
counts, so that a busy machine cannot fail it, while a real regression fails all three. Some checks are structural: they
show how often a body is parsed, whether healthy headers are looked at, and whether anything grows with the registry.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson

from benchmarks import instructions
from benchmarks.bodies import FILLED, FILLED_UNKNOWN, MISSES, SHAPES, Body
from benchmarks.operations import ERRORS, EVENT, FEW, MANY, MORE, MOST, PLAIN, operations
from benchmarks.ratios import geometric_mean
from benchmarks.timing import measure

BUDGETS = Path(__file__).parent / "budgets.json"
_TRIES = 3
_ROUNDS, _CALLS = 15, 40
TURNS = 12

Counts = Mapping[str, float]
Check = Callable[[Counts], float]


def _healthy(adapter: str) -> Check:
    def check(at: Counts) -> float:
        bare = at[f"{adapter} bare: healthy"]
        return (at[f"{adapter} authproblem: healthy"] - bare) / (at[f"{adapter} minimum: healthy"] - bare)

    return check


def _headers(adapter: str) -> Check:
    """What a hundred more headers add to a healthy response, as a multiple of the minimum: nothing without a scan."""

    def check(at: Counts) -> float:
        name = f"{adapter} {{}}: healthy, {MORE} more headers"
        grown = at[name.format("authproblem")] - at[name.format("bare")]
        usual = at[f"{adapter} authproblem: healthy"] - at[f"{adapter} bare: healthy"]
        return (grown - usual) / (at[f"{adapter} minimum: healthy"] - at[f"{adapter} bare: healthy"])

    return check


def _parses(kind: str, bodies: tuple[Body, ...] = FILLED) -> Check:
    """How often a body is parsed: what a larger body adds, as a multiple of what it adds to the parser alone."""
    small, large = (body.name for body in bodies)

    def check(at: Counts) -> float:
        grown = at[f"{kind}: {large}"] - at[f"{kind}: {small}"]
        return grown / (at[f"minimum: {large}"] - at[f"minimum: {small}"])

    return check


def _pure(kind: str, least: str) -> Check:
    return lambda at: geometric_mean(at[f"{kind}: {body.name}"] / at[f"{least}: {body.name}"] for body in SHAPES)


def _versus(unknown: Body, known: Body) -> Check:
    return lambda at: at[f"normalize: {unknown.name}"] / at[f"normalize: {known.name}"]


def _grown(kind: str, small: int, large: int) -> Check:
    return lambda at: at[f"{kind}: {large} entries"] / at[f"{kind}: {small} entries"]


def _error(adapter: str, what: str = "authproblem") -> Check:
    def share(at: Counts, name: str) -> float:
        bare = at[f"{adapter} bare: {name}"]
        least = at[f"minimum with dumps: {name}"] + at[f"{adapter} minimum: {name}"] - bare
        return (at[f"{adapter} {what}: {name}"] - bare) / least

    return lambda at: geometric_mean(share(at, body.name) for body in ERRORS)


CHECKS: dict[str, Check] = {
    "ASGI healthy: added / minimum": _healthy("ASGI"),
    "WSGI healthy: added / minimum": _healthy("WSGI"),
    "ASGI healthy: 100 more headers / minimum": _headers("ASGI"),
    "WSGI healthy: 100 more headers / minimum": _headers("WSGI"),
    "classify: parses of a body": _parses("classify"),
    "normalize: parses of a body": _parses("normalize"),
    "normalize, unknown code: parses of a body": _parses("normalize", FILLED_UNKNOWN),
    "content type alone: parses of a body": _parses(PLAIN),
    "content type alone, unknown code: parses of a body": _parses(PLAIN, FILLED_UNKNOWN),
    "ASGI error: parses of a body": _parses("ASGI authproblem"),
    "WSGI error: parses of a body": _parses("WSGI authproblem"),
    "classify / minimum": _pure("classify", "minimum"),
    "normalize / minimum": _pure("normalize", "minimum with dumps"),
    "normalize: unknown sentence / known sentence": _versus(MISSES[4], SHAPES[4]),
    "normalize: 32 unknown causes / one unknown sentence": _versus(MISSES[3], MISSES[4]),
    "ASGI error, events off: added / minimum": _error("ASGI"),
    "WSGI error, events off: added / minimum": _error("WSGI"),
    "ASGI error, JSON event: added / minimum": _error("ASGI", EVENT),
    "WSGI error, JSON event: added / minimum": _error("WSGI", EVENT),
    f"classify: {MANY} entries / {FEW}": _grown("classify", FEW, MANY),
    f"classify, unknown codes: {MOST} entries / {MANY}": _grown("classify, unknown codes", MANY, MOST),
}


def counted() -> dict[str, float]:
    """All checks by instruction counts."""
    at = instructions.count(turns=TURNS)
    return {name: check(at) for name, check in CHECKS.items()}


def timed(rounds: int = _ROUNDS, calls: int = _CALLS) -> dict[str, float]:
    """All checks by the clock."""
    cases = [operation.case(name) for name, operation in operations().items()]
    columns = measure(cases, rounds=rounds, calls=calls).columns
    # The quickest round of each: noise only ever adds.
    at = {name: min(column) for name, column in columns.items()}
    return {name: check(at) for name, check in CHECKS.items()}


def exceeded(found: Mapping[str, float], ceilings: Mapping[str, float]) -> list[str]:
    """The checks whose figure is above its ceiling."""
    return [name for name in CHECKS if found[name] > ceilings[name]]


def main(arguments: list[str]) -> int:
    """Run the budget; `--time` leaves valgrind aside."""
    by_count = instructions.available() and "--time" not in arguments
    ceilings = orjson.loads(BUDGETS.read_bytes())["instructions" if by_count else "time"]
    best: dict[str, float] = {}
    for _ in range(1 if by_count else _TRIES):
        found = counted() if by_count else timed()
        best = {name: min(value, best.get(name, value)) for name, value in found.items()}
        if not exceeded(best, ceilings):
            break
    over = exceeded(best, ceilings)
    print("budget by", "instruction counts" if by_count else "time (valgrind is not installed)")
    for name, value in best.items():
        print(f"  {'OVER' if name in over else 'ok':<5} {name:<44} {value:8.3f}  at most {ceilings[name]:.3f}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
