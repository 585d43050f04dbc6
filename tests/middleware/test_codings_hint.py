"""The hint at start about content codings that cannot be decoded. Each case in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import logging, sys
sys.modules.update({missing})  # as if the library were not installed
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
from authproblem.{adapter} import AuthProblemMiddleware
for _ in range(3):
    AuthProblemMiddleware(lambda *arguments: None, {options})
"""


def start(missing: str, options: str, adapter: str = "asgi") -> str:
    """Return what a process writes that builds the middleware three times."""
    code = START.format(missing=missing, options=options, adapter=adapter)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
@pytest.mark.parametrize(
    "options", ["provider='okta'", "providers={'/auth': 'auth0'}", "providers=lambda request: None"]
)
def test_a_scope_and_a_coding_that_cannot_be_decoded_give_one_hint(adapter: str, options: str) -> None:
    """Once a process, with the extra to install and the helper for those who do not."""
    (line,) = start("brotli=None", options, adapter).splitlines()
    assert line.startswith("INFO authproblem.codings_not_readable ")
    for part in ("codings=br", "authproblem[br]", "authproblem.forwarding.accept_encoding"):
        assert part in line


def test_no_hint_without_a_scope() -> None:
    """Sign-in cannot be distinguished from the app's own pages there, so nothing is folded."""
    assert start("brotli=None", "mode='observe'") == ""


def test_no_hint_where_every_coding_can_be_decoded() -> None:
    """The development environment has both extras."""
    assert start("", "provider='okta'") == ""
