"""The reply to each of Envoy's messages about one response. Sans-IO: `ProcessingRequest` in, `ProcessingResponse` out.

When a response is buffered and what replaces it is decided by the interception of the middleware; this module
translates, and is the only one here that uses both. Nothing raises: where something fails, Envoy sends the
response as it came.

How much of a body Envoy buffers is decided for each response (`mode_override`):

- with a `Content-Length` that is small enough, `BUFFERED`: the length of a changed body can be corrected;
- without one, `BUFFERED_PARTIAL`: a body beyond Envoy's buffer limit arrives cut off, and is sent on as it came, where
  `BUFFERED` would never finish. With a `Content-Length` it cannot be used: Envoy turns a changed length into a 500.
"""

# pyright: reportAttributeAccessIssue=false
# Modules that protoc generates define their names when they are imported; they ship no stubs.
from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from envoy.extensions.filters.http.ext_proc.v3.processing_mode_pb2 import ProcessingMode
from envoy.service.ext_proc.v3.external_processor_pb2 import (
    CommonResponse,
    HttpBody,
    HttpHeaders,
    ProcessingRequest,
    ProcessingResponse,
)

from authproblem._middleware import events
from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem.extproc.mutation import mutate, set_header

ATTRIBUTES = ("request.method", "request.url_path", "request.headers['accept']")
"""The `response_attributes` that the filter's configuration requests; without them a request is unknown."""

_FILTER = "envoy.filters.http.ext_proc"
_REDIRECT = 300
_REPLIES = {
    "request_headers": "request_headers",
    "response_headers": "response_headers",
    "request_body": "request_body",
    "response_body": "response_body",
    "request_trailers": "request_trailers",
    "response_trailers": "response_trailers",
}
"""The member of the reply for each kind of message: Envoy closes a stream whose replies are of another kind."""


class _Head(NamedTuple):
    """The status, the headers and the declared length of a response."""

    status: int
    pairs: list[tuple[bytes, bytes]]
    length: int | None


class Exchange:
    """The messages about one response; Envoy opens one stream for each."""

    __slots__ = ("_interception", "_interceptor")

    def __init__(self, interceptor: Interceptor) -> None:
        """Begin.

        Args:
            interceptor: the rules of the process, shared by all exchanges.
        """
        self._interceptor = interceptor
        self._interception: Interception | None = None

    def process(self, message: ProcessingRequest) -> ProcessingResponse:
        """Return the reply to one message; never raises.

        Args:
            message: what Envoy sent.

        Returns:
            The reply; an empty one lets Envoy continue with what it has.
        """
        kind = message.WhichOneof("request")
        try:
            if kind == "response_headers":
                return self._begin(message)
            if kind == "response_body":
                return self._feed(message.response_body)
        except Exception as error:  # noqa: BLE001 - no failure of this package reaches the client
            events.report_fault(
                error, "a message of Envoy could not be processed and the response was passed unchanged"
            )
        return _unchanged(kind)

    def _begin(self, message: ProcessingRequest) -> ProcessingResponse:
        response = _unchanged("response_headers")
        head, request = _head(message.response_headers), _request(message)
        if head.status < _REDIRECT and not self._interceptor.wants_success(request.path):
            return response
        interception = self._interceptor.begin(request, head.status, head.pairs)
        common = response.response_headers.response
        if interception.buffering:
            whole = message.response_headers.end_of_stream  # HEAD, or an empty body
            if whole or self._folds_unread(interception, head):
                reply = interception.finish()
                if reply is not None:
                    _replace(common, interception, reply)
                    if reply.body:
                        common.status = CommonResponse.CONTINUE_AND_REPLACE
                    return response
            elif (head.length or 0) <= self._interceptor.max_body:
                self._interception = interception
                mode = ProcessingMode.BUFFERED_PARTIAL if head.length is None else ProcessingMode.BUFFERED
                response.mode_override.response_body_mode = mode
        mutate(common.header_mutation, interception.response_headers.pairs, interception.headers)
        return response

    def _folds_unread(self, interception: Interception, head: _Head) -> bool:
        """Whether the response is too large, and folds by its status: what an unauthenticated caller must not see."""
        too_large = head.length is not None and head.length > self._interceptor.max_body
        interception.discards = too_large and self._interceptor.folds_unread(interception)
        return interception.discards

    def _feed(self, body: HttpBody) -> ProcessingResponse:
        response = _unchanged("response_body")
        interception, self._interception = self._interception, None
        if interception is None or not interception.feed(body.body):
            return response
        if not body.end_of_stream:  # cut off, or followed by trailers: left alone, but it must not unfold an error
            interception.discards = interception.discards or self._interceptor.folds_unread(interception)
            if not interception.discards:
                return response
        reply = interception.finish()
        if reply is None:
            common = response.response_body.response
            mutate(common.header_mutation, interception.response_headers.pairs, interception.headers)
            return response
        if body.end_of_stream:
            _replace(response.response_body.response, interception, reply)
            return response
        return _instead(reply)


def _unchanged(kind: str | None) -> ProcessingResponse:
    response = ProcessingResponse()
    if kind in _REPLIES:
        getattr(response, _REPLIES[kind]).SetInParent()
    return response


def _replace(common: CommonResponse, interception: Interception, reply: Reply) -> None:
    """Replace the response that Envoy has buffered."""
    mutation = common.header_mutation
    if reply.status != interception.status:
        set_header(mutation, ":status", str(reply.status).encode("ascii"))
    mutate(mutation, interception.response_headers.pairs, reply.headers)
    if reply.body:
        common.body_mutation.body = reply.body


def _instead(reply: Reply) -> ProcessingResponse:
    """A reply in the place of a response that was cut off: the rest of its body must not follow."""
    response = ProcessingResponse()
    immediate = response.immediate_response
    immediate.status.code = reply.status
    immediate.body = reply.body
    mutate(immediate.headers, (), ((name, value) for name, value in reply.headers if name != b"content-length"))
    return response


def _head(message: HttpHeaders) -> _Head:
    status, length = 0, None
    pairs: list[tuple[bytes, bytes]] = []
    for header in message.headers.headers:
        name, value = header.key.encode("latin-1"), header.raw_value or header.value.encode("utf-8")
        if name == b":status":
            status = int(value)
        else:
            pairs.append((name, value))
            if name == b"content-length" and value.isdigit():
                length = int(value)
    return _Head(status, pairs, length)


def _request(message: ProcessingRequest) -> Request:
    """The parts of the request that decide about its response, from the attributes that Envoy sends with it."""
    fields = message.attributes[_FILTER].fields if _FILTER in message.attributes else {}
    method, path, accept = (fields[name].string_value if name in fields else None for name in ATTRIBUTES)
    return Request(unquote(path or ""), (method or "").upper(), accept or None, {}, binary=True)
