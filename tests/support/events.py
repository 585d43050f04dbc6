"""Events as a test sees them: `capture` configures structlog like an app that logs everything, and keeps each event."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import structlog

Event = dict[str, Any]
"""The keys of one event, `event` and `log_level` included."""


class Events(list[Event]):
    """All events so far."""

    def only(self) -> Event:
        """The one event there is."""
        assert len(self) == 1, f"{len(self)} events: {self}"
        return self[0]


@contextlib.contextmanager
def capture() -> Iterator[Events]:
    """Keep every event, debug included, as long as the block runs."""
    log = Events()

    def keep(_logger: Any, method: str, event: Any) -> Any:
        log.append({**event, "log_level": method})
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    try:
        yield log
    finally:
        structlog.reset_defaults()
