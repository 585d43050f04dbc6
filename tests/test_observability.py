"""The examples for Prometheus and Grafana: rules by promtool, and every query of the dashboard by a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opentelemetry.exporter.prometheus", reason="pip install opentelemetry-exporter-prometheus")

import httpx
import yaml
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server

from authproblem import Registry, otel
from authproblem._middleware import observers
from authproblem.httpx import MemoryCooldown, ProblemTransport
from tests.support.adapters import through
from tests.support.ports import free_port
from tests.support.responses import json_response

EXAMPLES = Path(__file__).parents[1] / "examples" / "observability"
PAGES = Path(__file__).parents[1] / "docs" / "problems"
LIMIT = 30
"""Seconds for Prometheus to start, to scrape and to evaluate: the machine may be busy."""

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="prometheus is not installed: .ci/install-servers, as root"
)
needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed: .ci/install-servers, as root"
)


@needs_promtool
@pytest.mark.parametrize(
    "command", ["check rules rules.yml", "test rules rules_test.yml", "check config prometheus.yml"]
)
def test_promtool_accepts(command: str) -> None:
    """Syntax, and the alerts that each test of the rules expects at each time."""
    done = subprocess.run(
        ["promtool", *command.split()], cwd=EXAMPLES, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def rules() -> list[dict[str, Any]]:
    """The alerts."""
    document = yaml.safe_load((EXAMPLES / "rules.yml").read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def test_every_alert_is_tested() -> None:
    """Both ways: it comes when it is to, and there is a moment at which it must not."""
    document = yaml.safe_load((EXAMPLES / "rules_test.yml").read_text(encoding="utf-8"))
    cases = [case for test in document["tests"] for case in test["alert_rule_test"]]

    assert {case["alertname"] for case in cases if case["exp_alerts"]} == {rule["alert"] for rule in rules()}


def test_every_runbook_is_a_page() -> None:
    """The page of the problem type, which says who has to act."""
    named = set()
    for rule in rules():
        runbook, types = rule["annotations"]["runbook"], re.findall(r'error_type=~?"([^"]+)"', rule["expr"])
        slugs = "|".join(types).split("|") if types else ["invalid-client"]
        named |= {runbook.replace("{{ $labels.error_type }}", slug) for slug in slugs}

    assert [page for page in named if not (PAGES.parent / page).is_file()] == []


def test_rules_and_dashboard_use_values_that_exist() -> None:
    """A misspelled owner, remedy or problem type would never match anything."""
    vocabulary = Registry.builtin().data["problem_types"]
    known = {
        "error_type": set(Registry.builtin().types),
        "authproblem_owner": set(vocabulary["owners"]),
        "authproblem_remedy": set(vocabulary["remedies"]),
        "authproblem_applied": {"true", "false"},
    }
    text = "\n".join([*(rule["expr"] for rule in rules()), *queries()])
    used = re.findall(r'(\w+)=~?"([^"$.]+)"', text)

    assert used
    assert [(label, value) for label, values in used for value in values.split("|") if value not in known[label]] == []


def queries() -> list[str]:
    """The queries of the dashboard, with what Grafana puts in for its variables."""
    dashboard = json.loads((EXAMPLES / "dashboard.json").read_text(encoding="utf-8"))
    found = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [query.replace("$__rate_interval", "1m").replace("$provider", ".*") for query in found]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that has scraped an app with traffic of every kind, twice; gives its URL."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    meters = MeterProvider([PrometheusMetricReader()], shutdown_on_exit=False)
    otel.instrument(meters)
    exporter, thread = start_http_server(0, addr="127.0.0.1")
    text = (EXAMPLES / "prometheus.yml").read_text(encoding="utf-8")
    text = text.replace("15s", "1s").replace("9464", str(exporter.server_port))
    (folder / "prometheus.yml").write_text(text, encoding="utf-8")
    shutil.copy(EXAMPLES / "rules.yml", folder)
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        f"--storage.tsdb.path={folder / 'data'}",  # some packages have a folder for the whole machine
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(2):
            make_traffic()
            wait_for_scrape(url)
        yield url
    finally:
        process.terminate()
        process.wait(LIMIT)
        otel.uninstrument()
        exporter.shutdown()
        exporter.server_close()
        thread.join()
        meters.shutdown()


def wait_for_scrape(url: str) -> None:
    """Wait until Prometheus has scraped what is counted now."""
    now, until = time.time(), time.monotonic() + LIMIT
    while not any(when > now for when in values(url, "timestamp(authproblem_responses_total)")):
        assert time.monotonic() < until, "Prometheus never scraped"
        time.sleep(0.1)


def make_traffic() -> None:
    """The demo's cases, and what they leave out: a dry run, an unknown code, a cool-down, a refresh."""
    from demo.cases import CASES
    from demo.servers import start_servers

    with start_servers() as servers:
        for case in CASES:
            servers.run(case)
    through("asgi", json_response(401, {"errorCode": "E0000011", "errorSummary": "x"}), mode="observe")
    through("asgi", json_response(400, {"errorCode": "E9999999", "errorSummary": "x"}), provider="okta")
    through("asgi", json_response(401, {"error": "invalid_client", "error_description": "x"}), provider="auth0")
    body = {"statusCode": 429, "error": "Too Many Requests", "errorCode": "too_many_requests", "message": "x"}
    limited = httpx.Response(429, json=body, headers={"retry-after": "30", "x-ratelimit-remaining": "0"})
    transport = ProblemTransport(httpx.MockTransport(lambda _: limited), cooldown=MemoryCooldown())
    with httpx.Client(transport=transport) as client:
        for _ in range(3):
            client.get("https://t.auth0.com/api/v2/users", headers={"Authorization": "Bearer one"})
    observers.observe(lambda observer: observer.refresh("refreshed", shared=True))


def values(url: str, query: str) -> list[float]:
    """The values that a query gives now."""
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=10
        ) as response:
            document = json.load(response)
    except OSError:
        return []
    assert document["status"] == "success", document
    return [float(series["value"][1]) for series in document["data"]["result"]]


@needs_prometheus
@pytest.mark.servers
def test_every_query_of_the_dashboard_has_data(prometheus: str) -> None:
    """Each gives at least one number above zero for traffic of every kind."""
    empty = [query for query in queries() if not any(value > 0 for value in values(prometheus, query))]

    assert empty == []


@needs_prometheus
@pytest.mark.servers
def test_prometheus_evaluates_every_rule(prometheus: str) -> None:
    """No rule fails on real series."""
    until = time.monotonic() + LIMIT
    while True:
        with urllib.request.urlopen(f"{prometheus}/api/v1/rules", timeout=10) as response:
            groups = json.load(response)["data"]["groups"]
        health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
        if "unknown" not in health.values() or time.monotonic() > until:
            break
        time.sleep(0.2)

    assert health == {rule["alert"]: "ok" for rule in rules()}
