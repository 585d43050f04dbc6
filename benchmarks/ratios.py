"""How many ratios become one figure."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log

_LEAST = 1e-3
"""A difference of two times may come out below zero where a busy machine ran only a handful of calls."""


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean of ratios that treats 2 and 1/2 alike."""
    values = [log(max(ratio, _LEAST)) for ratio in ratios]
    return exp(sum(values) / len(values))
