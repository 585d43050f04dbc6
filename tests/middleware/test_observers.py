"""The observer of the process: called where one is installed, and never the cause of a failure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authproblem._middleware import observers
from authproblem._middleware.observers import install, observe
from tests.support.events import Events


class Recorder:
    """Keeps the names of what it is called for."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def response(self, *_: object, **__: object) -> None:
        """Keep a response."""
        self.calls.append("response")

    def suppressed(self, _problem: object) -> None:
        """Fail, as an exporter may."""
        raise OSError("the collector is gone")

    def cooldown(self, _problem: object) -> None:
        """Keep a cool-down."""
        self.calls.append("cooldown")

    def refresh(self, outcome: str, *, shared: bool) -> None:
        """Keep a refresh."""
        self.calls.append(f"{outcome} {shared}")

    def duration(self, seconds: float) -> None:
        """Keep a duration."""
        self.calls.append(f"{seconds}")


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """An observer for one test."""
    before, made = observers.observer, Recorder()
    install(made)
    yield made
    install(before)


def test_the_installed_observer_is_called(recorder: Recorder) -> None:
    """Inline, with what happened."""
    observe(lambda observer: observer.refresh("refreshed", shared=False))

    assert recorder.calls == ["refreshed False"]


def test_without_an_observer_nothing_is_called(recorder: Recorder) -> None:
    """`install(None)` removes it."""
    install(None)
    observe(lambda observer: observer.duration(1.0))

    assert recorder.calls == []


def test_a_failing_observer_is_reported_and_costs_nothing(recorder: Recorder, events: Events) -> None:
    """The response is sent all the same; the message of the exception is not written."""
    observe(lambda observer: observer.suppressed(None))  # type: ignore[arg-type]

    assert recorder.calls == []
    assert [(event["event"], event["exception"]) for event in events] == [("authproblem.failed", "OSError")]
