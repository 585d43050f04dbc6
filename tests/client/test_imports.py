"""The httpx adapter needs one of the two libraries, whichever is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("present", "absent"), [("httpx", "httpx2"), ("httpx2", "httpx")])
def test_the_adapter_is_imported_with_one_library_alone(present: str, absent: str) -> None:
    """An environment of `mcp` has httpx2 alone, and one of last year httpx alone."""
    code = (
        f"import sys; sys.modules[{absent!r}] = None\n"
        f"import authproblem.httpx as adapter, {present} as library\n"
        "library.Client(transport=adapter.ProblemTransport()).close()\n"
        "print(issubclass(adapter.ProblemTransport, library.BaseTransport))"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert ran.stdout.strip() == "True", ran.stderr
