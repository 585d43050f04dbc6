"""The requests and responses of httpx and httpx2, for `exchange`; the class of a request identifies the library.

httpx2 is httpx's successor with the same names; each refuses the other's responses and streams. No rule belongs here.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

from authproblem._client.exchange import Chunks, Close, Read, Step, aread, read
from authproblem._client.reader import ProviderRequest
from authproblem._middleware.messages import Reply
from authproblem._upstream.headers import Pair

NAMES = ("httpx", "httpx2")
"""The libraries that are supported."""


def library_of(message: Any, *, asynchronous: bool = False) -> HttpxLibrary:
    """Return the library that a request or response belongs to.

    Args:
        message: the request or response.
        asynchronous: whether its stream is read by an asynchronous client.

    Raises:
        TypeError: if it belongs to neither library.
    """
    for kind in type(message).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in NAMES:
            return library(name, asynchronous=asynchronous)
    raise TypeError(f"invalid message: {type(message).__name__}; expected a request or response of httpx or httpx2")


@cache
def library(name: str, *, asynchronous: bool) -> HttpxLibrary:
    """Return a library by its name, `httpx` or `httpx2`."""
    return HttpxLibrary(importlib.import_module(name), asynchronous=asynchronous)


class HttpxLibrary:
    """httpx or httpx2, as `exchange` needs it.

    Attributes:
        module: the library itself.
    """

    def __init__(self, module: Any, *, asynchronous: bool) -> None:
        self.module, self._asynchronous = module, asynchronous
        self._rest = _rest_class(module)

    def provider_request(self, request: Any) -> ProviderRequest:
        """Return what the rules read of a request."""
        url, headers = request.url, request.headers
        return ProviderRequest(
            host=url.host,
            path=url.path,
            method=request.method.upper(),
            accept=headers.get("accept"),
            authorization=headers.get("authorization"),
            proof=headers.get("dpop"),
        )

    def status_and_headers(self, response: Any) -> tuple[int, list[Pair]]:
        """Return the status and the header lines of a response."""
        return response.status_code, response.headers.raw

    def chunks(self, response: Any) -> Chunks:
        """Return the bytes of a response as they come, coded as they are."""
        chunks: Chunks = response.stream.__aiter__() if self._asynchronous else iter(response.stream)
        return chunks

    def to_response(self, reply: Reply, response: Any = None) -> Any:
        """Return a reply as a response, in place of another or of none."""
        kept = {} if response is None else response.extensions
        same = response is not None and reply.status == response.status_code
        names = {"http_version", "reason_phrase"} if same else {"http_version"}
        return self.module.Response(
            reply.status,
            headers=reply.headers,
            stream=self.module.ByteStream(reply.body),
            extensions={name: value for name, value in kept.items() if name in names},
        )

    def with_rest(self, response: Any, headers: list[Pair], kept: list[bytes], chunks: Chunks) -> Any:
        """Return a response of which some bytes have been read already, with other headers."""
        stream = self._rest(kept, chunks, response)
        return self.module.Response(
            response.status_code, headers=headers, stream=stream, extensions=response.extensions
        )

    def is_repeatable(self, request: Any) -> bool:
        """Return whether the body of a request can be sent again: bytes can, a stream cannot."""
        return isinstance(request.stream, self.module.ByteStream)


def _rest_class(module: Any) -> Any:
    """Return the class of the streams that give what has been read, then what is still to come."""

    class Rest(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc] # a base that is known at run time
        def __init__(self, kept: list[bytes], chunks: Any, response: Any) -> None:
            self._kept, self._chunks, self._response = kept, chunks, response

        def __iter__(self) -> Iterator[bytes]:
            yield from self._kept
            yield from self._chunks

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in self._kept:
                yield chunk
            async for chunk in self._chunks:
                yield chunk

        def close(self) -> None:
            self._response.close()

        async def aclose(self) -> None:
            await self._response.aclose()

    return Rest


async def perform_async(step: Step, transport: Any) -> Any:
    """Perform a step by an asynchronous transport."""
    if isinstance(step, Read):
        return await aread(step.interception, step.chunks)
    if isinstance(step, Close):
        return await step.response.aclose()
    return await transport.handle_async_request(step.request)


def perform_sync(step: Step, transport: Any) -> Any:
    """Perform a step by a synchronous transport."""
    if isinstance(step, Read):
        return read(step.interception, step.chunks)
    if isinstance(step, Close):
        return step.response.close()
    return transport.handle_request(step.request)
