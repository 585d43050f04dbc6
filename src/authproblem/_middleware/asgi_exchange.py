"""One HTTP response of an ASGI app: buffered, passed on or replaced, message by message.

Nothing is decided here: the `Interception` decides, this module translates its decisions into ASGI messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from authproblem._middleware.interception import Interceptor, Reply, Request
from authproblem._middleware.scopes import below

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]  # every framework has types of its own for the three

REDIRECT = 300
"""The first status that is looked at: redirects may carry errors."""
START, BODY, TRAILERS = "http.response.start", "http.response.body", "http.response.trailers"


class ResponseBuffer:
    """The messages of a response that the interceptor looks at."""

    __slots__ = ("_drops_trailers", "_interception", "_send", "_start")

    def __init__(self, interceptor: Interceptor, request: Request, start: Message, send: Send) -> None:
        """Begin with the start message, which is not sent yet."""
        interception = interceptor.begin(request, start["status"], start.get("headers", ()))
        self._interception = interception
        self._send = send
        self._start: Message | None = {**start, "headers": interception.headers}
        self._drops_trailers = False

    def start(self) -> Awaitable[None]:
        """Send the start message at once if nothing is buffered."""
        return _nothing() if self._interception.buffering else self._send_start()

    def send(self, message: Message) -> Awaitable[None]:
        """Handle any later message."""
        interception = self._interception
        if not interception.buffering:
            return _nothing() if self._drops_trailers and message["type"] == TRAILERS else self._send(message)
        if message["type"] != BODY or not interception.feed(message.get("body", b"")):
            return self._stop_buffering(message)
        return _nothing() if message.get("more_body", False) else self._finish(interception.finish())

    async def release(self) -> None:
        """Send what is buffered as it came: the app has ended, or sent what cannot be buffered."""
        if self._start is None:
            return
        if self._interception.discards:
            await self._finish(self._interception.finish())
            return
        self._interception.buffering = False
        await self._send_start()
        if self._interception.body:
            await self._send_body(more=True)

    async def _stop_buffering(self, message: Message) -> None:
        """Pass on pathsend, zerocopysend, trailers, unknown messages, and bodies that are too large."""
        if not self._interception.discards:
            await self.release()
            await self._send(message)

    async def _send_start(self) -> None:
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)

    async def _send_body(self, *, more: bool) -> None:
        await self._send({"type": BODY, "body": bytes(self._interception.body), "more_body": more})

    async def _finish(self, reply: Reply | None) -> None:
        if reply is None:
            await self._send_start()
            await self._send_body(more=False)
            return
        start = {**(self._start or {}), "status": reply.status, "headers": reply.headers}
        # Trailers described the old body; a start that announces them would make the server wait for them.
        self._drops_trailers = bool(start.pop("trailers", False))
        self._start = None
        await self._send(start)
        await self._send({"type": BODY, "body": reply.body, "more_body": False})


class NotingSend:
    """The server's `send`, noting whether the response has started: then it is too late to respond to an exception."""

    __slots__ = ("_send", "started")

    def __init__(self, send: Send) -> None:
        """Wrap a `send`."""
        self._send = send
        self.started = False

    def __call__(self, message: Message) -> Awaitable[None]:
        """Send one message."""
        self.started = self.started or message["type"] == START
        return self._send(message)

    async def reply(self, reply: Reply) -> None:
        """Send a whole response."""
        await self._send({"type": START, "status": reply.status, "headers": reply.headers})
        await self._send({"type": BODY, "body": reply.body, "more_body": False})


def path_of(scope: Scope, root: str) -> str:
    """Return the path below the app that is wrapped (ASGI: `path` includes `root_path`)."""
    path: str = scope.get("path", "")
    return path[len(root) :] or "/" if root and below(path, root) else path


def request_of(scope: Scope, root: str) -> Request:
    """Return what the interceptor reads of a request."""
    lines = [value for name, value in scope.get("headers", ()) if name == b"accept"]
    accept = b",".join(lines).decode("latin-1") if lines else None
    path = path_of(scope, root) if root else scope.get("path", "")
    return Request(path, scope.get("method", ""), accept, scope, binary=True)


async def _nothing() -> None:
    """Return an awaitable that sends nothing, for a message that is buffered."""
