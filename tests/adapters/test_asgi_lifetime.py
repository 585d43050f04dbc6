"""The ASGI adapter over the life of a request: exceptions, disconnects, cancellation, tasks, loops, and load."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import weakref
from typing import Any

import pytest
import trio
from starlette.middleware.errors import ServerErrorMiddleware

from authproblem.asgi import AuthProblemMiddleware
from tests.adapters.asgi_host import BODY, LIMIT, START, Connection, answering, body, connect, run, scripted, start
from tests.adapters.samples import ERRORS, FOREIGN, HEALTHY, OKTA, bytewise
from tests.adapters.support import assert_problem, assert_untouched
from tests.support.asgi_server import http_scope
from tests.support.responses import Response

each = pytest.mark.parametrize("sent", [HEALTHY, OKTA, FOREIGN], ids=["healthy", "provider", "foreign"])
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "exceptions": {"exceptions": True},
    "callbacks": {"callback_paths": ("/oauth/token",)},
    "states": {"transaction_states": ("/oauth/token",)},
    "observe": {"mode": "observe"},
}
with_options = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


class AppError(Exception):
    """What the app raises."""


# ------------------------------------------------------------------------------------------------ exceptions


@with_options
def test_an_exception_before_the_start_propagates_as_it_is(options: dict[str, Any]) -> None:
    """The same object, and nothing is sent."""
    error, connection = AppError("x"), Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    with pytest.raises(AppError) as caught:
        run(AuthProblemMiddleware(app, **options)(http_scope("/oauth/token"), connection.receive, connection.send))
    assert caught.value is error
    assert connection.messages == []


@with_options
@each
@pytest.mark.parametrize("parts", [0, 1])
def test_an_exception_during_a_response_propagates_and_the_response_stays_unfinished(
    sent: Response, parts: int, options: dict[str, Any]
) -> None:
    """The server ends the connection, so that the client sees the failure."""
    error, connection = AppError("x"), Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(sent))
        for chunk in bytewise(sent.body, 5)[:parts]:
            await send(body(chunk, more=True))
        raise error

    with pytest.raises(AppError) as caught:
        run(AuthProblemMiddleware(app, **options)(http_scope("/oauth/token"), connection.receive, connection.send))
    assert caught.value is error
    assert connection.faults == []
    assert not connection.complete
    assert len(connection.messages) in {0, 1 + parts}


def test_an_exception_during_a_buffered_response_leaves_room_for_an_error_page() -> None:
    """Nothing was sent, so a middleware outside may respond."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(OKTA))
        await send(body(OKTA.body[:9], more=True))
        raise AppError

    connection = Connection()
    guarded = ServerErrorMiddleware(AuthProblemMiddleware(app))
    with pytest.raises(AppError):
        run(guarded(http_scope(), connection.receive, connection.send))
    assert (connection.answer().status, connection.answer().body) == (500, b"Internal Server Error")


@each
def test_an_exception_after_the_response_leaves_it_whole(sent: Response) -> None:
    """As of a background task."""
    connection = Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(sent))
        await send(body(sent.body))
        raise AppError

    with pytest.raises(AppError):
        run(AuthProblemMiddleware(app)(http_scope("/oauth/token"), connection.receive, connection.send))
    if sent is OKTA:
        assert_problem(connection.answer())
    else:
        assert_untouched(connection.answer(), sent)


# ------------------------------------------------------------------------------------------------ apps that stop early


@each
@pytest.mark.parametrize("parts", [0, 1])
def test_a_response_that_the_app_does_not_finish_goes_out_as_far_as_it_went(sent: Response, parts: int) -> None:
    """What was buffered is sent unchanged."""
    script = [start(sent), *(body(chunk, more=True) for chunk in bytewise(sent.body, 5)[:parts])]
    connection = connect(AuthProblemMiddleware(scripted(*script)))
    assert connection.messages == script


def test_an_app_that_sends_nothing_sends_nothing() -> None:
    """The server finds it."""
    assert connect(AuthProblemMiddleware(scripted())).messages == []


@each
def test_a_second_start_reaches_the_server_which_refuses_it(sent: Response) -> None:
    """A mistake of the app, found as without the middleware."""
    connection = connect(AuthProblemMiddleware(scripted(start(sent), start(sent))))
    assert connection.faults == ["http.response.start where http.response.body is expected"]


@each
def test_what_follows_the_end_reaches_the_server_which_refuses_it(sent: Response) -> None:
    """A mistake of the app, found as without the middleware."""
    connection = connect(AuthProblemMiddleware(scripted(start(sent), body(sent.body), body(b"more"))))
    assert connection.faults == ["http.response.body where nothing is expected"]


# ------------------------------------------------------------------------------------------------ the client goes


@each
@pytest.mark.parametrize("after", [0, 1])
def test_the_app_gets_the_error_of_a_client_that_has_disconnected(sent: Response, after: int) -> None:
    """`send` raises `OSError` (ASGI 2.4), also for what was buffered."""
    connection, errors = Connection(gone_after=after), []
    chunks = bytewise(sent.body, 5)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send(start(sent))
            for chunk in chunks:
                await send(body(chunk, more=True))
            await send(body(b""))
        except OSError as error:
            errors.append(str(error))
            raise

    with pytest.raises(OSError, match="the client has gone"):
        run(AuthProblemMiddleware(app)(http_scope("/oauth/token"), connection.receive, connection.send))
    assert errors == ["the client has gone"]
    assert connection.refused == 1


@each
def test_an_app_that_suppresses_the_disconnect_gets_no_second_error(sent: Response) -> None:
    """Nothing is sent afterwards."""
    connection = Connection(gone_after=0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(OSError):
            await send(start(sent))
            await send(body(sent.body))

    run(AuthProblemMiddleware(app)(http_scope("/oauth/token"), connection.receive, connection.send))
    assert connection.messages == []
    assert connection.refused == 1


@each
def test_an_app_that_learns_of_the_disconnect_by_receive_may_just_return(sent: Response) -> None:
    """What was buffered is sent, and the server drops it."""
    connection = Connection()

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(sent))
        await send(body(sent.body[:5], more=True))
        assert await receive() == {"type": "http.disconnect"}

    run(AuthProblemMiddleware(app)(http_scope("/oauth/token"), receive, connection.send))
    assert connection.faults == []
    assert connection.content == sent.body[:5]


# ------------------------------------------------------------------------------------------------ cancellation


@with_options
@each
def test_cancellation_propagates_and_nothing_is_sent_meanwhile(sent: Response, options: dict[str, Any]) -> None:
    """The app's clean-up runs."""

    async def scene() -> tuple[Connection, list[str], int, int]:
        connection, cleaned, waiting = Connection(), [], asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                await send(start(sent))
                await send(body(sent.body[:5], more=True))
                waiting.set()
                await asyncio.Event().wait()
            finally:
                cleaned.append("cleaned")

        middleware = AuthProblemMiddleware(app, **options)
        task = asyncio.ensure_future(middleware(http_scope("/oauth/token"), connection.receive, connection.send))
        await asyncio.wait_for(waiting.wait(), LIMIT)
        before = len(connection.messages)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return connection, cleaned, len(connection.messages) - before, len(others)

    connection, cleaned, sent_meanwhile, tasks = asyncio.run(scene())
    assert (cleaned, sent_meanwhile, tasks) == (["cleaned"], 0, 0)
    assert connection.faults == []
    assert not connection.complete


def test_a_timeout_of_the_app_propagates() -> None:
    """Also with `exceptions=True`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(OKTA))
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)

    with pytest.raises(asyncio.TimeoutError):
        connect(AuthProblemMiddleware(app, exceptions=True))


# ------------------------------------------------------------------------------------------------ tasks and loops


@with_options
@each
def test_the_app_runs_in_the_callers_task_and_context(sent: Response, options: dict[str, Any]) -> None:
    """Context variables that it sets are visible outside."""
    variable = contextvars.ContextVar("variable", default=0)
    tasks = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.current_task())
        variable.set(7)
        await send(start(sent))
        await send(body(sent.body))

    async def scene() -> int:
        tasks.append(asyncio.current_task())
        middleware = AuthProblemMiddleware(app, **options)
        await middleware(http_scope("/oauth/token"), Connection().receive, Connection().send)
        return variable.get()

    assert asyncio.run(scene()) == 7
    assert tasks[0] is tasks[1]


@with_options
@each
def test_it_runs_under_trio(sent: Response, options: dict[str, Any]) -> None:
    """Nothing in it needs asyncio."""
    connection = Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(sent))
        for chunk in bytewise(sent.body, 16):
            await trio.lowlevel.checkpoint()
            await send(body(chunk, more=True))
        await send(body(b""))

    middleware = AuthProblemMiddleware(app, **options)
    trio.run(middleware, http_scope("/oauth/token"), connection.receive, connection.send)
    if sent is OKTA and options != OPTIONS["observe"]:
        assert_problem(connection.answer())
    else:
        assert_untouched(connection.answer(), sent)


def test_cancellation_under_trio_propagates() -> None:
    """The app's clean-up runs."""
    connection, cleaned = Connection(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send(start(OKTA))
            await send(body(b"{", more=True))
            await trio.sleep_forever()
        finally:
            cleaned.append(True)

    async def scene() -> bool:
        with trio.move_on_after(0.01) as cancelled:
            await AuthProblemMiddleware(app)(http_scope(), connection.receive, connection.send)
        return cancelled.cancelled_caught

    assert trio.run(scene)
    assert (cleaned, connection.messages) == ([True], [])


def test_one_instance_serves_several_event_loops() -> None:
    """Nothing is bound to a loop."""
    app = AuthProblemMiddleware(answering(OKTA))
    for _ in range(3):
        assert_problem(connect(app).answer())


def test_a_thousand_requests_at_once_do_not_mix() -> None:
    """Each gets its own status, headers and body."""
    names = [*ERRORS, "healthy"]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        number = int(scope["path"].rpartition("/")[2])
        sent = ERRORS.get(names[number % 4], HEALTHY)
        headers = [(name.encode(), value.encode()) for name, value in sent.headers]
        own = [(b"x-number", b"%d" % number), (b"set-cookie", b"session=%d" % number)]
        await send({"type": START, "status": sent.status, "headers": headers + own})
        for chunk in bytewise(sent.body, 1 + number % 17):
            await asyncio.sleep(0)
            await send(body(chunk, more=True))
        await send({"type": BODY})

    middleware = AuthProblemMiddleware(app)

    async def one(number: int) -> tuple[int, Response]:
        connection = Connection()
        await middleware(http_scope(f"/oauth/token/{number}"), connection.receive, connection.send)
        return number, connection.answer()

    async def all_at_once() -> list[tuple[int, Response]]:
        return await asyncio.gather(*map(one, range(1000)))

    for number, response in run(all_at_once()):
        assert response.lines("x-number") == [str(number)]
        assert response.lines("set-cookie") == [f"session={number}"]
        if names[number % 4] == "healthy":
            assert response.body == HEALTHY.body
        else:
            assert assert_problem(response)["reason"] == names[number % 4]


class Scope(dict[str, Any]):
    """A scope that can be referred to weakly."""


@with_options
@each
def test_nothing_of_a_request_is_kept(sent: Response, options: dict[str, Any]) -> None:
    """Its scope is freed with it."""
    app = AuthProblemMiddleware(answering(sent), **options)
    references = []
    for _ in range(10):
        scope = Scope(http_scope("/oauth/token", query="error=access_denied&state=1"))
        references.append(weakref.ref(scope))
        connect(app, scope)
    del scope
    gc.collect()
    assert [reference() for reference in references] == [None] * 10
