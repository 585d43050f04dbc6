"""How a case is timed: interleaved with its baselines, in shuffled rounds of one process, on inputs made for the round.

What is measured does not matter here. A single figure of a busy machine says little, so every figure is a median with
its quartiles, and every ratio is taken inside one run and printed with its spread.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import random
from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles
from time import thread_time_ns
from typing import Any, NamedTuple

_RESAMPLES = 300
_SEED = 9457


class Case(NamedTuple):
    """One thing to time.

    Attributes:
        name: how the tables call it.
        prepare: makes as many inputs as it is asked to, none of which was ever made before.
        loop: uses up the inputs; a coroutine function runs inside the event loop.
        share: the part of a round's calls that a slow case makes.
    """

    name: str
    prepare: Callable[[int], list[Any]]
    loop: Callable[[list[Any]], Any]
    share: float = 1.0


class Figure(NamedTuple):
    """A value and its spread: quartiles for a time, the middle 90 % of resampled rounds for a ratio."""

    value: float
    low: float
    high: float


Formula = Callable[[Mapping[str, float]], float]


class Samples:
    """What the rounds gave: for each case the nanoseconds of one call, round by round."""

    def __init__(self, columns: Mapping[str, Sequence[float]]) -> None:
        """Keep the columns; all have one figure a round."""
        self.columns = columns
        self._rounds = len(next(iter(columns.values()))) if columns else 0

    def time(self, name: str) -> Figure:
        """Median and quartiles of one case."""
        column = self.columns[name]
        if len(column) < 2:
            return Figure(column[0], column[0], column[0])
        low, middle, high = quantiles(column, n=4, method="inclusive")
        return Figure(middle, low, high)

    def versus(self, name: str, base: str) -> Figure:
        """One case's time as a multiple of another's."""
        return self.ratio(lambda at: at[name] / at[base])

    def ratio(self, formula: Formula) -> Figure:
        """A formula over the medians; its spread comes from drawing the rounds again, with replacement."""
        draw = random.Random(_SEED)  # noqa: S311 - statistics, no secrets
        rounds = range(self._rounds)
        values = sorted(formula(_Drawn(self.columns, draw.choices(rounds, k=self._rounds))) for _ in range(_RESAMPLES))
        cut = _RESAMPLES // 20
        return Figure(formula(_Drawn(self.columns, rounds)), values[cut], values[-cut - 1])


class _Drawn(Mapping[str, float]):
    """The medians of a draw of rounds, each taken when it is needed."""

    def __init__(self, columns: Mapping[str, Sequence[float]], rounds: Sequence[int]) -> None:
        self._columns, self._rounds = columns, rounds

    def __getitem__(self, name: str) -> float:
        column = self._columns[name]
        return median([column[number] for number in self._rounds])

    def __iter__(self) -> Any:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def measure(cases: Sequence[Case], *, rounds: int, calls: int) -> Samples:
    """Time cases against each other.

    Args:
        cases: the cases and their baselines; each name once.
        rounds: how often each case has its turn; the order is shuffled again for every round.
        calls: the calls of one turn.
    """
    return Samples(asyncio.run(_rounds(cases, rounds, calls)))


async def _rounds(cases: Sequence[Case], rounds: int, calls: int) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = {case.name: [] for case in cases}
    order = list(cases)
    shuffle = random.Random(_SEED).shuffle  # noqa: S311 - statistics, no secrets
    for case in cases:  # imports, lazy tables and the specializing interpreter are done before anything counts
        await _turn(case, max(calls // 4, 3))
    for _ in range(rounds):
        shuffle(order)
        for case in order:
            columns[case.name].append(await _turn(case, calls))
    return columns


async def _turn(case: Case, calls: int) -> float:
    """Nanoseconds of one call; the garbage collector runs between turns, never inside one."""
    inputs = case.prepare(max(round(calls * case.share), 2))
    loop = case.loop
    asynchronous = inspect.iscoroutinefunction(loop)
    gc.collect(0)
    gc.disable()
    try:
        start = thread_time_ns()
        if asynchronous:
            await loop(inputs)
        else:
            loop(inputs)
        spent = thread_time_ns() - start
    finally:
        gc.enable()
    return spent / len(inputs)
