"""The check at start: who sees the events? Each case in a process of its own, as an app would have it."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from authproblem._middleware import visibility

BUILD = """
from authproblem.asgi import AuthProblemMiddleware
async def app(scope, receive, send): ...
for _ in range(3):
    AuthProblemMiddleware(app, mode="observe")
"""


def start(setup: str = "") -> str:
    """What a process writes that sets its logging up like this and then builds the middleware three times."""
    code = "import logging, structlog\n" + setup + BUILD
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return run.stdout + run.stderr


def test_a_process_without_any_logging_gets_one_warning_with_the_line_that_helps() -> None:
    """As under plain uvicorn: `logging.lastResort` shows it, once, however many middlewares are built."""
    written = start()
    assert written.count("\n") == 1
    assert written.startswith("authproblem.events_not_visible")
    assert "logging.basicConfig(level=logging.INFO)" in written


def test_the_line_of_the_warning_helps() -> None:
    """A process that has it says nothing."""
    assert start("logging.basicConfig(level=logging.INFO)\n") == ""


@contextlib.contextmanager
def bare_logging() -> Iterator[logging.Logger]:
    """The logger of the events and the root logger as Python makes them; afterwards as they were.

    No fixture: pytest adds its own handlers to the root logger when a test begins.
    """
    ours, root = logging.getLogger("authproblem"), logging.getLogger()
    kept = [(each, each.level, each.handlers[:]) for each in (ours, root)]
    for each in (ours, root):
        each.handlers[:] = []
    ours.setLevel(logging.NOTSET)
    root.setLevel(logging.WARNING)
    try:
        yield ours
    finally:
        for each, level, handlers in kept:
            each.setLevel(level)
            each.handlers[:] = handlers


def handler(level: int) -> logging.Handler:
    made = logging.StreamHandler()
    made.setLevel(level)
    return made


def test_a_handler_without_the_level_asks_for_the_level() -> None:
    """As after `logging.basicConfig()`."""
    with bare_logging():
        logging.getLogger().addHandler(handler(logging.NOTSET))
        assert visibility.missing_line() == 'logging.getLogger("authproblem").setLevel(logging.INFO)'


def test_the_level_without_a_handler_asks_for_one() -> None:
    """`logging.lastResort` shows warnings only, whatever the level of the logger."""
    with bare_logging() as logger:
        logger.setLevel(logging.INFO)
        assert visibility.missing_line() == "logging.basicConfig(level=logging.INFO)"


def test_a_handler_that_refuses_the_level_is_named() -> None:
    """The level of a handler counts as well."""
    with bare_logging() as logger:
        logger.setLevel(logging.INFO)
        logging.getLogger().addHandler(handler(logging.ERROR))
        assert visibility.missing_line() == "logging.getLogger().handlers[0].setLevel(logging.INFO)"


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO])
def test_visible_events_need_no_line(level: int) -> None:
    """On the logger's own handler, or on the root logger's."""
    with bare_logging() as logger:
        logger.setLevel(level)
        logger.addHandler(handler(level))
        assert visibility.missing_line() is None


def test_whoever_raises_the_level_has_decided() -> None:
    """This is the line that the warning names for silence."""
    with bare_logging() as logger:
        logger.setLevel(logging.WARNING)
        assert visibility.missing_line() is None


def test_whoever_adds_a_null_handler_has_decided() -> None:
    """The standard library's way of saying that nothing is wanted."""
    with bare_logging() as logger:
        logger.addHandler(logging.NullHandler())
        assert visibility.missing_line() is None


def test_structlog_that_prints_shows_info() -> None:
    """Its own default once it is configured."""
    with bare_logging():
        structlog.configure()
        assert visibility.missing_line() is None


def test_structlog_that_filters_is_named() -> None:
    """A filtering logger drops info before any processor."""
    with bare_logging():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        assert (
            visibility.missing_line()
            == "structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))"
        )


@pytest.mark.parametrize("wrapper", [structlog.stdlib.BoundLogger, structlog.make_filtering_bound_logger(logging.INFO)])
def test_structlog_on_top_of_logging_needs_what_logging_needs(wrapper: type) -> None:
    """The standard library decides, whatever wraps its logger."""
    with bare_logging() as logger:
        structlog.configure(wrapper_class=wrapper, logger_factory=structlog.stdlib.LoggerFactory())
        before = visibility.missing_line()
        logger.setLevel(logging.INFO)
        logger.addHandler(handler(logging.INFO))
        assert (before, visibility.missing_line()) == ("logging.basicConfig(level=logging.INFO)", None)


def test_a_logger_that_needs_an_event_loop_stops_nothing() -> None:
    """`AsyncBoundLogger` cannot be made outside of one."""
    with bare_logging():
        structlog.configure(
            wrapper_class=structlog.stdlib.AsyncBoundLogger, logger_factory=structlog.stdlib.LoggerFactory()
        )
        visibility.warn_if_invisible()
