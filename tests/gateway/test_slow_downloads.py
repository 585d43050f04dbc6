"""Clients that do not read their responses: they must not block others."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

from tests.client.upstream import Seen, running
from tests.gateway.support import before
from tests.support.responses import Response, json_response

if TYPE_CHECKING:
    import httpx

LARGE = Response(200, [("Content-Type", "text/plain")], b"x" * 20_000_000)
OK = json_response(200, {"ok": True})


def large_or_small(seen: Seen) -> Response:
    """A response that no buffer holds, or one that every buffer does."""
    return LARGE if seen.target == "/large" else OK


def stalled(origin: httpx.URL) -> socket.socket:
    """A client that has asked for the large response and reads nothing of it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((origin.host, origin.port))
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection


def test_they_lose_their_connections_to_the_provider() -> None:
    """After `write_timeout`; as many of them as there are connections held all for ever."""
    with (
        running(large_or_small) as upstream,
        before(upstream.url, max_connections="4", pool_timeout="5", write_timeout="0.5") as client,
        contextlib.ExitStack() as open_connections,
    ):
        for _ in range(4):
            open_connections.enter_context(stalled(client.base_url))
        time.sleep(0.2)

        assert client.get("/").json() == {"ok": True}


def test_a_slow_reader_gets_all_of_it() -> None:
    """What counts is the time between two parts, not that of the whole response."""
    with running(large_or_small) as upstream, before(upstream.url, write_timeout="0.5") as client:
        received = 0
        with client.stream("GET", "/large") as response:
            for chunk in response.iter_bytes(2_000_000):
                received += len(chunk)
                time.sleep(0.1)

    assert received == 20_000_000
