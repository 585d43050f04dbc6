"""The budget that CI watches: `python -m benchmarks.budget`. Ratios only, of instructions where valgrind is installed.

A count is the same on every run; where only a clock is there, the ceilings are wider and the best of three tries
counts, so that a busy machine cannot fail it, while a real regression fails all three. Some checks are structural: they
tell how often a body is parsed, whether healthy headers are looked at, and whether anything grows with the registry.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson

from benchmarks import instructions
from benchmarks.bodies import FILLED, SHAPES, UNSETTLED, Body
from benchmarks.operations import ERRORS, FEW, MANY, MORE, MOST, OF_PROVIDER, operations
from benchmarks.ratios import geometric_mean
from benchmarks.timing import Case, measure

BUDGETS = Path(__file__).parent / "budgets.json"
_TRIES = 3
_ROUNDS, _CALLS = 15, 40
_TURNS = 12

Counts = Mapping[str, float]
Check = Callable[[Counts], float]


def _healthy(door: str) -> Check:
    return lambda at: _share(at, door, "healthy")


def _share(at: Counts, door: str, label: str) -> float:
    bare = at[f"{door} bare: {label}"]
    return (at[f"{door} authproblem: {label}"] - bare) / (at[f"{door} floor: {label}"] - bare)


def _headers(door: str) -> Check:
    """What a hundred more headers add to a healthy response, in floors: nothing, unless they are scanned."""

    def check(at: Counts) -> float:
        name = f"{door} {{}}: healthy, {MORE} more headers"
        grown = at[name.format("authproblem")] - at[name.format("bare")]
        usual = at[f"{door} authproblem: healthy"] - at[f"{door} bare: healthy"]
        return (grown - usual) / (at[f"{door} floor: healthy"] - at[f"{door} bare: healthy"])

    return check


def _parses(kind: str, bodies: tuple[Body, ...] = FILLED) -> Check:
    """How often a body is parsed: what a larger body adds, as a multiple of what it adds to the parser alone."""
    small, large = (body.name for body in bodies)

    def check(at: Counts) -> float:
        grown = at[f"{kind}: {large}"] - at[f"{kind}: {small}"]
        return grown / (at[f"limit: {large}"] - at[f"limit: {small}"])

    return check


def _pure(kind: str, least: str) -> Check:
    return lambda at: geometric_mean(at[f"{kind}: {body.name}"] / at[f"{least}: {body.name}"] for body in SHAPES)


def _grown(kind: str, small: int, large: int) -> Check:
    return lambda at: at[f"{kind}: {large} entries"] / at[f"{kind}: {small} entries"]


def _error(door: str) -> Check:
    def share(at: Counts, name: str) -> float:
        bare = at[f"{door} bare: {name}"]
        least = at[f"limit with dumps: {name}"] + at[f"{door} floor: {name}"] - bare
        return (at[f"{door} authproblem: {name}"] - bare) / least

    return lambda at: geometric_mean(share(at, body.name) for body in ERRORS)


CHECKS: dict[str, Check] = {
    "ASGI healthy: added / floor's": _healthy("ASGI"),
    "WSGI healthy: added / floor's": _healthy("WSGI"),
    "ASGI healthy: 100 more headers / floor's": _headers("ASGI"),
    "WSGI healthy: 100 more headers / floor's": _headers("WSGI"),
    "classify: parses of a body": _parses("classify"),
    "normalize: parses of a body": _parses("normalize"),
    "normalize, full way: parses of a body": _parses("normalize", UNSETTLED),
    "provider's header: parses of a body": _parses(OF_PROVIDER),
    "provider's header, full way: parses of a body": _parses(OF_PROVIDER, UNSETTLED),
    "ASGI error: parses of a body": _parses("ASGI authproblem"),
    "WSGI error: parses of a body": _parses("WSGI authproblem"),
    "classify / limit": _pure("classify", "limit"),
    "normalize / limit": _pure("normalize", "limit with dumps"),
    "ASGI error: added / (limit + floor)": _error("ASGI"),
    "WSGI error: added / (limit + floor)": _error("WSGI"),
    f"classify: {MANY} entries / {FEW}": _grown("classify", FEW, MANY),
    f"classify, unknown codes: {MOST} entries / {MANY}": _grown("classify, unknown codes", MANY, MOST),
}


def counted() -> dict[str, float]:
    """All checks by instruction counts."""
    at = instructions.count(turns=_TURNS)
    return {name: check(at) for name, check in CHECKS.items()}


def timed(rounds: int = _ROUNDS, calls: int = _CALLS) -> dict[str, float]:
    """All checks by the clock."""
    cases = [Case(name, *operation) for name, operation in operations().items()]
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
