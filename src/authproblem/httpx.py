"""The httpx door, for apps that call a provider or a gateway: responses become problems, problems become exceptions.

```python
client = httpx.Client(transport=ProblemTransport(retry=Retry()), event_hooks={"response": [raise_for_problem]})
```
No rule lives here: what is held and what replaces it is `_intercept`'s business, whose host it is and what a cool-down is
`_reader`'s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from authproblem._cooldown import CooldownStore, MemoryCooldown
from authproblem._error import AuthProblemError
from authproblem._intercept import Interception, Reply
from authproblem._normalize import classify
from authproblem._problem import Problem
from authproblem._reader import Asked, Call, Reader, problem_of_reply, read
from authproblem._retrying import Budget, Retry, check_retry

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
    return read(response, response.content, _asked(response.request), hosts=hosts, options=options)


def raise_for_problem(response: httpx.Response, *, hosts: Mapping[str, str] | None = None, **options: Any) -> None:
    """Event hook for `httpx.Client(event_hooks={"response": [raise_for_problem]})`; works on a response, too.

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


class _Rules:
    """What both transports have in common: everything but the waiting for bytes."""

    def __init__(
        self,
        *,
        hosts: Mapping[str, str] | None = None,
        retry: Retry | None = None,
        cooldown: CooldownStore | None = None,
        on_nonce: OnNonce | None = None,
        **options: Any,
    ) -> None:
        self._reader = Reader(hosts, cooldown, options)
        self._retry = check_retry(retry)
        self._on_nonce = on_nonce
        if retry is not None:
            import stamina  # noqa: F401 - missing, it is to be missed now and not at the first error

    def _attempts(self, request: httpx.Request) -> Any:
        """Stamina's attempts for one request; a request whose body can be sent only once has one."""
        import stamina

        retry = self._retry or Retry()
        once = not isinstance(request.stream, httpx.ByteStream)
        return stamina.retry_context(Budget(retry), attempts=1 if once else retry.attempts, timeout=None)

    def _held_back(self, call: Call) -> _Answer | None:
        problem = self._reader.held_back(call)
        return None if problem is None else _Answer(_made(self._reader.reply(call, problem)), problem)

    def _nonce(self, call: Call, interception: Interception) -> str | None:
        """The nonce with which the request has to be repeated, where the app can do that."""
        if self._on_nonce is None or "dpop-nonce" not in interception.fields:
            return None
        found = classify(
            interception.status,
            interception.headers,
            bytes(interception.body),
            provider=call.provider,
            endpoint=call.asked.path,
            registry=self._reader.registry,
        )
        asks = found is not None and found.reason == "dpop-nonce-required"
        return interception.fields.get("dpop-nonce") if asks else None

    def _replaced(self, call: Call, interception: Interception, reply: Reply, response: httpx.Response) -> _Answer:
        problem = problem_of_reply(reply)
        if problem is not None:
            self._reader.settle(call, interception.pairs, problem)
        made = _made(reply, response.extensions if reply.status == response.status_code else None)
        return _Answer(made, problem, self._nonce(call, interception))

    def _again(self, request: httpx.Request, answer: _Answer) -> httpx.Request | None:
        """The request that repeats one with a nonce, or None: the answer stands."""
        if answer.nonce is None or self._on_nonce is None or not isinstance(request.stream, httpx.ByteStream):
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

    def __init__(self, transport: httpx.BaseTransport | None = None, **options: Any) -> None:
        """Wrap a transport.

        Args:
            transport: what sends the requests; None = `httpx.HTTPTransport()`.
            **options: `hosts` (custom domains and their providers), `retry` (a `Retry`), `cooldown` (a `CooldownStore`),
                `on_nonce(request, nonce)` (signs a request anew; without it a nonce is left to the auth layer), and those of
                the middleware that concern a response.

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
            for attempt in self._attempts(request):
                with attempt:
                    answer = self._answer(request)
                    if answer.problem is not None:
                        raise AuthProblemError(answer.problem, answer.response)
                    return answer.response
        except AuthProblemError as error:
            return error.response  # type: ignore[no-any-return]
        raise AssertionError

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
        call = self._reader.call(_asked(request))
        if call is None:
            return _Answer(self._transport.handle_request(request))
        held_back = self._held_back(call)
        if held_back is not None:
            return held_back
        response = self._transport.handle_request(request)
        interception = self._reader.begin(call, response.status_code, response.headers.raw)
        if interception is None:
            return _Answer(response)
        try:
            return self._judged(call, interception, response)
        except BaseException:
            response.close()
            raise

    def _judged(self, call: Call, interception: Interception, response: httpx.Response) -> _Answer:
        chunks = iter(response.stream)  # type: ignore[arg-type]
        whole = interception.holding and all(map(interception.feed, chunks))
        reply = interception.finish() if whole else None
        if reply is not None:
            response.close()
            return self._replaced(call, interception, reply, response)
        rest = _Rest(bytes(interception.body), chunks, response)
        return _Answer(_passed(interception, rest, response), None, self._nonce(call, interception))


class AsyncProblemTransport(_Rules, httpx.AsyncBaseTransport):
    """`ProblemTransport` for `httpx.AsyncClient`: the same options, the same warning."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None, **options: Any) -> None:
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
            async for attempt in self._attempts(request):
                with attempt:
                    answer = await self._answer(request)
                    if answer.problem is not None:
                        raise AuthProblemError(answer.problem, answer.response)
                    return answer.response
        except AuthProblemError as error:
            return error.response  # type: ignore[no-any-return]
        raise AssertionError

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
        call = self._reader.call(_asked(request))
        if call is None:
            return _Answer(await self._transport.handle_async_request(request))
        held_back = self._held_back(call)
        if held_back is not None:
            return held_back
        response = await self._transport.handle_async_request(request)
        interception = self._reader.begin(call, response.status_code, response.headers.raw)
        if interception is None:
            return _Answer(response)
        try:
            return await self._judged(call, interception, response)
        except BaseException:
            await response.aclose()
            raise

    async def _judged(self, call: Call, interception: Interception, response: httpx.Response) -> _Answer:
        chunks = aiter_of(response)
        whole = interception.holding
        while whole:
            try:
                whole = interception.feed(await chunks.__anext__())
            except StopAsyncIteration:
                break
        reply = interception.finish() if whole else None
        if reply is not None:
            await response.aclose()
            return self._replaced(call, interception, reply, response)
        rest = _AsyncRest(bytes(interception.body), chunks, response)
        return _Answer(_passed(interception, rest, response), None, self._nonce(call, interception))


class _Rest(httpx.SyncByteStream):
    """What was held, then what is still to come."""

    def __init__(self, held: bytes, chunks: Iterator[bytes], response: httpx.Response) -> None:
        self._held, self._chunks, self._response = held, chunks, response

    def __iter__(self) -> Iterator[bytes]:
        if self._held:
            yield self._held
        yield from self._chunks

    def close(self) -> None:
        self._response.close()


class _AsyncRest(httpx.AsyncByteStream):
    """What was held, then what is still to come."""

    def __init__(self, held: bytes, chunks: AsyncIterator[bytes], response: httpx.Response) -> None:
        self._held, self._chunks, self._response = held, chunks, response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._held:
            yield self._held
        async for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


def aiter_of(response: httpx.Response) -> AsyncIterator[bytes]:
    """The coded bytes of a response, as they come."""
    return response.stream.__aiter__()  # type: ignore[union-attr]


def _passed(interception: Interception, stream: Any, response: httpx.Response) -> httpx.Response:
    return httpx.Response(
        interception.status, headers=interception.headers, stream=stream, extensions=response.extensions
    )


def _made(reply: Reply, extensions: Any = None) -> httpx.Response:
    kept = {name: value for name, value in (extensions or {}).items() if name in {"http_version", "reason_phrase"}}
    return httpx.Response(reply.status, headers=reply.headers, stream=httpx.ByteStream(reply.body), extensions=kept)


def _asked(request: httpx.Request) -> Asked:
    url, headers = request.url, request.headers
    query = url.query.decode("ascii", "replace")
    return Asked(url.host, url.path, request.method.upper(), headers.get("accept"), headers.get("authorization"), query)
