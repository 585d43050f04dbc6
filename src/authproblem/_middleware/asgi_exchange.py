"""One HTTP response of an ASGI app: buffered, passed on or replaced, message by message.

Nothing is decided here: the `Interception` decides, this module translates its decisions into ASGI messages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request, make_request
from authproblem._middleware.scopes import below

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]  # every framework has its own types for the three

REDIRECT = 300
"""The first status that is looked at: redirects may carry errors."""
START, BODY, TRAILERS = "http.response.start", "http.response.body", "http.response.trailers"


class ResponseBuffer(Interception):
    """The messages of a response that the interceptor looks at.

    Attributes:
        unsent: the start message as long as it was not sent.
    """

    __slots__ = ("_drops_trailers", "_send", "unsent")

    def __init__(self, interceptor: Interceptor, request: Request, start: Message, send: Send) -> None:
        """Begin with the start message, which is not sent yet."""
        super().__init__(interceptor, request, start["status"], start.get("headers", ()))
        self._send = send
        self.unsent: Message | None = {**start, "headers": self.headers}
        self._drops_trailers = False

    def start(self) -> Awaitable[None]:
        """Send the start message at once if nothing is buffered."""
        return _nothing() if self.buffering else self._send_start()

    def send(self, message: Message) -> Awaitable[None]:
        """Handle any later message."""
        if not self.buffering:
            return _nothing() if self._drops_trailers and message["type"] == TRAILERS else self._send(message)
        if message["type"] != BODY or not self.feed(message.get("body", b"")):
            return self._stop_buffering(message)
        return _nothing() if message.get("more_body", False) else self._send_reply(self.finish())

    async def release(self) -> None:
        """Send what is buffered as it came: the app has ended, or sent what cannot be buffered."""
        if self.unsent is None:
            return
        if self.discards:
            await self._send_reply(self.finish())
            return
        self.buffering = False
        await self._send_start()
        if self.body:
            await self._send_body(more=True)

    async def _stop_buffering(self, message: Message) -> None:
        """Pass on pathsend, zerocopysend, trailers, unknown messages, and bodies that are too large."""
        if not self.discards:
            await self.release()
            await self._send(message)

    async def _send_start(self) -> None:
        start, self.unsent = self.unsent, None
        if start is not None:
            await self._send(start)

    async def _send_body(self, *, more: bool) -> None:
        await self._send({"type": BODY, "body": bytes(self.body), "more_body": more})

    async def _send_reply(self, reply: Reply | None) -> None:
        start = self.unsent
        if reply is None or start is None:
            if start is not None:
                start["headers"] = self.headers
            await self._send_start()
            await self._send_body(more=False)
            return
        self.unsent = None
        start["status"], start["headers"] = reply.status, reply.headers
        if "trailers" in start:
            # They described the old body; a start that announces them would make the server wait for them.
            self._drops_trailers = bool(start.pop("trailers"))
        await self._send(start)
        await self._send({"type": BODY, "body": reply.body, "more_body": False})


class RecordingSend:
    """The server's `send`, which records whether the response has started: then no exception can be responded to."""

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
    headers = scope.get("headers", ())
    by_name: dict[bytes, bytes] = dict(headers)
    accept = by_name.get(b"accept")
    if accept is not None and len(by_name) < len(headers):  # it may have several lines
        accept = b",".join([value for name, value in headers if name == b"accept"])
    path = path_of(scope, root) if root else scope.get("path", "")
    shown = None if accept is None else accept.decode("latin-1")
    return make_request((path, scope.get("method", ""), shown, scope, True))


async def _nothing() -> None:
    """Return an awaitable that sends nothing, for a message that is buffered."""
