"""The soak, in short: `make soak` runs it for minutes."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tools import soak

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run there")]


@pytest.mark.parametrize("server", soak.SERVERS)
def test_a_server_under_mixed_load_mixes_nothing_up_and_keeps_nothing(server: str) -> None:
    """Eight seconds; `make soak` runs longer."""
    figures = soak.soak(server, seconds=8)
    assert figures.failures() == []
    assert set(figures.counts) == set(soak.TRAFFIC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 8},
        {"headers": {"x-number": "8", "set-cookie": "number=8"}},
        {"body": b'{"reason": "invalid-credentials", "errorId": "oae8", "status": 401}'},
        {"status": 500},
    ],
)
def test_the_soak_notices_a_response_that_is_another_ones(wrong: dict[str, object]) -> None:
    """A test of the soak itself."""
    headers = {"x-number": "7", "set-cookie": "number=7"}
    body = b'{"reason": "invalid-credentials", "errorId": "oae%022d", "status": 401}' % 7
    right = {"path": "/error", "number": 7, "status": 401, "headers": headers, "body": body}
    assert soak.fault_in(**right) == ""  # type: ignore[arg-type]
    assert soak.fault_in(**{**right, **wrong}) != ""  # type: ignore[arg-type]


def test_the_soak_notices_growth_and_open_descriptors() -> None:
    """A test of the soak itself."""
    calm = soak.Figures("x", 1.0, Counter(), [], (10_000, 50_000, 51_000), (10, 30, 11))
    assert calm.failures() == []
    assert len(calm._replace(memory=(10_000, 50_000, 60_000)).failures()) == 1
    assert len(calm._replace(descriptors=(10, 30, 13)).failures()) == 1
