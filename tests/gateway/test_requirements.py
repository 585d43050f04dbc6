"""What the gateway needs: the extra `gateway`, and neither httpx nor httpx2."""

from __future__ import annotations

import sys

import httpx
import pytest

from tests.gateway.processes import COMMAND, process, provider
from tests.support.ports import free_port

ALL = ("httpx", "httpx2", "httpcore", "httpcore2")
"""Both libraries and what they are built on."""


@pytest.mark.parametrize(
    "installed",
    [
        pytest.param((), id="neither"),
        pytest.param(("httpx", "httpcore"), id="httpx", marks=pytest.mark.slow),
        pytest.param(("httpx2", "httpcore2"), id="httpx2", marks=pytest.mark.slow),
    ],
)
def test_runs_with_either_of_the_httpx_libraries_and_with_neither(installed: tuple[str, ...]) -> None:
    """It passes responses on, and answers errors with problems, where the other modules cannot be imported."""
    blocked = dict.fromkeys(set(ALL) - set(installed))
    code = f"import sys; sys.modules.update({blocked!r}); {COMMAND}"
    upstream, port = free_port(), free_port()
    arguments = ("--okta", f"http://127.0.0.1:{upstream}", "--port", str(port))

    with provider(upstream), process(sys.executable, "-c", code, *arguments, port=port):
        echo, denied = (httpx.get(f"http://127.0.0.1:{port}{path}") for path in ("/echo", "/denied"))

    assert echo.json() == {"echo": "/echo"}
    assert (denied.status_code, denied.json()["reason"]) == (401, "invalid-credentials")
