"""The sockets that the command listens on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from authproblem.gateway._listen import listening_sockets
from tests.support.ports import free_port

CLIENTS = 24


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """The sockets, closed at the end."""
    sockets = listening_sockets(host, port)
    yield sockets
    for one in sockets:
        one.close()


def test_clients_that_connect_at_once_wait_for_few_turns_of_the_event_loop() -> None:
    """With one descriptor, uvloop would accept one of them in each turn."""
    uvloop = pytest.importorskip("uvloop")
    turns, accepted = 0, 0

    class Counting(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            nonlocal accepted
            accepted += 1
            transport.close()

    async def main(sockets: list[socket.socket], port: int) -> None:
        nonlocal turns
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(Counting, sock=one, backlog=CLIENTS) for one in sockets]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(CLIENTS)]
        while accepted < CLIENTS:
            turns += 1
            await asyncio.sleep(0)
        for client in clients:
            client.close()
        for server in servers:
            server.close()

    port = free_port()
    with listening("127.0.0.1", port) as sockets, contextlib.closing(uvloop.new_event_loop()) as loop:
        loop.run_until_complete(asyncio.wait_for(main(sockets, port), 10))

    assert turns <= CLIENTS / 2


def test_a_name_is_listened_to_at_all_of_its_addresses() -> None:
    """As with the event loop's own function."""
    with listening("localhost", free_port()) as sockets:
        found = {one.getsockname()[0] for one in sockets}

    assert found == {info[4][0] for info in socket.getaddrinfo("localhost", None)}


def test_a_port_in_use_is_an_error() -> None:
    """Nothing stays open; a socket that is not closed would be a warning, and warnings are errors."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        listening_sockets("127.0.0.1", taken.getsockname()[1])
