"""Metrics and spans by the real SDK of OpenTelemetry: what is recorded, under which names, and how much at most."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="pip install opentelemetry-sdk")

import httpx
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from authproblem import Problem, normalize, otel
from authproblem._middleware import observers
from authproblem.httpx import MemoryCooldown, ProblemTransport
from authproblem.refresh import CredentialDead, RefreshGuard
from tests.support.adapters import through
from tests.support.events import Events
from tests.support.responses import Response, json_response, text_response

TOKEN_REQUEST = httpx.Request("POST", "https://t.auth0.com/oauth/token")
EXPIRED = json_response(401, {"errorCode": "E0000011", "errorSummary": "Invalid token provided"})
DEAD = httpx.Response(
    403,
    json={"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."},
    request=TOKEN_REQUEST,
)
OUTAGE = text_response(503, "down", ("retry-after", "7"))
Points = dict[str, list[Any]]


class Recorded:
    """What the SDK has collected."""

    def __init__(self) -> None:
        self._metrics = InMemoryMetricReader()
        self.meters = MeterProvider([self._metrics], shutdown_on_exit=False)
        self.exporter = InMemorySpanExporter()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = tracers.get_tracer("test")

    def metrics(self) -> dict[str, Any]:
        """Each metric by its name."""
        data = self._metrics.get_metrics_data()
        if data is None:
            return {}
        return {m.name: m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics}

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """Attributes and value of each time series of a metric."""
        metric = self.metrics().get(name)
        points = [] if metric is None else metric.data.data_points
        return [(dict(point.attributes), getattr(point, "value", getattr(point, "count", None))) for point in points]


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """The SDK, collecting what this test does."""
    recorded = Recorded()
    otel.instrument(recorded.meters)
    yield recorded
    otel.uninstrument()
    recorded.meters.shutdown()


def test_counts_a_response_by_its_problem(recorded: Recorded) -> None:
    """Type, provider, owner, remedy, and whether it was applied."""
    for mode in ("rewrite", "rewrite", "observe"):
        through("asgi", EXPIRED, mode=mode)

    common = {"error.type": "invalid-token", "authproblem.provider": "okta", "authproblem.owner": "client"}
    points = recorded.points("authproblem.responses")
    assert sorted(points, key=lambda point: point[1]) == [
        ({**common, "authproblem.remedy": "fix_client", "authproblem.applied": False}, 1),
        ({**common, "authproblem.remedy": "fix_client", "authproblem.applied": True}, 2),
    ]


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
def test_counts_what_the_log_level_drops(recorded: Recorded, adapter: str) -> None:
    """Metrics do not depend on the level of events."""
    through(adapter, EXPIRED)

    assert [value for _, value in recorded.points("authproblem.responses")] == [1]


def test_records_waits_and_our_own_time(recorded: Recorded) -> None:
    """In seconds, with boundaries of a fitting size."""
    through("asgi", OUTAGE, provider="okta")
    metrics = recorded.metrics()

    wait, duration = (metrics[name].data.data_points[0] for name in ("authproblem.retry.wait", "authproblem.duration"))
    assert (wait.sum, wait.count, duration.count) == (7, 1, 1)
    assert 0 < duration.sum < 1
    assert (tuple(wait.explicit_bounds), tuple(duration.explicit_bounds)) == (otel.WAITS, otel.DURATIONS)


def test_counts_unknown_codes_by_shape(recorded: Recorded) -> None:
    """One series for each shape, whatever the values are."""
    for number in range(3):
        response = json_response(400, {"errorCode": f"E999900{number}", "errorSummary": "x"})
        through("asgi", response, provider="okta")

    ((attributes, value),) = recorded.points("authproblem.unclassified")
    assert (value, attributes["authproblem.provider"]) == (3, "okta")
    assert attributes["authproblem.fingerprint"].startswith("okta_api-")


def test_counts_cooldowns_and_what_they_suppress(recorded: Recorded) -> None:
    """Entered once, two requests suppressed."""
    body = {"statusCode": 429, "error": "Too Many Requests", "errorCode": "too_many_requests", "message": "x"}
    limited = httpx.Response(429, json=body, headers={"retry-after": "30", "x-ratelimit-remaining": "0"})
    transport = ProblemTransport(httpx.MockTransport(lambda _: limited), cooldown=MemoryCooldown())
    with httpx.Client(transport=transport) as client:
        for _ in range(3):
            client.get("https://t.auth0.com/api/v2/users", headers={"Authorization": "Bearer one"})

    kind = {"error.type": "rate-limited", "authproblem.provider": "auth0"}
    assert recorded.points("authproblem.cooldowns") == [(kind, 1)]
    assert recorded.points("authproblem.suppressed") == [(kind, 2)]


def test_counts_refreshes(recorded: Recorded) -> None:
    """By outcome, and whether another caller's refresh gave the result; other outcomes are no new series."""
    guard, started, go = RefreshGuard("auth0"), threading.Event(), threading.Event()

    def do_refresh() -> dict[str, str]:
        started.set()
        go.wait(10)
        return {"access_token": "at"}

    callers = [threading.Thread(target=guard.refresh, args=("rt-1", do_refresh)) for _ in range(2)]
    callers[0].start()
    started.wait(10)
    callers[1].start()
    time.sleep(0.1)
    go.set()
    for caller in callers:
        caller.join()
    with pytest.raises(CredentialDead):
        guard.refresh("rt-2", lambda: DEAD)

    counted = {(a["authproblem.outcome"], a["authproblem.shared"]) for a, _ in recorded.points("authproblem.refreshes")}
    assert counted == {("refreshed", False), ("refreshed", True), ("dead", False)}


def test_number_of_series_is_bounded(recorded: Recorded) -> None:
    """Ten thousand made-up providers, types and shapes end in a few series."""
    observer = observers.observer
    problem = normalize(EXPIRED.status, EXPIRED.headers, EXPIRED.body)
    assert observer is not None
    assert problem is not None
    for number in range(10_000):
        made_up = problem.replace(reason=f"reason-{number}", provider=f"provider-{number}", entry=f"x:{number}")
        observer.response(made_up, 401, applied=True, fingerprint=f"shape-{number}")
        observer.suppressed(made_up)
        observer.cooldown(made_up)
        observer.refresh(f"outcome-{number}", shared=False)

    counts = {name: len(recorded.points(name)) for name in recorded.metrics()}
    assert counts == {
        "authproblem.responses": 1,
        "authproblem.unclassified": otel.MAX_FINGERPRINTS + 1,
        "authproblem.suppressed": 1,
        "authproblem.cooldowns": 1,
        "authproblem.refreshes": 1,
    }


def test_owner_and_remedy_are_bounded(recorded: Recorded) -> None:
    """Their values are a closed set: whatever a problem document of another program contains, there are few series."""
    observer = observers.observer
    problem = normalize(EXPIRED.status, EXPIRED.headers, EXPIRED.body)
    assert observer is not None
    assert problem is not None
    for number in range(1000):
        made_up = problem.replace(owner=f"owner-{number}", remedy=f"remedy-{number}")
        observer.response(made_up, 401, applied=True, fingerprint=None)

    assert len(recorded.points("authproblem.responses")) == 1


@pytest.mark.parametrize(
    ("kind", "response", "status"),
    [
        (SpanKind.SERVER, EXPIRED, StatusCode.UNSET),
        (SpanKind.CLIENT, EXPIRED, StatusCode.ERROR),
        (SpanKind.SERVER, OUTAGE, StatusCode.ERROR),
        (SpanKind.INTERNAL, EXPIRED, StatusCode.UNSET),
    ],
)
def test_describes_the_problem_on_the_current_span(
    recorded: Recorded, kind: SpanKind, response: Response, status: StatusCode
) -> None:
    """A server span is an error from 500 on, a client span from 400 on; both have the problem's attributes."""
    with recorded.tracer.start_as_current_span("request", kind=kind):
        through("asgi", response, provider="okta")

    (span,) = recorded.exporter.get_finished_spans()
    attributes, (event,) = dict(span.attributes or {}), span.events
    assert (span.status.status_code, event.name) == (status, "authproblem.problem")
    assert attributes["error.type"] == {401: "invalid-token", 503: "upstream-unavailable"}[response.status]
    assert attributes["authproblem.upstream.status"] == response.status
    assert dict(event.attributes or {}) == attributes


def test_nothing_secret_is_recorded(recorded: Recorded) -> None:
    """Neither texts nor continuations of the provider."""
    secret = json_response(
        403,
        {"error": "mfa_required", "error_description": "hunter2", "mfa_token": "hunter2"},
        ("x-auth0-requestid", "r"),
    )
    with recorded.tracer.start_as_current_span("request"):
        through("asgi", secret, path="/oauth/token")

    (span,) = recorded.exporter.get_finished_spans()
    assert "mfa-required" in span.to_json()
    assert "hunter2" not in span.to_json() + str(recorded.metrics())


def test_off_nothing_is_recorded(recorded: Recorded) -> None:
    """After `uninstrument` nothing is counted any more."""
    otel.uninstrument()
    through("asgi", EXPIRED)

    assert recorded.metrics() == {}


def test_without_an_sdk_responses_go_on() -> None:
    """The API alone records nothing, and breaks nothing."""
    otel.instrument()
    try:
        assert through("asgi", EXPIRED).header("auth-problem") == "invalid-token"
    finally:
        otel.uninstrument()


def test_a_broken_observer_costs_no_response(events: Events) -> None:
    """It is reported once."""

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    observers.install(Broken())
    try:
        got = [through("asgi", EXPIRED).header("auth-problem") for _ in range(3)]
    finally:
        otel.uninstrument()

    assert got == ["invalid-token"] * 3
    assert [event["event"] for event in events].count("authproblem.failed") <= 2


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed: .ci/install-servers, as root")
def test_prometheus_reads_the_metrics() -> None:
    """The exporter's page passes `promtool check metrics`, under the names that the rules and the dashboard use."""
    prometheus = pytest.importorskip("opentelemetry.exporter.prometheus")
    from prometheus_client import start_http_server

    meters = MeterProvider([prometheus.PrometheusMetricReader()], shutdown_on_exit=False)
    otel.instrument(meters)
    server, thread = start_http_server(0, addr="127.0.0.1")
    try:
        through("asgi", EXPIRED)
        through("asgi", OUTAGE, provider="okta")
        page = urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=10).read()
    finally:
        otel.uninstrument()
        server.shutdown()
        server.server_close()
        thread.join()
        meters.shutdown()

    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    assert b'authproblem_responses_total{authproblem_applied="true"' in page
    assert b"authproblem_retry_wait_seconds_bucket" in page


def test_problem_of_another_library_is_no_new_series(recorded: Recorded) -> None:
    """A problem document that did not come from this package has no owner."""
    problem = Problem.from_bytes(b'{"type":"about:blank","title":"x","status":400}')
    observer = observers.observer
    assert observer is not None
    if problem is not None:
        observer.response(problem, 400, applied=False, fingerprint=None)

    assert len(recorded.points("authproblem.responses")) <= 1
