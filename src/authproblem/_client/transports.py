"""The transports of httpx and httpx2, without either: `authproblem.httpx` and `authproblem.httpx2` name their bases.

What happens to a request is `exchange`'s business; the waiting between attempts is stamina's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from authproblem._client.exchange import ExchangeResult, Rules, Step, adrive, drive, exchange
from authproblem._client.httpx_bridge import library_of, perform_async, perform_sync
from authproblem._client.reader import Reader, read_response
from authproblem._client.retries import Retry, attempts, check_retry
from authproblem._client.stores import CooldownStore
from authproblem._core.problem import Problem
from authproblem._middleware.options import ClientOptions
from authproblem.errors import AuthProblemError

if TYPE_CHECKING:
    from typing_extensions import Unpack


def problem_of(response: Any, *, hosts: Mapping[str, str] | None = None, **options: Any) -> Problem | None:
    """Return the problem of a response that has been read.

    Args:
        response: a response of this library's adapters, or a raw one of a provider; of httpx or httpx2.
        hosts: custom domains and their providers, such as `{"login.example.com": "auth0"}`.
        **options: those of `normalize`, for raw responses.

    Returns:
        The problem; None if the response is no provider's error.
    """
    request = library_of(response).provider_request(response.request)
    return read_response(response, response.content, request, hosts=hosts, options=options)


def raise_for_problem(response: Any, *, hosts: Mapping[str, str] | None = None, **options: Any) -> None:
    """Raise the problem of a response; an event hook for a `Client` of httpx or httpx2.

    Use it as `Client(event_hooks={"response": [raise_for_problem]})`, or call it on a response.

    Args:
        response: the response; an error's body is read.
        hosts: custom domains and their providers; `functools.partial` makes a hook of it.
        **options: those of `normalize`, for raw responses.

    Raises:
        AuthProblemError: if the response is a provider's error; any other response passes.
    """
    if response.status_code >= 400:
        response.read()
        _raise(response, problem_of(response, hosts=hosts, **options))


async def araise_for_problem(response: Any, *, hosts: Mapping[str, str] | None = None, **options: Any) -> None:
    """`raise_for_problem` for an `AsyncClient`.

    Args:
        response: the response; an error's body is read.
        hosts: custom domains and their providers.
        **options: those of `normalize`, for raw responses.

    Raises:
        AuthProblemError: if the response is a provider's error.
    """
    if response.status_code >= 400:
        await response.aread()
        _raise(response, problem_of(response, hosts=hosts, **options))


def _raise(response: Any, problem: Problem | None) -> None:
    if problem is not None:
        raise AuthProblemError(problem, response)


class _Settings(TypedDict, total=False):
    """The options of a transport beside those that concern a response."""

    hosts: Mapping[str, str] | None
    retry: Retry | None
    cooldown: CooldownStore | None
    on_nonce: Callable[[Any, str], Any] | None


class TransportOptions(ClientOptions, _Settings, total=False):
    """The options of both transports, for type checkers and editors."""


class _Transport:
    """The base of both transports: the rules, and the transport that they wrap."""

    _default_transport: str

    def __init__(self, transport: Any = None, **options: Unpack[TransportOptions]) -> None:
        hosts, cooldown = options.pop("hosts", None), options.pop("cooldown", None)
        self._retry = check_retry(options.pop("retry", None))
        on_nonce = options.pop("on_nonce", None)
        self._rules = Rules(Reader(hosts, cooldown, options), on_nonce)
        self._transport = transport

    def _inner(self, request: Any) -> Any:
        """The transport that sends; without one, the library of the first request provides its own."""
        if self._transport is None:  # of two threads that come first, one sets it
            self.__dict__.setdefault("_made", getattr(library_of(request).module, self._default_transport)())
            self._transport = self.__dict__["_made"]
        return self._transport

    def _attempts(self, request: Any, retry: Retry) -> Any:
        """Stamina's attempts for one request; one whose body or proof can be sent only once has one."""
        library = library_of(request)
        can_repeat = library.is_repeatable(request) and library.provider_request(request).proof is None
        return attempts(retry if can_repeat else retry._replace(attempts=1))


class SyncTransport(_Transport):
    """`ProblemTransport` of httpx and httpx2, without its base class."""

    _default_transport = "HTTPTransport"

    def handle_request(self, request: Any) -> Any:
        """Send a request, as `BaseTransport` of httpx has it.

        Args:
            request: the request.
        """
        if self._retry is None:
            return self._exchange(request).response
        try:
            for attempt in self._attempts(request, self._retry):
                with attempt:
                    return self._exchange(request).response_or_raise()
        except AuthProblemError as error:
            return error.response
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def close(self) -> None:
        """Close the transport that is wrapped."""
        if self._transport is not None:
            self._transport.close()

    def _exchange(self, request: Any) -> ExchangeResult:
        transport = self._inner(request)

        def perform(step: Step) -> Any:
            return perform_sync(step, transport)

        return drive(exchange(self._rules, library_of(request), request), perform)


class AsyncTransport(_Transport):
    """`AsyncProblemTransport` of httpx and httpx2, without its base class."""

    _default_transport = "AsyncHTTPTransport"

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request, as `AsyncBaseTransport` of httpx has it.

        Args:
            request: the request.
        """
        if self._retry is None:
            return (await self._exchange(request)).response
        try:
            async for attempt in self._attempts(request, self._retry):
                with attempt:
                    return (await self._exchange(request)).response_or_raise()
        except AuthProblemError as error:
            return error.response
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def aclose(self) -> None:
        """Close the transport that is wrapped."""
        if self._transport is not None:
            await self._transport.aclose()

    async def _exchange(self, request: Any) -> ExchangeResult:
        transport = self._inner(request)

        async def perform(step: Step) -> Any:
            return await perform_async(step, transport)

        return await adrive(exchange(self._rules, library_of(request, asynchronous=True), request), perform)
