"""A real Chromium for the tests of pages. They are skipped where it, or Playwright's Python package, is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZES: dict[str, Any] = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}

Axe = Callable[["Page"], list[str]]
NewPage = Callable[..., "Page"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder as slow: a browser takes a second to start."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system.

    Not for the whole session: Playwright's event loop runs on in this thread until it stops, and `asyncio.run` in any
    later test would refuse.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """A function that opens a page: `new_page(scheme="dark", size="phone")`. Script errors fail the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(scheme: Any = "light", size: str = "desktop", **options: Any) -> Page:
        # axe is added to the page as a script, which our content security policy forbids.
        context = browser.new_context(color_scheme=scheme, viewport=SIZES[size], bypass_csp=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def axe() -> Axe:
    """A function that returns the accessibility findings of a page, one line each."""
    package = pytest.importorskip("axe_playwright_python.base")
    source = Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8")

    def run(page: Page) -> list[str]:
        page.evaluate(source)
        report: Any = page.evaluate("axe.run()")
        return [f"{row['id']}: {node['html'][:120]}" for row in report["violations"] for node in row["nodes"]]

    return run
