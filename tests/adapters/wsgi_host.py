"""A WSGI server that does what PEP 3333 requires of servers and records everything, and apps to put before it.

Lenient where `tests.support.wsgi_server` is strict, for a middleware gets broken apps as well. No assert on what the
library does belongs here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.support.responses import Pairs, Response
from tests.support.wsgi_server import http_environ


class Gateway:
    """The server's end of one WSGI request: does what PEP 3333 requires of servers, and keeps what happened.

    Attributes:
        starts: the arguments of each `start_response` call.
        chunks: the non-empty chunks in order.
        result: what the app returned.
    """

    def __init__(self, *, stops_after: int | None = None, took: Callable[[bytes], object] | None = None) -> None:
        self.starts: list[tuple[str, Pairs, bool]] = []
        self.chunks: list[bytes] = []
        self.result: Any = None
        self._stops_after = stops_after
        self._took = took
        self._sent = False

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        """PEP 3333's callable."""
        if exc_info:
            try:
                if self._sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                restarted, exc_info = True, None
        else:
            restarted = False
            assert not self.starts, "start_response was called twice without exc_info"
        assert type(status) is str
        assert type(headers) is list
        for pair in headers:
            assert type(pair) is tuple
            assert [type(part) for part in pair] == [str, str]
            "".join(pair).encode("latin-1")
            assert not set("".join(pair)) & set("\r\n\0"), f"no header: {pair}"
        self.starts.append((status, list(headers), restarted))
        return self.write

    def write(self, data: bytes) -> None:
        """PEP 3333's `write`, and what is done with every chunk of the iterable."""
        assert isinstance(data, bytes)
        assert self.starts, "a chunk before start_response"
        if data:
            self._sent = True
            self.chunks.append(data)
            if self._took is not None:
                self._took(data)

    def serve(self, app: Any, environ: dict[str, Any] | None = None) -> Gateway:
        """Serve one request; exceptions of the app come out, its iterable is closed in any case."""
        self.result = app(http_environ("/oauth/token") if environ is None else environ, self.start_response)
        try:
            for number, chunk in enumerate(self.result, 1):
                self.write(chunk)
                if number == self._stops_after:
                    break
        finally:
            if hasattr(self.result, "close"):
                self.result.close()
        return self

    def answer(self) -> Response:
        """The whole response as the client has it."""
        assert self.starts, "the app never called start_response"
        status, headers, _ = self.starts[-1]
        return Response(int(status[:3]), headers, b"".join(self.chunks))


class Body:
    """An app's iterable, not its own iterator, that counts how often it is closed and may fail on demand."""

    def __init__(self, chunks: Iterable[bytes], *, fails_at: int | None = None, fails_to_close: bool = False) -> None:
        self.chunks = list(chunks)
        self.closed = 0
        self._fails_at, self._fails_to_close = fails_at, fails_to_close

    def __iter__(self) -> Iterator[bytes]:
        for number, chunk in enumerate(self.chunks):
            if number == self._fails_at:
                raise KeyError("in iteration")
            yield chunk

    def close(self) -> None:
        """Count."""
        self.closed += 1
        if self._fails_to_close:
            raise KeyError("in close")


def line(response: Response) -> str:
    """A status line."""
    return f"{response.status} Status {response.status}"


def eager(response: Response, result: Any = None) -> Any:
    """A WSGI app that starts its response when it is called."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response(line(response), list(response.headers))
        return [response.body] if result is None else result

    return app


def lazy(response: Response, chunks: Iterable[bytes] | None = None) -> Any:
    """A WSGI app that starts its response on the first `next()`, as generators do."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(line(response), list(response.headers))
        yield from [response.body] if chunks is None else chunks

    return app
