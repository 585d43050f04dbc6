"""Clients that send their request slowly or stop in the middle: they must not block others."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from tests.client.upstream import running
from tests.gateway.support import Failing, before, connected, guarded, is_problem, made, next_response
from tests.support.responses import json_response

OK = json_response(200, {"ok": True})


class TestSlowUploads:
    HALF = b"POST /api/v1/authn HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
    LARGE_HALF = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n" + b"x" * 200_000
    NOTHING = b"POST /api/v1/authn HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"

    @pytest.mark.parametrize("start", [HALF, NOTHING])
    def test_do_not_block_complete_requests(self, start: bytes) -> None:
        """With more half-sent requests than connections, the next complete one gets a response at once."""
        with running(OK) as upstream, before(upstream.url, max_connections="4", pool_timeout="5") as client:
            halves = contextlib.ExitStack()
            for _ in range(6):
                halves.enter_context(connected(client.base_url)).sendall(start)
            began = time.monotonic()
            statuses = [client.get("/").status_code, client.post("/", json={}).status_code]
            halves.close()

        assert statuses == [200, 200]
        assert time.monotonic() - began < 4

    @pytest.mark.parametrize("start", [HALF, NOTHING, LARGE_HALF])
    def test_are_ended(self, start: bytes) -> None:
        """408 after `body_timeout`, and the connection is closed."""
        with (
            running(OK) as upstream,
            before(upstream.url, body_timeout="0.2") as client,
            connected(client.base_url) as connection,
        ):
            connection.sendall(start)
            got = next_response(connection)

        assert (got.status, got.header("connection"), is_problem(got)) == (408, "close", True)

    def test_cannot_be_kept_alive_byte_by_byte(self) -> None:
        """A byte now and then does not move the end of the wait by more than it is worth."""
        with (
            running(OK) as upstream,
            before(upstream.url, body_timeout="0.3") as client,
            connected(client.base_url) as connection,
        ):
            connection.sendall(self.HALF)
            began = time.monotonic()
            with contextlib.suppress(OSError):
                while time.monotonic() - began < 5:
                    connection.sendall(b"x")
                    time.sleep(0.05)
                    connection.settimeout(0.001)
                    with contextlib.suppress(TimeoutError):
                        assert connection.recv(12) == b"HTTP/1.1 408"
                        break

        assert time.monotonic() - began < 3

    def test_that_stall_take_no_connection_of_the_provider(self) -> None:
        """Nothing is sent before the body has begun to arrive."""
        upstream = Failing()
        app = made(("okta", "https://org.okta.com", ""), upstream=upstream, body_timeout="0.2")
        with guarded(app) as origin, connected(origin) as connection:
            connection.sendall(self.NOTHING)
            next_response(connection)

        assert upstream.requests == []

    def test_where_the_provider_stalls_are_its_timeout(self) -> None:
        """504, and not the client's fault."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with before(url, write_timeout="0.3") as client:
                got = client.post("/api/v1/users", content=b"x" * 20_000_000)
                listening.close()  # resets the connection, which was not accepted

        assert (got.status_code, got.json()["reason"]) == (504, "upstream-timeout")
