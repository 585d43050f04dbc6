"""The WSGI adapter and PEP 3333: `start_response` in all its ways, `write`, `close`, chunks, threads, file wrappers."""

from __future__ import annotations

import copy
import io
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from werkzeug.middleware.lint import LintMiddleware

from authproblem.wsgi import AuthProblemMiddleware
from tests.adapters.samples import CODINGS, ERRORS, FOREIGN, HEALTHY, JSON, LIMITED, OKTA, bytewise, coded
from tests.adapters.support import assert_problem, assert_sound, assert_untouched, is_problem
from tests.adapters.wsgi_host import Body, Gateway, eager, lazy, line
from tests.support.responses import Response
from tests.support.wsgi_server import http_environ

each = pytest.mark.parametrize("sent", [HEALTHY, OKTA, FOREIGN], ids=["healthy", "provider", "foreign"])
kinds = pytest.mark.parametrize("kind", [eager, lazy], ids=["eager", "lazy"])
TEXT = Response(404, [("content-type", "text/plain")], b"Not Found")


class AppError(Exception):
    """What the app raises."""


def fail() -> None:
    """Raise it."""
    raise AppError


def serve(app: Any, environ: dict[str, Any] | None = None, **options: Any) -> Response:
    """The response of an app behind the middleware."""
    return Gateway().serve(AuthProblemMiddleware(app, **options), environ).answer()


def ending(sent: Response, response: Response) -> None:
    """What has to come of the three samples."""
    if sent is OKTA:
        assert_problem(response)
    else:
        assert_untouched(response, sent)


# ------------------------------------------------------------------------------------------------ passing

PASSED = {
    "success": HEALTHY,
    "an odd status": Response(299, [("content-type", "text/plain")], b"ab"),
    "a redirect with an error": Response(302, [("location", "https://a.example/?error=access_denied&state=1")], b""),
    "not modified": Response(304, [("etag", '"x"')], b""),
    "no content": Response(204, [], b""),
    "a page": Response(404, [("content-type", "text/html")], b"<h1>no</h1>"),
    "a text": TEXT,
    "the app's own error": FOREIGN,
    "a problem": Response(
        404, [("content-type", "application/problem+json")], b'{"type":"https://x.example","status":404}'
    ),
}


@kinds
@pytest.mark.parametrize("name", PASSED)
def test_what_is_no_providers_error_passes_byte_for_byte(name: str, kind: Any) -> None:
    """Healthy responses, errors of the app and of others: status, headers and body."""
    assert_untouched(serve(kind(PASSED[name])), PASSED[name])


def test_the_reason_phrase_of_the_app_stays() -> None:
    """While the status is the same."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("401 Who are you?", list(OKTA.headers))
        return [OKTA.body]

    gateway = Gateway().serve(AuthProblemMiddleware(app))
    assert gateway.starts[0][0] == "401 Who are you?"


def test_a_changed_status_gets_its_own_phrase() -> None:
    """The app's phrase described another status."""
    locked = Response(401, OKTA.headers, b'{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit"}')
    gateway = Gateway().serve(AuthProblemMiddleware(eager(locked), status="canonical"))
    assert gateway.starts[0][0] == "429 Too Many Requests"


RESULTS = {
    "list": lambda: [b"x"],
    "tuple": lambda: (b"x",),
    "iterable": lambda: Body([b"x"]),
    "file": lambda: FileWrapper(io.BytesIO(b"x")),
}


@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("status", [200, 304, 404])
def test_what_is_not_held_is_the_apps_own_object(kind: str, status: int) -> None:
    """Servers use sendfile, and the length of a list, only if they get the object itself."""
    sent, result = Response(status, [("content-type", "text/html")], b""), RESULTS[kind]()
    assert Gateway().serve(AuthProblemMiddleware(eager(sent, result))).result is result


@each
def test_a_file_wrapper_is_closed(sent: Response) -> None:
    """Whether the server sends the file or its error is replaced."""
    file = io.BytesIO(sent.body)

    def app(environ: Any, start_response: Any) -> Any:
        start_response(line(sent), list(sent.headers))
        return environ["wsgi.file_wrapper"](file, 7)

    ending(sent, serve(app, {**http_environ("/oauth/token"), "wsgi.file_wrapper": FileWrapper}))
    assert file.closed


@each
def test_the_environ_is_the_servers_and_a_plain_dict(sent: Response) -> None:
    """The app gets the same object, and PEP 3333 allows no subclass."""
    given: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        given.extend([environ, copy.copy(environ)])
        return eager(sent)(environ, start_response)  # type: ignore[no-any-return]

    environ = http_environ()
    before = copy.copy(environ)
    serve(app, environ)
    assert given[0] is environ
    assert given[1] == before


@each
def test_the_apps_list_of_headers_is_not_changed(sent: Response) -> None:
    """Apps may use the same list again."""
    headers = [*sent.headers, ("Auth-Problem-Upstream", "okta"), ("Content-Length", "7")]
    before = list(headers)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line(sent), headers)
        return [sent.body]

    serve(app)
    assert headers == before


# ------------------------------------------------------------------------------------------------ validators


@kinds
@pytest.mark.parametrize("sent", [*ERRORS.values(), FOREIGN, HEALTHY, TEXT])
@pytest.mark.parametrize("lint", [validator, LintMiddleware], ids=["wsgiref", "werkzeug"])
def test_validators_on_both_sides_find_nothing(sent: Response, kind: Any, lint: Any) -> None:
    """The validator of wsgiref or werkzeug, around the middleware and around the app in it."""
    whole = Response(sent.status, [*sent.headers, ("Content-Length", str(len(sent.body)))], sent.body)
    app = lint(AuthProblemMiddleware(lint(kind(whole))))
    assert_sound(Gateway().serve(app).answer(), whole)


# ------------------------------------------------------------------------------------------------ chunks

CUTS = {
    "one": lambda content: [content],
    "bytes": bytewise,
    "empty first": lambda content: [b"", b"", content],
    "empty last": lambda content: [content, b""],
    "empty between": lambda content: [content[:9], b"", content[9:]],
}


@kinds
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_becomes_a_problem_however_its_body_is_cut(name: str, cut: str, kind: Any) -> None:
    """For every kind of iterable that an app may return."""
    app = kind(ERRORS[name], CUTS[cut](ERRORS[name].body))
    assert assert_problem(serve(app))["reason"] == name


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings_are_undone(coding: str) -> None:
    """However the coded body is cut."""
    sent = coded(OKTA, coding)
    assert_problem(serve(eager(sent, bytewise(sent.body, 9))))


@pytest.mark.parametrize("length", ["0", "5", "900", "-1", "abc", ""])
def test_a_wrong_content_length_is_replaced(length: str) -> None:
    """The length of the new body is sent, once."""
    assert_problem(serve(eager(Response(401, [*OKTA.headers, ("Content-Length", length)], OKTA.body))))


@kinds
@pytest.mark.parametrize("sent", [HEALTHY, TEXT])
def test_a_stream_is_pulled_one_chunk_at_a_time(sent: Response, kind: Any) -> None:
    """Each chunk reaches the client before the next one is made."""
    log = []

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            log.append(f"made {number}")
            yield b"%d" % number

    gateway = Gateway(took=lambda chunk: log.append(f"took {chunk.decode()}"))
    gateway.serve(AuthProblemMiddleware(kind(sent, chunks())))
    assert log == ["made 0", "took 0", "made 1", "took 1", "made 2", "took 2"]


@kinds
@pytest.mark.parametrize("status", [200, 401, 500])
@pytest.mark.parametrize("size", [4096, 65_536, 10_485_760])
def test_ten_megabytes_pass_with_at_most_one_chunk_in_memory(size: int, status: int, kind: Any) -> None:
    """Beyond the limit nothing is buffered any more."""
    produced = delivered = most = 0
    chunk = b'{"errorCode":"E0000004"}'.ljust(size)

    def chunks() -> Iterator[bytes]:
        nonlocal produced, most
        for _ in range(10_485_760 // size):
            most = max(most, produced - delivered)
            produced += size
            yield chunk

    def took(data: bytes) -> None:
        nonlocal delivered
        delivered += len(data)

    Gateway(took=took).serve(AuthProblemMiddleware(kind(Response(status, OKTA.headers, b""), chunks())))
    assert delivered == produced == 10_485_760
    assert most <= 262_144 + size
    assert most <= 262_144 or size > 4096


@pytest.mark.parametrize("over", [-1, 0, 1])
def test_max_body_is_the_last_size_that_is_rewritten(over: int) -> None:
    """One byte more passes through unchanged."""
    response = serve(eager(OKTA, bytewise(OKTA.body, 10)), max_body=len(OKTA.body) - over)
    assert is_problem(response) == (over <= 0)


@kinds
def test_a_body_above_the_limit_passes_byte_for_byte(kind: Any) -> None:
    """What was buffered before is sent first."""
    sent = Response(401, OKTA.headers, OKTA.body.ljust(5000))
    assert_untouched(serve(kind(sent, bytewise(sent.body, 100)), max_body=1000), sent)


# ------------------------------------------------------------------------------------------------ the write callable


@each
@pytest.mark.parametrize("written", [0, 9, 10_000])
def test_what_is_written_precedes_what_is_returned(sent: Response, written: int) -> None:
    """`write()` and the iterable make one body (PEP 3333)."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response(line(sent), list(sent.headers))
        for chunk in bytewise(sent.body[:written], 4):
            write(chunk)
        return [sent.body[written:]]

    ending(sent, serve(app))


@pytest.mark.parametrize("sent", [HEALTHY, TEXT])
def test_what_is_written_into_a_response_that_passes_is_out_at_once(sent: Response) -> None:
    """`write()` returns when the client can have the data."""
    log = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response(line(sent), list(sent.headers))
        for chunk in (b"a", b"b"):
            write(chunk)
            log.append(f"after {chunk.decode()}")
        return [b"c"]

    Gateway(took=lambda chunk: log.append(chunk.decode())).serve(AuthProblemMiddleware(app))
    assert log == ["a", "after a", "b", "after b", "c"]


def test_an_error_above_the_limit_that_is_written_passes() -> None:
    """The written part first, then the returned one."""
    sent = Response(401, OKTA.headers, OKTA.body.ljust(5000))

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response(line(sent), list(sent.headers))
        for chunk in bytewise(sent.body[:3000], 100):
            write(chunk)
        return [sent.body[3000:]]

    assert_untouched(serve(app, max_body=1000), sent)


# ------------------------------------------------------------------------------------------------ exc_info


def restarting(first: Response, second: Response, chunks: list[bytes]) -> Any:
    """An app whose first response is replaced by a second one before anything is sent."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line(first), [*first.headers, ("X-First", "1")])
        try:
            fail()
        except AppError:
            start_response(line(second), list(second.headers), sys.exc_info())
        return chunks

    return app


@pytest.mark.parametrize("second", [HEALTHY, OKTA, FOREIGN, TEXT], ids=["healthy", "provider", "foreign", "text"])
@pytest.mark.parametrize("first", [HEALTHY, OKTA, FOREIGN, TEXT], ids=["healthy", "provider", "foreign", "text"])
def test_a_restarted_response_is_the_second_one_alone(first: Response, second: Response) -> None:
    """Before output an app may replace its response with `exc_info`."""
    response = serve(restarting(first, second, [second.body]))
    if second is OKTA:
        assert_sound(response, OKTA)
    else:
        assert_untouched(response, second)


def test_a_restarted_response_loses_the_apps_mark() -> None:
    """The mark never leaves the app."""
    second = Response(401, [*OKTA.headers, ("Auth-Problem-Upstream", "okta")], OKTA.body)
    assert serve(restarting(HEALTHY, second, [second.body])).lines("auth-problem-upstream") == []


def test_an_error_after_an_error_is_normalized_and_its_cause_handed_on() -> None:
    """The server gets `exc_info`, for its log."""
    gateway = Gateway().serve(AuthProblemMiddleware(restarting(FOREIGN, LIMITED, [LIMITED.body])))
    assert assert_problem(gateway.answer())["reason"] == "rate-limited"
    assert [with_exc_info for _, _, with_exc_info in gateway.starts] == [True]


def test_what_was_written_into_a_buffered_response_is_dropped_with_it() -> None:
    """The second response starts with an empty body."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line(LIMITED), list(LIMITED.headers))(b'{"half":')
        try:
            fail()
        except AppError:
            start_response(line(OKTA), list(OKTA.headers), sys.exc_info())
        return [OKTA.body]

    assert assert_problem(serve(app))["reason"] == "invalid-credentials"


@pytest.mark.parametrize("again", [OKTA, TEXT], ids=["held", "passed"])
@kinds
def test_a_restart_after_output_raises_inside_the_app(again: Response, kind: Any) -> None:
    """PEP 3333: the server raises `exc_info` where headers were sent."""
    caught = []

    def chunks(start_response: Any) -> Iterator[bytes]:
        yield b"a"
        try:
            fail()
        except AppError:
            try:
                start_response(line(again), list(again.headers), sys.exc_info())
            except AppError as error:
                caught.append(error)
                raise
        yield b"never"

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(line(HEALTHY), list(HEALTHY.headers))
        return chunks(start_response)

    def lazy_app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(line(HEALTHY), list(HEALTHY.headers))
        yield from chunks(start_response)

    gateway = Gateway()
    with pytest.raises(AppError):
        gateway.serve(AuthProblemMiddleware(app if kind is eager else lazy_app))
    assert len(caught) == 1
    assert gateway.chunks == [b"a"]


@pytest.mark.parametrize(
    ("again", "kind"),
    [(OKTA, lazy), (OKTA, eager), (TEXT, eager), (TEXT, lazy)],
    ids=["held-lazy", "held-eager", "passed-eager", "passed-lazy"],
)
def test_a_restart_during_iteration_before_output_is_the_second_response_alone(again: Response, kind: Any) -> None:
    """No chunk of the first one was sent."""

    def chunks(start_response: Any) -> Iterator[bytes]:
        try:
            fail()
        except AppError:
            start_response(line(again), list(again.headers), sys.exc_info())
        yield again.body

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(line(HEALTHY), list(HEALTHY.headers))
        return chunks(start_response)

    def lazy_app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(line(HEALTHY), list(HEALTHY.headers))
        yield from chunks(start_response)

    assert_sound(serve(app if kind is eager else lazy_app), again)


@pytest.mark.parametrize("chunks", [0, 1, 2])
@pytest.mark.parametrize(
    ("again", "options"),
    [
        (TEXT, {}),
        (Response(204, [], b""), {}),
        (HEALTHY, {}),
        (LIMITED, {}),
        (TEXT, {"exceptions": True}),
        (LIMITED, {"exceptions": True}),
    ],
    ids=["passed", "bodiless", "healthy", "held", "passed with exceptions", "held with exceptions"],
)
def test_a_buffered_response_that_starts_again_during_iteration_is_the_second_one_alone(
    again: Response, options: dict[str, Any], chunks: int
) -> None:
    """However many chunks were buffered."""

    def generate(start_response: Any) -> Iterator[bytes]:
        yield from bytewise(OKTA.body, 50)[:chunks]
        try:
            fail()
        except AppError:
            start_response(line(again), list(again.headers), sys.exc_info())
        yield from bytewise(again.body, 5)

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response(line(OKTA), list(OKTA.headers))
        return generate(start_response)

    response = serve(app, **options)
    assert_sound(response, again)
    assert is_problem(response) == (again is LIMITED)


def test_a_restart_after_a_write_raises_inside_the_app() -> None:
    """What was written has been sent with the headers."""
    caught = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line(HEALTHY), list(HEALTHY.headers))(b"a")
        try:
            fail()
        except AppError:
            try:
                start_response(line(OKTA), list(OKTA.headers), sys.exc_info())
            except AppError as error:
                caught.append(error)
                raise
        return [OKTA.body]

    with pytest.raises(AppError):
        serve(app)
    assert len(caught) == 1


@each
def test_two_starts_without_exc_info_are_refused(sent: Response) -> None:
    """A mistake of the app, found as without the middleware."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line(sent), list(sent.headers))
        start_response(line(sent), list(sent.headers))
        return [sent.body]

    with pytest.raises(AssertionError, match="twice"):
        serve(app)


def test_exc_info_is_not_made_up() -> None:
    """Test clients and old servers take two arguments only."""

    def start_response(status: str, headers: Any) -> Any:
        return lambda data: None

    for sent in (HEALTHY, OKTA, FOREIGN, TEXT):
        for kind in (eager, lazy):
            assert b"".join(AuthProblemMiddleware(kind(sent))(http_environ(), start_response))


# ------------------------------------------------------------------------------------------------ errors and close


@each
def test_an_exception_of_the_call_propagates(sent: Response) -> None:
    """Nothing was sent."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response(line(sent), list(sent.headers))
        raise AppError

    gateway = Gateway()
    with pytest.raises(AppError):
        gateway.serve(AuthProblemMiddleware(app))
    assert gateway.chunks == []


@each
@pytest.mark.parametrize("at", [0, 1])
def test_an_exception_of_the_iteration_propagates_and_the_body_is_closed(sent: Response, at: int) -> None:
    """Nothing of a buffered error is sent."""
    result, gateway = Body(bytewise(sent.body, 5), fails_at=at), Gateway()
    with pytest.raises(KeyError, match="in iteration"):
        gateway.serve(AuthProblemMiddleware(eager(sent, result)))
    assert result.closed == 1
    assert b"".join(gateway.chunks) in {b"", sent.body[: 5 * at]}


@each
def test_the_body_is_closed_once(sent: Response) -> None:
    """Whether it passes or is replaced."""
    result = Body(bytewise(sent.body, 5))
    ending(sent, serve(eager(sent, result)))
    assert result.closed == 1


@each
def test_closing_twice_closes_the_body_once(sent: Response) -> None:
    """Servers may call `close()` again."""
    result = Body([sent.body])
    gateway = Gateway().serve(AuthProblemMiddleware(eager(sent, result)))
    if gateway.result is not result:
        gateway.result.close()
    assert result.closed == 1


@each
def test_an_exception_of_close_propagates_once(sent: Response) -> None:
    """`close()` is not called again for it."""
    result = Body([sent.body], fails_to_close=True)
    with pytest.raises(KeyError, match="in close"):
        serve(eager(sent, result))
    assert result.closed == 1


@each
@pytest.mark.parametrize("stops_after", [0, 1])
def test_the_body_is_closed_where_the_client_disconnects_early(sent: Response, stops_after: int) -> None:
    """After any number of chunks, none included."""
    result, gateway = Body(bytewise(sent.body, 5)), Gateway(stops_after=stops_after)
    if stops_after:
        gateway.serve(AuthProblemMiddleware(eager(sent, result)))
    else:
        AuthProblemMiddleware(eager(sent, result))(http_environ(), gateway.start_response).close()  # type: ignore[attr-defined]
    assert result.closed == 1


@each
def test_a_generators_finally_runs_when_the_client_disconnects(sent: Response) -> None:
    """`close()` reaches the app's generator."""
    ran = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        try:
            start_response(line(sent), list(sent.headers))
            yield from bytewise(sent.body, 5)
            yield b" "
        finally:
            ran.append(True)

    Gateway(stops_after=1).serve(AuthProblemMiddleware(app))
    assert ran == [True]


def test_the_body_is_closed_after_the_last_chunk_is_delivered() -> None:
    """Resources of the app live as long as the response."""
    log = []

    class Closing(Body):
        def close(self) -> None:
            log.append("closed")

    Gateway(took=lambda chunk: log.append("took")).serve(AuthProblemMiddleware(eager(OKTA, Closing([OKTA.body]))))
    assert log == ["took", "closed"]


def test_an_app_that_never_starts_fails_as_without_us() -> None:
    """The server finds it."""
    with pytest.raises(AssertionError, match="before start_response"):
        serve(lambda environ, start_response: [b"x"])


def test_an_app_that_returns_nothing_useful_fails_as_without_us() -> None:
    """With the error of Python."""
    with pytest.raises(TypeError):
        serve(lambda environ, start_response: None)


# ------------------------------------------------------------------------------------------------ HEAD


@kinds
@pytest.mark.parametrize("sent", [OKTA, LIMITED])
def test_a_head_response_without_a_body_keeps_its_headers(sent: Response, kind: Any) -> None:
    """Nothing in it shows which error a GET would get."""
    headed = Response(sent.status, [*sent.headers, ("Content-Length", str(len(sent.body)))], b"")
    assert_untouched(serve(kind(headed), http_environ("/oauth/token", "HEAD")), headed)


@kinds
@pytest.mark.parametrize("sent", [OKTA, LIMITED])
def test_a_head_response_whose_body_the_server_drops_has_the_headers_of_get(sent: Response, kind: Any) -> None:
    """The body is classified, and not sent."""
    response = serve(kind(sent), http_environ("/oauth/token", "HEAD"))
    assert_problem(response, method="HEAD")
    assert response.lines("auth-problem") == serve(kind(sent)).lines("auth-problem")


# ------------------------------------------------------------------------------------------------ concurrency


def test_1024_requests_on_64_threads_do_not_mix() -> None:
    """Each gets its own status, headers and body."""
    names = [*ERRORS, "healthy"]

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        number = int(environ["PATH_INFO"].rpartition("/")[2])
        sent = ERRORS.get(names[number % 4], HEALTHY)
        start_response(line(sent), [*sent.headers, ("X-Number", str(number))])
        yield from bytewise(sent.body, 1 + number % 7)

    middleware = AuthProblemMiddleware(app)

    def one(number: int) -> tuple[int, Response]:
        return number, Gateway().serve(middleware, http_environ(f"/oauth/token/{number}")).answer()

    with ThreadPoolExecutor(64) as pool:
        responses = list(pool.map(one, range(1024)))
    for number, response in responses:
        assert response.lines("x-number") == [str(number)]
        if names[number % 4] == "healthy":
            assert response.body == HEALTHY.body
        else:
            assert assert_problem(response)["reason"] == names[number % 4]


@kinds
def test_responses_that_one_thread_iterates_by_turns_do_not_mix(kind: Any) -> None:
    """As gevent and some servers do."""
    middlewares = [AuthProblemMiddleware(kind(sent, bytewise(sent.body, 9))) for sent in ERRORS.values()]
    gateways = [Gateway() for _ in middlewares]
    results = [app(http_environ(), gateway.start_response) for app, gateway in zip(middlewares, gateways, strict=True)]
    running = [(iter(result), gateway) for result, gateway in zip(results, gateways, strict=True)]
    while running:
        iterator, gateway = running.pop(0)
        chunk = next(iterator, None)
        if chunk is not None:
            gateway.write(chunk)
            running.append((iterator, gateway))
    assert [assert_problem(gateway.answer())["reason"] for gateway in gateways] == list(ERRORS)


def test_a_response_may_be_iterated_and_closed_on_another_thread() -> None:
    """Servers with thread pools do so."""
    gateway, result = Gateway(), Body(bytewise(OKTA.body, 9))
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        body = first.submit(AuthProblemMiddleware(eager(OKTA, result)), http_environ(), gateway.start_response).result()
        chunks = second.submit(list, body).result()
        first.submit(body.close).result()  # type: ignore[attr-defined]
    for chunk in chunks:
        gateway.write(chunk)
    assert_problem(gateway.answer())
    assert result.closed == 1


@pytest.mark.parametrize("media", [JSON, "text/plain"])
def test_a_status_line_without_a_phrase_is_taken(media: str) -> None:
    """The phrase may be empty (RFC 9112 section 4)."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("401 ", [("Content-Type", media)])
        return [OKTA.body]

    sent = Response(401, [("Content-Type", media)], OKTA.body)
    assert_sound(serve(app), sent)


# ------------------------------------------------------------------------------------------------ servers that hurry

held = pytest.mark.parametrize(
    "sent",
    [HEALTHY, TEXT, OKTA, FOREIGN],
    ids=["healthy", "text", "provider", "foreign"],
)


@held
@pytest.mark.parametrize("kind", ["list", "tuple", "iterable"])
def test_a_response_that_the_app_has_started_is_started_when_the_middleware_returns(sent: Response, kind: str) -> None:
    """Granian reads the status as soon as the call returns: PEP 3333 has it otherwise, but eager apps work there."""
    gateway, parts = Gateway(), bytewise(sent.body, 9)
    result = {"list": list, "tuple": tuple, "iterable": Body}[kind](parts)
    AuthProblemMiddleware(eager(sent, result))(http_environ(), gateway.start_response)
    assert [status[:3] for status, _, _ in gateway.starts] == [str(sent.status)]


@held
def test_a_list_stays_a_list(sent: Response) -> None:
    """Servers determine the length of a body by a list of one chunk."""
    result = AuthProblemMiddleware(eager(sent, [sent.body]))(http_environ(), Gateway().start_response)
    assert (type(result), len(result)) == (list, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("sent", [OKTA, FOREIGN], ids=["provider", "foreign"])
def test_a_response_that_the_app_has_started_is_started_with_exceptions_as_well(sent: Response) -> None:
    """The first chunk is not waited for."""
    gateway = Gateway()
    app = AuthProblemMiddleware(eager(sent, Body(bytewise(sent.body, 9))), exceptions=True)
    app(http_environ(), gateway.start_response)
    assert [status[:3] for status, _, _ in gateway.starts] == [str(sent.status)]
