"""`docs/frameworks.md`: its blocks run, and those for frameworks without an integration handle exceptions."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.failing import SECRET, WRONG_PASSWORD, status_error
from tests.adapters.installed import visit_asgi, visit_wsgi
from tests.adapters.support import assert_problem, is_problem

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Litestar configures the root logger of the process where an app does not ask for anything else."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def run(word: str) -> dict[str, Any]:
    """The names that the block with a word defines."""
    (block,) = [block for block in BLOCKS if word in block]
    names: dict[str, Any] = {}
    exec(compile(block, "docs/frameworks.md", "exec"), names)
    return names


@pytest.mark.parametrize("word", ["install(app, exceptions", "disclosure=", "MIDDLEWARE", "AuthProblemPlugin"])
def test_a_block_runs(word: str) -> None:
    """As it stands."""
    assert run(word)


def test_every_block_is_tested() -> None:
    """By the tests of this file."""
    assert len(BLOCKS) == 6


def test_falcons_handler_responds() -> None:
    """For a provider's exception; any other one stays the app's."""
    names = run("falcon.App()")

    class Page:
        def on_get(self, request: Any, response: Any) -> None:
            raise status_error(WRONG_PASSWORD)

    class Other:
        def on_get(self, request: Any, response: Any) -> None:
            raise status_error(WRONG_PASSWORD, "https://shop.example/")

    names["app"].add_route("/profile", Page())
    names["app"].add_route("/other", Other())
    visit = visit_wsgi(names["application"])
    reply = visit("/profile")
    assert (assert_problem(reply)["reason"], SECRET in repr(reply)) == ("invalid-credentials", False)
    with pytest.raises(Exception, match="403"):
        visit("/other")


def test_blacksheeps_handler_responds() -> None:
    """Likewise."""
    from blacksheep import Router

    (block,) = [block for block in BLOCKS if "blacksheep" in block]
    names: dict[str, Any] = {"Router": Router}
    # A router of its own: the default one is shared by the apps of a process, and other tests have one.
    exec(compile(block.replace("Application()", "Application(router=Router())"), "docs/frameworks.md", "exec"), names)
    app = names["app"]

    async def profile() -> None:
        raise status_error(WRONG_PASSWORD)

    async def mistake() -> None:
        raise ValueError(SECRET)

    app.router.add_get("/profile", profile)
    app.router.add_get("/mistake", mistake)
    asyncio.run(app.start())
    visit = visit_asgi(names["application"])
    assert assert_problem(visit("/profile"))["reason"] == "invalid-credentials"
    response = visit("/mistake")
    assert (response.status, is_problem(response)) == (500, False)
