"""HTTP-date in its three forms (RFC 9110 section 5.6.7)."""

from __future__ import annotations

import re
from functools import cache, lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_TIME = r"(?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)"
_FORMS = (
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<d>\d\d) (?P<m>[A-Z][a-z]{{2}}) (?P<y>\d{{4}}) {_TIME} GMT",
    rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<d>\d\d)-(?P<m>[A-Z][a-z]{{2}})-(?P<y>\d\d) {_TIME} GMT",
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<m>[A-Z][a-z]{{2}}) (?P<d>[ \d]\d) {_TIME} (?P<y>\d{{4}})",
)
_LONGEST = 40
"""Characters; the longest form has 33."""


def parse_http_date(value: str) -> float | None:
    """Return the epoch seconds of an HTTP-date; None if it is none."""
    return _parse(value) if len(value) <= _LONGEST else None


@lru_cache(maxsize=64)
def _parse(value: str) -> float | None:
    """Parse a date; cached, since all responses of a second have the same one."""
    for form in _forms():
        found = form.fullmatch(value)
        if found is not None:
            return _timestamp(found.groupdict())
    return None


@cache
def _forms() -> list[re.Pattern[str]]:
    """The expressions, compiled when the first date is read: importing the package stays cheap."""
    return [re.compile(form, re.ASCII) for form in _FORMS]


def _timestamp(part: dict[str, str]) -> float | None:
    from datetime import datetime, timezone

    year = int(part["y"])
    if len(part["y"]) == 2:  # more than 50 years ahead means the past century
        this = datetime.now(timezone.utc).year
        year += this - this % 100
        year -= 100 if year > this + 50 else 0
    try:
        moment = datetime(
            year,
            _MONTHS[part["m"]],
            int(part["d"]),
            int(part["H"]),
            int(part["M"]),
            min(int(part["S"]), 59),
            tzinfo=timezone.utc,
        )
    except (KeyError, ValueError):
        return None
    return moment.timestamp()
