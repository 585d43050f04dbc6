"""Ports for servers in processes of their own, whose port the test chooses."""

from __future__ import annotations

import contextlib
import random
import socket

FIRST, LAST = 20_000, 32_000
"""Below the ports that systems give to outgoing connections (from 32,768 on at Linux, from 49,152 elsewhere).

A port of those may be free when it is looked at, and be a client's before the server has started.
"""

_returned: set[int] = set()
"""The ports that were returned in this process: a server that is being started does not listen yet."""


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens at, and that was not returned before."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nothing listens at, and that were not returned before."""
    while True:
        first = random.randrange(FIRST, LAST - count)
        ports = range(first, first + count)
        if _returned.isdisjoint(ports) and all(map(_is_free, ports)):
            _returned.update(ports)
            return first


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False
