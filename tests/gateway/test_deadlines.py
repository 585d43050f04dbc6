"""Many timeouts by one timer."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from authproblem.gateway._deadlines import PERIOD, Deadlines


def test_deadlines_are_reached_in_time_unless_they_are_canceled() -> None:
    """Not before their time; to cancel one twice does no harm."""
    reached: dict[str, float] = {}

    async def main() -> None:
        deadlines, began = Deadlines(), time.monotonic()

        def note(name: str) -> None:
            reached[name] = time.monotonic() - began

        deadlines.add(0.1, note, "short")
        canceled = deadlines.add(0.1, note, "canceled")
        await asyncio.sleep(PERIOD)
        canceled.cancel()
        canceled.cancel()
        await asyncio.sleep(0.4)

    asyncio.run(main())

    assert list(reached) == ["short"]
    assert reached["short"] >= 0.1


def test_one_that_fails_stops_no_other() -> None:
    """The event loop reports it."""
    reached: list[str] = []
    reported: list[Any] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
        deadlines = Deadlines()
        deadlines.add(0.0, lambda: 1 / 0)
        deadlines.add(0.2, reached.append, "later")
        await asyncio.sleep(0.5)

    asyncio.run(main())

    assert (reached, [type(error) for error in reported]) == (["later"], [ZeroDivisionError])


def test_each_event_loop_has_its_own() -> None:
    """What was not reached when a loop ended is forgotten; the next loop starts anew."""
    reached: list[str] = []
    deadlines = Deadlines()

    async def one(name: str, wait: float) -> None:
        deadlines.add(0.01, reached.append, name)
        await asyncio.sleep(wait)

    asyncio.run(one("first", 0))
    asyncio.run(one("second", 0.2))

    assert reached == ["second"]
