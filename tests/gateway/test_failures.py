"""Requests that fail become problems with the right status and retry hint: no 500, no truncated response."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest

from authproblem.gateway import Gateway, load_config
from authproblem.gateway._upstream import UpstreamFailure
from tests.client import samples
from tests.client.served import served
from tests.client.upstream import running
from tests.gateway.support import Failing, asked, before, failing, made
from tests.support.events import Events
from tests.support.ports import free_port
from tests.support.wire import header_faults, schema_faults

URL = "https://org.okta.com"
UNREACHABLE = UpstreamFailure("unreachable", "connection refused", "ClientConnectorError")
EXHAUSTED = UpstreamFailure("exhausted", "no connection was free for 10 s")
TIMEOUT = UpstreamFailure("timeout", "no bytes in time", "SocketTimeoutError")
UNSENT, SENT = "2", None


class TestNoResponse:
    @pytest.mark.parametrize(
        ("error", "status", "reason", "wait"),
        [
            (UNREACHABLE, 502, "upstream-unreachable", "2"),
            (UpstreamFailure("unreachable", "no connection in time"), 502, "upstream-unreachable", "2"),
            (EXHAUSTED, 503, "upstream-unavailable", "1"),
            (TIMEOUT, 504, "upstream-timeout", None),
            (UpstreamFailure("timeout", "the provider does not take the request"), 504, "upstream-timeout", None),
            (UpstreamFailure("unsendable", "odd"), 400, "invalid-request", None),
            (UpstreamFailure("broken", "odd"), 502, "upstream-error", None),
        ],
    )
    def test_becomes_a_problem(self, error: Exception, status: int, reason: str, wait: str | None) -> None:
        """`Retry-After` only where nothing has been sent."""
        response = failing(error)

        assert (response.status, response.header("auth-problem")) == (status, reason)
        assert response.header("retry-after") == wait

    @pytest.mark.parametrize("error", [UNREACHABLE, TIMEOUT, EXHAUSTED])
    def test_has_the_wire_format(self, error: Exception) -> None:
        """Document, problem headers and status agree; nothing of the exception is in them."""
        response = failing(error)
        document = response.document()

        assert schema_faults(document) == []
        assert header_faults(response, document) == []
        assert document["status"] == response.status
        assert document["upstream"] == {}
        assert (response.header("cache-control"), response.header("content-type")) == (
            "no-store",
            "application/problem+json",
        )

    @pytest.mark.parametrize(
        ("method", "path", "expected"),
        [
            ("GET", "/api/v1/users", "after_delay"),
            ("POST", "/api/v1/users", "after_delay"),
            ("POST", "/oauth2/v1/token", "manual"),
            ("POST", "/nobody/knows", "manual"),
        ],
    )
    def test_shows_whether_a_program_may_repeat(self, method: str, path: str, expected: str) -> None:
        """Nothing was sent; for credentials `Auth-Problem-Retry` is `manual` all the same."""
        response = failing(UNREACHABLE, method=method, path=path)

        assert response.header("auth-problem-retry") == expected

    def test_emits_an_event(self, events: Events) -> None:
        """With the class of the exception and the cause, and without its message."""
        failing(TIMEOUT)

        event = events.only()
        assert (event["event"], event["problem"], event["exception"], event["log_level"]) == (
            "authproblem.normalized",
            "upstream-timeout",
            "SocketTimeoutError",
            "error",
        )
        assert "s3cr3t" not in str(event)

    def test_is_json_for_clients_that_request_it(self) -> None:
        """As for the provider's own errors."""
        response = failing(UNREACHABLE, headers=[("accept", "application/json")])

        assert response.header("content-type") == "application/json"

    def test_has_no_body_for_head(self) -> None:
        """The problem headers name it."""
        response = failing(UNREACHABLE, method="HEAD")

        assert (response.status, response.body, response.header("auth-problem")) == (502, b"", "upstream-unreachable")


class TestOnTheWire:
    def test_a_refused_connection(self) -> None:
        """502 at once, with a `Retry-After`."""
        with before(f"http://127.0.0.1:{free_port()}") as client:
            got = client.get("/api/v1/users")

        assert (got.status_code, got.json()["reason"], got.headers["retry-after"]) == (502, "upstream-unreachable", "2")

    def test_a_provider_that_does_not_respond_in_time(self) -> None:
        """504; the request may have been carried out, so there is no `Retry-After`."""
        release = threading.Event()

        def speak(file: Any) -> None:
            release.wait(10)

        with running(lambda _: speak) as upstream, before(upstream.url, read_timeout="0.2") as client:
            got = client.post("/api/v1/users", json={})
            release.set()

        assert (got.status_code, got.json()["reason"], got.headers.get("retry-after")) == (
            504,
            "upstream-timeout",
            None,
        )
        assert len(upstream.seen) == 1

    @pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-x\r\n"])
    def test_a_response_that_is_no_http(self, sent: bytes) -> None:
        """502."""
        with running(lambda _: lambda file: file.write(sent)) as upstream, before(upstream.url) as client:
            got = client.post("/api/v1/users", json={})

        assert (got.status_code, got.json()["reason"]) == (502, "upstream-error")

    @pytest.mark.parametrize("framing", ["Content-Length: 500", "Transfer-Encoding: chunked"])
    def test_an_error_that_ends_while_it_is_buffered(self, framing: str) -> None:
        """Nothing has been sent to the client yet, so it gets a problem."""
        start = f"HTTP/1.1 401 X\r\nContent-Type: application/json\r\n{framing}\r\n\r\n".encode()
        part = b'1a\r\n{"errorCode": "E0000004", ' if "chunked" in framing else b'{"errorCode": "E0000004", '

        with running(lambda _: lambda file: file.write(start + part)) as upstream, before(upstream.url) as client:
            got = client.get("/api/v1/users")

        assert (got.status_code, got.json()["reason"]) == (502, "upstream-error")

    @pytest.mark.parametrize("framing", ["Content-Length: 500", "Transfer-Encoding: chunked"])
    def test_a_response_that_ends_too_early(self, framing: str) -> None:
        """The client notices that it is incomplete."""
        start = f"HTTP/1.1 200 X\r\n{framing}\r\n\r\n".encode()
        part = b"4\r\nhalf\r\n" if "chunked" in framing else b"half"

        breaking = running(lambda _: lambda file: file.write(start + part))
        with breaking as upstream, before(upstream.url) as client, pytest.raises(httpx.RemoteProtocolError):
            client.get("/")

    def test_all_connections_in_use(self) -> None:
        """503 with a `Retry-After`, since the request was not sent."""
        arrived, release = threading.Event(), threading.Event()

        def speak(file: Any) -> None:
            arrived.set()
            release.wait(10)
            file.write(b"HTTP/1.1 204 X\r\n\r\n")

        narrow = {"max_connections": "1", "pool_timeout": "0.1"}
        with running(lambda _: speak) as upstream, before(upstream.url, **narrow) as client:
            first = threading.Thread(target=client.get, args=("/slow",))
            first.start()
            assert arrived.wait(10)
            got = client.get("/api/v1/users")
            release.set()
            first.join(10)

        assert (got.status_code, got.json()["reason"], got.headers["retry-after"]) == (503, "upstream-unavailable", "1")

    def test_a_request_that_cannot_be_written_as_http(self) -> None:
        """400: some servers let line breaks in headers through."""
        with running(samples.TOKEN) as upstream:
            response = asked(made(("okta", upstream.url, "")), headers=[("x-own", "a\r\nb: c")])

        assert (response.status, response.header("auth-problem-owner"), upstream.seen) == (400, "client", [])


class TestFaultsOfOurOwn:
    def test_in_a_callback_cost_no_response(self) -> None:
        """`on_problem` raises for every error."""

        def explode(_: object) -> None:
            raise ZeroDivisionError

        with running(samples.DENIED) as upstream:
            config = load_config({"routes": [("okta", upstream.url, "")]}, {})
            gateway = Gateway(config._replace(options={**config.options, "on_problem": explode}))
            with served(gateway) as origin, httpx.Client(base_url=origin, verify=False) as client:
                got = client.get("/api/v1/users")

        assert (got.status_code, got.json()["reason"]) == (401, "invalid-credentials")

    def test_a_store_with_an_unknown_document_lets_the_request_through(self) -> None:
        """Another release may have written it to a shared store."""

        class Store:
            def look(self, key: str) -> tuple[float, bytes]:
                return 30.0, json.dumps({"from": "the future"}).encode()

            def hold(self, key: str, seconds: float, document: bytes) -> None:
                """Nothing is kept."""

        app = made(("okta", URL, ""), upstream=Failing(), cooldown_store=Store())

        assert asked(app).status == 200

    def test_a_store_that_fails_costs_no_response(self) -> None:
        """Neither when it is read nor when it is written."""

        class Store:
            def look(self, key: str) -> tuple[float, bytes]:
                raise TimeoutError

            def hold(self, key: str, seconds: float, document: bytes) -> None:
                raise TimeoutError

        with running(samples.LIMITED) as upstream:
            response = asked(made(("okta", upstream.url, ""), cooldown_store=Store()), "/api/v1/users")

        assert (response.status, response.header("auth-problem")) == (429, "rate-limited")
