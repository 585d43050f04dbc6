"""Metrics and span attributes by OpenTelemetry's API; what exports them is the app's own SDK.

```python
from authproblem import otel

otel.instrument()  # once, when the app starts
```
Without an SDK the API records nothing. Names and units follow the semantic conventions: dots, units by UCUM. Every
attribute takes its value from a closed set or is cut off at a fixed number of values, so that the number of time series
is bounded, whatever providers and callers send.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from authproblem.errors import MissingExtraError

try:
    from opentelemetry import metrics, trace
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.otel", "otel") from error

from authproblem._middleware import observers
from authproblem._model import PROVIDERS
from authproblem._registry.registry import Registry

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from authproblem._core.problem import Problem

__all__ = ["instrument", "uninstrument"]

OTHER = "_OTHER"
"""The value of an attribute beyond the bound, as the semantic conventions have it for `error.type`."""
MAX_FINGERPRINTS = 50
"""Fingerprints of unknown responses that are counted apart, in one process."""
OUTCOMES = frozenset(("refreshed", "dead", "replaced", "step_up", "misconfigured", "try_later", "failed"))
"""Outcomes of refreshes that are counted apart."""

WAITS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 86_400)
DURATIONS = (0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.1)

Attributes = dict[str, "AttributeValue"]


def instrument(meter_provider: metrics.MeterProvider | None = None) -> None:
    """Record metrics and span attributes of every adapter in this process, from now on.

    Args:
        meter_provider: whose meters are used; None = the global one.
    """
    observers.install(_Recorder(meter_provider))


def uninstrument() -> None:
    """Stop recording."""
    observers.install(None)


class _Recorder:
    """The observer that records."""

    def __init__(self, meter_provider: metrics.MeterProvider | None) -> None:
        from authproblem import __version__

        meter = metrics.get_meter("authproblem", __version__, meter_provider)
        registry = Registry.builtin()
        vocabulary = registry.data["problem_types"]
        self._reasons = frozenset(registry.types)
        self._owners, self._remedies = frozenset(vocabulary["owners"]), frozenset(vocabulary["remedies"])
        self._fingerprints: set[str] = set()
        self._responses = meter.create_counter(
            "authproblem.responses", "{response}", "Error responses of providers, by problem type."
        )
        self._unclassified = meter.create_counter(
            "authproblem.unclassified", "{response}", "Error responses with an unknown code, by shape."
        )
        self._suppressed = meter.create_counter(
            "authproblem.suppressed",
            "{request}",
            "Requests that were not sent because of a cool-down or a refresh guard.",
        )
        self._cooldowns = meter.create_counter(
            "authproblem.cooldowns", "{cooldown}", "Cool-downs that this process started."
        )
        self._refreshes = meter.create_counter("authproblem.refreshes", "{refresh}", "Refreshes of credentials.")
        self._waits = meter.create_histogram(
            "authproblem.retry.wait",
            "s",
            "Waits that were reported to clients.",
            explicit_bucket_boundaries_advisory=WAITS,
        )
        self._durations = meter.create_histogram(
            "authproblem.duration",
            "s",
            "Time that this package needed for an error response.",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )

    def response(self, problem: Problem, status: int, *, applied: bool, fingerprint: str | None) -> None:
        """Count a response, and describe it on the current span."""
        attributes = {
            **self._kind(problem),
            "authproblem.owner": _known(problem.owner, self._owners),
            "authproblem.remedy": _known(problem.remedy, self._remedies),
            "authproblem.applied": applied,
        }
        self._responses.add(1, attributes)
        if problem.retry.after is not None:
            self._waits.record(problem.retry.after, self._kind(problem))
        if fingerprint is not None:
            provider = self._kind(problem)["authproblem.provider"]
            shape = self._bounded(fingerprint)
            self._unclassified.add(1, {"authproblem.provider": provider, "authproblem.fingerprint": shape})
        _describe(problem, status, attributes)

    def suppressed(self, problem: Problem) -> None:
        """Count a request that was not sent."""
        self._suppressed.add(1, self._kind(problem))
        _describe(problem, problem.status, {**self._kind(problem), "authproblem.suppressed": True})

    def cooldown(self, problem: Problem) -> None:
        """Count a cool-down."""
        self._cooldowns.add(1, self._kind(problem))

    def refresh(self, outcome: str, *, shared: bool) -> None:
        """Count a refresh."""
        self._refreshes.add(1, {"authproblem.outcome": _known(outcome, OUTCOMES), "authproblem.shared": shared})

    def duration(self, seconds: float) -> None:
        """Record how long this package needed for a response."""
        self._durations.record(seconds)

    def _kind(self, problem: Problem) -> Attributes:
        return {
            "error.type": _known(problem.reason, self._reasons),
            "authproblem.provider": _known(problem.provider, PROVIDERS),
        }

    def _bounded(self, fingerprint: str) -> str:
        if fingerprint not in self._fingerprints:
            if len(self._fingerprints) >= MAX_FINGERPRINTS:
                return OTHER
            self._fingerprints.add(fingerprint)
        return fingerprint


def _known(value: str | None, known: Collection[str]) -> str:
    """A value of a closed set, or `_OTHER` for any other: each further value would be a time series."""
    return value if value in known and value is not None else OTHER


def _describe(problem: Problem, status: int, attributes: Attributes) -> None:
    """Put a problem on the current span.

    Its status follows the conventions for HTTP: a server span is an error from 500 on, a client span from 400 on.
    """
    span = trace.get_current_span()
    if not span.is_recording():
        return
    code, upstream_status = problem.upstream.get("code"), problem.upstream.get("status")
    more: Attributes = {"authproblem.retry.policy": problem.retry.policy}
    if isinstance(code, str):
        more["authproblem.upstream.code"] = code
    if isinstance(upstream_status, int):
        more["authproblem.upstream.status"] = upstream_status
    if problem.entry is not None:
        more["authproblem.entry"] = problem.entry
    span.set_attributes({**attributes, **more})
    span.add_event("authproblem.problem", {**attributes, **more})
    least = 400 if getattr(span, "kind", None) is SpanKind.CLIENT else 500
    if status >= least:
        span.set_status(Status(StatusCode.ERROR))
