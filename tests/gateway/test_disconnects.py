"""Connections that end: those of clients before they have their response, and kept ones to the provider."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import anyio
import pytest

from authproblem.gateway import Record
from authproblem.gateway._upstream import UpstreamFailure
from tests.client.upstream import running
from tests.gateway.support import Failing, Waiting, before, connected, failing, leaving, made
from tests.support.asgi_server import AsgiServer, http_scope
from tests.support.responses import json_response

URL = "https://org.okta.com"
UNREACHABLE = UpstreamFailure("unreachable", "connection refused", "ClientConnectorError")
EXHAUSTED = UpstreamFailure("exhausted", "no connection was free for 10 s")
TIMEOUT = UpstreamFailure("timeout", "no bytes in time", "SocketTimeoutError")
UNSENT, SENT = "2", None


class TestDeadConnections:
    """A kept connection that the provider closes at the moment in which it is used."""

    BROKEN = (
        UpstreamFailure("closed", "the connection was closed before the response", "ServerDisconnectedError"),
        UpstreamFailure("closed", "connection reset by peer", "ClientOSError"),
    )

    @pytest.mark.parametrize("error", BROKEN)
    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
    def test_repeat_a_request_that_may_be_repeated(self, error: Exception, method: str) -> None:
        """RFC 9110 section 9.2.2."""
        assert failing(error, method=method).status == 200

    @pytest.mark.parametrize("error", BROKEN)
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    def test_repeat_no_other(self, error: Exception, method: str) -> None:
        """It may have been carried out."""
        assert failing(error, method=method).status == 502

    def test_repeat_a_request_once(self) -> None:
        """The second failure is returned."""
        assert failing(*self.BROKEN, self.BROKEN[0]).status == 502

    def test_repeat_no_request_with_a_body(self) -> None:
        """Its body has been read."""
        assert failing(self.BROKEN[0], headers=[("content-length", "2")]).status == 502

    def test_cost_no_request(self) -> None:
        """The provider closes each connection without notice; every request is answered."""
        closed = threading.Semaphore(0)

        def listen(listening: socket.socket) -> None:
            for _ in range(6):
                with listening.accept()[0] as connection:
                    connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")
                closed.release()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=listen, args=(listening,), daemon=True)
            thread.start()
            statuses = []
            with before(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                for method in ("GET", "POST") * 3:
                    statuses.append(client.request(method, "/").status_code)
                    assert closed.acquire(timeout=10)
                    client.request("TRACE", "/")  # answered by the gateway, which then knows of the end, too
            thread.join(10)

        assert statuses == [200] * 6


class TestClientsThatDisconnect:
    def test_are_not_watched_for_during_a_fast_response(self) -> None:
        """Nothing but the request is received, so that no task is made for it."""
        received: list[str] = []

        async def receive() -> dict[str, Any]:
            received.append("message")
            await anyio.sleep_forever()
            raise AssertionError

        async def main() -> list[dict[str, Any]]:
            server = AsgiServer("GET")
            with anyio.fail_after(10):
                await made(("okta", URL, ""), upstream=Failing())(http_scope(), receive, server.send)
            return server.messages

        assert (anyio.run(main)[0]["status"], received) == (200, [])

    def test_before_the_response_stop_the_request(self) -> None:
        """Nobody is waiting for the response."""
        client = Waiting()
        app = made(("okta", URL, ""), upstream=client)

        sent = leaving(app, [{"type": "http.request", "body": b"", "more_body": False}])

        assert (client.stopped, sent) == (True, [])

    def test_are_logged_as_such(self) -> None:
        """Without a status, and not as a failure of the provider."""
        finished: list[Record] = []
        app = made(("okta", "https://org.okta.com", ""), upstream=Waiting(), on_finished=finished.append)

        leaving(app, [{"type": "http.request", "body": b"", "more_body": False}])

        record = finished[0]
        assert (record.status, record.failure, record.cut) == (0, "the client disconnected", False)

    def test_during_their_body_stop_the_request(self) -> None:
        """The provider sees that the body is incomplete."""
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

    def test_during_the_response_stop_the_stream(self) -> None:
        """An endless stream ends with its client."""
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

    def test_leave_their_connection_to_others(self) -> None:
        """One connection; after ten clients that left in the middle it serves the eleventh."""
        responses = iter([True] * 10 + [False])

        def stream(file: Any) -> None:
            file.write(b"HTTP/1.1 200 X\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while True:
                    file.write(b"x" * 10_000)

        def respond(_: Any) -> Any:
            return stream if next(responses) else json_response(200, {"ok": True})

        with running(respond) as upstream, before(upstream.url, max_connections="1", pool_timeout="10") as client:
            for _ in range(10):
                with client.stream("GET", "/") as got:
                    next(got.iter_raw())
            assert client.get("/").json() == {"ok": True}
