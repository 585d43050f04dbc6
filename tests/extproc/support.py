"""Envoy's messages for a response, and what Envoy makes of the replies: its side of the protocol, without Envoy."""

from __future__ import annotations

from typing import Any, cast

from envoy.config.core.v3.base_pb2 import HeaderValueOption
from envoy.service.ext_proc.v3.external_processor_pb2 import CommonResponse, HeaderMutation, ProcessingRequest

from authproblem import normalize
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.options import make_options
from authproblem._model import Provider
from authproblem.extproc.exchange import Exchange
from tests.support.responses import Pairs, Response
from tests.support.vectors import Vector

FILTER = "envoy.filters.http.ext_proc"


def gate(**options: Any) -> Interceptor:
    """The rules for these options."""
    return Interceptor(make_options(options))


def head(
    response: Response, path: str = "/", method: str = "POST", accept: str | None = None, *, whole: bool = False
) -> ProcessingRequest:
    """The message about the headers of a response."""
    message = ProcessingRequest()
    message.response_headers.end_of_stream = whole
    for name, value in [(":status", str(response.status)), *response.headers]:
        message.response_headers.headers.headers.add(key=name.lower(), raw_value=value.encode("latin-1"))
    fields = message.attributes[FILTER].fields
    fields["request.method"].string_value = method
    fields["request.url_path"].string_value = path
    if accept is not None:
        fields["request.headers['accept']"].string_value = accept
    return message


def body(content: bytes, *, whole: bool = True) -> ProcessingRequest:
    """The message about the body of a response."""
    message = ProcessingRequest()
    message.response_body.body = content
    message.response_body.end_of_stream = whole
    return message


def through(
    rules: Interceptor, response: Response, path: str = "/", method: str = "POST", accept: str | None = None
) -> Response:
    """Send a response through one exchange and give what Envoy would send."""
    exchange = Exchange(rules)
    whole = method == "HEAD" or not response.body
    reply = exchange.process(head(response, path, method, accept, whole=whole))
    got = applied(response, reply.response_headers.response)
    if not reply.mode_override.response_body_mode:
        return got
    return applied(got, exchange.process(body(response.body)).response_body.response)


def applied(response: Response, common: CommonResponse) -> Response:
    """A response after the changes that a reply contains."""
    status, headers = mutated(response.status, response.headers, common.header_mutation)
    changed = common.body_mutation.WhichOneof("mutation") == "body"
    return Response(status, headers, common.body_mutation.body if changed else response.body)


def mutated(status: int, headers: Pairs, mutation: HeaderMutation) -> tuple[int, Pairs]:
    """Status and headers after a mutation, in Envoy's order: removals first."""
    removed = set(mutation.remove_headers)
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in removed]
    for option in mutation.set_headers:
        name, value = option.header.key, option.header.raw_value.decode("latin-1")
        if name == ":status":
            status = int(value)
            continue
        if option.append_action == HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD:
            kept = [pair for pair in kept if pair[0] != name]
        kept.append((name, value))
    return status, kept


def expected(vector: Vector) -> dict[str, Any] | Response:
    """What `normalize` makes of a vector's response; a redirect stays as it came."""
    sent = vector.response
    problem = normalize(
        sent.status,
        sent.headers,
        sent.body,
        provider=cast("Provider | None", vector.provider),
        endpoint=vector.endpoint,
        method="POST",
        flow_control=True,
        transaction_states=vector.transaction_states,
    )
    return sent if problem is None or 300 <= sent.status < 400 else problem.to_dict()
