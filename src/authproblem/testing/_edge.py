"""Adds the headers of a vendor's edge to a response: made-up ids, and how long a client has to wait."""

from __future__ import annotations

import string
from collections.abc import Mapping
from random import Random
from time import gmtime, strftime
from typing import Any

from authproblem import Entry
from authproblem.testing._clock import Clock
from authproblem.testing._http import Request, Response
from authproblem.testing._limits import Standing

Headers = list[tuple[str, str]]

_LETTERS = string.ascii_letters + string.digits
_WAITS = (
    "retry-after",
    "auth0-client-quota-limit",
    "auth0-organization-quota-limit",
    "x-rate-limit-reset",
    "x-ratelimit-reset",
)
_LIMIT_STATUSES = (429, 403, 503)
"""Where readers look at reset headers."""


def token(random: Random, length: int, letters: str = _LETTERS) -> str:
    """A made-up id or token of so many letters."""
    return "".join(random.choices(letters, k=length))


def made_up(random: Random, now: float) -> dict[str, str]:
    """The values of templates that differ from response to response."""
    ray = token(random, 16, "0123456789abcdef")
    return {
        "ray": f"{ray}-FRA",
        "ray_id": ray,
        "request_id": token(random, 20, "0123456789abcdef"),
        "error_id": "oae" + token(random, 22),
        "state_handle": "02" + token(random, 40),
        "state_token": "00" + token(random, 40),
        "mfa_token": "Fe26.2*" + token(random, 64),
        "nonce": token(random, 8) + "." + token(random, 6) + "." + token(random, 8),
        "expires": strftime("%Y-%m-%dT%H:%M:%S.000Z", gmtime(now + 3600)),
    }


def cors_headers(vendor: Mapping[str, Any], request: Request) -> Headers:
    """What lets scripts of any origin read a response and send what a preflight requests (Fetch standard, 3.3)."""
    origin = request.header("origin")
    if not origin:
        return []
    headers = [("access-control-allow-origin", origin), ("access-control-allow-credentials", "true")]
    if not is_preflight(request):
        return [*headers, ("access-control-expose-headers", vendor["exposed"])]
    wanted = request.header("access-control-request-headers")
    methods = ("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
    return [*headers, methods, *([("access-control-allow-headers", wanted)] if wanted else [])]


def is_preflight(request: Request) -> bool:
    """Whether a browser asks if it may send the request proper."""
    return request.method == "OPTIONS" and bool(request.header("access-control-request-method"))


def wait_headers(
    vendor: Mapping[str, Any], entry: Entry, response: Response, wait: int | None, clock: Clock
) -> Headers:
    """The headers by which an error names its wait.

    Args:
        vendor: the row of `vendors.json`.
        entry: the error.
        response: the response; one that names the wait already is left as it is.
        wait: seconds; None where the error has no wait (a limit then resets in a minute).
        clock: the fake's clock.
    """
    if any(response.header(name) for name in _WAITS):
        return []
    if entry.owner != "limit" or response.status not in _LIMIT_STATUSES:
        return [] if wait is None else [("retry-after", str(wait))]
    concurrent = entry.reason == "concurrency-limited"
    seconds = 60 if wait is None else wait
    reset = int(clock.now()) + seconds - vendor["limit"]["extra"]
    prefix = vendor["limit"]["prefix"]
    headers = [(f"{prefix}-limit", "0" if concurrent else "100"), (f"{prefix}-remaining", "0")]
    return [*headers, (f"{prefix}-reset", str(reset))]


def limit_headers(vendor: Mapping[str, Any], standing: Standing | None, clock: Clock) -> Headers:
    """The headers that show how much of its limit a request leaves."""
    if standing is None:
        return []
    limit, prefix = standing.limit, vendor["limit"]["prefix"]
    left = str(standing.remaining)
    if limit.quota is not None:
        wait = max(1, standing.reset - int(clock.now()))
        return [(limit.quota, f"b=per_{limit.seconds:g}s;q={limit.requests};r={left};t={wait}")]
    reset = str(standing.reset)
    return [(f"{prefix}-limit", str(limit.requests)), (f"{prefix}-remaining", left), (f"{prefix}-reset", reset)]
