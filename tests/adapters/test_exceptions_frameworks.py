"""Exceptions in Starlette and FastAPI: whose turn it is, debug mode, and tasks that are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from authproblem.asgi import AuthProblemMiddleware
from tests.adapters.failing import SECRET, WAIT, WRONG_PASSWORD, assert_no_secret, status_error
from tests.support.asgi_server import AsgiServer, http_scope
from tests.support.events import Events
from tests.support.responses import Response as Received

if TYPE_CHECKING:
    from starlette.requests import Request


def profile(_request: Request) -> Response:
    raise status_error(WRONG_PASSWORD)


def mistake(_request: Request) -> Response:
    raise ValueError(SECRET)


ROUTES = [Route("/profile", profile), Route("/mistake", mistake), Mount("/sub", routes=[Route("/profile", profile)])]


def starlette(**options: Any) -> Starlette:
    return Starlette(routes=ROUTES, middleware=[Middleware(AuthProblemMiddleware, exceptions=True)], **options)


def get(app: Any, path: str = "/profile") -> Received:
    """The response of an app as a browser gets it, whatever is raised once it has been sent."""
    client = TestClient(app, raise_server_exceptions=False)
    response = client.get(path, headers={"accept": "text/html"})
    return Received(response.status_code, list(response.headers.multi_items()), response.content)


def test_without_the_option_debug_mode_shows_the_token() -> None:
    """Before: Starlette's debug page shows the exception's message, with the URL that was called."""
    app = Starlette(routes=ROUTES, debug=True, middleware=[Middleware(AuthProblemMiddleware)])
    response = get(app)
    assert (response.status, SECRET.encode() in response.body) == (500, True)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/profile", "/sub/profile"])
def test_with_the_option_nothing_is_shown(debug: bool, path: str, events: Events) -> None:
    """Neither a debug page nor an event has the token."""
    response = get(starlette(debug=debug), path)
    assert (response.status, response.header("auth-problem")) == (403, "invalid-credentials")
    assert events.only()["path"] == path
    assert_no_secret(response, events)


def test_the_servers_log_has_no_traceback_either() -> None:
    """What is handled never gets to the server: nothing is raised out of the app."""
    assert TestClient(starlette(), raise_server_exceptions=True).get("/profile").status_code == 403


def test_an_app_that_fails_by_itself_has_its_debug_page(events: Events) -> None:
    """And no event."""
    response = get(starlette(debug=True), "/mistake")
    assert (response.status, b"ValueError" in response.body, list(events)) == (500, True, [])


def test_fastapi_apps_work_likewise() -> None:
    """By `add_middleware`."""
    app = FastAPI()
    app.add_middleware(AuthProblemMiddleware, exceptions=True)

    @app.get("/profile")
    def _profile() -> None:
        raise status_error(WRONG_PASSWORD)

    assert get(app).header("auth-problem") == "invalid-credentials"


def handler(name: str) -> Callable[[Request, Exception], Response]:
    """A handler of the app's that says which one it is."""
    return lambda _request, _error: PlainTextResponse(name, 418)


@pytest.mark.parametrize("known", [httpx.HTTPStatusError, httpx.HTTPError], ids=["class", "base"])
def test_the_apps_handler_for_a_class_comes_first(known: type[Exception], events: Events) -> None:
    """Its response is sent, and there is no event."""
    response = get(starlette(exception_handlers={known: handler("the app's")}))
    assert (response.status, response.body, list(events)) == (418, b"the app's", [])


@pytest.mark.parametrize("known", [Exception, 500])
def test_the_apps_handler_for_everything_gets_the_rest(known: type[Exception] | int) -> None:
    """It belongs to ServerErrorMiddleware, which is outside of all user middleware."""
    app = starlette(exception_handlers={known: handler("the app's")})
    assert get(app).header("auth-problem") == "invalid-credentials"
    assert get(app, "/mistake").body == b"the app's"


def test_around_the_whole_app_it_comes_too_late(events: Events) -> None:
    """ServerErrorMiddleware has sent its 500 before it lets the exception propagate: put it in by `add_middleware`."""
    with pytest.warns(UserWarning, match="around a Starlette app"):
        app = AuthProblemMiddleware(Starlette(routes=ROUTES), exceptions=True)
    response = get(app)
    assert (response.status, response.body, list(events)) == (500, b"Internal Server Error", [])


async def dispatch(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


@pytest.mark.parametrize("outside", [False, True])
def test_middleware_of_the_other_kind_lets_exceptions_through(outside: bool) -> None:
    """BaseHTTPMiddleware runs the app in a task group."""
    stack = [Middleware(AuthProblemMiddleware, exceptions=True), Middleware(BaseHTTPMiddleware, dispatch=dispatch)]
    app = Starlette(routes=ROUTES, middleware=stack[::-1] if outside else stack)
    assert get(app).header("auth-problem") == "invalid-credentials"


def test_a_stream_that_fails_at_its_first_chunk_has_begun() -> None:
    """Starlette sends the headers before it reads a chunk."""

    async def chunks() -> Any:
        raise status_error(WRONG_PASSWORD)
        yield b""

    app = Starlette(
        routes=[Route("/", lambda _request: StreamingResponse(chunks()))],
        middleware=[Middleware(AuthProblemMiddleware, exceptions=True)],
    )
    with pytest.raises(Exception) as caught:  # noqa: PT011 - older releases of Starlette give it in a group
        TestClient(app).get("/")
    (error,) = getattr(caught.value, "exceptions", (caught.value,))
    assert isinstance(error, httpx.HTTPStatusError)


def _asgi(app: Any) -> Any:
    return AuthProblemMiddleware(app, exceptions=True)


async def _cancelled() -> list[Any]:
    """Cancel a request while the app waits for a provider; give what was sent."""
    waiting, server = asyncio.Event(), AsgiServer()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise status_error(WRONG_PASSWORD)
        except httpx.HTTPStatusError:
            waiting.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(_asgi(app)(http_scope(), server.receive, server.send))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return server.messages


def test_a_cancelled_task_stays_cancelled(events: Events) -> None:
    """Even with a provider's exception as its context."""
    assert asyncio.run(asyncio.wait_for(_cancelled(), WAIT)) == []
    assert list(events) == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancel_scope_of_the_app_works(backend: str) -> None:
    """On asyncio and trio."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with anyio.move_on_after(0):
            await anyio.sleep(WAIT)
        raise status_error(WRONG_PASSWORD)

    async def main() -> Received:
        server = AsgiServer()
        await AuthProblemMiddleware(app, exceptions=True)(http_scope(), server.receive, server.send)
        return server.response()

    assert anyio.run(main, backend=backend).header("auth-problem") == "invalid-credentials"
