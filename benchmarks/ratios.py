"""How many ratios become one figure."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean of ratios that treats 2 and 1/2 alike."""
    values = list(ratios)
    return exp(sum(map(log, values)) / len(values))
