"""The ASGI adapter and the protocol: every message type, in every order and cut, whatever the app sends."""

from __future__ import annotations

import copy
import inspect
from http import HTTPStatus
from typing import Any

import pytest
import uvicorn

from authproblem.asgi import AuthProblemMiddleware
from tests.adapters.asgi_host import (
    BODY,
    START,
    TRAILERS,
    Connection,
    answering,
    body,
    connect,
    raw,
    run,
    scripted,
    start,
)
from tests.adapters.samples import CODINGS, ERRORS, FOREIGN, HEALTHY, JSON, LIMITED, OKTA, bytewise, coded
from tests.adapters.support import assert_problem, assert_sound, assert_untouched, is_problem
from tests.support.asgi_server import http_scope
from tests.support.responses import Response

STREAMS = ("text/event-stream", "application/json", "application/x-ndjson", "text/html", "video/mp4")
PASSED = {
    "200 with an error in it": HEALTHY,
    "201": Response(201, [("content-type", JSON)], b"{}"),
    "206": Response(206, [("content-type", "application/octet-stream"), ("content-range", "bytes 0-1/9")], b"\x00\xff"),
    "302 with an error": Response(302, [("location", "https://app.example/?error=access_denied&state=1")], b""),
    "303 with a body": Response(303, [("location", "/x"), ("content-type", JSON)], OKTA.body),
    "404 page": Response(404, [("content-type", "text/html; charset=utf-8")], b"<h1>no</h1>"),
    "404 text": Response(404, [("content-type", "text/plain; charset=utf-8")], b"Not Found"),
    "405 of a framework": Response(405, [("allow", "GET"), ("content-type", JSON)], b'{"detail":"Method Not Allowed"}'),
    "409 of the app": Response(409, [("content-type", JSON)], b'{"items":[1,2]}'),
    "413 binary": Response(413, [("content-type", "application/octet-stream")], b"\x89PNG\r\n" * 99),
    "422 of a framework": FOREIGN,
    "problem of the app": Response(
        401, [("content-type", "application/problem+json")], b'{"type":"https://x.example/t","status":401}'
    ),
    "599": Response(599, [("content-type", "text/html")], b"x"),
}


@pytest.mark.parametrize("name", PASSED)
def test_what_is_no_providers_error_passes_byte_for_byte(name: str) -> None:
    """Healthy responses, errors of the app and of others: status, headers and body."""
    sent = PASSED[name]
    assert_untouched(connect(AuthProblemMiddleware(answering(sent))).answer(), sent)


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_an_error_becomes_a_problem_however_its_body_is_cut(name: str, size: int) -> None:
    """In one message, in chunks of any size, or byte by byte."""
    app = answering(ERRORS[name], bytewise(ERRORS[name].body, size))
    assert assert_problem(connect(AuthProblemMiddleware(app)).answer())["reason"] == name


ENDINGS: dict[str, list[dict[str, Any]]] = {
    "empty chunks first": [body(b"", more=True), body(b"", more=True), body(OKTA.body)],
    "an empty chunk last": [body(OKTA.body, more=True), body(b"")],
    "no body key last": [body(OKTA.body, more=True), {"type": BODY}],
    "no body key first": [{"type": BODY, "more_body": True}, body(OKTA.body)],
    "no more_body key": [{"type": BODY, "body": OKTA.body}],
    "bytearray and memoryview": [body(bytearray(OKTA.body[:9]), more=True), body(memoryview(OKTA.body)[9:])],
    "unknown keys": [{**body(OKTA.body), "future": 1}],
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_body_messages_may_leave_out_what_is_optional(ending: str) -> None:
    """`body` and `more_body` have defaults in the ASGI specification."""
    connection = connect(AuthProblemMiddleware(scripted(start(OKTA), *ENDINGS[ending])))
    assert assert_problem(connection.answer())["reason"] == "invalid-credentials"


@pytest.mark.parametrize("ending", ENDINGS)
def test_body_messages_of_the_apps_own_error_keep_their_bytes(ending: str) -> None:
    """Defaults are left out of messages that pass as well."""
    sent = Response(OKTA.status, [("content-type", JSON), ("auth-problem", "of-the-app")], OKTA.body)
    connection = connect(AuthProblemMiddleware(scripted(start(sent), *ENDINGS[ending])))
    assert_untouched(connection.answer(), sent)


def test_a_buffer_that_the_app_reuses_is_copied() -> None:
    """A `bytearray` that changes after `send` must not change the body."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        buffer = bytearray()
        await send(start(OKTA))
        for chunk in bytewise(OKTA.body, 8):
            buffer[:] = chunk
            await send(body(buffer, more=True))
        buffer.clear()
        await send(body(buffer))

    assert assert_problem(connect(AuthProblemMiddleware(app)).answer())["errorId"] == OKTA.document()["errorId"]


def test_a_start_without_headers_passes() -> None:
    """`headers` is optional in the ASGI specification."""
    for status in (200, 404, 401):
        connection = connect(AuthProblemMiddleware(scripted({"type": START, "status": status}, body(b"x"))))
        assert connection.answer() == Response(status, [], b"x")


@pytest.mark.parametrize("sent", [HEALTHY, OKTA, FOREIGN], ids=["healthy", "provider", "foreign"])
def test_headers_may_be_an_iterable_that_is_read_once(sent: Response) -> None:
    """The specification allows any iterable, such as a generator."""
    app = scripted({**start(sent), "headers": (pair for pair in raw(sent.headers))}, body(sent.body))
    assert_sound(connect(AuthProblemMiddleware(app)).answer(), sent)


def test_header_pairs_may_be_lists() -> None:
    """The specification says iterables of two, not tuples."""
    app = scripted({**start(OKTA), "headers": [list(pair) for pair in raw(OKTA.headers)]}, body(OKTA.body))
    assert_problem(connect(AuthProblemMiddleware(app)).answer())


def test_a_status_of_the_enumeration_stays_a_number_on_the_wire() -> None:
    """Apps send `HTTPStatus` members, which are integers."""
    app = scripted({**start(OKTA), "status": HTTPStatus.UNAUTHORIZED}, body(OKTA.body))
    assert assert_problem(connect(AuthProblemMiddleware(app)).answer())["status"] == 401


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [1, 10_000])
def test_content_codings_are_undone(coding: str, size: int) -> None:
    """However the coded body is cut."""
    sent = coded(OKTA, coding)
    app = answering(sent, bytewise(sent.body, size))
    assert assert_problem(connect(AuthProblemMiddleware(app)).answer())["reason"] == "invalid-credentials"


@pytest.mark.parametrize("length", ["0", "5", "900", "-1", "abc", "", "99999999999"])
def test_a_wrong_content_length_is_replaced(length: str) -> None:
    """The length of the new body is sent, once."""
    sent = Response(401, [*OKTA.headers, ("content-length", length)], OKTA.body)
    assert_sound(connect(AuthProblemMiddleware(answering(sent))).answer(), sent)


def test_framing_headers_in_any_case_and_number_are_replaced() -> None:
    """One `Content-Length` is left, and no `Transfer-Encoding`."""
    framing = [("Content-Length", "7"), ("content-length", "7"), ("Transfer-Encoding", "chunked")]
    sent = Response(401, [*OKTA.headers, *framing], OKTA.body)
    assert_problem(connect(AuthProblemMiddleware(answering(sent))).answer())


# ------------------------------------------------------------------------------------------------ streams and memory


@pytest.mark.parametrize("status", [200, 206])
@pytest.mark.parametrize("media", STREAMS)
def test_a_healthy_stream_is_delivered_message_by_message(media: str, status: int) -> None:
    """Each message reaches the client before the app sends the next one."""
    assert deliver_stream(Response(status, [("content-type", media)], b"")).content == b"012"


@pytest.mark.parametrize("media", ["text/event-stream", "text/html", "application/x-ndjson", "video/mp4"])
def test_an_error_stream_that_is_no_json_is_delivered_message_by_message(media: str) -> None:
    """Pages and files of the app are not buffered."""
    assert deliver_stream(Response(401, [("content-type", media)], b"")).content == b"012"


@pytest.mark.parametrize("header", [("auth-problem", "rate-limited"), ("content-encoding", "compress")])
def test_json_that_is_not_examined_is_delivered_message_by_message(header: tuple[str, str]) -> None:
    """A header shows it before the body comes."""
    assert deliver_stream(Response(401, [("content-type", JSON), header], b"")).content == b"012"


def deliver_stream(sent: Response) -> Connection:
    """An app that continues only when the client has what it sent: buffering would be a deadlock."""
    connection = Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(sent))
        await connection.seen(1)
        for number in range(3):
            await send(body(b"%d" % number, more=True))
            await connection.seen(2 + number)
        await send(body(b""))

    run(AuthProblemMiddleware(app)(http_scope("/oauth/token"), connection.receive, connection.send))
    assert connection.answer().headers == sent.headers
    return connection


@pytest.mark.parametrize("sent", [HEALTHY, OKTA, FOREIGN], ids=["healthy", "provider", "foreign"])
def test_the_response_is_out_before_the_app_returns(sent: Response) -> None:
    """Background work of the app must not delay it."""
    connection, later = Connection(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(sent))
        await send(body(sent.body))
        later.append(connection.complete)  # background work starts here

    run(AuthProblemMiddleware(app)(http_scope(), connection.receive, connection.send))
    assert later == [True]


@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("size", [4096, 65_536, 10_485_760])
def test_ten_megabytes_pass_with_at_most_one_chunk_in_memory(status: int, size: int) -> None:
    """Beyond the limit nothing is buffered any more."""
    produced = delivered = most = 0
    chunk = b'{"errorCode":"E0000004"}'.ljust(size)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal produced, most
        await send({"type": START, "status": status, "headers": [(b"content-type", b"application/json")]})
        for _ in range(10_485_760 // size):
            produced += size
            await send(body(chunk, more=True))
            most = max(most, produced - delivered)
        await send(body(b""))

    async def send(message: Any) -> None:
        nonlocal delivered
        delivered += len(message.get("body", b""))

    run(AuthProblemMiddleware(app)(http_scope(), Connection().receive, send))
    assert delivered == produced == 10_485_760
    assert most <= 262_144


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_max_body_is_the_last_size_that_is_rewritten(over: int) -> None:
    """One byte more passes through unchanged."""
    app = AuthProblemMiddleware(answering(OKTA, bytewise(OKTA.body, 10)), max_body=len(OKTA.body) - over)
    assert is_problem(connect(app).answer()) == (over <= 0)


def test_a_body_above_the_limit_passes_byte_for_byte() -> None:
    """What was buffered before is sent first."""
    sent = Response(401, OKTA.headers, OKTA.body.ljust(5000))
    app = AuthProblemMiddleware(answering(sent, bytewise(sent.body, 100)), max_body=1000)
    assert_untouched(connect(app).answer(), sent)


# ------------------------------------------------------------------------------------------------ other message types


@pytest.mark.parametrize("sent", [HEALTHY, OKTA, FOREIGN], ids=["healthy", "provider", "foreign"])
@pytest.mark.parametrize("kind", ["early_hint", "debug", "push", "informational", "invented"])
def test_messages_before_the_start_pass_at_once(kind: str, sent: Response) -> None:
    """Early hints, informational responses and invented messages."""
    message = {"type": f"http.response.{kind}", "links": [b"</a.css>"], "status": 103, "info": {"x": 1}}
    connection = Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)
        await connection.seen(1)
        await send(start(sent))
        await send(body(sent.body))

    run(AuthProblemMiddleware(app)(http_scope(), connection.receive, connection.send))
    assert connection.messages[0] == message
    assert_sound(connection.answer(), sent)


@pytest.mark.parametrize("kind", ["early_hint", "debug", "push", "invented"])
@pytest.mark.parametrize("status", [200, 401])
def test_messages_in_the_middle_of_the_response_keep_their_place(kind: str, status: int) -> None:
    """What was buffered before such a message is sent before it."""
    other = {"type": f"http.response.{kind}", "x": 1}
    sent = [start(Response(status, OKTA.headers, b"")), body(b'{"a"', more=True), other, body(b":1}")]
    connection = connect(AuthProblemMiddleware(scripted(*sent)))
    assert connection.messages == sent


@pytest.mark.parametrize("status", [200, 401, 404])
@pytest.mark.parametrize("media", [JSON, "text/html"])
def test_pathsend_passes(status: int, media: str) -> None:
    """The server sends a file that the middleware never reads."""
    sent = [start(Response(status, [("content-type", media)], b"")), {"type": "http.response.pathsend", "path": "/a"}]
    assert connect(AuthProblemMiddleware(scripted(*sent))).messages == sent


@pytest.mark.parametrize("status", [200, 401])
def test_zerocopysend_passes_between_body_messages(status: int) -> None:
    """The buffered part is sent first, so that the order stays."""
    copy_message = {"type": "http.response.zerocopysend", "file": 99, "count": 3, "more_body": True}
    sent = [start(Response(status, OKTA.headers, b"")), body(b'{"a":', more=True), copy_message, body(b"}")]
    assert connect(AuthProblemMiddleware(scripted(*sent))).messages == sent


def test_zerocopysend_as_the_first_of_an_error_passes() -> None:
    """An error that is a file is not read."""
    sent = [start(OKTA), {"type": "http.response.zerocopysend", "file": 99}]
    assert connect(AuthProblemMiddleware(scripted(*sent))).messages == sent


@pytest.mark.parametrize("sent", [HEALTHY, FOREIGN], ids=["healthy", "foreign"])
def test_trailers_pass_with_what_is_not_rewritten(sent: Response) -> None:
    """They belong to the body that they came with."""
    trailers = [
        {"type": TRAILERS, "headers": [(b"x-checksum", b"a")], "more_trailers": True},
        {"type": TRAILERS, "headers": []},
    ]
    script = [start(sent, trailers=True), body(sent.body[:3], more=True), body(sent.body[3:]), *trailers]
    connection = connect(AuthProblemMiddleware(scripted(*script)))
    assert_untouched(connection.answer(), sent)
    assert connection.messages[-2:] == trailers
    assert connection.messages[0]["trailers"] is True


def test_a_rewritten_response_neither_announces_nor_sends_trailers() -> None:
    """They would describe a body that is not sent."""
    announced = Response(401, [*OKTA.headers, ("trailer", "x-checksum")], OKTA.body)
    end = {"type": TRAILERS, "headers": [(b"x-checksum", b"a")]}
    connection = connect(AuthProblemMiddleware(scripted(start(announced, trailers=True), body(OKTA.body), end)))
    assert_problem(connection.answer())
    assert connection.types == ["start", "body"]
    assert "trailers" not in connection.messages[0]


def test_unknown_keys_of_a_start_message_are_kept() -> None:
    """Later versions of ASGI may add some."""
    for sent in (HEALTHY, OKTA, FOREIGN):
        connection = connect(AuthProblemMiddleware(scripted(start(sent, future={"x": 1}), body(sent.body))))
        assert connection.messages[0]["future"] == {"x": 1}


# ------------------------------------------------------------------------------------------------ bodies that are none


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_passes(status: int) -> None:
    """1xx, 204 and 304 have none, whatever their headers say."""
    sent = Response(status, [("etag", '"x"'), ("content-type", JSON), ("x-okta-request-id", "r")], b"")
    assert_untouched(connect(AuthProblemMiddleware(answering(sent), provider="okta")).answer(), sent)


def test_a_416_passes_for_its_meaning_is_in_headers() -> None:
    """`Content-Range` has the valid range (RFC 9110 section 15.5.17)."""
    sent = Response(416, [*OKTA.headers, ("content-range", "bytes */9")], OKTA.body)
    assert_untouched(connect(AuthProblemMiddleware(answering(sent))).answer(), sent)


@pytest.mark.parametrize("sent", [OKTA, LIMITED])
def test_a_head_response_without_a_body_keeps_its_headers(sent: Response) -> None:
    """Nothing in it shows which error a GET would get."""
    headed = Response(sent.status, [*sent.headers, ("content-length", str(len(sent.body)))], b"")
    connection = connect(AuthProblemMiddleware(answering(headed)), http_scope("/oauth/token", "HEAD"))
    assert_untouched(connection.answer(), headed)


@pytest.mark.parametrize("sent", [OKTA, LIMITED])
def test_a_head_response_whose_body_the_server_drops_has_the_headers_of_get(sent: Response) -> None:
    """The body is classified, and not sent."""
    connection = connect(AuthProblemMiddleware(answering(sent)), http_scope("/oauth/token", "HEAD"))
    response = connection.answer()
    assert_problem(response, method="HEAD")
    assert response.lines("auth-problem") == connect(AuthProblemMiddleware(answering(sent))).answer().lines(
        "auth-problem"
    )


# ------------------------------------------------------------------------------------------------ other connections


def test_a_websocket_passes() -> None:
    """All messages in order, also a close that looks like an error."""
    script: list[Any] = [
        {"type": "websocket.accept", "subprotocol": "x", "headers": []},
        {"type": "websocket.send", "text": OKTA.body.decode()},
        {"type": "websocket.send", "bytes": b"\x00"},
        {"type": "websocket.close", "code": 4401, "reason": "invalid_token"},
    ]
    assert passed_on("websocket", script) == script


def test_a_denied_websocket_passes() -> None:
    """The denial response has messages of its own."""
    script: list[Any] = [
        {"type": "websocket.http.response.start", "status": 401, "headers": raw(OKTA.headers)},
        {"type": "websocket.http.response.body", "body": OKTA.body},
    ]
    assert passed_on("websocket", script) == script


def test_lifespan_passes_with_its_failures() -> None:
    """Start and end of the app are not ours."""
    script = [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.failed", "message": "x"}]
    assert passed_on("lifespan", script) == script


def test_an_unknown_kind_of_connection_passes() -> None:
    """Even where its messages look like those of HTTP."""
    script = [{"type": START, "status": 401, "headers": raw(OKTA.headers)}, body(OKTA.body)]
    assert passed_on("invented", script) == script


def passed_on(kind: str, script: list[Any]) -> list[Any]:
    """What the server gets on a connection of this kind; scope and receive have to be the very same."""
    got: list[Any] = []
    seen: list[Any] = []
    scope = {"type": kind, "path": "/oauth/token", "headers": [], "state": {}}

    async def app(*given: Any) -> None:
        seen.extend(given[:2])
        for message in script:
            await given[2](message)

    async def receive() -> Any:
        raise AssertionError("the app does not receive")

    async def send(message: Any) -> None:
        got.append(message)

    options: dict[str, Any] = {"callback_paths": ("/oauth/token",), "provider": "okta"}
    run(AuthProblemMiddleware(app, **options)(scope, receive, send))
    assert seen[0] is scope
    assert seen[1] is receive
    return got


def test_the_exception_of_an_app_that_refuses_a_kind_of_connection_propagates() -> None:
    """Servers expect it where an app has no lifespan."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError(scope["type"])

    with pytest.raises(NotImplementedError, match="lifespan"):
        connect(AuthProblemMiddleware(app), {"type": "lifespan"})


# ------------------------------------------------------------------------------------------------ the app's own objects


@pytest.mark.parametrize("options", [{}, {"callback_paths": ("/oauth/token",)}, {"providers": {"/oauth": "okta"}}])
def test_the_app_gets_the_servers_scope_and_receive(options: dict[str, Any]) -> None:
    """The same objects, unchanged."""
    given: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given.extend([scope, receive, copy.copy(scope)])

    scope, connection = http_scope("/oauth/token", state={"db": 1}), Connection()
    before, receive = copy.deepcopy(scope), connection.receive
    run(AuthProblemMiddleware(app, **options)(scope, receive, connection.send))
    assert given[0] is scope
    assert given[1] is receive
    assert given[2] == before


def test_healthy_messages_reach_the_server_as_the_very_objects() -> None:
    """Nothing is copied on the healthy path."""
    messages, got = [start(HEALTHY), body(HEALTHY.body)], []

    async def send(message: Any) -> None:
        got.append(message)

    run(AuthProblemMiddleware(scripted(*messages))(http_scope(), Connection().receive, send))
    assert [one is other for one, other in zip(got, messages, strict=True)] == [True, True]


@pytest.mark.parametrize("sent", [OKTA, FOREIGN], ids=["provider", "foreign"])
def test_the_messages_of_the_app_are_not_changed(sent: Response) -> None:
    """Apps may send the same dictionaries again."""
    marked = [*sent.headers, ("auth-problem-upstream", "okta"), ("etag", '"1"')]
    messages = [start(Response(sent.status, marked, b""), trailers=True), body(sent.body), {"type": TRAILERS}]
    before = copy.deepcopy(messages)
    connect(AuthProblemMiddleware(scripted(*messages)))
    assert messages == before


def test_the_request_is_not_read() -> None:
    """`receive` belongs to the app."""
    parts = [body(b"a", more=True), body(b"b")]
    read = []

    async def receive() -> Any:
        return parts.pop(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        read.extend([await receive(), await receive()])
        await send(start(OKTA))
        await send(body(OKTA.body))

    connection = Connection()
    run(AuthProblemMiddleware(app)(http_scope(method="POST"), receive, connection.send))
    assert [message["body"] for message in read] == [b"a", b"b"]
    assert_problem(connection.answer())


def test_uvicorn_takes_it_for_an_asgi_3_app() -> None:
    """It looks at the type of `__call__`."""
    config = uvicorn.Config(AuthProblemMiddleware(answering(OKTA)), log_config=None)
    config.load()
    assert config.interface == "asgi3"
    assert inspect.iscoroutinefunction(AuthProblemMiddleware.__call__)
