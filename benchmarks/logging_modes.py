"""The ways in which an app logs the events: off, dropped by a filter, as JSON, as text; to the null device."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import structlog

_LOGGER = logging.getLogger("authproblem")


def off() -> None:
    """Turn events off by the level of the logger, as an app without structlog does."""
    reset()
    _LOGGER.setLevel(logging.CRITICAL + 1)


def text() -> None:
    """Write each event as a line of text by the standard library, as an app without structlog does."""
    reset()
    _LOGGER.addHandler(_handler())
    _LOGGER.setLevel(logging.DEBUG)
    _LOGGER.propagate = False


def filtered() -> None:
    """Let structlog's level filter drop each event."""
    _structured(logging.CRITICAL)


def json() -> None:
    """Write each event as a line of JSON, by the recipe for fast logging of structlog's own documentation."""
    _structured(logging.DEBUG)


MODES: dict[str, Callable[[], None]] = {
    "events off": off,
    "events dropped by a filter": filtered,
    "events as JSON": json,
    "events as text": text,
}


def reset() -> None:
    """Log as a process does without any configuration of logging."""
    structlog.reset_defaults()
    _LOGGER.handlers.clear()
    _LOGGER.propagate = True
    _LOGGER.setLevel(logging.NOTSET)


def _structured(level: int) -> None:
    reset()
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=_sink("wb")),
    )


def _handler() -> logging.Handler:
    handler = logging.StreamHandler(_sink("w"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    return handler


_sinks: dict[str, Any] = {}


def _sink(mode: str) -> Any:
    """Return the null device, opened once for each mode."""
    if mode not in _sinks:
        _sinks[mode] = sink = Path(os.devnull).open(mode)  # noqa: SIM115 - open as long as the process lives
        atexit.register(sink.close)
    return _sinks[mode]
