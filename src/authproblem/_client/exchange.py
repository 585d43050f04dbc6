"""One request to a provider, as a generator that does no I/O: what is sent, read, replaced and sent again.

The generator yields steps; a driver performs each and sends its result back, so that synchronous and asynchronous
transports of every HTTP library share these rules (as httpx does for its auth flows). How a library's objects are read
and made is the business of its `Library`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, NamedTuple, Protocol

from authproblem._client.reader import Call, ProviderRequest, Reader
from authproblem._core.problem import Problem
from authproblem._middleware.interception import Interception
from authproblem._middleware.messages import Reply
from authproblem._upstream.headers import Pair
from authproblem.errors import AuthProblemError

Chunks = Iterator[bytes] | AsyncIterator[bytes]


class Send(NamedTuple):
    """Send a request; the result is the library's response, its body unread."""

    request: Any


class Read(NamedTuple):
    """Feed chunks to an interception while it buffers; the result is the chunk that it refused, or `b""`."""

    interception: Interception
    chunks: Any


class Close(NamedTuple):
    """Close a response that will not be read."""

    response: Any


Step = Send | Read | Close


class ExchangeResult(NamedTuple):
    """How an exchange ended.

    Attributes:
        response: the library's response: the provider's own, or the one that replaces it.
        problem: the problem that it carries; None where the provider's own passes.
        nonce: the DPoP nonce with which the provider wants the request to be signed again, or None.
    """

    response: Any
    problem: Problem | None = None
    nonce: str | None = None

    def response_or_raise(self) -> Any:
        """Return the response.

        Raises:
            AuthProblemError: if it carries a problem, so that a retry loop sees it.
        """
        if self.problem is not None:
            raise AuthProblemError(self.problem, self.response)
        return self.response


class Library(Protocol):
    """How the requests and responses of an HTTP library are read and made."""

    def provider_request(self, request: Any) -> ProviderRequest:
        """Return what the rules read of a request."""
        ...

    def status_and_headers(self, response: Any) -> tuple[int, list[Pair]]:
        """Return the status and the header lines of a response."""
        ...

    def chunks(self, response: Any) -> Chunks:
        """Return the bytes of a response as they come, coded as they are."""
        ...

    def to_response(self, reply: Reply, response: Any) -> Any:
        """Return the response that a reply becomes, in place of another or, for None, of none."""

    def with_rest(self, response: Any, headers: list[Pair], kept: list[bytes], chunks: Chunks) -> Any:
        """Return a response of which some bytes have been read already, with other headers."""

    def is_repeatable(self, request: Any) -> bool:
        """Return whether the body of a request can be sent again: bytes can, a stream cannot."""
        ...


class Rules(NamedTuple):
    """The configuration and state of one transport, which decide about each of its exchanges.

    Attributes:
        reader: hosts, options and cool-downs.
        on_nonce: signs a request again with a nonce; None leaves nonces to the application.
    """

    reader: Reader
    on_nonce: Callable[[Any, str], Any] | None = None


Steps = Generator[Step, Any, ExchangeResult]


def exchange(rules: Rules, library: Library, request: Any) -> Steps:
    """Send a request, and once more if a nonce is required and the application signs the request again.

    A DPoP proof is sent once: a request that comes back with the proof of the first one is not sent (RFC 9449 section
    11.1).
    """
    result = yield from _once(rules, library, request)
    if result.nonce is None or rules.on_nonce is None or not library.is_repeatable(request):
        return result
    again = rules.on_nonce(request, result.nonce)
    if again is None or library.provider_request(again).proof == library.provider_request(request).proof:
        return result
    yield Close(result.response)
    return (yield from _once(rules, library, again))


def _once(rules: Rules, library: Library, request: Any) -> Steps:
    reader = rules.reader
    provider_request = library.provider_request(request)
    call = reader.call(provider_request)
    if call is None:
        return ExchangeResult((yield Send(request)))
    problem = reader.suppressed(call)
    if problem is not None:
        return ExchangeResult(library.to_response(reader.reply(call, problem), None), problem)
    response = yield Send(request)
    return (yield from pass_or_replace(reader, library, call, response, wants_nonce=rules.on_nonce is not None))


def pass_or_replace(reader: Reader, library: Library, call: Call, response: Any, *, wants_nonce: bool = False) -> Steps:
    """Pass or replace a response that has just begun.

    Args:
        reader: the rules.
        library: the library that made the response.
        call: the request.
        response: the response, unread.
        wants_nonce: whether the result shall have the DPoP nonce that the provider requires.
    """
    status, pairs = library.status_and_headers(response)
    interception = reader.begin(call, status, pairs)
    if interception is None:
        return ExchangeResult(response)
    try:
        chunks = library.chunks(response)
        refused = (yield Read(interception, chunks)) if interception.buffering else b""
        reply = interception.finish() if interception.buffering else None
    except BaseException:
        yield Close(response)
        raise
    required_nonce = reader.nonce(call, interception) if wants_nonce else None
    if reply is None:
        kept = [part for part in (bytes(interception.body), refused) if part]
        if not kept and interception.headers is interception.response_headers.pairs:
            return ExchangeResult(response, None, required_nonce)
        return ExchangeResult(library.with_rest(response, interception.headers, kept, chunks), None, required_nonce)
    yield Close(response)
    problem = reply.problem
    reader.keep_cooldown(call, interception.response_headers.pairs, problem)
    return ExchangeResult(library.to_response(reply, response), problem, required_nonce)


def drive(steps: Steps, perform: Callable[[Step], Any]) -> ExchangeResult:
    """Perform every step of an exchange, and return how it ended.

    Args:
        steps: the exchange.
        perform: performs one step; what it raises is raised in the exchange, and from there by this function.
    """
    try:
        step = next(steps)
        while True:
            try:
                result = perform(step)
            except BaseException as error:  # noqa: BLE001, PERF203 - it is raised again by the exchange
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as ended:
        done: ExchangeResult = ended.value
        return done


async def adrive(steps: Steps, perform: Callable[[Step], Awaitable[Any]]) -> ExchangeResult:
    """`drive` for steps that are awaited."""
    try:
        step = next(steps)
        while True:
            try:
                result = await perform(step)
            except BaseException as error:  # noqa: BLE001, PERF203 - it is raised again by the exchange
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as ended:
        done: ExchangeResult = ended.value
        return done


def read(interception: Interception, chunks: Iterator[bytes]) -> bytes:
    """Perform a `Read` step: feed chunks while the interception buffers, and no further."""
    for chunk in chunks:
        if not interception.feed(chunk):
            return chunk
    return b""


async def aread(interception: Interception, chunks: AsyncIterator[bytes]) -> bytes:
    """`read`, for asynchronous streams."""
    async for chunk in chunks:
        if not interception.feed(chunk):
            return chunk
    return b""
