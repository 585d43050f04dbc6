"""What the adapter tests share: real servers, one of each for the whole run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.fleet import Fleet


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Real servers, started when they are first needed."""
    servers = Fleet()
    yield servers
    servers.stop()
