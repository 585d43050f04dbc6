"""What an operator sees of the gateway: probes, metrics, its log, and what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from authproblem.gateway import load_config
from authproblem.gateway._admin import admin_server, readiness
from authproblem.gateway._command import run
from authproblem.gateway._logs import access_log
from authproblem.gateway._metrics import Metrics
from authproblem.gateway._record import Record
from tests.client import samples
from tests.client.upstream import Upstream, running
from tests.gateway.processes import gateway
from tests.gateway.support import asked, before, made
from tests.gateway.test_command import parsed
from tests.support.events import Events
from tests.support.ports import free_port
from tests.support.responses import Response, json_response

SECRET = "s3cr3t"


class Running(NamedTuple):
    """A gateway in a process of its own.

    Attributes:
        url: its origin.
        admin: the origin of its admin port.
        upstream: the provider.
        log: the file that its standard error is written to.
        process: the process.
    """

    url: str
    admin: str
    upstream: Upstream
    log: Path
    process: subprocess.Popen[bytes]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of a name that have been written so far."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["event"] == name]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway with two routes, one of which leads nowhere, after three requests."""
    port, admin = free_port(), free_port()
    log = tmp_path_factory.mktemp("gateway") / "log"
    responses = {
        "/ok": json_response(200, {"ok": True}),
        "/denied": samples.DENIED,
        "/limited": samples.LIMITED,
        "/healthz": Response(204, [], b""),
    }
    flags = ["--admin-port", str(admin), "--auth0", f"http://127.0.0.1:{free_port()}", "--prefix", "/down"]
    with (
        running(lambda seen: responses[seen.target.partition("?")[0]]) as upstream,
        log.open("wb") as stream,
        gateway(port, upstream.port, *flags, stderr=stream) as process,
    ):
        found = Running(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}", upstream, log, process)
        for path in ("/ok", "/denied", "/limited", "/limited", "/down/x"):
            httpx.get(f"{found.url}{path}?code={SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
        yield found


class TestAdminPort:
    def test_healthy_while_the_process_runs(self, live: Running) -> None:
        """`/healthz`, for a liveness probe."""
        got = httpx.get(live.admin + "/healthz")

        assert (got.status_code, got.json()) == (200, {"status": "alive"})

    def test_ready_where_a_worker_responds(self, live: Running) -> None:
        """`/readyz`, for a readiness probe."""
        got = httpx.get(live.admin + "/readyz")

        assert (got.status_code, got.json()) == (200, {"status": "ready"})

    def test_serves_metrics(self, live: Running) -> None:
        """In the text format of Prometheus."""
        text = httpx.get(live.admin + "/metrics").text
        found = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        upstream = ("upstream", f"127.0.0.1:{live.upstream.port}")

        assert found["authproblem_gateway_requests_total", ("status", "200"), upstream] == 1.0
        assert found["authproblem_gateway_requests_total", ("status", "429"), upstream] == 2.0
        assert found["authproblem_gateway_problems_total", ("problem", "invalid-credentials"), upstream] == 1.0
        assert found["authproblem_gateway_suppressed_total", upstream] == 1.0
        assert found["authproblem_gateway_upstream_seconds_count", upstream] >= 3.0

    def test_an_unknown_path_gets_the_list_of_paths(self, live: Running) -> None:
        """404."""
        got = httpx.get(live.admin + "/")

        assert (got.status_code, got.json()["paths"]) == (404, ["/healthz", "/readyz", "/metrics"])

    def test_can_listen_on_ipv6(self) -> None:
        """Any address of the machine."""
        flags = {"admin_host": "::1", "admin_port": str(free_port()), "port": str(free_port())}
        config = load_config({"routes": [("auth0", "https://login.example.com", "")], **flags}, {})
        with admin_server(config):
            got = httpx.get(f"http://[::1]:{config.settings['admin_port']}/readyz")

        assert (got.status_code, got.json()["status"]) == (503, "unready")

    def test_is_not_the_port_of_callers(self, live: Running) -> None:
        """There these paths are the provider's."""
        assert httpx.get(live.url + "/healthz").status_code == 204


class TestReadiness:
    def test_needs_somebody_who_listens(self) -> None:
        """A connection that is refused."""
        assert readiness("127.0.0.1", free_port()) == "no worker accepts requests: Connection refused"

    def test_needs_somebody_who_answers(self) -> None:
        """A worker whose event loop is blocked accepts connections all the same."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            assert readiness("127.0.0.1", listening.getsockname()[1], 0.1) == "no worker responds in time"


class TestLog:
    def test_begins_with_what_answers_where(self, live: Running) -> None:
        """Address, admin port, and each route with its upstream and provider."""
        started = live.events("authproblem.gateway_started")
        routes = live.events("authproblem.gateway_route")

        assert [(line["url"], line["admin"], line["workers"]) for line in started] == [(live.url, live.admin, 1)]
        assert [(line["path"], line["upstream"].rpartition(":")[0], line["provider"]) for line in routes] == [
            ("/down/", "http://127.0.0.1", "auth0"),
            ("/", "http://127.0.0.1", "okta"),
        ]

    def test_has_one_event_for_each_request(self, live: Running) -> None:
        """With the status, the problem and the provider."""
        lines = live.events("authproblem.request")

        assert [(line["method"], line["path"], line["status"], line.get("problem")) for line in lines[:5]] == [
            ("GET", "/ok", 200, None),
            ("GET", "/denied", 401, "invalid-credentials"),
            ("GET", "/limited", 429, "rate-limited"),
            ("GET", "/limited", 429, "rate-limited"),
            ("GET", "/down/x", 502, "upstream-unreachable"),
        ]
        assert [line.get("suppressed") for line in lines[:5]] == [None, None, None, True, None]

    def test_names_host_and_reason_of_a_failure(self, live: Running) -> None:
        """For who has to find out why."""
        failures = [line for line in live.events("authproblem.normalized") if "failure" in line]

        assert [(line["failure"], line["upstream"].rpartition(":")[0]) for line in failures] == [
            ("connection refused", "127.0.0.1")
        ]

    def test_has_an_event_of_its_own_for_what_was_not_sent(self, live: Running) -> None:
        """`authproblem.suppressed`."""
        assert [line["problem"] for line in live.events("authproblem.suppressed")] == ["rate-limited"]

    def test_contains_no_query_and_no_credential(self, live: Running) -> None:
        """Every request above carried both."""
        assert SECRET not in live.log.read_text(encoding="utf-8")

    def test_of_a_response_that_breaks_off_is_reported(self, events: Events) -> None:
        """A warning, with the reason."""
        finished: list[Record] = []
        raw = b"HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\nhalf"
        breaking = running(lambda _: lambda file: file.write(raw))
        watched = {"on_finished": finished.append}
        with breaking as upstream, before(upstream.url, **watched) as client, pytest.raises(httpx.RemoteProtocolError):
            client.get("/")
        access_log(finished[0])

        event = events.only()
        assert (event["event"], event["log_level"], event["cut"], event["failure"]) == (
            "authproblem.request",
            "warning",
            True,
            "the response ended too early",
        )

    def test_of_a_request_that_nothing_answers(self, events: Events) -> None:
        """No upstream is named."""
        finished: list[Record] = []
        asked(made(("okta", "https://org.okta.com", "/okta"), on_finished=finished.append), "/x")
        access_log(finished[0])

        event = events.only()
        assert (event["status"], event["path"], event["upstream"]) == (404, "/x", None)


def test_labels_are_bounded() -> None:
    """Whatever callers send: neither paths nor methods are labels."""
    metrics = Metrics()
    for number in range(50):
        metrics.count(Record(f"M{number}", f"/{number}".encode(), 404, 0.1))

    assert len(metrics._requests._metrics) == 1


class TestStart:
    @pytest.mark.parametrize(
        ("flag", "value", "message"),
        [
            ("--port", "99999", "invalid --port: '99999'; expected a whole number from 0 to 65535"),
            ("--admin-port", "-1", "invalid --admin-port: '-1'; expected a whole number from 0 to 65535"),
            ("--host", "192.0.2.1", "cannot listen on 192.0.2.1:8080: this machine has no such address"),
        ],
    )
    def test_with_an_address_that_cannot_be_used(
        self, flag: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One line that names the flag."""
        status = run(parsed("--upstream", "https://tenant.auth0.com", flag, value))

        error = capsys.readouterr().err
        assert status in {1, 2}
        assert message in error
        assert error.count("\n") == 1

    @pytest.mark.parametrize("flag", ["--port", "--admin-port"])
    def test_with_a_port_in_use(self, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Said before anything is started."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status = run(parsed("--upstream", "https://tenant.auth0.com", "--port", "0", flag, str(port)))

        expected = (
            f"cannot listen on 127.0.0.1:{port}: another process listens there; choose another port with {flag}\n"
        )
        assert (status, capsys.readouterr().err) == (1, "authproblem gateway: " + expected)

    def test_help_is_for_people(self) -> None:
        """Groups, placeholders and defaults; no docstring and no markup."""
        command = [sys.executable, "-m", "authproblem", "gateway", "--help"]
        environ = {**os.environ, "COLUMNS": "100"}
        text = subprocess.run(command, capture_output=True, check=True, text=True, env=environ).stdout

        for part in ("upstreams:", "listening:", "cool-down:", "--port PORT", "(default: 8080)", "examples:"):
            assert part in text
        assert "```" not in text

    def test_stops_in_good_order(self) -> None:
        """SIGTERM: it is not ready any more, answers the requests under way, and exits with status 0."""
        arrived, release = threading.Event(), threading.Event()

        def speak(file: Any) -> None:
            arrived.set()
            release.wait(10)
            file.write(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")

        port, admin, got = free_port(), free_port(), []
        flags = ["--admin-port", str(admin)]
        with running(lambda _: speak) as upstream, gateway(port, upstream.port, *flags) as process:
            request = threading.Thread(target=lambda: got.append(httpx.get(f"http://127.0.0.1:{port}/slow")))
            request.start()
            assert arrived.wait(10)
            process.send_signal(signal.SIGTERM)
            statuses = (httpx.get(f"http://127.0.0.1:{admin}/readyz").status_code for _ in range(1000))
            assert 503 in statuses
            release.set()
            request.join(10)
            status = process.wait(10)

        assert (status, [each.status_code for each in got]) == (0, [200])
