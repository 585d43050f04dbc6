"""The WSGI door (PEP 3333): `start_response` and the iterable in, the same out. No rule lives here but in `_intercept`.

```python
app.wsgi_app = AuthProblemMiddleware(app.wsgi_app)  # Flask
app = AuthProblemMiddleware(app)                    # any WSGI app
```
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, Union

from authproblem._middleware.interception import JUDGED, Gate, Interception, Reply, Request
from authproblem._middleware.options import OptionsDict, make_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["AuthProblemMiddleware"]

_ERROR = "4"
_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame

Environ = dict[str, Any]
Lines = list[tuple[str, str]]
StartResponse = Callable[..., Callable[[bytes], object]]
WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]
Answer = Callable[[Environ, Exception], "Reply | None"]


_State = Union["_Exchange", Literal[False], None]
"""Of one request. None: not started yet; False: healthy, none of our business."""
_REDIRECT = "3"  # the first status line that is looked at: redirects may carry errors


class AuthProblemMiddleware:
    """Turns the errors of Auth0 and Okta that the app sends into problem documents (RFC 9457), in place.

    A healthy response goes out as the app's own iterable, so that `wsgi.file_wrapper` and `sendfile` work. The app's
    iterable is closed exactly once, whatever happens.

    With `exceptions=True` it also answers for a provider's exceptions that leave the app before anything was sent.
    Flask catches all of them before that; for Flask there is `authproblem.flask`.

    Warning:
        `provider=` and `whole=True` say that *every* error below is the provider's. Use them only where the app does
        nothing but proxy; otherwise its own 404s would be taken for the provider's.
    """

    def __init__(self, app: WSGIApp, **options: Unpack[OptionsDict]) -> None:
        """Wrap an app.

        Args:
            app: a WSGI app.
            **options: see the README's table; all have defaults.

        Raises:
            ValueError: for an option whose value does not hold; the message names it and what would be right.
            TypeError: for an unknown option.
        """
        self.app = app
        self._gate = Gate(make_options(options))
        given = self._gate.options
        self._special = bool(given.callback_paths or given.exceptions or given.state_paths)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if self._special:
            return self._serve(environ, start_response)
        exchange: _State = None

        def starting(
            status: str, headers: Lines, exc_info: Any = None, self: AuthProblemMiddleware = self
        ) -> Callable[[bytes], object]:
            # `self` as a default, for errors alone need it: a cell would cost every request more than the comparison.
            nonlocal exchange
            if exchange is None and status < _REDIRECT:
                exchange = False
                return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
            exchange, write = self._start(exchange, environ, start_response, (status, headers, exc_info))
            return write

        result = self.app(environ, starting)
        return result if exchange is False else _answered(result, lambda: exchange)

    def _serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The same where callbacks, exceptions or successes have a say."""
        gate, given = self._gate, self._gate.options
        floor = "2" if gate.wants_success(environ.get("PATH_INFO", "")) else _REDIRECT
        exchange: _State = None

        def starting(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            nonlocal exchange
            exchange = False if exchange is None and status < floor else exchange
            exchange, write = self._start(exchange, environ, start_response, (status, headers, exc_info))
            return write

        self._watch(environ)
        if given.exceptions:
            catch = _Catch(self.answer, environ, start_response)
            start_response = catch.start  # `starting` starts by this name
            return catch.run(self.app, starting, lambda: exchange)
        result = self.app(environ, starting)
        return result if exchange is False else _answered(result, lambda: exchange)

    def _start(
        self,
        exchange: _State,
        environ: Environ,
        start_response: StartResponse,
        given: tuple[str, list[tuple[str, str]], Any],
    ) -> tuple[_State, Callable[[bytes], object]]:
        """A response begins that is to be looked at, or once more after a healthy one (PEP 3333, error handling)."""
        status, headers, exc_info = given
        if exchange is not False:
            exchange = exchange or _Exchange(self._gate, environ, start_response)
            return exchange, exchange.start(status, headers, exc_info)
        if status >= _ERROR:  # too late to judge it, but the mark never leaves the app
            headers = self._gate.unmarked(headers)
        return False, start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

    def answer(self, environ: Environ, error: Exception) -> Reply | None:
        """Judge an exception of the app: for frameworks that catch it before WSGI sees it.

        Args:
            environ: the request.
            error: the exception.

        Returns:
            The whole response to send, or None: the exception is no provider's and has to go on as if nobody had asked.
        """
        from authproblem._middleware.exceptions.respond import escaped

        return escaped(self._gate, _request(environ), error)

    def _watch(self, environ: Environ) -> None:
        """Requests that are looked at themselves: callbacks."""
        if not self._gate.options.callback_paths:
            return
        problem = self._gate.callback(_request(environ), environ.get("QUERY_STRING", ""))
        if problem is not None:
            environ["authproblem.problem"] = problem


class _Exchange:
    """A response that the gate looks at: kept back, passed on, or replaced."""

    __slots__ = ("_environ", "_exc_info", "_gate", "_interception", "_start_response", "_status", "_write")

    def __init__(self, gate: Gate, environ: Environ, start_response: StartResponse) -> None:
        self._gate = gate
        self._environ = environ
        self._start_response = start_response
        self._interception: Interception | None = None
        self._write: Callable[[bytes], object] | None = None
        self._status = ""
        self._exc_info: Any = None

    @property
    def holding(self) -> bool:
        """Whether the response is kept back."""
        return self._interception is not None and self._interception.holding

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any) -> Callable[[bytes], object]:
        """The app's `start_response`; with `exc_info` it may start again as long as nothing has been sent."""
        if self._interception is not None:
            if not exc_info:
                msg = "start_response() was called twice without exc_info (PEP 3333)"
                raise AssertionError(msg)
            if self._write is not None:  # sent: the server raises exc_info again
                return self._start_response(status, headers, exc_info)
            self._environ.pop(JUDGED, None)
        self._status, self._exc_info = status, exc_info
        self._interception = self._gate.begin(_request(self._environ), int(status[:3]), headers)
        if not self._interception.holding:
            self._pass()
        return self.write

    def write(self, data: bytes) -> None:
        """The legacy `write` callable: keeps its place before the iterable."""
        chunks: Iterable[bytes] = self.feed(data) if self.holding else (data,)
        for chunk in chunks:
            if chunk and self._write is not None:
                self._write(chunk)

    def feed(self, chunk: bytes) -> tuple[bytes, ...]:
        """Keep a chunk; where the response is too large with it, start it and give back all there is."""
        interception = self._interception
        if interception is None or interception.feed(chunk):
            return ()
        self._pass()
        return (bytes(interception.body), chunk) if interception.body else (chunk,)

    def finish(self) -> bytes:
        """The whole response is there: send it or what replaces it."""
        interception = self._interception
        if interception is None:
            return b""
        reply = interception.finish()
        if reply is None:
            self._pass()
            return bytes(interception.body)
        stays = self._status.startswith(str(reply.status)) and not reply.folded
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


class _Catch:
    """The way of one request with `exceptions=True`: notes what has been sent, and answers in place of what was not."""

    __slots__ = ("_answer", "_environ", "_sent", "_start_response", "_started")

    def __init__(self, answer: Answer, environ: Environ, start_response: StartResponse) -> None:
        self._answer = answer
        self._environ = environ
        self._start_response = start_response
        self._started = self._sent = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        """The server's `start_response`."""
        self._started = True
        given = (exc_info,) if exc_info else ()
        write = self._start_response(status, headers, *given)

        def noted(data: bytes) -> object:
            self._sent = True
            return write(data)

        return noted

    def run(self, app: WSGIApp, starting: StartResponse, exchange: Callable[[], _State]) -> Iterable[bytes]:
        """Run the app; what cannot raise any more goes out as it is, files too."""
        try:
            result = app(self._environ, starting)
            result = result if exchange() is False else _answered(result, exchange)
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
        """Start the answer to an exception; None: it goes on up."""
        reply = None if self._sent else self._answer(self._environ, error)
        if reply is None:
            return None
        # The app may have begun a response that now nobody will see (PEP 3333, error handling).
        given = ((type(error), error, error.__traceback__),) if self._started else ()
        self._start_response(_status_line(reply.status), reply.headers, *given)
        return reply.body


class _Response:
    """The body of a response that may be held: closes the app's own iterable, once (PEP 3333)."""

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


def _answered(result: Iterable[bytes], exchange: Callable[[], _State]) -> Iterable[bytes]:
    """The body of a response that is looked at, or of which nothing is known yet."""
    held = exchange()
    if held is None:
        return _Response(result, _judged(result, exchange))
    return _drained(result, held) if held and held.holding else result


def _judged(result: Iterable[bytes], exchange: Callable[[], _State]) -> Generator[bytes, None, None]:
    """The chunks, no further pulled than needed: the app may start its response on the first `next()` only."""
    for chunk in result:
        held = exchange()
        if held and held.holding:
            yield from held.feed(chunk)
        else:
            yield chunk
    held = exchange()
    if held and held.holding:
        yield held.finish()


def _drained(result: Iterable[bytes], exchange: _Exchange) -> Iterable[bytes]:
    """Judge a held response at once, of an app that has started it before it returned.

    So it is started when we return, as the app's was: some servers read the status then.
    """
    closing = getattr(result, "close", None)
    chunks = iter(result)
    try:
        for chunk in chunks:
            # An app that starts again while it is iterated may be held no longer.
            released = exchange.feed(chunk) if exchange.holding else (chunk,)
            if released:
                return _Response(result, _joined(released, chunks))
        body = exchange.finish() if exchange.holding else b""
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


def _request(environ: Environ) -> Request:
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    return _new(Request, (path, environ.get("REQUEST_METHOD", ""), environ.get("HTTP_ACCEPT"), environ, False))
