"""When to try again: the response's own headers and the entry, made into one `RetryHint`.

All arithmetic uses the response's own `Date`, so that a skewed local clock does no harm (RFC 9110 section 6.6.1). Auth0
and Okta send reset headers on every response: they are read only where a limit is what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from authproblem._core.context import RequestContext
from authproblem._core.policy import Policy
from authproblem._model import Entry, RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import MAX_VALUE, ResponseHeaders
from authproblem._upstream.http_date import parse_http_date
from authproblem._upstream.response import UpstreamResponse

LONGEST_AUTOMATIC_WAIT = 60
"""Seconds that a program may wait unattended: the longest window of either vendor's rate limits."""
FIXED_POLICIES = frozenset(("never", "after_action"))
"""The policies of hints that no header, method or endpoint changes."""

_DELTA_BELOW = 1_000_000_000
"""A reset below this cannot be the current epoch time, so it is a number of seconds."""
_LIMIT_STATUS = frozenset((429, 403, 503))
_REFUSED_STATUS = frozenset((429, 503))
_MAX_DIGITS = 20
_QUOTAS = ("auth0-client-quota-limit", "auth0-organization-quota-limit")
_FIXED = {"never": RetryHint("never"), "after_action": RetryHint("after_action")}


def retry_hint(
    policy: Policy, entry: Entry, provider: str, response: UpstreamResponse, context: RequestContext
) -> RetryHint:
    """Return the retry hint for one response of a provider."""
    fixed = _FIXED.get(entry.retry)
    if fixed is not None:
        return fixed
    if entry.retry == "once":
        return RetryHint("once", automatic="dpop-nonce" in response.headers)
    after, source = _wait(entry, response, context.now, policy.max_wait)
    automatic = entry.retry == "poll" or (
        after is not None
        and after <= LONGEST_AUTOMATIC_WAIT
        and entry.owner == "limit"
        and response.status in _REFUSED_STATUS
        and is_repeatable(policy.registry, provider, context)
    )
    return RetryHint(entry.retry, after, automatic, source)


def parse_retry_after(headers: ResponseHeaders, now: float | None, max_wait: int) -> int | None:
    """Return the seconds of a valid `Retry-After`; None where it is absent, malformed, contradictory or too long.

    Args:
        headers: the response's headers.
        now: the local clock, used where a date has no `Date` to be compared with.
        max_wait: seconds above which a wait is not valid.
    """
    if "retry-after" not in headers.layout.positions:
        return None
    lines = set(headers.all("retry-after"))
    if len(lines) != 1:
        return None
    (value,) = lines
    wait: float
    if _is_number(value):
        wait = int(value)
    else:
        until, start = parse_http_date(value), _start(headers, now)
        if until is None or start is None:
            return None
        wait = max(until - start, 0)
    return int(wait) if wait <= max_wait else None


def keeps_retry_after(headers: ResponseHeaders, now: float | None, max_wait: int) -> bool:
    """Whether the upstream's `Retry-After` stays as sent: one valid line."""
    return (
        "retry-after" in headers
        and len(headers.all("retry-after")) == 1
        and parse_retry_after(headers, now, max_wait) is not None
    )


def is_repeatable(registry: Registry, provider: str, context: RequestContext) -> bool:
    """Whether a repeat can use up no credential: GET and HEAD, or a known endpoint that takes none."""
    if context.method in {"GET", "HEAD"}:
        return True
    surface = registry.surface(provider, context.endpoint)
    return surface is not None and not surface.credential


def _wait(entry: Entry, response: UpstreamResponse, now: float | None, max_wait: int) -> tuple[int | None, str | None]:
    """Return the first valid wait and its source."""
    status, headers = response.status, response.headers
    if not headers.is_plain:  # else no header gives a wait
        after = parse_retry_after(headers, now, max_wait)
        if after is not None:
            return after, "retry-after"
        if entry.owner == "limit" and status in _LIMIT_STATUS and entry.reason != "concurrency-limited":
            for value, source in _resets(headers, now):
                wait = max(value, 1)
                if wait <= max_wait:
                    return wait, source
    if entry.default_wait is not None:
        return min(entry.default_wait, max_wait), "default"
    return None, None


def _resets(headers: ResponseHeaders, now: float | None) -> Iterator[tuple[int, str]]:
    """Yield the waits of reset headers, the most reliable first. Not `Auth0-RateLimit`: its `t` is an interval."""
    present = headers.layout.positions.keys()
    if "ratelimit" in present and (longest := _rate_limit(headers.all("ratelimit"))) is not None:
        yield longest, "ratelimit"
    if not present.isdisjoint(_QUOTAS):
        quotas = [(wait, name) for name in _QUOTAS for line in headers.all(name) for wait in _quota(line)]
        if quotas:
            yield max(quotas)
    start = _start(headers, now)
    okta, auth0 = _numbers(headers, "x-rate-limit-reset"), _numbers(headers, "x-ratelimit-reset")
    if okta and start is not None:
        yield int(min(okta) - start + 1), "x-rate-limit-reset"
    if auth0 and min(auth0) < _DELTA_BELOW:
        yield min(auth0), "x-ratelimit-reset"
    elif auth0 and start is not None:
        yield int(min(auth0) - start), "x-ratelimit-reset"


def _start(headers: ResponseHeaders, now: float | None) -> float | None:
    date = headers.get("date")
    sent = parse_http_date(date) if date is not None else None
    return sent if sent is not None else now


def _numbers(headers: ResponseHeaders, name: str) -> list[int]:
    if name not in headers.layout.positions:
        return []
    return [int(value) for value in headers.all(name) if _is_number(value)]


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS


def _rate_limit(lines: list[str]) -> int | None:
    """Return the largest `t` of used-up items (draft-ietf-httpapi-ratelimit-headers); malformed counts as absent."""
    if sum(map(len, lines)) > MAX_VALUE:
        return None
    from http_sf import parse

    try:
        items: Any = parse(", ".join(lines).encode("latin-1"), tltype="list")
    except ValueError:
        return None
    waits: list[int] = [
        parameters["t"] for _, parameters in items if parameters.get("r") == 0 and type(parameters.get("t")) is int
    ]
    return max(waits, default=None)


def _quota(line: str) -> Iterator[int]:
    """Yield the waits of Auth0's quota buckets that are used up: `b=per_hour;q=10;r=0;t=3540,b=per_day;...`."""
    for bucket in line.split(","):
        values = {key: value for key, _, value in (part.strip().partition("=") for part in bucket.split(";"))}
        if values.get("r") == "0" and _is_number(values.get("t", "")):
            yield int(values["t"])
