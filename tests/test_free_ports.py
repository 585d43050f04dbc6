"""The ports that tests give to servers: none that a client of another test may get before the server listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ports import FIRST, LAST, free_ports

LINUX = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_port_is_returned_twice() -> None:
    """A server that is being started does not listen yet."""
    ports: list[int] = []
    for count in (1, 2, 1, 3) * 50:
        first = free_ports(count)
        ports += range(first, first + count)

    assert len(set(ports)) == len(ports)
    assert FIRST <= min(ports) <= max(ports) < LAST


@pytest.mark.skipif(not LINUX.exists(), reason="the range is read from Linux")
def test_the_system_gives_none_of_them_to_a_client() -> None:
    """Ports of its range may be taken between the look and the start of the server."""
    first, last = map(int, LINUX.read_text().split())

    assert first >= LAST or last < FIRST
