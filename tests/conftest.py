"""What every test shares: a clean event log, and how thorough hypothesis is. No fixture here hides behavior."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from authproblem import Registry
from authproblem._middleware import codings_hint as _codings_hint
from authproblem._middleware import events as _events
from authproblem._middleware import visibility as _visibility
from tests.support.events import Events, capture

settings.register_profile("default", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _clean_logging() -> Iterator[None]:
    """No test sees the structlog configuration, or the reported faults, of another."""
    structlog.reset_defaults()
    _events._faults.clear()
    yield
    structlog.reset_defaults()
    _events._faults.clear()


@pytest.fixture(autouse=True, scope="session")
def _hints_given() -> None:
    """The hints at start have been given: each comes once a process, in whichever test is first."""
    _visibility._reported = _codings_hint._reported = True


@pytest.fixture
def events() -> Iterator[Events]:
    """The events of the test, at every level, through the app's structlog."""
    with capture() as log:
        yield log


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The registry that comes with the package."""
    return Registry.builtin()


def pytest_collection_finish() -> None:
    """Leave what collection made out of garbage collections: tests that call `gc.collect` take a tenth of the time."""
    gc.collect()
    gc.freeze()


_PASSING = re.compile(r"(\d+) passing")
_cases: dict[str, int] = {}
"""How many cases each property test ran, by its node ID."""


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Note how many cases a property test ran; hypothesis leaves its statistics, as text, on the item.

    As a property of the report, since reports are what comes back from the processes of a parallel run.
    """
    if passing := _PASSING.findall(getattr(item, "hypothesis_statistics", "")):
        item.user_properties.append(("cases", sum(map(int, passing))))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the cases of a test that has ended."""
    cases = dict(report.user_properties).get("cases")
    if report.when == "teardown" and isinstance(cases, int):
        _cases[report.nodeid] = cases


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show how many cases the property tests ran."""
    total = sum(_cases.values())
    if total:
        terminalreporter.write_line(f"property tests: {total:,} cases in {len(_cases):,} tests")
