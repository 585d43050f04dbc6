"""Moments for hypothesis, as HTTP-dates can name them."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import strategies as st


def moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Whole seconds of the years from the first to before the last."""
    ends = [int(datetime(year, 1, 1, tzinfo=timezone.utc).timestamp()) for year in (first, last)]
    return st.integers(ends[0], ends[1] - 1).map(lambda second: datetime.fromtimestamp(second, timezone.utc))
