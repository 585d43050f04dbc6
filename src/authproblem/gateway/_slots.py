"""How many requests may be with the providers at the same time, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from authproblem.gateway._upstream import UpstreamFailure


class Slots:
    """A bound on connections, and a lower one on those whose request is still being uploaded.

    At most half of the connections wait for clients that have sent only a part of their body. Clients that stop in
    the middle of an upload can therefore block other uploads until `body_timeout` ends them, but no complete request.
    """

    def __init__(self, size: int, timeout: float) -> None:
        """Make the bound.

        Args:
            size: connections at the same time.
            timeout: seconds to wait for one.
        """
        self._timeout = timeout
        self._all = asyncio.Semaphore(size)
        self._uploads = asyncio.Semaphore(max(1, size // 2))

    async def acquire(self, *, uploading: bool) -> Callable[[], None]:
        """Wait for a slot.

        Args:
            uploading: whether a part of the request has yet to arrive.

        Returns:
            What gives the slot back; to be called once or more often.

        Raises:
            UpstreamFailure: `exhausted`, if none is free in time.
        """
        taken = [self._uploads, self._all] if uploading else [self._all]
        held: list[asyncio.Semaphore] = []

        def release() -> None:
            """Give back what was taken."""
            while held:
                held.pop().release()

        try:
            for semaphore in taken:
                if semaphore.locked():
                    await asyncio.wait_for(semaphore.acquire(), self._timeout)
                else:
                    await semaphore.acquire()
                held.append(semaphore)
        except asyncio.TimeoutError:
            release()
            raise UpstreamFailure("exhausted", f"no connection was free for {self._timeout:g} s") from None
        except BaseException:
            release()
            raise
        return release
