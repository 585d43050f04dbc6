"""Structured events: how one event is written to the app's own logging. The only module that uses structlog.

The logger is resolved for each event, once: one that is bound at import or in `__init__` would miss the app's later
`structlog.configure()`. Values are registry constants, codes of a fixed form and cleaned request data: never tokens,
never raw texts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, lru_cache, partial
from operator import is_
from typing import Any

from authproblem._middleware.redact import printable

NORMALIZED = "authproblem.normalized"
UNCLASSIFIED = "authproblem.unclassified"
PASSED = "authproblem.passed"
SUPPRESSED = "authproblem.suppressed"
FAILED = "authproblem.failed"

_LOGGER = "authproblem"
_NUMBERS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_GUARDS = ("is_enabled_for", "isEnabledFor")
"""Methods of structlog's bound loggers that return whether a level is let through."""
_MAX_CLASSES = 16
"""Classes of bound loggers that are cached; an app has one."""
_MAX_FAULTS = 64
_faults: set[tuple[str, str]] = set()
"""The failures that were reported, so that each is reported once a process; bounded by `_MAX_FAULTS`."""

Write = Callable[[str, "dict[str, Any]"], None]
"""Writes an event of a level that was chosen: its name and its keys."""


def prepare() -> None:
    """Import what the first event of a process needs."""
    _plain()


def writer(level: str) -> Write | None:
    """Return what writes an event of a level; None if the app's logging drops it, so that none of it is made.

    Args:
        level: `debug`, `info`, `warning` or `error`.
    """
    number = _NUMBERS[level]
    structlog: Any = sys.modules.get("structlog")  # what was never imported cannot be configured
    try:
        if structlog is None or not structlog.is_configured():
            plain = _plain()
            return partial(_write_record, plain, number) if plain.isEnabledFor(number) else None
        log = _bound_logger(structlog)
        kind: Any = type(log)
        if _is_asynchronous(kind):  # nothing here can await it
            log = log.sync_bl
        guard = _guard_of(kind)
        if guard is not None and not getattr(log, guard)(number):
            return None
        return partial(_write_event, getattr(log, level))
    except Exception as error:  # noqa: BLE001 - whatever the app's logging raises, the response is sent
        report_fault(error, "a logger could not be made", to_stderr=True)
        return None


_bound: tuple[tuple[object, ...], Any] | None = None
"""The app's configuration of structlog at the last event, and the logger that was made by it."""


def _bound_logger(structlog: Any) -> Any:
    """Return a logger by the configuration of this moment.

    With `cache_logger_on_first_use=True`, one logger serves until the app configures another.
    """
    global _bound  # noqa: PLW0603 - as long as the configuration, which is the process's, too
    config = structlog.get_config()
    if not config["cache_logger_on_first_use"]:
        return structlog.get_logger(_LOGGER).bind()
    made_by, last = tuple(config.values()), _bound
    if last is not None and all(map(is_, made_by, last[0])):
        return last[1]
    log = structlog.get_logger(_LOGGER).bind()
    _bound = made_by, log
    return log


@lru_cache(maxsize=_MAX_CLASSES)
def _is_asynchronous(kind: type) -> bool:
    """Whether a class of bound loggers is asynchronous."""
    return hasattr(kind, "sync_bl")


@lru_cache(maxsize=_MAX_CLASSES)
def _guard_of(kind: type) -> str | None:
    """Return the guard of a class of bound loggers: the generic one passes any name on to what its objects wrap."""
    return next((name for name in _GUARDS if hasattr(kind, name)), None)


def emit(level: str, event: str, keys: Mapping[str, Any]) -> None:
    """Write one event, if the app's logging lets it through."""
    write = writer(level)
    if write is not None:
        write(event, dict(keys))


def report_fault(error: BaseException, what: str, *, to_stderr: bool = False) -> None:
    """Report a failure of this package or of a callable of the app, once for each place; its message is never written.

    Args:
        error: what was raised.
        what: what did not work, a constant sentence.
        to_stderr: whether the app's logging is what failed, so that it cannot be used.
    """
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else "?"
    key = (type(error).__name__, place)
    if key in _faults or len(_faults) >= _MAX_FAULTS:
        return
    _faults.add(key)
    if to_stderr:
        with suppress(Exception):  # a full disk: nothing is left to write to
            sys.stderr.write(f"{FAILED}: {what}: {printable(key[0])} at {printable(place)}\n")
    else:
        emit("error", FAILED, {"what": what, "exception": key[0], "stack": Frames([place])})


class Frames(list[str]):
    """The frames of a traceback, outermost first, each as `file:line function`.

    A list for those who log JSON, and printable by structlog's ConsoleRenderer, which expects `stack` to be a string.
    """

    def __radd__(self, before: str) -> str:
        """Return the frames as lines, after a text."""
        return before + "\n".join(self)


class InlineName(str):
    """The class of an exception in an event of one line.

    ConsoleRenderer takes every `exception` for a traceback and begins a new line with it.
    """

    __slots__ = ()

    def __radd__(self, before: str) -> str:
        """Return the name as a key and value, after a text."""
        return f"{before.rstrip()} exception={self!s}"


@cache
def _plain() -> Any:
    """Return the standard library's logger.

    An import statement or a look-up by name costs more than the level guard; `logging` returns the same object for a
    name as long as the process lives.
    """
    import logging

    return logging.getLogger(_LOGGER)


def _write_event(method: Callable[..., object], event: str, keys: dict[str, Any]) -> None:
    try:
        method(event, **keys)
    except Exception as error:  # noqa: BLE001 - whatever the app's logging raises, the response is sent
        report_fault(error, "an event could not be written", to_stderr=True)


def _write_record(logger: Any, number: int, event: str, keys: dict[str, Any]) -> None:
    """Write an event to the standard library: readable as text, and every key an attribute of the record."""
    text = " ".join([event, *(f"{key}={_quoted(value)}" for key, value in keys.items() if value is not None)])
    try:
        logger.log(number, "%s", text, extra=keys)
    except Exception as error:  # noqa: BLE001 - whatever the app's logging raises, the response is sent
        report_fault(error, "an event could not be written", to_stderr=True)


_UNQUOTED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+-")


def _quoted(value: object) -> str:
    """Return a value as text that cannot be mistaken for further pairs."""
    text = str(value)
    if text and _UNQUOTED.issuperset(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
