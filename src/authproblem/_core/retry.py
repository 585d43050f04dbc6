"""When to try again: the response's own headers and the entry, made into one `RetryHint`.

All arithmetic is against the response's own `Date`, so that a skewed local clock does no harm (RFC 9110 section 6.6.1).
Auth0 and Okta send reset headers on every answer: they are read only where a limit is what went wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from authproblem._model import Entry, RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Fields

DEFAULT_MAX_WAIT = 86_400
"""Seconds; a longer wait is not believed. The longest that either vendor documents is a day, Auth0's quotas."""

_AUTOMATIC_WAIT = 60
"""Seconds that a program may wait unattended: the longest window of either vendor's rate limits."""
_DELTA_BELOW = 1_000_000_000
"""A reset below this cannot be the current epoch time, so it is a number of seconds."""
_LIMIT_STATUS = frozenset((429, 403, 503))
_REFUSED_STATUS = frozenset((429, 503))

_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame: this is the hot path
_DIGITS = re.compile(r"[0-9]{1,20}")
_MAX_LINE = 8192
"""Characters of `RateLimit` that are read: no server sends more, and parsing is slow."""
_QUOTAS = ("auth0-client-quota-limit", "auth0-organization-quota-limit")
_QUOTA_ITEM = re.compile(r"([a-z]+)=([A-Za-z0-9_.-]+)")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_TIME = r"(?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)"
_DATES = (
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<d>\d\d) (?P<m>[A-Z][a-z]{{2}}) (?P<y>\d{{4}}) {_TIME} GMT",
    rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<d>\d\d)-(?P<m>[A-Z][a-z]{{2}})-(?P<y>\d\d) {_TIME} GMT",
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<m>[A-Z][a-z]{{2}}) (?P<d>[ \d]\d) {_TIME} (?P<y>\d{{4}})",
)


@cache
def _dates() -> list[re.Pattern[str]]:
    """The three forms of an HTTP-date, compiled when the first one is read: importing us stays cheap."""
    return [re.compile(form, re.ASCII) for form in _DATES]


class Occasion(NamedTuple):
    """What of the request and the moment a retry hint depends on.

    Attributes:
        status: the upstream's HTTP status.
        endpoint: the provider's path, or None.
        method: the request's method; None counts as POST.
        now: the local clock as epoch seconds, used where the response has no `Date`; None = no clock.
        max_wait: seconds above which a wait is not believed.
    """

    status: int
    endpoint: str | None = None
    method: str | None = None
    now: float | None = None
    max_wait: int = DEFAULT_MAX_WAIT


_PERSONS = {policy: RetryHint(policy) for policy in ("never", "after_action")}
"""The hints that no header changes."""


def hint(registry: Registry, entry: Entry, provider: str, fields: Fields, occasion: Occasion) -> RetryHint:
    """The retry hint for one response of a provider."""
    policy = entry.retry
    fixed = _PERSONS.get(policy)
    if fixed is not None:
        return fixed
    if policy == "once":
        return RetryHint(policy, automatic="dpop-nonce" in fields)
    after, source = _wait(entry, fields, occasion)
    automatic = policy == "poll" or (
        after is not None
        and after <= _AUTOMATIC_WAIT
        and entry.owner == "limit"
        and occasion.status in _REFUSED_STATUS
        and _repeatable(registry, provider, occasion)
    )
    return _new(RetryHint, (policy, after, automatic, source))


def believed(fields: Fields, occasion: Occasion) -> int | None:
    """The wait of a valid `Retry-After` that stands once and is believed; None for any other."""
    lines = set(fields.all("retry-after"))
    if len(lines) != 1:
        return None
    (value,) = lines
    if _DIGITS.fullmatch(value):
        wait = float(value)
    else:
        until, start = http_date(value), _start(fields, occasion)
        if until is None or start is None:
            return None
        wait = max(until - start, 0)
    return int(wait) if wait <= occasion.max_wait else None


def keeps_retry_after(fields: Fields, occasion: Occasion) -> bool:
    """Whether the upstream's `Retry-After` stays as sent: one line, valid and believed."""
    return len(fields.all("retry-after")) == 1 and believed(fields, occasion) is not None


def http_date(value: str) -> float | None:
    """Epoch seconds of an HTTP-date in any of its three forms (RFC 9110 section 5.6.7); None if it is none."""
    for form in _dates():
        found = form.fullmatch(value)
        if found is None:
            continue
        from datetime import datetime, timezone

        part = found.groupdict()
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
    return None


def _wait(entry: Entry, fields: Fields, occasion: Occasion) -> tuple[int | None, str | None]:
    """The first source that yields a believed value."""
    told = not fields.plain  # else there is no header that tells a wait
    after = believed(fields, occasion) if told else None
    if after is not None:
        return after, "retry-after"
    if told and entry.owner == "limit" and occasion.status in _LIMIT_STATUS and entry.reason != "concurrency-limited":
        for value, source in _resets(fields, occasion):
            wait = max(value, 1)
            if wait <= occasion.max_wait:
                return wait, source
    if entry.default_wait is not None:
        return min(entry.default_wait, occasion.max_wait), "default"
    return None, None


def _resets(fields: Fields, occasion: Occasion) -> Iterator[tuple[int, str]]:
    """The waits that reset headers tell, in order of trust. Not `Auth0-RateLimit`: its `t` is an interval."""
    lines = fields.all("ratelimit")
    if lines and (longest := _rate_limit(lines)) is not None:
        yield longest, "ratelimit"
    quotas = [(wait, name) for name in _QUOTAS for line in fields.all(name) for wait in _quota(line)]
    if quotas:
        yield max(quotas)
    start = _start(fields, occasion)
    okta, auth0 = _numbers(fields, "x-rate-limit-reset"), _numbers(fields, "x-ratelimit-reset")
    if okta and start is not None:
        yield int(min(okta) - start + 1), "x-rate-limit-reset"
    if auth0 and min(auth0) < _DELTA_BELOW:
        yield min(auth0), "x-ratelimit-reset"
    elif auth0 and start is not None:
        yield int(min(auth0) - start), "x-ratelimit-reset"


def _start(fields: Fields, occasion: Occasion) -> float | None:
    date = fields.get("date")
    sent = http_date(date) if date is not None else None
    return sent if sent is not None else occasion.now


def _numbers(fields: Fields, name: str) -> list[int]:
    return [int(value) for value in fields.all(name) if _DIGITS.fullmatch(value)]


def _rate_limit(lines: list[str]) -> int | None:
    """The largest `t` of used-up `RateLimit` items (draft-ietf-httpapi-ratelimit-headers); malformed = absent."""
    if sum(map(len, lines)) > _MAX_LINE:
        return None
    try:
        from http_sf import parse
    except ImportError:  # the extra `ratelimit` is not installed
        return None
    try:
        items: Any = parse(", ".join(lines).encode("latin-1"), tltype="list")
    except ValueError:
        return None
    waits: list[int] = [
        parameters["t"] for _, parameters in items if parameters.get("r") == 0 and type(parameters.get("t")) is int
    ]
    return max(waits, default=None)


def _quota(line: str) -> Iterator[int]:
    """The waits of Auth0's quota buckets that are used up: `b=per_hour;q=10;r=0;t=3540,b=per_day;...`."""
    for bucket in line.split(","):
        values = dict(_QUOTA_ITEM.findall(bucket))
        if values.get("r") == "0" and _DIGITS.fullmatch(values.get("t", "")):
            yield int(values["t"])


def _repeatable(registry: Registry, provider: str, occasion: Occasion) -> bool:
    """Whether a repeat can spend no credential: GET and HEAD, or a known endpoint that takes none."""
    if occasion.method in {"GET", "HEAD"}:
        return True
    surface = registry.surface(provider, occasion.endpoint)
    return surface is not None and not surface.credential
