"""Requests and responses that are made to break a proxy, over real HTTP, in the server that the command runs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.client.upstream import running
from tests.gateway.support import (
    Failing,
    asked,
    before,
    connected,
    guarded,
    is_problem,
    made,
    next_response,
    raw_request,
)
from tests.support.responses import json_response

OK = json_response(200, {"ok": True})


class TestConnectionOptions:
    @pytest.mark.parametrize("option", ["content-length", "Content-Length, close", "content-type"])
    def test_cannot_cut_the_body_off_a_request(self, option: str) -> None:
        """`Connection` must not name fields that are for the final recipient; such an option is ignored."""
        request = (
            f"POST /api/v1/authn HTTP/1.1\nHost: x\nConnection: {option}\nContent-Type: application/json\n"
            'Content-Length: 8\n\n{"a": 1}'
        )
        with running(OK) as upstream, before(upstream.url) as client:
            got = raw_request(client.base_url, request, "POST")

        seen = upstream.seen[0]
        assert (got.status, seen.body, seen.header("content-type")) == (200, b'{"a": 1}', "application/json")

    @pytest.mark.parametrize("name", ["authorization", "cookie", "dpop", "cache-control"])
    def test_cannot_remove_what_a_provider_decides_by(self, name: str) -> None:
        """Credentials arrive, whatever `Connection` says."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.get("/", headers={"Connection": name, name: "value"})

        assert upstream.seen[0].header(name) == "value"

    def test_of_a_provider_cannot_hide_the_length_of_its_response(self) -> None:
        """The same rule on the way back."""
        sent = OK._replace(headers=[*OK.headers, ("Connection", "content-length, set-cookie"), ("Set-Cookie", "a=1")])

        with running(sent) as upstream, before(upstream.url) as client:
            got = client.get("/")

        assert (got.headers["content-length"], got.headers["set-cookie"]) == (str(len(OK.body)), "a=1")


class TestHeaders:
    @pytest.mark.parametrize("size", [70_000, 300_000, 5_000_000])
    def test_beyond_the_limit_are_refused(self, size: int) -> None:
        """431, as soon as the limit is passed, and nothing reaches the provider."""
        with running(OK) as upstream, guarded(made(("okta", upstream.url, ""))) as origin, connected(origin) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            with contextlib.suppress(ConnectionError):  # it is closed before all has been sent
                one.sendall(b"X-Large: " + b"x" * size + b"\r\n\r\n")
            got = next_response(one)

        assert (got.status, is_problem(got), upstream.seen) == (431, True, [])

    def test_without_an_end_are_refused(self) -> None:
        """Small lines, for ever."""
        with running(OK) as upstream, guarded(made(("okta", upstream.url, ""))) as origin, connected(origin) as one:
            one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            with contextlib.suppress(ConnectionError):
                for number in range(100):
                    one.sendall(b"".join(b"X-%d-%d: 1\r\n" % (number, line) for line in range(1000)))
            got = next_response(one)

        assert got.status == 431

    def test_within_the_limit_arrive_on_every_request_of_a_connection(self) -> None:
        """The limit is for one request, not for all of a connection."""
        with running(OK) as upstream, before(upstream.url) as client:
            statuses = {client.get("/", headers={"X-Large": "x" * 50_000}).status_code for _ in range(8)}

        assert statuses == {200}

    def test_that_are_not_utf8_are_refused(self) -> None:
        """Bytes that are not UTF-8 cannot be sent on as they came; a clear 400 is better than a changed header."""
        with running(OK) as upstream, before(upstream.url) as client:
            got = raw_request(client.base_url, "GET / HTTP/1.1\nHost: x\nX-Own: \xe9\n\n")

        assert (got.status, got.header("auth-problem"), upstream.seen) == (400, "invalid-request", [])

    @pytest.mark.parametrize("name", ["auth0-forwarded-for", "X-Original-Forwarded-For", "Fastly-Client-IP"])
    def test_that_name_an_address_do_not_reach_the_provider(self, name: str) -> None:
        """Auth0's attack protection counts by `auth0-forwarded-for`."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.get("/", headers={name: "6.6.6.6"})

        assert "6.6.6.6" not in str(upstream.seen[0].headers)


class TestStatuses:
    @pytest.mark.parametrize("status", [600, 999, 199, 100])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_that_are_invalid_become_a_problem(self, status: int, method: str) -> None:
        """502; the server would drop the connection."""
        raw = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()

        with running(lambda _: lambda file: file.write(raw)) as upstream, before(upstream.url) as client:
            got = client.request(method, "/")

        assert (got.status_code, got.json()["reason"]) == (502, "upstream-error")

    def test_101_is_refused_where_no_upgrade_was_requested(self) -> None:
        """An upgrade is never requested, so none can be granted."""
        raw = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"

        with running(lambda _: lambda file: file.write(raw)) as upstream, before(upstream.url) as client:
            assert client.get("/").status_code == 502


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/../tenant2/x",
            "/a/../../tenant2",
            "/%2e%2e/tenant2",
            "/..%2ftenant2",
            "/%252e%252e/tenant2",
            "/..;a=1/tenant2",
            "/a//../../tenant2",
            "/./../tenant2",
            "/..\\tenant2",
            "/..",
        ],
    )
    def test_cannot_leave_the_base_path(self, path: str) -> None:
        """Another tenant of the same host is another tenant."""
        with running(OK) as upstream, guarded(made(("okta", upstream.url + "/tenant1", ""))) as origin:
            got = raw_request(origin, f"GET {path} HTTP/1.1\nHost: x\n\n")

        assert (got.status, is_problem(got), upstream.seen) == (400, True, [])

    @pytest.mark.parametrize("path", ["/a/../b", "/a/%2e%2e/b", "/...", "/a..b/..c", "/%2e%2e%2e"])
    def test_that_stay_below_it_are_passed_on(self, path: str) -> None:
        """Byte for byte."""
        with running(OK) as upstream, guarded(made(("okta", upstream.url + "/tenant1", ""))) as origin:
            raw_request(origin, f"GET {path} HTTP/1.1\nHost: x\n\n")

        assert [seen.target for seen in upstream.seen] == ["/tenant1" + path]


class TestTransferCodings:
    def test_of_a_request_other_than_chunked_are_refused(self) -> None:
        """501 (RFC 9112 section 6.1): the provider would take coded bytes for the body."""
        request = "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: gzip, chunked\n\n3\nabc\n0\n\n"

        with running(OK) as upstream, before(upstream.url) as client:
            got = raw_request(client.base_url, request, "POST")

        assert (got.status, is_problem(got), upstream.seen) == (501, True, [])

    def test_of_a_response_other_than_chunked_are_an_error(self) -> None:
        """The client would take coded bytes for the body."""
        raw = b"HTTP/1.1 200 X\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

        with running(lambda _: lambda file: file.write(raw)) as upstream, before(upstream.url) as client:
            got = client.get("/")

        assert (got.status_code, got.json()["reason"]) == (502, "upstream-error")


class TestNoTraceback:
    @pytest.fixture(autouse=True)
    def records(self, caplog: pytest.LogCaptureFixture) -> Iterator[list[logging.LogRecord]]:
        """What uvicorn and asyncio log."""
        with caplog.at_level(logging.DEBUG, "uvicorn.error"), caplog.at_level(logging.DEBUG, "asyncio"):
            yield caplog.records

    @pytest.mark.parametrize(
        ("request_bytes", "status"),
        [
            (b"GARBAGE\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
            (b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n", 404),
            (b"TRACE /okta HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ],
    )
    def test_a_refusal_is_a_problem_document(
        self, request_bytes: bytes, status: int, records: list[logging.LogRecord]
    ) -> None:
        """Of the server below the app, too."""
        with guarded(made(("okta", "https://org.okta.com", "/okta"))) as origin, connected(origin) as connection:
            connection.sendall(request_bytes)
            got = next_response(connection)

        assert (got.status, is_problem(got)) == (status, True)
        assert [record for record in records if record.exc_info] == []

    def test_an_internal_fault_is_a_problem_document(self, records: list[logging.LogRecord]) -> None:
        """500, without a word of the exception."""
        faulty = made(("okta", "https://org.okta.com", ""), upstream=Failing(ZeroDivisionError("s3cr3t")))

        with guarded(faulty) as origin:
            got = httpx.get(origin + "/", verify=False)

        assert (got.status_code, got.json()["type"], "s3cr3t" in got.text) == (500, "about:blank", False)
        assert [record for record in records if record.exc_info] == []

    def test_a_response_that_breaks_off_leaves_none(self, records: list[logging.LogRecord]) -> None:
        """The connection is cut, and the log says so in one line."""
        raw = b"HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\nhalf"

        breaking = running(lambda _: lambda file: file.write(raw))
        with breaking as upstream, before(upstream.url) as client, pytest.raises(httpx.RemoteProtocolError):
            client.get("/")

        assert [record for record in records if record.exc_info] == []

    def test_an_upgrade_to_a_websocket_logs_no_query(self, caplog: pytest.LogCaptureFixture) -> None:
        """It is answered as the plain request that remains without the upgrade."""
        request = (
            "GET /ws?code=s3cr3t HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: websocket\n"
            "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n"
        )
        with running(OK) as upstream, before(upstream.url) as client, caplog.at_level(logging.DEBUG):
            got = raw_request(client.base_url, request)

        assert got.status == 200
        assert "s3cr3t" not in caplog.text


def test_a_request_to_the_server_itself_is_answered_by_it() -> None:
    """`OPTIONS *`, which a probe may use."""
    with running(OK) as upstream, before(upstream.url) as client:
        got = raw_request(client.base_url, "OPTIONS * HTTP/1.1\nHost: x\n\n", "OPTIONS")

    assert (got.status, upstream.seen) == (204, [])


def test_a_reply_can_be_made_without_a_server() -> None:
    """Refusals do not depend on what a server adds."""
    scope: dict[str, Any] = {"http_version": "2"}

    assert asked(made(("okta", "https://org.okta.com", "/okta")), "/x", **scope).status == 404
