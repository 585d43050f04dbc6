"""Replies to Envoy's messages: what is buffered, what is replaced, and what stays as it came."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("grpc_health", reason="pip install 'authproblem[envoy]'")

from envoy.extensions.filters.http.ext_proc.v3.processing_mode_pb2 import ProcessingMode
from envoy.service.ext_proc.v3.external_processor_pb2 import CommonResponse, ProcessingRequest
from hypothesis import given
from hypothesis import strategies as st

from authproblem.extproc.exchange import Exchange
from tests.extproc.support import body, expected, gate, head, through
from tests.support.events import Events
from tests.support.responses import Response, json_response
from tests.support.vectors import FILES, Vector, load

EXPIRED = json_response(
    401,
    {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorLink": "E0000011", "errorCauses": []},
    ("set-cookie", "a=1"),
    ("set-cookie", "b=2"),
    ("etag", '"old"'),
)
RULES = gate(provider="okta")
OWN = json_response(404, {"detail": "no such user"})


def sized(response: Response) -> Response:
    """The response with its Content-Length."""
    length = ("content-length", str(len(response.body)))
    return response._replace(headers=[*response.headers, length])


def without_instance(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what differs from one occurrence to the next."""
    return {name: value for name, value in document.items() if name != "instance"}


def outcome(vector: Vector) -> dict[str, Any] | Response:
    """What an exchange makes of a vector's response: the document, or the response as it came."""
    path = vector.endpoint or "/somewhere/in/the/app"
    states = (path,) if vector.transaction_states else ()
    rules = gate(provider=vector.provider, disclosure="off", flow_control=True, transaction_states=states)
    got = through(rules, vector.response, path)
    if (got.status, got.body) == (vector.response.status, vector.response.body):
        return vector.response
    return without_instance(got.document())


@pytest.mark.parametrize("stem", FILES)
def test_every_vector_becomes_what_normalize_gives(stem: str) -> None:
    """Member for member the same document, and what is no provider's error stays byte for byte."""
    different = [vector.place for vector in load(stem) if outcome(vector) != expected(vector)]

    assert different == []


def test_replaces_status_headers_and_body() -> None:
    """The status of the type, a correct length, the validators of the old body gone, cookies kept in order."""
    got = through(gate(status="canonical"), sized(EXPIRED))

    assert str(len(got.body)) == got.header("content-length")
    assert got.lines("set-cookie") == ["a=1", "b=2"]
    assert got.header("etag") is None
    assert got.header("auth-problem") == "invalid-token"
    assert got.document()["status"] == got.status


@pytest.mark.parametrize(
    ("response", "mode"),
    [
        (sized(EXPIRED), ProcessingMode.BUFFERED),
        (EXPIRED, ProcessingMode.BUFFERED_PARTIAL),
        (EXPIRED._replace(headers=[*EXPIRED.headers, ("content-length", "300000")]), ProcessingMode.NONE),
        (OWN._replace(headers=[("content-type", "text/html")]), ProcessingMode.NONE),
        (EXPIRED._replace(status=200), ProcessingMode.NONE),
    ],
    ids=["with length", "without length", "too large", "no candidate", "healthy"],
)
def test_asks_for_a_body_only_where_it_may_be_an_error(response: Response, mode: int) -> None:
    """The buffer mode follows the declared length; without need Envoy buffers nothing."""
    reply = Exchange(gate()).process(head(response))

    assert mode == reply.mode_override.response_body_mode


def test_leaves_an_error_of_the_app_alone() -> None:
    """A body that is no provider's goes out as it came, with no header changed."""
    assert sized(OWN) == through(gate(), sized(OWN))


def test_leaves_a_body_alone_that_was_cut_off() -> None:
    """Envoy sends what fits into its buffer, without the end: that is never classified."""
    exchange = Exchange(gate())
    exchange.process(head(EXPIRED))

    response = exchange.process(body(EXPIRED.body, whole=False))

    assert CommonResponse() == response.response_body.response


def test_a_body_that_was_cut_off_folds_where_users_sign_in() -> None:
    """A long name that the provider repeats must not switch folding off, nor trailers after the body."""
    locked = b'{"errorCode":"E0000069","errorSummary":"User Locked"}'
    exchange = Exchange(gate(provider="okta", disclosure="strict"))
    exchange.process(head(Response(403, [("content-type", "application/json")], locked), "/api/v1/authn"))

    answer = exchange.process(body(locked, whole=False))

    assert (answer.immediate_response.status.code, b"sign-in-failed" in answer.immediate_response.body) == (401, True)


def test_responds_to_head_by_headers_alone() -> None:
    """There is no body to wait for, and none is sent."""
    challenge = 'Bearer error="invalid_token"'
    response = Response(401, [("www-authenticate", challenge), ("content-length", "120")], b"")

    got = through(gate(provider="auth0"), response, method="HEAD")

    assert (got.header("auth-problem"), got.body, got.header("content-length")) == ("invalid-token", b"", None)


def test_replaces_an_empty_body() -> None:
    """A certain provider's empty error gets a document; Envoy continues with it."""
    response = Response(503, [("content-length", "0")], b"")
    reply = Exchange(gate(provider="okta")).process(head(response, whole=True))

    assert reply.response_headers.response.status == CommonResponse.CONTINUE_AND_REPLACE
    assert b"upstream-unavailable" in reply.response_headers.response.body_mutation.body


def test_removes_the_mark_of_the_app() -> None:
    """`Auth-Problem-Upstream` never leaves, whether the response is rewritten or not."""
    marked = OWN._replace(status=404, headers=[("content-type", "text/html"), ("auth-problem-upstream", "x y")])

    assert through(gate(), marked).lines("auth-problem-upstream") == []


def test_negotiates_the_media_type_by_the_attributes() -> None:
    """`Accept` of the request arrives as an attribute."""
    got = through(gate(), EXPIRED, accept="application/json")

    assert got.header("content-type") == "application/json"


def test_an_encoded_path_is_decoded() -> None:
    """`providers` compares decoded paths, as the middleware does."""
    rules = gate(providers={"/auth server": "okta"})
    response = json_response(403, {"error": "access_denied", "error_description": "x"})

    assert through(rules, response, path="/auth%20server/token").header("auth-problem") == "access-denied"


@pytest.mark.parametrize(
    "kind", ["request_headers", "request_body", "request_trailers", "response_trailers", "response_body"]
)
def test_an_unexpected_message_changes_nothing(kind: str) -> None:
    """Another configuration of the filter may send more: each kind gets a reply of its own kind."""
    message = ProcessingRequest()
    getattr(message, kind).SetInParent()

    response = Exchange(gate()).process(message)

    assert (kind, 0) == (response.WhichOneof("response"), len(getattr(response, kind).ListFields()))


def test_a_message_without_attributes_gets_a_reply() -> None:
    """A filter without `response_attributes` costs the path, not the response."""
    message = head(EXPIRED)
    message.ClearField("attributes")
    exchange = Exchange(gate())
    exchange.process(message)

    response = exchange.process(body(EXPIRED.body))

    assert b"invalid-token" in response.response_body.response.body_mutation.body


@given(
    status=st.sampled_from(["100", "200", "302", "401", "403", "429", "500", "599", "x", ""]),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["content-type", "content-length", "content-encoding", "location", "x", "Ä"]),
            st.one_of(st.binary(max_size=20), st.sampled_from([b"application/json", b"gzip", b"99999999999999999999"])),
        ),
        max_size=6,
    ),
    chunks=st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=3),
    path=st.text(max_size=20),
)
def test_whatever_arrives_gets_a_reply_of_its_kind(
    status: str, headers: list[tuple[str, bytes]], chunks: list[tuple[bytes, bool]], path: str
) -> None:
    """Malformed statuses, lengths, codings, paths and bodies: Envoy gets a reply that it accepts for each message."""
    message = head(Response(401, [], b""), path)
    del message.response_headers.headers.headers[:]
    for name, value in [(":status", status.encode()), *headers]:
        message.response_headers.headers.headers.add(key=name, raw_value=value)
    exchange = Exchange(RULES)

    responses = [exchange.process(message), *(exchange.process(body(data, whole=whole)) for data, whole in chunks)]

    kinds = [response.WhichOneof("response") for response in responses]
    assert kinds == ["response_headers", *["response_body"] * len(chunks)]


def test_an_internal_failure_passes_the_response(events: Events) -> None:
    """A message that cannot be read gets the reply: continue."""
    message = head(EXPIRED)
    message.response_headers.headers.headers[0].raw_value = b"four hundred"

    response = Exchange(gate()).process(message)

    assert response.WhichOneof("response") == "response_headers"
    assert not response.response_headers.response.ListFields()
    assert [event["event"] for event in events] == ["authproblem.failed"]


def test_a_page_that_a_browser_keeps_says_that_it_depends_on_accept() -> None:
    """The page itself stays as Envoy has it."""
    page = sized(Response(503, [("content-type", "text/html"), ("vary", "Cookie")], b"<html>"))
    got = through(RULES, page, accept="text/html")

    assert (got.body, got.lines("vary")) == (page.body, ["Cookie", "Accept"])
    assert through(RULES, page, accept="application/json").document()["reason"] == "upstream-unavailable"
