"""Starlette and FastAPI as their users have them: `add_middleware`, HTTPException, CORS, GZip, tasks, files, mounts."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request  # noqa: TC002 - FastAPI reads annotations
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocket  # noqa: TC002 - likewise

from authproblem import Problem, mark_upstream, upstream
from authproblem.asgi import AuthProblemMiddleware
from tests.adapters.asgi_host import Connection, connect, run
from tests.adapters.samples import MFA, OKTA_BODY
from tests.adapters.support import assert_problem
from tests.support.asgi_server import http_scope
from tests.support.responses import Pairs, Response

ORIGIN = "https://app.example"
GENERIC = {"error": "invalid_grant"}


def get(app: Any, path: str = "/", headers: Pairs | None = None, **scope: Any) -> Response:
    """One GET request."""
    return connect(app, http_scope(path, "GET", [("host", "testserver"), *(headers or [])], **scope)).answer()


def site(**options: Any) -> FastAPI:
    """A FastAPI app with the middleware, and one page per test."""
    app = FastAPI()
    app.add_middleware(AuthProblemMiddleware, **options)
    return app


# ------------------------------------------------------------------------------------------------ the one line


@pytest.mark.parametrize("make", [FastAPI, Starlette])
def test_add_middleware_needs_no_argument(make: Any) -> None:
    """The recommended line without `install`."""

    async def page(request: Request) -> JSONResponse:
        return JSONResponse(OKTA_BODY, 401)

    app = make(routes=[Route("/", page)])
    app.add_middleware(AuthProblemMiddleware)
    assert assert_problem(get(app))["reason"] == "invalid-credentials"


def test_the_list_of_middleware_takes_it_too() -> None:
    """With options."""

    async def page(request: Request) -> JSONResponse:
        return JSONResponse(OKTA_BODY, 401)

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(AuthProblemMiddleware, media_type="json")])
    assert_problem(get(app), media_type="application/json")


def test_the_test_client_sees_lifespan_websockets_and_problems() -> None:
    """Everything that FastAPI does goes through the middleware."""
    log = []

    async def lifespan(app: Any) -> AsyncIterator[dict[str, int]]:
        log.append("up")
        yield {"database": 1}
        log.append("down")

    app = FastAPI(lifespan=lifespan)  # type: ignore[arg-type]
    app.add_middleware(AuthProblemMiddleware)

    @app.get("/state")
    async def state(request: Request) -> int:
        return int(request.state.database)

    @app.get("/error")
    async def error() -> JSONResponse:
        return JSONResponse(OKTA_BODY, 401)

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json(OKTA_BODY)
        await websocket.close()

    with TestClient(app) as client:
        assert client.get("/state").json() == 1
        assert client.get("/error").headers["auth-problem"] == "invalid-credentials"
        with client.websocket_connect("/socket") as wire:
            assert wire.receive_json() == OKTA_BODY
    assert log == ["up", "down"]


# ------------------------------------------------------------------------------------------------ HTTPException


@pytest.mark.parametrize("detail", [OKTA_BODY, json.dumps(OKTA_BODY)], ids=["object", "string"])
def test_a_providers_error_as_the_detail_of_an_exception_is_unwrapped(detail: Any) -> None:
    """`HTTPException(401, detail=error)` is how apps pass errors on."""
    app = site()

    @app.get("/")
    async def page() -> None:
        raise HTTPException(401, detail=detail, headers={"WWW-Authenticate": "Bearer"})

    response = get(app)
    document = assert_problem(response)
    assert (document["reason"], document["errorCode"]) == ("invalid-credentials", "E0000004")
    assert "detail" not in document["upstream"].get("members", {})
    assert response.lines("www-authenticate") == ["Bearer"]


@pytest.mark.parametrize(
    "detail", ["no", {"error": "no"}, ["no"], None, {"error": "invalid_grant"}, {"detail": OKTA_BODY}]
)
def test_any_other_detail_stays(detail: Any) -> None:
    """Byte for byte as without the middleware."""
    app, bare = site(), FastAPI()
    for one in (app, bare):

        @one.get("/")
        async def page() -> None:
            raise HTTPException(403, detail=detail)

    assert get(app) == get(bare)


@pytest.mark.parametrize("options", [{}, {"providers": {"/": "auth0"}}, {"providers": {"/auth": "okta"}}], ids=str)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/missing"),
        ("POST", "/auth/page"),
        ("GET", "/auth/number"),
        ("GET", "/auth/limit"),
        ("GET", "/auth/boom"),
    ],
)
def test_a_frameworks_own_errors_stay_below_a_scope_too(method: str, path: str, options: dict[str, Any]) -> None:
    """404, 405, 422 and the app's own 429."""
    app, bare = site(**options), FastAPI()
    for one in (app, bare):

        @one.get("/auth/page")
        async def page() -> None:
            return

        @one.get("/auth/number")
        async def number(value: int) -> int:
            return value

        @one.get("/auth/limit")
        async def limit() -> None:
            raise HTTPException(429, detail="Too Many Requests", headers={"Retry-After": "9"})

        @one.get("/auth/boom")
        async def boom() -> PlainTextResponse:
            return PlainTextResponse("Internal Server Error", 500)

    found = [connect(one, http_scope(path, method, [("host", "testserver")])).answer() for one in (app, bare)]
    assert found[0] == found[1]


# ------------------------------------------------------------------------------------------------ tasks, streams, files


@pytest.mark.parametrize("status", [200, 401])
def test_background_tasks_run_after_the_response(status: int) -> None:
    """Also after one that was rewritten."""
    app, ran = site(), []
    connection = Connection()

    @app.get("/")
    async def page(tasks: BackgroundTasks) -> JSONResponse:
        tasks.add_task(lambda: ran.append(connection.complete))
        return JSONResponse(OKTA_BODY, status, background=tasks)

    run(app(http_scope("/", headers=[("host", "testserver")]), connection.receive, connection.send))
    assert ran == [True]
    assert bool(connection.answer().lines("auth-problem")) == (status == 401)


def test_a_streaming_response_streams() -> None:
    """Each chunk reaches the client before the next one is made."""
    app, connection = site(), Connection()

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            await connection.seen(1 + number)  # the start, then each chunk
            yield b"%d" % number

    @app.get("/")
    async def page() -> StreamingResponse:
        return StreamingResponse(chunks(), media_type="application/json")

    run(app(http_scope("/", headers=[("host", "testserver")]), connection.receive, connection.send))
    assert connection.answer().body == b"012"


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("extensions", [{}, {"http.response.pathsend": {}}], ids=["chunks", "pathsend"])
def test_a_file_response_is_sent_as_the_server_can(tmp_path: Path, status: int, extensions: Any) -> None:
    """By pathsend where the server supports it."""
    file = tmp_path / "page.json"
    file.write_bytes(b'{"a": 1}')
    bare, app = FastAPI(), site()

    @bare.get("/")
    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(file, status)

    scope = http_scope("/", headers=[("host", "testserver")], extensions=extensions)
    connection, without = connect(app, scope), connect(bare, scope)
    response = connection.answer()
    assert (response.status, response.header("content-length")) == (status, "8")
    assert connection.types == without.types  # old releases of Starlette know no pathsend


def test_a_base_http_middleware_on_either_side_does_no_harm() -> None:
    """It streams through anyio."""

    async def dispatch(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-seen"] = "1"
        return response

    async def page(request: Request) -> JSONResponse:
        return JSONResponse(OKTA_BODY, 401)

    ours, theirs = Middleware(AuthProblemMiddleware), Middleware(BaseHTTPMiddleware, dispatch=dispatch)
    for stack in ([ours, theirs], [theirs, ours]):
        reply = get(Starlette(routes=[Route("/", page)], middleware=stack))
        assert_problem(reply)
        assert reply.lines("x-seen") == ["1"]


# ------------------------------------------------------------------------------------------------ CORS and GZip


def stacked(*middleware: Middleware) -> Starlette:
    """An app whose one page sends an error with two cookies."""

    async def page(request: Request) -> JSONResponse:
        response = JSONResponse(OKTA_BODY, 401)
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response

    return Starlette(routes=[Route("/", page)], middleware=middleware)


OURS = Middleware(AuthProblemMiddleware)
CORS = Middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["x-own"])
GZIP = Middleware(GZipMiddleware, minimum_size=1)


@pytest.mark.parametrize("order", [(OURS, CORS), (CORS, OURS)], ids=["outside", "inside"])
def test_cors_headers_stay_on_either_side(order: tuple[Middleware, ...]) -> None:
    """And the problem headers are exposed."""
    response = get(stacked(*order), headers=[("origin", ORIGIN)])
    assert_problem(response)
    assert response.lines("access-control-allow-origin") == [ORIGIN]
    assert response.lines("access-control-allow-credentials") == ["true"]
    assert [line.partition("=")[0] for line in response.lines("set-cookie")] == ["a", "b"]
    exposed = ",".join(response.lines("access-control-expose-headers")).lower()
    assert "x-own" in exposed
    assert ("auth-problem-owner" in exposed) == (order[0] is OURS)  # a CORS middleware outside has to list it itself


@pytest.mark.parametrize("order", [(OURS, GZIP), (GZIP, OURS), (OURS, GZIP, CORS), (CORS, GZIP, OURS)], ids=str)
def test_compression_on_either_side_does_no_harm(order: tuple[Middleware, ...]) -> None:
    """Inside, its body is decompressed first."""
    response = get(stacked(*order), headers=[("accept-encoding", "gzip"), ("origin", ORIGIN)])
    assert response.lines("content-length") == [str(len(response.body))]
    if response.lines("content-encoding") == ["gzip"]:
        plain = gzip.decompress(response.body)
        headers = [pair for pair in response.headers if pair[0] not in {"content-encoding", "content-length"}]
        response = Response(response.status, [*headers, ("content-length", str(len(plain)))], plain)
    assert assert_problem(response)["reason"] == "invalid-credentials"
    assert "Accept-Encoding" in ", ".join(response.lines("vary"))


# ------------------------------------------------------------------------------------------------ mounts and marks


def test_inside_a_mounted_app_paths_count_from_the_mount() -> None:
    """As the app sees them."""

    async def page(request: Request) -> JSONResponse:
        return JSONResponse(GENERIC, 400)

    inner = Starlette(routes=[Route("/oauth/token", page), Route("/other", page)])
    mounted = AuthProblemMiddleware(inner, providers={"/oauth": "auth0"})
    app = Starlette(routes=[Mount("/tenant/login", app=mounted)])
    assert assert_problem(get(app, "/tenant/login/oauth/token"))["provider"] == "auth0"
    assert get(app, "/tenant/login/other").document() == GENERIC


def test_outside_of_a_mounted_app_paths_count_from_the_outer_app() -> None:
    """The router moves the scope's root while the request is under way."""

    async def page(request: Request) -> JSONResponse:
        return JSONResponse(GENERIC, 400)

    app = Starlette(
        routes=[Mount("/login", routes=[Route("/oauth/token", page)]), Mount("/shop", routes=[Route("/pay", page)])],
        middleware=[Middleware(AuthProblemMiddleware, providers={"/login": upstream("auth0")})],
    )
    for root in ("", "/behind/a/proxy"):
        assert assert_problem(get(app, root + "/login/oauth/token", root=root))["provider"] == "auth0"
        assert get(app, root + "/shop/pay", root=root).document() == GENERIC


@pytest.mark.parametrize("status", [200, 400])
def test_the_apps_mark_on_a_response(status: int) -> None:
    """It is evidence, and never leaves."""
    app = site()

    @app.get("/")
    async def page() -> JSONResponse:
        marked: JSONResponse = mark_upstream(JSONResponse(GENERIC, status), "okta", endpoint="/oauth2/v1/token")
        return marked

    response = get(app)
    assert response.lines("auth-problem-upstream") == []
    if status == 400:
        assert assert_problem(response)["provider"] == "okta"
    else:
        assert response.document() == GENERIC


def test_a_callbacks_problem_is_in_the_requests_state() -> None:
    """As `authproblem.problem`."""
    app = site(callback_paths=("/callback",))

    @app.get("/callback")
    async def page(request: Request) -> str:
        return getattr(request.state, "authproblem.problem").reason  # type: ignore[no-any-return]

    assert get(app, "/callback", query="error=access_denied&state=1").body == b'"access-denied"'


def test_a_response_made_from_a_problem_by_the_app_passes() -> None:
    """It carries `Auth-Problem`."""
    problem = Problem.from_bytes(get(relaying(MFA)).body)
    assert problem is not None
    app = site()

    @app.get("/")
    async def page() -> JSONResponse:
        return JSONResponse(problem.to_dict(), problem.status, headers=dict(problem.headers()))

    response = get(app)
    assert response.document() == problem.to_dict()
    assert response.lines("auth-problem") == ["mfa-required"]


def relaying(sent: Response) -> FastAPI:
    """An app that passes a provider's response on."""
    app = site()

    @app.get("/")
    async def page() -> PlainTextResponse:
        response = PlainTextResponse(sent.body, sent.status)
        for name, value in sent.headers:
            response.headers[name] = value
        return response

    return app
