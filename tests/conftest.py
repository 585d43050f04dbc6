"""What every test shares: a clean event log, and how thorough hypothesis is. No fixture here hides behavior."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from authproblem import Registry
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
def _visible_events() -> None:
    """The warning that nobody sees the events has been given: it comes once a process, in whichever test is first."""
    _visibility._reported = True


@pytest.fixture
def events() -> Iterator[Events]:
    """The events of the test, at every level, through the app's structlog."""
    with capture() as log:
        yield log


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The registry that comes with the package."""
    return Registry.builtin()
