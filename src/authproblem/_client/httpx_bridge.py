"""What the httpx door and the gateway share: httpx responses in and out of an `Interception`. No rule lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import httpx

from authproblem._client.reader import Asked, Call, Reader, hold, problem_of_reply
from authproblem._core.problem import Problem
from authproblem._middleware.interception import Interception, Reply


class Judged(NamedTuple):
    """A response as the app is to see it.

    Attributes:
        response: the provider's own, or the one that replaces it.
        problem: the problem that it carries; None where the provider's own passes.
        interception: what was held; None for a healthy response.
    """

    response: httpx.Response
    problem: Problem | None = None
    interception: Interception | None = None


def judge(reader: Reader, call: Call, response: httpx.Response) -> Judged:
    """Hold, pass or replace a response that has just begun."""
    interception = reader.begin(call, response.status_code, response.headers.raw)
    if interception is None:
        return Judged(response)
    try:
        chunks = iter(response.stream)  # type: ignore[arg-type] # a sync transport's response
        refused = hold(interception, chunks)
        reply = interception.finish() if interception.buffering else None
    except BaseException:
        response.close()
        raise
    if reply is not None:
        response.close()
        return _replaced(reader, call, interception, reply, response)
    return _passed(interception, _Rest([bytes(interception.body), refused], chunks, response), response)


async def ajudge(reader: Reader, call: Call, response: httpx.Response) -> Judged:
    """`judge`, for asynchronous transports."""
    interception = reader.begin(call, response.status_code, response.headers.raw)
    if interception is None:
        return Judged(response)
    try:
        chunks = chunks_of(response)
        refused = await _hold(interception, chunks)
        reply = interception.finish() if interception.buffering else None
    except BaseException:
        await response.aclose()
        raise
    if reply is not None:
        await response.aclose()
        return _replaced(reader, call, interception, reply, response)
    return _passed(interception, _AsyncRest([bytes(interception.body), refused], chunks, response), response)


async def _hold(interception: Interception, chunks: AsyncIterator[bytes]) -> bytes:
    """`hold`, for asynchronous streams."""
    if interception.buffering:
        async for chunk in chunks:
            if not interception.feed(chunk):
                return chunk
    return b""


def chunks_of(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes of a response as they come, coded as they are."""
    return response.stream.__aiter__()  # type: ignore[union-attr] # an async transport's response


def asked(request: httpx.Request) -> Asked:
    """What of a request decides about its response."""
    url, headers = request.url, request.headers
    return Asked(
        host=url.host,
        path=url.path,
        method=request.method.upper(),
        accept=headers.get("accept"),
        authorization=headers.get("authorization"),
        query=url.query.decode("ascii", "replace"),
    )


def made(reply: Reply, response: httpx.Response | None = None) -> httpx.Response:
    """A reply as a response, in place of another or of none."""
    kept = {} if response is None else response.extensions
    names = {"http_version", "reason_phrase"} if response and reply.status == response.status_code else {"http_version"}
    return httpx.Response(
        reply.status,
        headers=reply.headers,
        stream=httpx.ByteStream(reply.body),
        extensions={name: value for name, value in kept.items() if name in names},
    )


def _replaced(reader: Reader, call: Call, held: Interception, reply: Reply, response: httpx.Response) -> Judged:
    problem = problem_of_reply(reply)
    if problem is not None:
        reader.settle(call, held.response_headers.pairs, problem)
    return Judged(made(reply, response), problem, held)


def _passed(held: Interception, rest: _Rest | _AsyncRest, response: httpx.Response) -> Judged:
    if not any(rest.held) and held.headers is held.response_headers.pairs:
        return Judged(response, None, held)
    passed = httpx.Response(held.status, headers=held.headers, stream=rest, extensions=response.extensions)
    return Judged(passed, None, held)


class _Rest(httpx.SyncByteStream):
    """What was held, then what is still to come."""

    def __init__(self, held: list[bytes], chunks: Iterator[bytes], response: httpx.Response) -> None:
        self.held, self._chunks, self._response = held, chunks, response

    def __iter__(self) -> Iterator[bytes]:
        yield from self.held
        yield from self._chunks

    def close(self) -> None:
        self._response.close()


class _AsyncRest(httpx.AsyncByteStream):
    """What was held, then what is still to come."""

    def __init__(self, held: list[bytes], chunks: AsyncIterator[bytes], response: httpx.Response) -> None:
        self.held, self._chunks, self._response = held, chunks, response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.held:
            yield chunk
        async for chunk in self._chunks:
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
