"""What fails on the way becomes a problem with the right status and an honest hint: no 500, no half of an answer."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import Any

import httpx
import pytest

from tests.client import samples
from tests.client.served import served
from tests.client.upstream import running
from tests.gateway.support import Failing, Waiting, asked, before, connected, leaving, made
from tests.support.events import Events
from tests.support.responses import Response, json_response
from tests.support.wire import schema_faults, twin_faults

URL = "https://org.okta.com"
UNSENT, SENT = "2", None


def failing(*errors: Exception, method: str = "GET", path: str = "/api/v1/users", **scope: Any) -> Response:
    """The answer where the transport raises these errors one after the other."""
    return asked(made(("okta", URL, ""), transport=Failing(*errors)), path, method, **scope)


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("error", "status", "reason", "wait"),
        [
            (httpx.ConnectError("refused"), 502, "upstream-unreachable", "2"),
            (httpx.ConnectTimeout("slow"), 502, "upstream-unreachable", "2"),
            (httpx.PoolTimeout("full"), 503, "upstream-unavailable", "1"),
            (httpx.ReadTimeout("slow"), 504, "upstream-timeout", None),
            (httpx.WriteTimeout("slow"), 504, "upstream-timeout", None),
            (httpx.LocalProtocolError("odd"), 400, "invalid-request", None),
            (httpx.ProxyError("odd"), 502, "upstream-error", None),
        ],
    )
    def test_becomes_a_problem(self, error: Exception, status: int, reason: str, wait: str | None) -> None:
        """`Retry-After` only where nothing has been sent."""
        response = failing(error)

        assert (response.status, response.header("auth-problem")) == (status, reason)
        assert response.header("retry-after") == wait

    @pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.PoolTimeout("x")])
    def test_is_told_in_the_wire_format(self, error: Exception) -> None:
        """Document, header twin and status say the same; no word of the exception is in it."""
        response = failing(error)
        document = response.document()

        assert schema_faults(document) == []
        assert twin_faults(response, document) == []
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
    def test_says_whether_a_program_may_repeat(self, method: str, path: str, expected: str) -> None:
        """Nothing was sent; with credentials at stake, a person decides all the same."""
        response = failing(httpx.ConnectError("refused"), method=method, path=path)

        assert response.header("auth-problem-retry") == expected

    def test_is_told_to_the_operator(self, events: Events) -> None:
        """With the exception's class, and without its message."""
        failing(httpx.ReadTimeout("10.0.0.1 s3cr3t"))

        event = events.only()
        assert (event["event"], event["problem"], event["exception"], event["log_level"]) == (
            "authproblem.normalized",
            "upstream-timeout",
            "ReadTimeout",
            "error",
        )
        assert "s3cr3t" not in str(event)

    def test_asks_for_json_get_json(self) -> None:
        """As for the provider's own errors."""
        response = failing(httpx.ConnectError("x"), headers=[("accept", "application/json")])

        assert response.header("content-type") == "application/json"

    def test_to_head_has_no_body(self) -> None:
        """The headers tell it."""
        response = failing(httpx.ConnectError("x"), method="HEAD")

        assert (response.status, response.body, response.header("auth-problem")) == (502, b"", "upstream-unreachable")


class TestOnTheWire:
    def test_a_port_where_nobody_listens(self) -> None:
        """502 at once, and the way back is told."""
        with before(f"http://127.0.0.1:{closed_port()}") as client:
            got = client.get("/api/v1/users")

        assert (got.status_code, got.json()["reason"], got.headers["retry-after"]) == (502, "upstream-unreachable", "2")

    def test_a_provider_that_does_not_answer_in_time(self) -> None:
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

    @pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-x\r\n"])
    def test_a_provider_that_speaks_something_else(self, said: bytes) -> None:
        """502 for whatever is no HTTP."""
        with running(lambda _: lambda file: file.write(said)) as upstream, before(upstream.url) as client:
            got = client.post("/api/v1/users", json={})

        assert (got.status_code, got.json()["reason"]) == (502, "upstream-error")

    @pytest.mark.parametrize("framing", ["Content-Length: 500", "Transfer-Encoding: chunked"])
    def test_an_error_that_breaks_off_while_it_is_held(self, framing: str) -> None:
        """Nothing has been sent to the client yet: it gets a problem, not a 500 and not half of it."""
        start = f"HTTP/1.1 401 X\r\nContent-Type: application/json\r\n{framing}\r\n\r\n".encode()
        part = b'1a\r\n{"errorCode": "E0000004", ' if "chunked" in framing else b'{"errorCode": "E0000004", '

        with running(lambda _: lambda file: file.write(start + part)) as upstream, before(upstream.url) as client:
            got = client.get("/api/v1/users")

        assert (got.status_code, got.json()["reason"]) == (502, "upstream-error")

    @pytest.mark.parametrize("framing", ["Content-Length: 500", "Transfer-Encoding: chunked"])
    def test_an_answer_that_breaks_off_under_way(self, framing: str) -> None:
        """The client can tell that it is not whole."""
        start = f"HTTP/1.1 200 X\r\n{framing}\r\n\r\n".encode()
        part = b"4\r\nhalf\r\n" if "chunked" in framing else b"half"

        breaking = running(lambda _: lambda file: file.write(start + part))
        with breaking as upstream, before(upstream.url) as client, pytest.raises(httpx.RemoteProtocolError):
            client.get("/")

    def test_all_connections_in_use(self) -> None:
        """503, and the way back is told: the request never left."""
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

    def test_a_client_that_says_what_http_cannot(self) -> None:
        """Servers let through what the provider must not get; it is the client's fault, and told so."""
        with running(samples.TOKEN) as upstream:
            response = asked(made(("okta", upstream.url, "")), headers=[("x-own", "a\r\nb: c")])

        assert (response.status, response.header("auth-problem-owner"), upstream.seen) == (400, "client", [])


class TestDeadConnections:
    """An idle connection that the provider has closed in the very moment in which it is used."""

    BROKEN = (
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
    )

    @pytest.mark.parametrize("error", BROKEN)
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_a_request_that_may_be_repeated_is(self, error: Exception, method: str) -> None:
        """RFC 9110 section 9.2.2."""
        assert failing(error, method=method).status == 200

    @pytest.mark.parametrize("error", BROKEN)
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    def test_no_other_is(self, error: Exception, method: str) -> None:
        """It may have been carried out."""
        assert failing(error, method=method).status == 502

    def test_it_is_repeated_once(self) -> None:
        """Not for ever."""
        assert failing(*self.BROKEN).status == 502

    def test_one_with_a_body_is_not(self) -> None:
        """A body is read once."""
        assert failing(self.BROKEN[0], headers=[("content-length", "2")]).status == 502

    def test_on_the_wire_it_costs_no_request(self) -> None:
        """The provider hangs up after each answer without a word; every request is answered."""
        connections: list[Any] = []

        def listen(listening: socket.socket) -> None:
            for _ in range(6):
                connection, _ = listening.accept()
                connections.append(connection)
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")
                connection.close()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=listen, args=(listening,), daemon=True)
            thread.start()
            with before(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                statuses = [client.request(method, "/").status_code for method in ("GET", "POST") * 3]
            thread.join(10)

        assert statuses == [200] * 6


class TestClientsThatLeave:
    def test_before_the_answer_stop_the_request(self) -> None:
        """Nothing is asked for nobody."""
        transport = Waiting()
        app = made(("okta", URL, ""), transport=transport)

        sent = leaving(app, [{"type": "http.request", "body": b"", "more_body": False}])

        assert (transport.stopped, sent) == (True, [])

    def test_in_the_middle_of_their_body_stop_it_too(self) -> None:
        """The provider does not take half a body for a whole one."""
        closed, arrived = threading.Event(), threading.Event()
        bodies: list[bytes] = []

        def listen(listening: socket.socket) -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as file, contextlib.suppress(ConnectionError):
                while file.readline().strip():
                    pass
                bodies.append(file.read(4))
                arrived.set()
                bodies.append(file.read())
            closed.set()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=listen, args=(listening,), daemon=True)
            thread.start()
            with before(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                with connected(client.base_url) as connection:
                    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
                    assert arrived.wait(10)
                assert closed.wait(10)
            thread.join(10)

        assert bodies == [b"half", b""]

    def test_during_the_answer_stop_the_stream(self) -> None:
        """A stream without end does not go on for nobody."""
        stopped = threading.Event()

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n")
            try:
                while True:  # until the gateway hangs up
                    file.write(b"data: " + b"x" * 10_000 + b"\n\n")
                    file.flush()
            except ConnectionError:
                stopped.set()

        with running(lambda _: speak) as upstream, before(upstream.url) as client:
            with client.stream("GET", "/events") as got:
                next(got.iter_raw())
            assert stopped.wait(10)

    def test_cost_the_pool_nothing(self) -> None:
        """One connection; after ten clients that left in the middle it serves the eleventh."""
        answers = iter([True] * 10 + [False])

        def stream(file: Any) -> None:
            file.write(b"HTTP/1.1 200 X\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while True:
                    file.write(b"x" * 10_000)

        def answer(_: Any) -> Any:
            return stream if next(answers) else json_response(200, {"ok": True})

        with running(answer) as upstream, before(upstream.url, max_connections="1", pool_timeout="10") as client:
            for _ in range(10):
                with client.stream("GET", "/") as got:
                    next(got.iter_raw())
            assert client.get("/").json() == {"ok": True}


class TestFaultsOfOurOwn:
    def test_cost_no_client_its_answer(self) -> None:
        """A callback of the operator that raises, on every error."""

        def explode(_: object) -> None:
            raise ZeroDivisionError

        with running(samples.DENIED) as upstream:
            gateway = made(("okta", upstream.url, ""))
            for lane in gateway._lanes:
                gate = lane.reader._interceptors["okta"]
                gate.options = gate.options._replace(on_problem=explode)
            with served(gateway) as origin, httpx.Client(base_url=origin, verify=False) as client:
                got = client.get("/api/v1/users")

        assert (got.status_code, got.json()["reason"]) == (401, "invalid-credentials")

    def test_a_store_that_gives_nonsense_lets_the_request_through(self) -> None:
        """A shared store may hold what another release wrote."""

        class Store:
            def look(self, key: str) -> tuple[float, bytes]:
                return 30.0, json.dumps({"from": "the future"}).encode()

            def hold(self, key: str, seconds: float, document: bytes) -> None:
                """Nothing is kept."""

        app = made(("okta", URL, ""), transport=Failing(), cooldown_store=Store())

        assert asked(app).status == 200

    def test_a_store_that_fails_costs_nothing(self) -> None:
        """Neither looking up nor keeping: the provider's answer is what counts."""

        class Store:
            def look(self, key: str) -> tuple[float, bytes]:
                raise TimeoutError

            def hold(self, key: str, seconds: float, document: bytes) -> None:
                raise TimeoutError

        with running(samples.LIMITED) as upstream:
            response = asked(made(("okta", upstream.url, ""), cooldown_store=Store()), "/api/v1/users")

        assert (response.status, response.header("auth-problem")) == (429, "rate-limited")
