"""Metrics for Prometheus. Labels are configured hosts, statuses and problem types, so that their number is bounded."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from authproblem.gateway._record import Record

_NONE = "none"
"""The label of a request that no route matched."""


class Metrics:
    """Counters of one worker process; the admin port adds up those of all."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the metrics.

        Args:
            registry: where they are registered; None = a registry of their own.
        """
        where = registry or CollectorRegistry()
        name = "authproblem_gateway_"
        self._requests = Counter(
            name + "requests",
            "Requests by upstream and the status that was sent.",
            ["upstream", "status"],
            registry=where,
        )
        self._problems = Counter(
            name + "problems", "Responses that carried a problem.", ["upstream", "problem"], registry=where
        )
        self._suppressed = Counter(
            name + "suppressed", "Requests that were not sent because of a cool-down.", ["upstream"], registry=where
        )
        self._cut = Counter(name + "cut", "Responses left without their end.", ["upstream"], registry=where)
        self._seconds = Histogram(
            name + "request_seconds",
            "From the request's first byte to the response's last.",
            ["upstream"],
            registry=where,
        )
        self._upstream_seconds = Histogram(
            name + "upstream_seconds", "Until the provider's response began.", ["upstream"], registry=where
        )

    def count(self, record: Record) -> None:
        """Count one request."""
        upstream = record.upstream or _NONE
        self._requests.labels(upstream, str(record.status)).inc()
        self._seconds.labels(upstream).observe(record.seconds)
        if record.problem is not None:
            self._problems.labels(upstream, record.problem).inc()
        if record.suppressed:
            self._suppressed.labels(upstream).inc()
        if record.cut:
            self._cut.labels(upstream).inc()
        if record.upstream_seconds is not None:
            self._upstream_seconds.labels(upstream).observe(record.upstream_seconds)


def exposition(folder: str) -> bytes:
    """Return the metrics of all processes that keep theirs in a folder, in the text format of Prometheus."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
