"""The facts about a finished request: the source of the access log and of the metrics."""

from __future__ import annotations

import time
from typing import NamedTuple

from authproblem.gateway._exchange import Exchange
from authproblem.gateway._routes import CompiledRoute


class Record(NamedTuple):
    """One request.

    Attributes:
        method: the method, as the caller sent it.
        path: the path of the gateway, without the query, as the caller sent it.
        status: the status that was sent; 0 if the client left before that.
        seconds: from the first byte of the request to the last of the response.
        upstream: host and port of the provider; None if no route matched.
        provider: `auth0`, `okta`, `oauth`, or None.
        problem: the problem type that was sent, or None.
        suppressed: whether there was a cool-down and nothing was sent to the provider.
        cut: whether the response was left without its end.
        failure: why there is no complete response of the provider's, or None.
        upstream_seconds: until the provider's response began; None if it did not.
    """

    method: str
    path: bytes
    status: int
    seconds: float
    upstream: str | None = None
    provider: str | None = None
    problem: str | None = None
    suppressed: bool = False
    cut: bool = False
    failure: str | None = None
    upstream_seconds: float | None = None

    @classmethod
    def refused(cls, method: str, path: bytes, status: int, began: float) -> Record:
        """A request that the gateway did not pass on."""
        return cls(method, path, status, time.monotonic() - began)

    @classmethod
    def of(cls, exchange: Exchange, route: CompiledRoute, method: str, path: bytes, began: float) -> Record:
        """A request that was passed on, or suppressed by a cool-down."""
        return cls(
            method,
            path,
            exchange.status,
            time.monotonic() - began,
            route.authority.decode(),
            route.provider,
            exchange.problem,
            exchange.suppressed,
            exchange.cut,
            exchange.failure,
            exchange.seconds_to_headers,
        )
