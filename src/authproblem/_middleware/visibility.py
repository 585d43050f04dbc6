"""Checks, when a middleware is built, whether its events will be visible; if not, warns once a process.

Users' errors are events of level info. Without any logging configuration, Python shows records from warning on
(`logging.lastResort`), so a dry run under plain uvicorn would look as if nothing happened.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any

from authproblem._middleware import events

INVISIBLE = "authproblem.events_not_visible"
"""The event of the warning."""

_LOGGER = "authproblem"
_SHOW_ALL = "logging.basicConfig(level=logging.INFO)"
_SHOW_OURS = 'logging.getLogger("authproblem").setLevel(logging.INFO)'
_SHOW_FILTERED = "structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))"
_LOWER_HANDLER = "logging.getLogger().handlers[0].setLevel(logging.INFO)"
_SILENCE = 'logging.getLogger("authproblem").setLevel(logging.WARNING)'
_MAX_WRAPPERS = 8
"""Loggers of structlog around the one that writes: three at most in its own classes."""

_reported = False


def warn_if_invisible() -> None:
    """Emit one warning a process if info events would not be seen, with the line of code that shows them.

    There is no warning where the logger `authproblem` has a level above info or a `NullHandler`: somebody decided that.
    """
    global _reported  # noqa: PLW0603 - once a process
    line = None
    if not _reported:
        with suppress(Exception):  # a logger that cannot be made now, outside of an event loop, may work later
            line = missing_line()
    if line is not None:
        _reported = True
        events.emit("warning", INVISIBLE, {"level": "info", "show": line, "silence": _SILENCE})


def missing_line() -> str | None:
    """The line of code that would make info events visible; None if they are, or if somebody turned them off."""
    structlog: Any = sys.modules.get("structlog")  # what was never imported cannot be configured
    if structlog is None or not structlog.is_configured():
        return _missing_for(logging.getLogger(_LOGGER))
    logger = _standard_logger(structlog.get_logger(_LOGGER).bind())
    line = None if logger is None else _missing_for(logger)
    return line if line is not None or events.writer("info") is not None or _turned_off(logger) else _SHOW_FILTERED


def _standard_logger(logger: Any) -> logging.Logger | None:
    """Return the standard library's logger below a logger of structlog; None where structlog writes by itself."""
    for _ in range(_MAX_WRAPPERS):
        if logger is None or isinstance(logger, logging.Logger):
            return logger
        logger = getattr(logger, "_logger", None)
    return None


def _turned_off(logger: logging.Logger | None) -> bool:
    if logger is None:
        return False
    return logger.level > logging.INFO or any(isinstance(each, logging.NullHandler) for each in logger.handlers)


def _missing_for(logger: logging.Logger) -> str | None:
    if _turned_off(logger) or logger.manager.disable >= logging.INFO:
        return None
    handlers = [each for each in _handlers(logger) if not isinstance(each, logging.NullHandler)]
    if not handlers:
        return _SHOW_ALL
    if not logger.isEnabledFor(logging.INFO):
        return _SHOW_OURS
    return None if any(each.level <= logging.INFO for each in handlers) else _LOWER_HANDLER


def _handlers(logger: logging.Logger | None) -> list[logging.Handler]:
    """Return the handlers that a record of a logger reaches."""
    found: list[logging.Handler] = []
    while logger is not None:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found
