"""The body of a request: passed on chunk by chunk, with a timeout for the client and one for the provider.

What ends an exchange from here (the client has left, it sends too slowly, the provider does not take what is sent) is
reported by `stop`, since it happens in other tasks than the one that waits for the provider.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from authproblem.gateway._deadlines import Deadline, Deadlines
from authproblem.gateway._upstream import UpstreamFailure

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Stop = Callable[[Exception], None]

_LEAST_RATE = 500
"""Bytes a second below which an upload is ended, as `RequestReadTimeout body=20,MinRate=500` of Apache httpd does."""
_WATCH_AFTER = 0.05
"""Seconds after which the client's leaving is watched for: responses that are faster save a task."""


class ClientGoneError(ConnectionError):
    """The client has left before it had its response."""


class SlowClientError(TimeoutError):
    """The client sends its request, or takes its response, too slowly."""


class BodyLimits(NamedTuple):
    """Seconds to wait for the client's first bytes, and for the provider or the client to take the next ones.

    Attributes:
        read: for the client.
        write: for whoever takes what is sent.
        deadlines: where the ends of all waits are noted.
    """

    read: float
    write: float
    deadlines: Deadlines


class RequestBody:
    """The body of one request.

    Attributes:
        complete: whether all of it has arrived.
    """

    def __init__(self, receive: Receive, stop: Stop, limits: BodyLimits, *, empty: bool) -> None:
        """Take over the receiving side of a request.

        Args:
            receive: the server's.
            stop: ends the exchange with an exception.
            limits: how long to wait.
            empty: whether the request has no body.
        """
        self._receive, self._stop, self._limits = receive, stop, limits
        self._add_deadline = limits.deadlines.add
        self._end = time.monotonic() + limits.read
        self._received = 0
        self._first = b""
        self._watcher: asyncio.Task[None] | Deadline | None = None
        self.complete = empty

    async def begin(self) -> None:
        """Wait for the first bytes of a body, so that nothing of the provider is taken for a request that stalls."""
        if self.complete:
            self._watch()
        else:
            self._first = await self._next()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the chunks as they come; time that passes outside is not the client's."""
        chunk = self._first
        self._end = time.monotonic() + self._limits.read
        while True:
            if chunk:
                given = time.monotonic()
                deadline = self._add_deadline(self._limits.write, self._stop, _not_taken())
                try:
                    yield chunk
                finally:
                    deadline.cancel()
                self._end += time.monotonic() - given
            if self.complete:
                return
            chunk = await self._next()

    def close(self) -> None:
        """Stop watching for the client's leaving."""
        watcher, self._watcher = self._watcher, None  # it refers to this object, and so does what it calls
        if watcher is not None:
            watcher.cancel()

    async def _next(self) -> bytes:
        """The next chunk. Each wait has an end, and all of them together: what arrives moves it by what it is worth."""
        left = min(self._limits.read, self._end + self._received / _LEAST_RATE - time.monotonic())
        deadline = self._add_deadline(left, self._stop, SlowClientError())
        try:
            message = await self._receive()
        finally:
            deadline.cancel()
        if message["type"] == "http.disconnect":
            error = ClientGoneError()
            self._stop(error)
            raise error
        chunk: bytes = message.get("body", b"")
        self._received += len(chunk)
        if not message.get("more_body", False):
            self.complete = True
            self._watch()
        return chunk

    def _watch(self) -> None:
        """From now on nobody else receives: soon wait for the client to leave."""
        self._watcher = self._add_deadline(_WATCH_AFTER, self._begin_to_watch)

    def _begin_to_watch(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._wait_for_disconnect())

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._stop(ClientGoneError())


def _not_taken() -> UpstreamFailure:
    return UpstreamFailure("timeout", "the provider does not take the request")
