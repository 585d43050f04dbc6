"""One response of a WSGI app: buffered, passed on or replaced (PEP 3333).

Nothing is decided here: the `Interception` decides, this module translates its decisions into `start_response` calls
and iterables.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Literal, Union

from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import PROCESSED, Reply, Request, make_request

ERROR = "4"
REDIRECT = "3"
"""The first status line that is looked at: redirects may carry errors."""

Environ = dict[str, Any]
Lines = list[tuple[str, str]]
StartResponse = Callable[..., Callable[[bytes], object]]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]
ReplyToException = Callable[[Environ, Exception], "Reply | None"]
State = Union["Exchange", Literal[False], None]
"""The state of one request's response. None: not started yet; False: healthy, passes without further looks."""


class Exchange:
    """A response that the interceptor looks at: buffered, passed on, or replaced.

    Attributes:
        buffering: whether the response is buffered.
    """

    __slots__ = (
        *("_environ", "_exc_info", "_interception", "_interceptor", "_start_response", "_status", "_write"),
        "buffering",
    )

    def __init__(self, interceptor: Interceptor, environ: Environ, start_response: StartResponse) -> None:
        """Begin; nothing has started yet."""
        self._interceptor = interceptor
        self._environ = environ
        self._start_response = start_response
        self._interception: Interception | None = None
        self._write: Callable[[bytes], object] | None = None
        self._status = ""
        self._exc_info: Any = None
        self.buffering = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any) -> Callable[[bytes], object]:
        """The app's `start_response`; with `exc_info` it may start again as long as nothing has been sent."""
        if self._interception is not None:
            if not exc_info:
                msg = "start_response() was called twice without exc_info (PEP 3333)"
                raise AssertionError(msg)
            if self._write is not None:  # sent: the server raises exc_info again
                return self._start_response(status, headers, exc_info)
            self._environ.pop(PROCESSED, None)
        self._status, self._exc_info = status, exc_info
        interception = Interception(self._interceptor, request_of(self._environ), int(status[:3]), headers)
        self._interception, self.buffering = interception, interception.buffering
        if not self.buffering:
            self._pass()
        return self.write

    def write(self, data: bytes) -> None:
        """The legacy `write` callable: what it gets is sent before the iterable (PEP 3333)."""
        chunks: Iterable[bytes] = self.feed(data) if self.buffering else (data,)
        for chunk in chunks:
            if chunk and self._write is not None:
                self._write(chunk)

    def feed(self, chunk: bytes) -> tuple[bytes, ...]:
        """Buffer a chunk; where the response is too large with it, start it and return all there is."""
        interception = self._interception
        if interception is None or interception.feed(chunk):
            return ()
        self.buffering = False
        self._pass()
        return (bytes(interception.body), chunk) if interception.body else (chunk,)

    def finish(self) -> bytes:
        """Start the complete response or what replaces it; return its body."""
        interception = self._interception
        if interception is None:
            return b""
        self.buffering = False
        reply = interception.finish()
        if reply is None:
            self._pass()
            return bytes(interception.body)
        stays = self._status.startswith(str(reply.status)) and not reply.is_folded
        self._begin(self._status if stays else _status_line(reply.status), reply.headers)
        return reply.body

    def _pass(self) -> None:
        if self._interception is not None:
            self._begin(self._status, self._interception.headers)

    def _begin(self, status: str, headers: list[tuple[str, str]]) -> None:
        exc_info, self._exc_info = self._exc_info, None
        self._write = (
            self._start_response(status, headers, exc_info) if exc_info else self._start_response(status, headers)
        )


class ExceptionGuard:
    """One request with `exceptions=True`: records what was sent, and responds to an exception where nothing was."""

    __slots__ = ("_environ", "_reply_to", "_sent", "_start_response", "_started")

    def __init__(self, reply_to: ReplyToException, environ: Environ, start_response: StartResponse) -> None:
        """Begin; nothing was sent yet."""
        self._reply_to = reply_to
        self._environ = environ
        self._start_response = start_response
        self._started = self._sent = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """The server's `start_response`."""
        self._started = True
        given = (exc_info,) if exc_info else ()
        write = self._start_response(status, headers, *given)

        def write_and_record(data: bytes) -> object:
            self._sent = True
            return write(data)

        return write_and_record

    def run(self, app: WSGIApp, starting: StartResponse, exchange: Callable[[], State]) -> Iterable[bytes]:
        """Run the app; what cannot raise any more is returned as it is, files too."""
        try:
            result = app(self._environ, starting)
            result = result if exchange() is False else body_of(result, exchange)
        except Exception as error:
            body = self._begin(error)
            if body is None:
                raise
            return [body]
        file = self._environ.get("wsgi.file_wrapper")
        if isinstance(result, (list, tuple, file) if isinstance(file, type) else (list, tuple)):
            return result
        return _Response(result, self._caught(result))

    def _caught(self, chunks: Iterable[bytes]) -> Generator[bytes, None, None]:
        try:
            for chunk in chunks:
                self._sent = self._sent or bool(chunk)
                yield chunk
        except Exception as error:
            body = self._begin(error)
            if body is None:
                raise
            yield body

    def _begin(self, error: Exception) -> bytes | None:
        """Start the response to an exception and return its body; None: it propagates."""
        reply = None if self._sent else self._reply_to(self._environ, error)
        if reply is None:
            return None
        # The app may have begun a response that now will not be sent (PEP 3333, error handling).
        given = ((type(error), error, error.__traceback__),) if self._started else ()
        self._start_response(_status_line(reply.status), reply.headers, *given)
        return reply.body


class _Response:
    """The body of a response that may be buffered: closes the app's own iterable, once (PEP 3333)."""

    __slots__ = ("_chunks", "_close")

    def __init__(self, result: Iterable[bytes], chunks: Generator[bytes, None, None]) -> None:
        self._chunks = chunks
        self._close = getattr(result, "close", None)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Called by the server, also where it stops early."""
        close, self._close = self._close, None
        try:
            self._chunks.close()
        finally:
            if close is not None:
                close()


def body_of(result: Iterable[bytes], exchange: Callable[[], State]) -> Iterable[bytes]:
    """Return the body of a response that is looked at, or of which nothing is known yet."""
    current = exchange()
    if current is None:
        return _Response(result, _body_on_demand(result, exchange))
    return _body_at_once(result, current) if current and current.buffering else result


def _body_on_demand(result: Iterable[bytes], exchange: Callable[[], State]) -> Generator[bytes, None, None]:
    """Yield the chunks, pulled no further than needed: the app may start its response at the first `next()` only."""
    for chunk in result:
        current = exchange()
        if current and current.buffering:
            yield from current.feed(chunk)
        else:
            yield chunk
    current = exchange()
    if current and current.buffering:
        yield current.finish()


def _body_at_once(result: Iterable[bytes], exchange: Exchange) -> Iterable[bytes]:
    """Finish a buffered response at once, where the app has called `start_response` before it returned.

    Then the server's `start_response` has been called when the middleware returns, too: some servers read the status
    at that moment.
    """
    closing = getattr(result, "close", None)
    chunks = iter(result)
    try:
        for chunk in chunks:
            # An app that starts again while it is iterated may be buffered no longer.
            released = exchange.feed(chunk) if exchange.buffering else (chunk,)
            if released:
                return _Response(result, _joined(released, chunks))
        body = exchange.finish() if exchange.buffering else b""
    except BaseException:
        if closing is not None:
            closing()
        raise
    return [body] if closing is None else _Response(result, _joined((body,), ()))


def _joined(first: Iterable[bytes], rest: Iterable[bytes]) -> Generator[bytes, None, None]:
    yield from first
    yield from rest


def _status_line(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Error"


def request_of(environ: Environ) -> Request:
    """Return what the interceptor reads of a request."""
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    return make_request((path, environ.get("REQUEST_METHOD", ""), environ.get("HTTP_ACCEPT"), environ, False))
