"""What a refresh guard adds to a call whose tokens are cached, against the call alone: `python -m benchmarks.refresh`.

The baseline is an application's own function that returns its tokens. Everything is timed in one run, interleaved.
"""

from __future__ import annotations

import sys
from typing import Any

from authproblem.refresh import AsyncRefreshGuard, RefreshGuard
from benchmarks.timing import Case, Figure, Samples, measure

BUDGET = 2.0
"""Microseconds that a guard may add."""
TOKEN = "v1." + "a" * 90
TOKENS = {"access_token": "at", "token_type": "Bearer"}
KINDS = ("threads", "tasks")
_ROUNDS, _CALLS = 40, 2000


def samples(rounds: int = _ROUNDS, calls: int = _CALLS) -> Samples:
    """Time a cached refresh and the call alone, for threads and for tasks.

    Args:
        rounds: how often each case has its turn.
        calls: the calls of one turn.
    """
    guard, aguard = RefreshGuard("auth0"), AsyncRefreshGuard("auth0")
    guard.refresh(TOKEN, _tokens)

    def alone(tokens: list[Any]) -> None:
        for token in tokens:
            _tokens(token)

    def guarded(tokens: list[Any]) -> None:
        for token in tokens:
            guard.refresh(token, _tokens)

    async def aalone(tokens: list[Any]) -> None:
        for token in tokens:
            await _atokens(token)

    async def aguarded(tokens: list[Any]) -> None:
        for token in tokens:  # the first one of all fills the cache, before anything counts
            await aguard.refresh(token, _atokens)

    loops = {"threads": alone, "threads, guarded": guarded, "tasks": aalone, "tasks, guarded": aguarded}
    return measure([Case(name, _same, loop) for name, loop in loops.items()], rounds=rounds, calls=calls)


def added(taken: Samples, kind: str) -> Figure:
    """Microseconds that the guard adds, for `threads` or `tasks`."""
    return taken.ratio(lambda at: (at[f"{kind}, guarded"] - at[kind]) / 1000)


def _tokens(_: str) -> dict[str, str]:
    return TOKENS


async def _atokens(_: str) -> dict[str, str]:
    return TOKENS


def _same(calls: int) -> list[Any]:
    return [TOKEN] * calls


def main() -> int:
    """Print the figures; 1 if one is over the budget."""
    taken = samples()
    figures = {kind: added(taken, kind) for kind in KINDS}
    for kind, figure in figures.items():
        alone = taken.time(kind).value / 1000
        print(f"{kind}: {alone:.2f} µs alone, guard adds {figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f}) µs")
    return 1 if any(figure.value >= BUDGET for figure in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
