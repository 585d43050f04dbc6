"""One request and its response: cool-down, provider, interception, client; and what is sent where one of them fails.

As long as nothing has been sent, every failure becomes a problem document. Afterwards the response is left without its
end, so that the server cuts the connection and no client takes a part for the whole.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import NamedTuple

from authproblem._client.reader import Call
from authproblem._core.problem import Problem
from authproblem._middleware import events
from authproblem._middleware.interception import Interception
from authproblem._upstream.hop_by_hop import Lines
from authproblem.gateway import _responses as responses
from authproblem.gateway._body import BodyLimits, ClientGoneError, Receive, RequestBody, SlowClientError
from authproblem.gateway._failures import problem_of
from authproblem.gateway._head import Head, Peer
from authproblem.gateway._messages import cors, framing, request_headers, target
from authproblem.gateway._responses import Send
from authproblem.gateway._routes import CompiledRoute
from authproblem.gateway._upstream import UpstreamClient, UpstreamFailure, UpstreamRequest, UpstreamResponse

_REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that are repeated where a kept connection turns out to be closed (RFC 9110 section 9.2.2).

PUT and DELETE are idempotent, too, but a second DELETE gets a 404 where the first was carried out.
"""


class Shared(NamedTuple):
    """The configuration and connections that all exchanges of a gateway share.

    Attributes:
        client: sends requests to providers.
        codings: the content codings that can be decoded.
        forwarded: `own`, `keep` or `none`.
        origins: origins whose scripts may read the gateway's own responses.
        limits: how long to wait for clients, and for the provider to take what they send.
    """

    client: UpstreamClient
    codings: frozenset[bytes]
    forwarded: str
    origins: frozenset[bytes]
    limits: BodyLimits


class IncomingRequest:
    """A request as it reached the gateway.

    Attributes:
        method: the method.
        path: the provider's path, as the caller sent it.
        query: the query string.
        head: the header fields.
        peer: who sent it.
    """

    __slots__ = ("head", "method", "path", "peer", "query")

    def __init__(self, method: str, path: bytes, query: bytes, head: Head, peer: Peer) -> None:
        """Put a request together."""
        self.method, self.path, self.query, self.head, self.peer = method, path, query, head, peer


class Exchange:
    """The state of one request.

    Attributes:
        status: the status that was sent; 0 before that.
        cut: whether the response was left without its end.
        suppressed: whether there was a cool-down, so that nothing was sent to the provider.
        problem: the problem type that was sent, or None.
        failure: why there is no complete response, or None.
        seconds_to_headers: until the provider's response began; None if it did not.
    """

    def __init__(self, shared: Shared, route: CompiledRoute, request: IncomingRequest, send: Send) -> None:
        """Begin.

        Args:
            shared: what all exchanges have in common.
            route: the route.
            request: the request.
            send: the server's.
        """
        self._shared, self._route, self._request, self._send = shared, route, request, send
        self._task = asyncio.current_task()
        self._stopped: Exception | None = None
        self.status = 0
        self.cut = False
        self.suppressed = False
        self.problem: str | None = None
        self.failure: str | None = None
        self.seconds_to_headers: float | None = None

    async def run(self, receive: Receive) -> None:
        """Serve the request.

        Args:
            receive: the server's.
        """
        request = self._request
        call = self._route.call(request.path, request.method, request.head, request.peer)
        problem = self._route.reader.suppressed(call)
        if problem is not None:
            self.suppressed = True
            await self._send_problem(call, problem)
            return
        frame = framing(request.head, request.peer.version, request.method)
        body = RequestBody(receive, self._stop, self._shared.limits, empty=frame == "none")
        try:
            await self._forward(call, body, frame)
        except asyncio.CancelledError:
            if self._stopped is None:
                raise
            _uncancel()
            await self._fail(call, self._stopped)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must become a response
            await self._fail(call, self._stopped or error)
        finally:
            body.close()

    def _stop(self, cause: Exception) -> None:
        """End this exchange from another task; the first cause counts."""
        if self._stopped is None and self._task is not None:
            self._stopped = cause
            self._task.cancel()

    async def _forward(self, call: Call, body: RequestBody, frame: str) -> None:
        await body.begin()
        request = self._upstream_request(body, frame)
        began = time.monotonic()
        try:
            response = await self._shared.client.send(request)
        except UpstreamFailure as failure:
            if failure.kind != "closed" or request.method not in _REPEATABLE or request.body is not None:
                raise
            response = await self._shared.client.send(request)
        self.seconds_to_headers = time.monotonic() - began
        try:
            await self._receive(call, response)
        finally:
            response.close()

    def _upstream_request(self, body: RequestBody, frame: str) -> UpstreamRequest:
        """The request as the provider gets it."""
        given, route, shared = self._request, self._route, self._shared
        headers = request_headers(
            given.head, host=route.authority, known=shared.codings, forwarded=shared.forwarded, peer=given.peer
        )
        if frame == "chunked":
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        return UpstreamRequest(
            given.method,
            route.origin,
            target(route.base + given.path, given.query),
            headers,
            None if frame == "none" else body,
            uploading=not body.complete,
        )

    async def _receive(self, call: Call, response: UpstreamResponse) -> None:
        """Pass a response on, or what replaces it."""
        head = Head(response.headers)
        if head.is_coded():
            raise UpstreamFailure("broken", "the response has a transfer coding other than chunked")
        headers = head.end_to_end()
        interception = self._route.reader.begin(call, response.status, headers)
        if interception is None:
            await self._relay(response.status, headers, b"", response, more=True)
            return
        refused, more = await _buffer(interception, response)
        reply = interception.finish() if interception.buffering else None
        if reply is None:
            buffered = bytes(interception.body) + refused
            marked = [(name.lower(), value) for name, value in interception.headers]
            await self._relay(interception.status, marked, buffered, response, more=more)
            return
        problem = reply.problem
        self.problem = problem.reason
        self._route.reader.keep_cooldown(call, interception.response_headers.pairs, problem)
        await self._send_whole(reply.status, reply.headers, reply.body)

    async def _relay(
        self, status: int, headers: Lines, buffered: bytes, response: UpstreamResponse, *, more: bool
    ) -> None:
        """Send a response on, chunk by chunk, in the coding that it has; the names of its headers are lower-case."""
        self.status = status
        await self._send(responses.start_of_lower(status, headers))
        chunk = buffered
        while more:
            if chunk and self._request.method != "HEAD":
                await self._send_part(chunk, more=True)
            chunk, more = await response.read()
        await self._send_part(b"" if self._request.method == "HEAD" else chunk, more=False)

    async def _send_part(self, chunk: bytes, *, more: bool) -> None:
        """Send a part; a client that takes nothing for too long would hold a connection to the provider for ever."""
        limits = self._shared.limits
        deadline = limits.deadlines.add(limits.write, self._stop, SlowClientError())
        try:
            await self._send(responses.part(chunk, more=more))
        finally:
            deadline.cancel()

    async def _send_whole(self, status: int, headers: Lines, body: bytes) -> None:
        """Send a response that is there as a whole."""
        self.status = status
        await self._send(responses.start(status, headers))
        await self._send(responses.part(b"" if self._request.method == "HEAD" else body, more=False))

    async def _send_problem(self, call: Call, problem: Problem) -> None:
        """Send a problem that is the gateway's own."""
        self.problem = problem.reason
        reply = self._route.reader.reply(call, problem)
        origin = self._request.head.get(b"origin")
        added = cors(origin) if origin is not None and origin in self._shared.origins else []
        await self._send_whole(reply.status, [*reply.headers, *added], reply.body)

    async def _fail(self, call: Call, error: Exception) -> None:
        """Send what a failure becomes, as far as anything can still be sent."""
        if isinstance(error, ClientGoneError):
            self.failure = "the client disconnected"
            return
        if isinstance(error, UpstreamFailure):
            self.failure = error.why
        elif not isinstance(error, SlowClientError):
            events.report_fault(error, "a request could not be served")
        if self.status:
            self.cut = True
        elif isinstance(error, UpstreamFailure):
            await self._send_problem(call, problem_of(self._route.reader, call, error, self._route.authority.decode()))
        elif isinstance(error, SlowClientError):
            await self._send_whole(*responses.refusal(408, responses.TOO_SLOW))
        else:
            await self._send_whole(*responses.refusal(500, responses.FAULT))


async def _buffer(interception: Interception, response: UpstreamResponse) -> tuple[bytes, bool]:
    """Feed a response to an interception as long as it takes it.

    Returns:
        The chunk with which it became too large, empty where all of it was taken; and whether more may follow.
    """
    more = True
    while more and interception.buffering:
        chunk, more = await response.read()
        if chunk and not interception.feed(chunk):
            return chunk, more
    return b"", more


def _uncancel() -> None:
    """Withdraw a cancellation that this module requested; Python before 3.11 does not count them."""
    if sys.version_info >= (3, 11) and (task := asyncio.current_task()) is not None:
        task.uncancel()
