"""What the gateway expects of its HTTP client: a request, a response, and one exception for every way to fail.

The client that is used is in `_aiohttp_client`; tests may replace it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Literal, NamedTuple, Protocol

from authproblem._upstream.hop_by_hop import Lines

FailureKind = Literal["unreachable", "exhausted", "closed", "timeout", "broken", "unsendable"]


class UpstreamFailure(Exception):  # noqa: N818 - it describes the outcome of a request, and is no error of this package
    """A request that got no response, or a response that ended too early.

    Attributes:
        kind: `unreachable` (no connection: nothing was sent), `exhausted` (all connections in use: nothing was sent),
            `closed` (the connection ended before the response), `timeout` (no bytes in time), `broken` (the response is
            no valid HTTP, or has no end), `unsendable` (the request is no valid HTTP).
        why: the cause in words that are safe to log: never a library's message, which may quote URLs and headers.
        exception: the name of the exception class that reported it.
    """

    def __init__(self, kind: FailureKind, why: str, exception: str = "UpstreamFailure") -> None:
        """Describe a failure."""
        super().__init__(kind, why)
        self.kind: FailureKind = kind
        self.why = why
        self.exception = exception


class UpstreamRequest(NamedTuple):
    """One request to a provider.

    Attributes:
        method: the method.
        origin: scheme and authority.
        target: the request target, percent-encoded where HTTP needs it.
        headers: all header lines, `Host` included; the client adds `Transfer-Encoding` where the body's length is not
            among them.
        body: the body's chunks; None for a request without one.
        uploading: whether a part of the body has yet to arrive.
    """

    method: str
    origin: str
    target: bytes
    headers: Lines
    body: AsyncIterable[bytes] | None = None
    uploading: bool = False


class UpstreamResponse(Protocol):
    """A response of a provider that has begun."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Lines:
        """The header lines as they came."""
        ...

    async def read(self) -> tuple[bytes, bool]:
        """Return the next bytes and whether more may follow.

        Raises:
            UpstreamFailure: if the response ends too early or nothing comes in time.
        """
        ...

    def close(self) -> None:
        """Give the connection back, or close it if the response was not read to its end."""


class UpstreamClient(Protocol):
    """The client that sends requests to providers."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send a request and return its response as soon as the headers are there.

        Raises:
            UpstreamFailure: if there is no response.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
