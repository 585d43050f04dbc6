"""Captures what the middleware of an app under test has sent and logged, without a change to the app."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog

from authproblem import Problem
from authproblem import asgi as _asgi
from authproblem import wsgi as _wsgi

_OWN = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}
_PREFIX = "authproblem."
_HEADER = "auth-problem"


class CapturedProblems:
    """The problems and events of every `AuthProblemMiddleware` of the process while the test ran.

    Attributes:
        sent: the problems that went to clients, in order.
        events: the events that were logged, in order, each with its name under `event`.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.sent: list[Problem] = []
        self.events: list[dict[str, Any]] = []

    @property
    def reasons(self) -> list[str]:
        """The problem types that went to clients, in order."""
        return [problem.reason for problem in self.sent]

    def clear(self) -> None:
        """Forget what was seen so far."""
        self.sent.clear()
        self.events.clear()

    def __repr__(self) -> str:
        events = [event["event"] for event in self.events]
        return f"<CapturedProblems sent={self.reasons} events={events}>"


@contextmanager
def capturing() -> Iterator[CapturedProblems]:
    """Watch all middleware of the process until the block is left.

    Events are seen where they pass: in structlog's processors if the app has configured them by then, else at the
    logger `authproblem`.
    """
    seen = CapturedProblems()
    with ExitStack() as stack:
        stack.enter_context(_responses(seen))
        stack.enter_context(_processors(seen) if structlog.is_configured() else _records(seen))
        yield seen


@contextmanager
def _processors(seen: CapturedProblems) -> Iterator[None]:
    def note(_logger: Any, _method: str, keys: Any) -> Any:
        if str(keys.get("event", "")).startswith(_PREFIX):
            seen.events.append(dict(keys))
        return keys

    # In place: cached loggers refer to this very list.
    processors = structlog.get_config()["processors"]
    processors.insert(0, note)
    try:
        yield
    finally:
        processors.remove(note)


@contextmanager
def _records(seen: CapturedProblems) -> Iterator[None]:
    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            keys = {name: value for name, value in record.__dict__.items() if name not in _OWN}
            seen.events.append({"event": record.getMessage().partition(" ")[0], **keys})

    logger, handler = logging.getLogger("authproblem"), Noting()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def _responses(seen: CapturedProblems) -> Iterator[None]:
    """Look at what both middleware classes send: their `__call__` is looked up on the class for every request."""
    asgi, wsgi = _asgi.AuthProblemMiddleware, _wsgi.AuthProblemMiddleware
    calls = asgi.__call__, wsgi.__call__

    async def watched_asgi(self: Any, scope: Any, receive: Any, send: Any) -> None:
        await calls[0](self, scope, receive, _recording_send(seen, send))

    def watched_wsgi(self: Any, environ: Any, start_response: Any) -> Any:
        headers: list[Any] = []

        def starting(status: str, lines: list[tuple[str, str]], *more: Any) -> Any:
            headers[:] = [int(status.split(" ", 1)[0]), lines]
            return start_response(status, lines, *more)

        body = calls[1](self, environ, starting)
        return body if headers and not _is_problem(headers[1]) else _RecordingBody(seen, headers, body)

    asgi.__call__, wsgi.__call__ = watched_asgi, watched_wsgi  # type: ignore[method-assign]
    try:
        yield
    finally:
        asgi.__call__, wsgi.__call__ = calls  # type: ignore[method-assign]


class _RecordingBody:
    """A WSGI response body that is recorded when it is complete; the middleware always sends its length."""

    def __init__(self, seen: CapturedProblems, head: list[Any], body: Any) -> None:
        self._seen, self._head, self._body = seen, head, body

    def __iter__(self) -> Iterator[bytes]:
        body, is_recorded = b"", False
        for part in self._body:
            body += part
            if not is_recorded and self._is_whole(body):  # before it is sent: clients need not ask for more
                _record(self._seen, self._head[0], self._head[1], body)
                is_recorded = True
            yield part

    def _is_whole(self, body: bytes) -> bool:
        if not self._head or not _is_problem(self._head[1]):
            return False
        return ("content-length", str(len(body))) in [(name.lower(), value) for name, value in self._head[1]]

    def close(self) -> None:
        """Close the inner body, as every WSGI middleware has to."""
        if hasattr(self._body, "close"):
            self._body.close()


def _recording_send(seen: CapturedProblems, send: Callable[[Any], Any]) -> Callable[[Any], Any]:
    start: dict[str, Any] = {}
    body = bytearray()

    async def recording(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body" and start:
            lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
            if _is_problem(lines):
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    _record(seen, start["status"], lines, bytes(body))
        await send(message)

    return recording


def _is_problem(lines: Any) -> bool:
    return any(name.lower() == _HEADER for name, _ in lines)


def _record(seen: CapturedProblems, status: int, lines: Any, body: bytes) -> None:
    problem = Problem.from_bytes(body) if body else Problem.from_headers([*lines, (":status", str(status))])
    if problem is not None:
        seen.sent.append(problem)
