"""The httpx door, for apps that call a provider or a gateway: responses become problems, problems become exceptions.

```python
client = httpx.Client(transport=ProblemTransport(retry=Retry()), event_hooks={"response": [raise_for_problem]})
```
No rule lives here: what is held and what replaces it is `_intercept`'s business; whose host it is and what a cool-down
is `_reader`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from authproblem._client.cooldown import CooldownStore, MemoryCooldown
from authproblem._client.httpx_bridge import Judged, ajudge, asked, judge, made
from authproblem._client.reader import Call, Reader, read
from authproblem._client.retries import Retry, attempts, check_retry
from authproblem._core.problem import Problem
from authproblem._middleware.options import ClientOptions
from authproblem.errors import AuthProblemError

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "AsyncProblemTransport",
    "CooldownStore",
    "MemoryCooldown",
    "ProblemTransport",
    "Retry",
    "araise_for_problem",
    "problem_of",
    "raise_for_problem",
]

OnNonce = Callable[[httpx.Request, str], "httpx.Request | None"]
"""Signs a request anew with a nonce of the provider (RFC 9449 section 8); None where it cannot."""


def problem_of(response: httpx.Response, *, hosts: Mapping[str, str] | None = None, **options: Any) -> Problem | None:
    """The problem of a response that has been read.

    Args:
        response: a response of this library's doors, or a raw one of a provider.
        hosts: custom domains and their providers, such as `{"login.example.com": "auth0"}`.
        **options: those of `normalize`, for raw responses.

    Returns:
        The problem; None if the response is no provider's error.
    """
    return read(response, response.content, asked(response.request), hosts=hosts, options=options)


def raise_for_problem(response: httpx.Response, *, hosts: Mapping[str, str] | None = None, **options: Any) -> None:
    """Event hook for `httpx.Client(event_hooks={"response": [raise_for_problem]})`; may be called on a response, too.

    Args:
        response: the response; an error's body is read.
        hosts: custom domains and their providers; `functools.partial` makes a hook of it.
        **options: those of `normalize`, for raw responses.

    Raises:
        AuthProblemError: if the response is a provider's error; all else passes.
    """
    if response.status_code >= 400:
        response.read()
        _raise(response, problem_of(response, hosts=hosts, **options))


async def araise_for_problem(
    response: httpx.Response, *, hosts: Mapping[str, str] | None = None, **options: Any
) -> None:
    """`raise_for_problem` for `httpx.AsyncClient`.

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


def _raise(response: httpx.Response, problem: Problem | None) -> None:
    if problem is not None:
        raise AuthProblemError(problem, response)


class _Answer(NamedTuple):
    """A response, the problem that it carries, and the nonce with which it asks to be repeated."""

    response: httpx.Response
    problem: Problem | None = None
    nonce: str | None = None

    def settled(self) -> httpx.Response:
        """The response; raises its problem, so that stamina may repeat."""
        _raise(self.response, self.problem)
        return self.response


class TransportOptions(ClientOptions, total=False):
    """The options of both transports, for type checkers and editors."""

    hosts: Mapping[str, str] | None
    retry: Retry | None
    cooldown: CooldownStore | None
    on_nonce: OnNonce | None


class _Rules:
    """What both transports have in common: everything but the sending and the waiting."""

    def __init__(
        self,
        *,
        hosts: Mapping[str, str] | None = None,
        retry: Retry | None = None,
        cooldown: CooldownStore | None = None,
        on_nonce: OnNonce | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._reader = Reader(hosts, cooldown, options)
        self._retry = check_retry(retry)
        self._on_nonce = on_nonce

    def _attempts(self, request: httpx.Request, retry: Retry) -> Any:
        """Stamina's attempts for one request; a request whose body can be sent only once has one."""
        return attempts(retry if _repeatable(request) else retry._replace(attempts=1))

    def _held_back(self, call: Call) -> _Answer | None:
        problem = self._reader.held_back(call)
        return None if problem is None else _Answer(made(self._reader.reply(call, problem)), problem)

    def _answer_of(self, call: Call, judged: Judged) -> _Answer:
        held = judged.interception
        wanted = self._on_nonce is not None and held is not None
        nonce = self._reader.nonce(call, held) if wanted and held is not None else None
        return _Answer(judged.response, judged.problem, nonce)

    def _again(self, request: httpx.Request, answer: _Answer) -> httpx.Request | None:
        """The request that repeats one with a nonce, or None: the answer stands."""
        if answer.nonce is None or self._on_nonce is None or not _repeatable(request):
            return None
        return self._on_nonce(request, answer.nonce)


class ProblemTransport(_Rules, httpx.BaseTransport):
    """Makes the errors of providers problem documents, before the client sees them.

    Requests to hosts that are no provider's pass straight through, and so do healthy responses. On request it waits and
    repeats as the retry hint allows (`retry`), and does not send while a provider has asked to wait (`cooldown`).

    Warning:
        It answers the app, no stranger, so nothing is folded. An app that hands its responses on to browsers sets
        `disclosure="safe"`.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None, **options: Unpack[TransportOptions]) -> None:
        """Wrap a transport.

        Args:
            transport: what sends the requests; None = `httpx.HTTPTransport()`.
            **options: `hosts` (custom domains and their providers), `retry` (a `Retry`), `cooldown` (a
                `CooldownStore`), `on_nonce(request, nonce)` (signs a request anew; without it a nonce is left to the
                auth layer), and those of the middleware that concern a response.

        Raises:
            ValueError: for an option whose value does not hold.
            TypeError: for an unknown option.
            ModuleNotFoundError: for `retry` without stamina: install `authproblem[httpx]`.
        """
        super().__init__(**options)
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as `httpx.BaseTransport` has it."""
        if self._retry is None:
            return self._answer(request).response
        try:
            for attempt in self._attempts(request, self._retry):
                with attempt:
                    return self._answer(request).settled()
        except AuthProblemError as error:
            return error.response  # type: ignore[no-any-return]
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def close(self) -> None:
        """Close the transport that is wrapped."""
        self._transport.close()

    def _answer(self, request: httpx.Request) -> _Answer:
        answer = self._once(request)
        again = self._again(request, answer)
        if again is None:
            return answer
        answer.response.close()
        return self._once(again)

    def _once(self, request: httpx.Request) -> _Answer:
        call = self._reader.call(asked(request))
        if call is None:
            return _Answer(self._transport.handle_request(request))
        held_back = self._held_back(call)
        if held_back is not None:
            return held_back
        return self._answer_of(call, judge(self._reader, call, self._transport.handle_request(request)))


class AsyncProblemTransport(_Rules, httpx.AsyncBaseTransport):
    """`ProblemTransport` for `httpx.AsyncClient`, under asyncio and trio: the same options, the same warning."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None, **options: Unpack[TransportOptions]) -> None:
        """Wrap a transport.

        Args:
            transport: what sends the requests; None = `httpx.AsyncHTTPTransport()`.
            **options: as of `ProblemTransport`.

        Raises:
            ValueError: for an option whose value does not hold.
            TypeError: for an unknown option.
            ModuleNotFoundError: for `retry` without stamina: install `authproblem[httpx]`.
        """
        super().__init__(**options)
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, as `httpx.AsyncBaseTransport` has it."""
        if self._retry is None:
            return (await self._answer(request)).response
        try:
            async for attempt in self._attempts(request, self._retry):
                with attempt:
                    return (await self._answer(request)).settled()
        except AuthProblemError as error:
            return error.response  # type: ignore[no-any-return]
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def aclose(self) -> None:
        """Close the transport that is wrapped."""
        await self._transport.aclose()

    async def _answer(self, request: httpx.Request) -> _Answer:
        answer = await self._once(request)
        again = self._again(request, answer)
        if again is None:
            return answer
        await answer.response.aclose()
        return await self._once(again)

    async def _once(self, request: httpx.Request) -> _Answer:
        call = self._reader.call(asked(request))
        if call is None:
            return _Answer(await self._transport.handle_async_request(request))
        held_back = self._held_back(call)
        if held_back is not None:
            return held_back
        response = await self._transport.handle_async_request(request)
        return self._answer_of(call, await ajudge(self._reader, call, response))


def _repeatable(request: httpx.Request) -> bool:
    """Whether the body can be sent again: bytes can, a stream cannot."""
    return isinstance(request.stream, httpx.ByteStream)
