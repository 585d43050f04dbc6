"""Django: a middleware for `MIDDLEWARE`, sync and async, and a helper that passes a provider's response on.

```python
MIDDLEWARE = [..., "authproblem.django.AuthProblemMiddleware", ...]  # below GZip, CORS and the like
AUTHPROBLEM = {"exceptions": True}
```
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from http.cookies import Morsel
from itertools import chain
from typing import Any

from authproblem._middleware.exceptions.respond import reply_to_exception
from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from authproblem._middleware.parameters import read_callback_request
from authproblem._middleware.visibility import warn_if_invisible
from authproblem.errors import MissingExtraError, invalid
from authproblem.forwarding import accept_encoding, request_headers, response_parts

try:
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
    from django.conf import settings
    from django.http import HttpResponse
except ModuleNotFoundError as error:
    raise MissingExtraError("authproblem.django", "django") from error

__all__ = ["AuthProblemMiddleware", "accept_encoding", "forward", "request_headers"]

_REDIRECT = 300
"""The first status that is looked at: redirects may carry errors."""


class AuthProblemMiddleware:
    """Turns the errors of Auth0 and Okta that a Django project sends into problem documents (RFC 9457).

    The options are those of `authproblem.asgi.AuthProblemMiddleware`, in `settings.AUTHPROBLEM`. They are checked when
    Django loads its middleware: a wrong one stops `get_asgi_application()` and `get_wsgi_application()`. A callable
    `providers` gets `request.META`. The problem that a request brings to one of the `callback_paths` is in
    `request.META["authproblem.problem"]`.

    Django makes a 500 of every exception that a view lets through, before a middleware around the whole application
    sees it. So `exceptions=True` works by `process_exception`, for the exceptions of views; like every other
    `process_exception`, it runs before those of the middleware above it.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        """Read and check the settings; called by Django.

        Args:
            get_response: the rest of the project: a function, or a coroutine function under ASGI.

        Raises:
            ConfigurationError: for an option with an invalid value.
            TypeError: for an unknown option.
        """
        self.get_response = get_response
        self._interceptor = Interceptor(make_options(_settings()))
        warn_if_invisible()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """Serve one request."""
        if self._is_async:
            return self._serve_async(request)
        self._read_callback(request)
        response = self.get_response(request)
        interception = self._begin(request, response)
        if interception is None:
            return response
        return _finished(interception, response, _read_whole(interception, response))

    async def _serve_async(self, request: Any) -> Any:
        self._read_callback(request)
        response = await self.get_response(request)
        interception = self._begin(request, response)
        if interception is None:
            return response
        if getattr(response, "is_async", False):
            reply = await _read_async(interception, response)
        elif response.streaming:
            reply = await sync_to_async(_read_whole)(interception, response)
        else:
            reply = _read_whole(interception, response)
        return _finished(interception, response, reply, asynchronous=True)

    def process_exception(self, request: Any, exception: Exception) -> HttpResponse | None:
        """Respond to an exception of a view; called by Django.

        Args:
            request: the request.
            exception: what the view raised.

        Returns:
            The response, or None: the exception is no provider's, and Django treats it as always.
        """
        if not self._interceptor.options.exceptions:
            return None
        reply = reply_to_exception(self._interceptor, _request(request), exception)
        return None if reply is None else _apply(reply, HttpResponse())

    def _begin(self, request: Any, response: Any) -> Interception | None:
        """Begin a response; None if it is sent without being buffered."""
        status = response.status_code
        if status < _REDIRECT and not self._interceptor.wants_success(request.path_info):
            return None
        interception = self._interceptor.begin(_request(request), status, list(response.items()))
        _set_headers(response, interception.headers)
        return interception if interception.buffering else None

    def _read_callback(self, request: Any) -> None:
        if not self._interceptor.options.callback_paths:
            return
        read = _request(request)
        problem = read_callback_request(self._interceptor.options, read, read.query)
        if problem is not None:
            request.META["authproblem.problem"] = problem


def forward(response: Any) -> HttpResponse:
    """Make a Django response of a provider's: same status, body and header lines.

    Each `Set-Cookie` line stays as it is; other repeated lines become one, separated by commas.

    Args:
        response: a response of httpx or requests that has been read; see `forwarding.response_parts` for what is kept.

    Returns:
        The response. `mark_upstream(forward(response), "okta")` declares the provider where no header of it does.

    Raises:
        TypeError: if it is no such response.
        httpx.ResponseNotRead: for a streamed response that has not been read.
    """
    status, lines, body = response_parts(response)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines]
    forwarded = HttpResponse(body, status=status)
    _set_headers(forwarded, [pair for pair in headers if pair[0] != "set-cookie"])
    for number, line in enumerate(value for name, value in headers if name == "set-cookie"):
        dict.__setitem__(forwarded.cookies, f"{line.partition('=')[0]} {number}", _CookieLine(line))
    return forwarded


class _CookieLine(Morsel[str]):
    """A `Set-Cookie` line as it was received: the standard library's parser drops unknown attributes."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line

    def OutputString(self, attrs: Any = None) -> str:  # noqa: ARG002, N802 - as http.cookies has it
        """The line."""
        return self._line


def _settings() -> Mapping[str, Any]:
    options = getattr(settings, "AUTHPROBLEM", {})
    if not isinstance(options, Mapping):
        invalid("settings.AUTHPROBLEM", options, "a dict of options")
    return options


def _request(request: Any) -> Request:
    return Request(request.path_info, request.method or "", request.META.get("HTTP_ACCEPT"), request.META, binary=False)


def _read_whole(interception: Interception, response: Any) -> Reply | None:
    """Give a response to the interception, in whole or as far as it wants it."""
    if not response.streaming:
        return interception.finish() if interception.feed(response.content) else None
    if getattr(response, "is_async", False):  # under WSGI; only Django can await it there
        interception.buffering = False
        return None
    chunks: Iterator[bytes] = iter(response.streaming_content)
    for chunk in chunks:
        if not interception.feed(chunk):
            response.streaming_content = chain((bytes(interception.body), chunk), chunks)
            return None
    response.streaming_content = [bytes(interception.body)]
    return interception.finish()


async def _read_async(interception: Interception, response: Any) -> Reply | None:
    """The same for a response whose chunks have to be awaited."""
    chunks: AsyncIterator[bytes] = aiter(response.streaming_content)
    async for chunk in chunks:
        if not interception.feed(chunk):
            response.streaming_content = _joined(bytes(interception.body), chunk, chunks)
            return None
    response.streaming_content = _joined(bytes(interception.body))
    return interception.finish()


async def _joined(*first: Any) -> AsyncIterator[bytes]:
    for each in first:
        if isinstance(each, bytes):
            yield each
        else:
            async for chunk in each:
                yield chunk


def _finished(interception: Interception, response: Any, reply: Reply | None, *, asynchronous: bool = False) -> Any:
    """Return the response as it was buffered, with the headers of the interception, or what replaces it."""
    if reply is not None:
        return _apply(reply, response, asynchronous=asynchronous)
    _set_headers(response, interception.headers)
    return response


def _apply(reply: Reply, response: Any, *, asynchronous: bool = False) -> Any:
    """Put a reply into a response object, which keeps its cookies and what Django closes after it."""
    if response.status_code != reply.status:
        response.status_code, response.reason_phrase = reply.status, None
    _set_headers(response, reply.headers)
    if not response.streaming:
        response.content = reply.body
    else:
        response.streaming_content = _joined(reply.body) if asynchronous else [reply.body]
    return response


def _set_headers(response: Any, headers: Iterable[tuple[str, str]]) -> None:
    """Replace all headers; of repeated lines one is made, as Django keeps one value a name (RFC 9110 section 5.3)."""
    for name in [name for name, _ in response.items()]:
        del response[name]
    for name, value in headers:
        response[name] = f"{response[name]}, {value}" if name in response else value
