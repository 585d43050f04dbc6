"""The sockets that the gateway listens on, each open several times."""

from __future__ import annotations

import os
import socket

_DESCRIPTORS = 32
"""How often each socket is open.

libuv (1.52), and with it uvloop, accepts one connection for each descriptor in a turn of the event loop. 256 clients
that connected at once waited for 256 turns: with one descriptor the slowest 1 % waited 2.3 s, with 8 of them 0.6 s,
with 32 less than 0.3 s.
"""


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Return the sockets for a server to listen on.

    Args:
        host: a name or an address; all addresses of a name are used, all of the machine for an empty one.
        port: the port.

    Raises:
        OSError: if an address cannot be used.
    """
    found: list[socket.socket] = []
    addresses = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    try:
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            one = socket.socket(family, kind, protocol)
            found.append(one)
            _bind(one, address)
            if os.name != "nt":  # there no event loop is uvloop's
                found += [one.dup() for _ in range(_DESCRIPTORS - 1)]
    except BaseException:
        for one in found:
            one.close()
        raise
    return found


def _bind(one: socket.socket, address: tuple[str | int, ...] | tuple[int, bytes]) -> None:
    """Bind a socket as asyncio does."""
    if os.name != "nt":  # there it would let two processes share a port
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
