"""An ASGI server that records everything and minds the order of messages, and apps to put before it.

Lenient where `tests.support.asgi_server` is strict (any bytes-like chunk, any message), for a middleware meets broken
apps as well. No assert on what the library does belongs here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from tests.support.asgi_server import http_scope
from tests.support.responses import Response

LIMIT = 10
"""Seconds that any wait may take."""

START, BODY, TRAILERS = "http.response.start", "http.response.body", "http.response.trailers"


def raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Header pairs as ASGI has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def start(response: Response, **more: Any) -> dict[str, Any]:
    """The start message of a response."""
    return {"type": START, "status": response.status, "headers": raw(response.headers), **more}


def body(chunk: Any, *, more: bool = False) -> dict[str, Any]:
    """A body message."""
    return {"type": BODY, "body": chunk, "more_body": more}


class Connection:
    """The server's end of one ASGI connection: keeps every message and minds their order.

    Attributes:
        messages: what was sent, header iterables read once, as a server does.
        faults: breaches of the order that ASGI prescribes.
        refused: messages that came after the client had gone.
    """

    def __init__(self, *, gone_after: int | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.refused = 0
        self._gone_after = gone_after
        self._expects = START
        self._trailers = self._requested = False
        self._seen: dict[int, asyncio.Event] = {}
        self._over: asyncio.Event | None = None

    @property
    def complete(self) -> bool:
        """Whether the client has the whole response."""
        return self._expects == "nothing"

    @property
    def types(self) -> list[str]:
        """The types of the messages, without their common beginning."""
        return [message["type"].rpartition(".")[2] for message in self.messages]

    async def receive(self) -> dict[str, Any]:
        """An empty request; then, when the response is complete, the end of the connection."""
        if self._requested:
            self._over = self._over or asyncio.Event()
            if self.complete:
                self._over.set()
            await self._over.wait()
            return {"type": "http.disconnect"}
        self._requested = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Any) -> None:
        """Take one message; raises once the client has gone, as servers do (ASGI, `OSError`)."""
        if self._gone_after is not None and len(self.messages) >= self._gone_after:
            self.refused += 1
            raise OSError("the client has gone")
        kept = dict(message)
        if "headers" in kept:
            kept["headers"] = [tuple(pair) for pair in kept["headers"]]
        if isinstance(kept.get("body"), (bytearray, memoryview)):
            kept["body"] = bytes(kept["body"])
        self._check(kept)
        self.messages.append(kept)
        if self.complete and self._over is not None:
            self._over.set()
        for count, event in self._seen.items():
            if len(self.messages) >= count:
                event.set()

    async def seen(self, count: int) -> None:
        """Wait until this many messages have arrived."""
        event = self._seen.setdefault(count, asyncio.Event())
        if len(self.messages) >= count:
            event.set()
        await asyncio.wait_for(event.wait(), LIMIT)

    def _check(self, message: dict[str, Any]) -> None:
        """Mind the order of the messages that ASGI defines; any other may come anywhere."""
        kind = message["type"]
        if kind == START:
            self._expect(START, kind)
            self._expects, self._trailers = BODY, bool(message.get("trailers"))
            for name, value in message.get("headers", ()):
                if not (isinstance(name, bytes) and isinstance(value, bytes)) or set(name + value) & set(b"\r\n\0"):
                    self.faults.append(f"no header: {name!r}: {value!r}")
        elif kind in {BODY, "http.response.zerocopysend", "http.response.pathsend"}:
            self._expect(BODY, kind)
            if not message.get("more_body", False):
                self._expects = TRAILERS if self._trailers else "nothing"
        elif kind == TRAILERS:
            self._expect(TRAILERS, kind)
            self._expects = TRAILERS if message.get("more_trailers", False) else "nothing"

    def _expect(self, wanted: str, kind: str) -> None:
        if self._expects != wanted:
            self.faults.append(f"{kind} where {self._expects} is expected")

    @property
    def content(self) -> bytes:
        """All body bytes."""
        return b"".join(message.get("body", b"") for message in self.messages if message["type"] == BODY)

    def answer(self) -> Response:
        """The whole response as the client has it."""
        assert self.faults == []
        assert self.complete, f"the response has no end: {self.types}"
        first = next(message for message in self.messages if message["type"] == START)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in first.get("headers", ())]
        return Response(first["status"], headers, self.content)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in an event loop of its own, bounded in time."""

    async def bounded() -> Any:
        return await asyncio.wait_for(coroutine, LIMIT)

    return asyncio.run(bounded())


def scripted(*messages: Any) -> Any:
    """An ASGI app that sends these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def answering(response: Response, chunks: Sequence[Any] | None = None) -> Any:
    """An ASGI app that sends a response in these chunks."""
    parts = [response.body] if chunks is None else list(chunks)
    ends = [body(part, more=number < len(parts) - 1) for number, part in enumerate(parts)]
    return scripted(start(response), *(ends or [{"type": BODY}]))


def connect(app: Any, scope: dict[str, Any] | None = None, *, gone_after: int | None = None) -> Connection:
    """Serve one ASGI request and give what happened."""
    connection = Connection(gone_after=gone_after)
    run(app(http_scope("/oauth/token") if scope is None else scope, connection.receive, connection.send))
    return connection
