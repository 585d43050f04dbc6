"""The app behind each gateway: it passes its provider's responses on, which are made up here.

uvicorn examples.gateways.app:app --port 8000 --no-proxy-headers
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from authproblem import upstream
from authproblem.asgi import AuthProblemMiddleware

OKTA = {"X-Okta-Request-Id": "Ydy0LwmSNI62dm8LZIdTzgAACb0"}
AUTH0 = {"X-Auth0-RequestId": "4ad55daa560e468bdfe1"}
TOO_MANY = {"statusCode": 429, "error": "Too Many Requests", "message": "Global limit has been reached"}
calls: Counter[str] = Counter()


def okta(status: int, code: str, text: str, **headers: str) -> Response:
    """An error as Okta sends it."""
    body = {"errorCode": code, "errorSummary": text, "errorLink": code, "errorId": "oaeMadeUp", "errorCauses": []}
    return JSONResponse(body, status, {**OKTA, **{name.replace("_", "-"): value for name, value in headers.items()}})


async def home(_: Request) -> Response:
    """A healthy page."""
    return HTMLResponse("<h1>Hello</h1>")


async def sign_in(request: Request) -> Response:
    """The sign-in page; Auth0 refuses every password. With `?sso` it looks for a session first."""
    if "sso" in request.query_params:
        return okta(401, "E0000005", "Invalid session")
    if request.method != "POST":
        return HTMLResponse("<h1>Sign in</h1>")
    return JSONResponse({"error": "invalid_grant", "error_description": "Wrong email or password."}, 403, AUTH0)


async def me(_: Request) -> Response:
    """Okta reports that the session has expired: the user has to sign in again."""
    response = okta(401, "E0000005", "Invalid session", WWW_Authenticate='Bearer realm="app"')
    response.set_cookie("sid", "", max_age=0)
    response.set_cookie("seen", "1")
    return response


async def staff(_: Request) -> Response:
    """A page of the app itself that this user may not see: no provider is involved."""
    return HTMLResponse("<h1>Staff only</h1>", 403)


async def locked(_: Request) -> Response:
    """Auth0 has blocked the account: a 429 that concerns this user alone and is no rate limit."""
    text = "Your account has been blocked after multiple consecutive login attempts."
    return JSONResponse({"error": "too_many_attempts", "error_description": text}, 429, AUTH0)


async def readonly(request: Request) -> Response:
    """Okta is in read-only mode: it says when to come back, and no program should do that by itself."""
    calls[request.url.path] += 1
    wait, count = str(request.path_params["wait"]), str(calls[request.url.path])
    return okta(503, "E0000010", "Service is in read only mode", Retry_After=wait, X_Calls=count)


async def token(_: Request) -> Response:
    """Auth0 limits the token endpoint: a program must not repeat that by itself."""
    return JSONResponse({**TOO_MANY, "errorCode": "too_many_requests"}, 429, {**AUTH0, "Retry-After": "1"})


async def flaky(request: Request) -> Response:
    """Okta limits the first calls, as many as the path says, with the status and the wait that it says."""
    status, times, wait = (request.path_params[name] for name in ("status", "times", "wait"))
    calls[request.url.path] += 1
    count = str(calls[request.url.path])
    if calls[request.url.path] > times:
        return JSONResponse([], headers={"X-Calls": count})
    text = "API call exceeded rate limit due to too many requests."
    return okta(status, "E0000047", text, Retry_After=str(wait), X_Calls=count)


async def events(_: Request) -> Response:
    """A stream of server-sent events, four a second."""

    async def ticks() -> AsyncIterator[str]:
        for number in range(4):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.25)

    return StreamingResponse(ticks(), media_type="text/event-stream")


routes = [
    Route("/", home),
    Route("/sign-in", sign_in, methods=["GET", "POST"]),
    Route("/me", me),
    Route("/staff", staff),
    Route("/locked", locked),
    Route("/readonly/{wait:int}/{name}", readonly),
    Route("/oauth/token", token, methods=["POST"]),
    Route("/flaky/{status:int}/{times:int}/{wait:int}/{name}", flaky, methods=["GET", "POST"]),
    Route("/api/v1/users/{status:int}/{times:int}/{wait:int}/{name}", flaky, methods=["GET", "POST"]),
    Route("/events", events),
]
app = Starlette(routes=routes)
app.add_middleware(AuthProblemMiddleware, providers={"/sign-in": upstream("auth0", endpoint="/oauth/token")})
