"""Timeouts of many requests by one timer: nearly all of them are canceled long before they are reached.

With uvloop a timer of its own costs a request about 10,000 instructions, and a request of the gateway needs several.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

PERIOD = 0.05
"""Seconds between two looks at the deadlines: by so much a timeout may be late."""


class Deadline:
    """Something that happens at a time unless it is canceled before."""

    __slots__ = ("_waiting", "arguments", "at", "reached")

    def __init__(
        self, waiting: set[Deadline], at: float, reached: Callable[..., object], arguments: tuple[Any, ...]
    ) -> None:
        """Note what is to happen; made by `Deadlines.add`."""
        self._waiting, self.at, self.reached, self.arguments = waiting, at, reached, arguments

    def cancel(self) -> None:
        """Cancel it; without effect if it has happened."""
        self._waiting.discard(self)


class Deadlines:
    """The deadlines of one event loop. There is no timer while there are none."""

    def __init__(self) -> None:
        """Begin without deadlines; the loop is the one in which the first is added."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[Deadline] = set()
        self._armed = False

    def add(self, seconds: float, reached: Callable[..., object], *arguments: Any) -> Deadline:
        """Call a function when a time has passed.

        Args:
            seconds: how long to wait; up to `PERIOD` more may pass.
            reached: the function.
            *arguments: what it is called with.

        Returns:
            What cancels it.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._waiting, self._armed = loop, set(), False
        deadline = Deadline(self._waiting, time.monotonic() + seconds, reached, arguments)
        self._waiting.add(deadline)
        if not self._armed:
            self._armed = True
            loop.call_later(PERIOD, self._look, loop, self._waiting)
        return deadline

    def _look(self, loop: asyncio.AbstractEventLoop, waiting: set[Deadline]) -> None:
        """Call what is due, and look again later as long as there is anything to wait for."""
        now = time.monotonic()
        try:
            for deadline in [deadline for deadline in waiting if deadline.at <= now]:
                if deadline in waiting:  # none of those before has canceled it
                    waiting.discard(deadline)
                    deadline.reached(*deadline.arguments)
        finally:
            if waiting:
                loop.call_later(PERIOD, self._look, loop, waiting)
            else:
                self._armed = False
