"""Exceptions that escape the app, through both adapters: the response to them, and when they propagate."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NoReturn
from wsgiref.util import FileWrapper

import httpx
import pytest
import requests
import structlog

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.failing import (
    SECRET,
    WRONG_PASSWORD,
    asgi_app,
    ask,
    assert_no_secret,
    connect,
    raising,
    status_error,
    wsgi_app,
)
from tests.adapters.support import ADAPTERS, assert_problem, is_problem
from tests.support.asgi_server import AsgiServer, http_scope
from tests.support.events import Events
from tests.support.responses import Response, json_response
from tests.support.wsgi_server import WsgiServer, http_environ

EMPTY = Response(400, [], b"")
AUTHORIZE = "https://tenant.auth0.com/oauth/token"
OKTA = "https://dev-1.okta.com/api/v1/users"


def code(status: int, error: str, *headers: tuple[str, str]) -> Response:
    return json_response(status, {"error": error, "error_description": SECRET}, *headers)


# --- The status: the user's and the limit's own, never 401; all else is the upstream's failure ---

STATUSES = [
    (WRONG_PASSWORD, "invalid-credentials", 403),
    (code(401, "login_required"), "login-required", 403),
    (code(403, "mfa_required"), "mfa-required", 403),
    (json_response(400, {"code": "user_exists", "name": "BadRequestError", "description": "x"}), "account-exists", 409),
    (code(429, "too_many_requests"), "rate-limited", 429),
    (code(401, "invalid_client"), "invalid-client", 502),
    (code(403, "unauthorized_client"), "unauthorized-client", 502),
    (code(400, "made_up"), "upstream-rejected", 502),
    (Response(401, [], b""), "authentication-failed", 502),
    (Response(404, [], b""), "not-found", 502),
    (Response(423, [], b""), "resource-busy", 502),
    (Response(429, [], b""), "rate-limited", 429),
    (Response(500, [], b""), "upstream-error", 502),
    (Response(503, [], b""), "upstream-unavailable", 503),
    (Response(504, [], b""), "upstream-timeout", 504),
    (
        Response(302, [("location", f"https://x.example/?error=login_required&state={SECRET}")], b""),
        "upstream-error",
        502,
    ),
    (Response(502, [("content-type", "text/html")], f"<h1>{SECRET}".encode()), "upstream-error", 502),
    (Response(500, [("content-type", "application/json")], b"{" + SECRET.encode()), "upstream-error", 502),
]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("response", "reason", "status"), STATUSES, ids=[f"{sent.status}-{reason}" for sent, reason, _ in STATUSES]
)
def test_the_status_is_the_apps_own(adapter: str, response: Response, reason: str, status: int, events: Events) -> None:
    """A user's or a limit's problem keeps its type's status; all else is 502, 503 or 504."""
    reply = ask(adapter, raising(status_error(response)), method="POST")
    assert (assert_problem(reply)["reason"], reply.status) == (reason, status)
    assert events.only()["status"] == status
    assert_no_secret(reply, events)


@pytest.mark.parametrize("status", range(400, 600))
def test_no_upstream_status_becomes_a_401(status: int) -> None:
    """A 401 would owe a challenge (RFC 9110 section 15.5.2)."""
    assert ask("wsgi", raising(status_error(Response(status, [], b"")))).status in {403, 429, 502, 503, 504}


# --- Waits ---

WAITS = {
    "seconds": ("7", ["7"]),
    "date": ("Mon, 01 Jan 2001 00:00:00 GMT", ["Mon, 01 Jan 2001 00:00:00 GMT"]),
    "too long": ("86401", []),
    "no wait": (SECRET, []),
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("name", WAITS)
def test_only_a_valid_retry_after_is_passed_on(adapter: str, name: str, events: Events) -> None:
    """As it was sent; anything else is dropped."""
    sent, got = WAITS[name]
    response = ask(adapter, raising(status_error(code(429, "too_many_requests", ("retry-after", sent)))))
    assert_problem(response)
    assert response.lines("retry-after") == got
    assert_no_secret(response, events)


def test_a_valid_retry_after_stays_where_the_policy_has_no_wait() -> None:
    """The header stays, the document has no `after`."""
    response = ask("asgi", raising(status_error(code(403, "access_denied", ("retry-after", "7")))))
    assert "after" not in assert_problem(response)["retry"]
    assert response.lines("retry-after") == ["7"]


def test_the_wait_is_read_from_reset_headers_which_are_dropped() -> None:
    """They describe the app's own limit at the provider."""
    limits = [
        ("date", "Mon, 01 Jan 2001 00:00:00 GMT"),
        ("x-rate-limit-reset", "978307230"),
        ("x-rate-limit-limit", "9"),
    ]
    body = json_response(429, {"errorCode": "E0000047", "errorSummary": "x"}, *limits)
    response = ask("wsgi", raising(status_error(body, OKTA)))
    assert assert_problem(response)["retry"]["after"] == 31
    assert [name for name, _ in response.headers if name.lower().startswith("x-")] == []


@pytest.mark.parametrize(
    ("method", "url", "automatic"),
    [("GET", OKTA, True), ("HEAD", OKTA, True), ("POST", OKTA, False), ("GET", AUTHORIZE, False)],
    ids=["get", "head", "post", "a credential is in it"],
)
def test_a_program_may_repeat_what_can_spend_nothing(method: str, url: str, automatic: bool) -> None:
    """A POST to the app may have done more than to ask the provider."""
    error = status_error(Response(429, [("retry-after", "7")], b""), url)
    response = ask("wsgi", raising(error), method=method)
    assert response.header("auth-problem-retry") == ("after_delay" if automatic else "manual")


# --- Whose exception it is ---


@pytest.mark.parametrize(
    "host",
    [
        "tenant.auth0.com",
        "TENANT.AUTH0.COM",
        "tenant.eu.auth0.com.",
        "dev-1.okta.com",
        "x.oktapreview.com",
        "login.example.com",
    ],
)
def test_an_exception_of_a_providers_host_becomes_a_response(host: str) -> None:
    """By domain, in any case, with a final dot."""
    response = ask("asgi", raising(status_error(EMPTY, f"https://{host}:8443/x")), upstream_hosts=["login.example.com"])
    assert is_problem(response)


@pytest.mark.parametrize(
    "host", ["example.com", "notauth0.com", "auth0.com.example.com", "sub.login.example.com", "auth0.com@example.com"]
)
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_exception_of_any_other_host_propagates(adapter: str, host: str, events: Events) -> None:
    """Look-alikes of vendor domains included."""
    error = status_error(WRONG_PASSWORD, f"https://{host}/oauth/token")
    with pytest.raises(httpx.HTTPStatusError) as caught:
        ask(adapter, raising(error), upstream_hosts=["login.example.com"], provider="auth0")
    assert caught.value is error
    assert list(events) == []


@pytest.mark.parametrize(
    ("options", "provider"),
    [({}, "auth0"), ({"provider": "okta"}, "okta"), ({"providers": {"/x": "okta"}}, "auth0")],
    ids=["by evidence", "by provider", "other path"],
)
def test_the_provider_at_a_named_host_is_the_declared_one_or_that_of_the_response(
    options: dict[str, Any], provider: str
) -> None:
    """`upstream_hosts` alone does not name a vendor."""
    error = status_error(code(403, "access_denied", ("x-auth0-requestid", "1")), "https://login.example.com/")
    document = assert_problem(ask("wsgi", raising(error), upstream_hosts=["login.example.com"], **options))
    assert document["provider"] == provider


def test_a_named_host_without_evidence_counts_as_oauth() -> None:
    """The vendor stays unknown."""
    error = status_error(code(401, "invalid_client"), "https://login.example.com/")
    document = assert_problem(ask("wsgi", raising(error), upstream_hosts=["login.example.com"]))
    assert (document["provider"], document["reason"]) == ("oauth", "invalid-client")


class _Denied(httpx.HTTPStatusError):
    """An app's own subclass."""


def test_a_subclass_counts_as_its_base() -> None:
    """So that classes of later releases are known."""
    error = status_error(WRONG_PASSWORD)
    assert is_problem(ask("asgi", raising(_Denied("x", request=error.request, response=error.response))))


def test_what_an_exception_wraps_does_not_count() -> None:
    """Who wraps an exception has dealt with it: a 500 of the app's making is the app's."""

    def call() -> None:
        raise ValueError(SECRET) from status_error(WRONG_PASSWORD)

    with pytest.raises(ValueError, match=SECRET):
        ask("asgi", call)


def older(module: str, name: str, **attributes: Any) -> Exception:
    """An exception as an earlier release of an SDK has it: known by module and name alone."""
    error = type(name, (Exception,), {"__module__": module})(SECRET)
    vars(error).update(attributes)
    assert isinstance(error, Exception)
    return error


@pytest.mark.parametrize("module", ["auth0.v3.exceptions", "auth0.exceptions", "auth0.authentication.exceptions"])
def test_the_exceptions_of_all_releases_of_auth0_python_are_known(module: str, events: Events) -> None:
    """Each release keeps them in another module."""
    error = older(module, "Auth0Error", status_code=404, error_code="inexistent_user", message=SECRET, content=None)
    response = ask("wsgi", raising(error))
    document = assert_problem(response)
    assert (document["reason"], document["upstream"]) == (
        "account-not-found",
        {"status": 404, "code": "inexistent_user"},
    )
    assert_no_secret(response, events)


def test_a_reset_is_known_from_releases_that_keep_no_headers() -> None:
    """They keep the time of the reset as an attribute."""
    error = older(
        "auth0.v3.exceptions", "Auth0Error", status_code=429, error_code="too_many_requests", message="", reset_at=30
    )
    assert assert_problem(ask("wsgi", raising(error)))["retry"]["after"] == 30


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("auth0.management.core.parse_error", "ParsingError"),
        ("auth0.management.core.http_sse._exceptions", "SSEError"),
        ("okta.errors.error", "Error"),
    ],
)
def test_responses_that_an_sdk_could_not_parse_are_upstream_errors(module: str, name: str, events: Events) -> None:
    """502, whatever the status was."""
    response = ask("wsgi", raising(older(module, name)))
    assert (assert_problem(response)["reason"], response.status) == ("upstream-error", 502)
    assert_no_secret(response, events)


def test_an_endless_chain_of_causes_is_followed_for_a_bounded_number_of_steps() -> None:
    """An exception may be its own cause."""
    error = httpx.ConnectError("x", request=httpx.Request("GET", AUTHORIZE))
    error.__cause__ = error
    document = assert_problem(ask("wsgi", raising(error)))
    assert (document["reason"], document["retry"]["automatic"]) == ("upstream-unreachable", False)


@pytest.mark.parametrize("second", [ConnectionRefusedError(), OSError("no route to host")], ids=["refused", "no route"])
def test_of_several_addresses_all_have_to_refuse(second: OSError) -> None:
    """A group is what asyncio and trio raise where a host has several; on Python 3.10 it is a backport's."""
    group = OSError("all attempts failed")
    vars(group)["exceptions"] = (ConnectionRefusedError(), second)
    error = httpx.ConnectError("x", request=httpx.Request("GET", AUTHORIZE.replace("/oauth/token", "/userinfo")))
    error.__cause__ = group
    document = assert_problem(ask("wsgi", raising(error)))
    assert document["retry"]["automatic"] is isinstance(second, ConnectionRefusedError)


@pytest.mark.parametrize("url", ["http://[tenant.auth0.com/", "tenant.auth0.com", "", "//", "https:///oauth/token"])
def test_an_exception_of_a_url_without_a_host_propagates(url: str) -> None:
    """No host, no provider."""
    error = requests.HTTPError(SECRET)
    error.request = requests.PreparedRequest()
    error.request.url = url
    with pytest.raises(requests.HTTPError):
        ask("wsgi", raising(error))


class _HostileError(Exception):
    __module__ = "okta.errors.error"
    __qualname__ = "Error"

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return super().__getattribute__(name)
        raise RuntimeError(SECRET)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_attributes_that_raise_do_no_harm(adapter: str, events: Events) -> None:
    """Foreign objects may do anything."""
    response = ask(adapter, raising(_HostileError()))
    assert assert_problem(response)["reason"] == "upstream-error"
    assert_no_secret(response, events)


def test_attributes_of_any_type_do_no_harm() -> None:
    """Likewise."""
    odd: list[Any] = [None, 1, "x", b"x", {"a": object()}, {1: 2}, [1], ["ab"], object(), float("nan")]
    for value in odd:
        error = older("okta.exceptions.exceptions", "ApiException", status=value, headers=value, body=value)
        assert assert_problem(ask("wsgi", raising(error)))["provider"] == "okta"


# --- What always propagates ---

ALWAYS: list[BaseException] = [
    asyncio.CancelledError(),
    KeyboardInterrupt(),
    SystemExit(3),
    GeneratorExit(),
    ValueError(SECRET),
    TimeoutError(),
    httpx.InvalidURL("x"),
    httpx.UnsupportedProtocol("x", request=httpx.Request("GET", AUTHORIZE)),
    httpx.LocalProtocolError("x", request=httpx.Request("GET", AUTHORIZE)),
    httpx.ReadTimeout("no request"),
]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("error", ALWAYS, ids=lambda error: type(error).__name__)
def test_what_is_no_providers_propagates(adapter: str, error: BaseException, events: Events) -> None:
    """The very same exception, with nothing sent."""
    options: dict[str, Any] = {"exceptions": True, "provider": "auth0"}
    server = AsgiServer() if adapter == "asgi" else WsgiServer()
    with pytest.raises(type(error)) as caught:
        _run(server, raising(error), options)
    assert caught.value is error
    assert (server.messages if isinstance(server, AsgiServer) else server.starts) == []
    assert list(events) == []


def _run(server: AsgiServer | WsgiServer, call: Any, options: dict[str, Any]) -> None:
    if isinstance(server, WsgiServer):
        server.run(WsgiMiddleware(wsgi_app(call), **options), http_environ())
        return
    coroutine = AsgiMiddleware(asgi_app(call), **options)(http_scope(), server.receive, server.send)
    try:
        coroutine.send(None)  # by hand: an event loop has its own ways with KeyboardInterrupt
    finally:
        coroutine.close()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_exception_below_an_excluded_path_propagates(adapter: str) -> None:
    """`exclude` covers exceptions."""
    with pytest.raises(httpx.HTTPStatusError):
        ask(adapter, raising(status_error(WRONG_PASSWORD)), path="/raw/x", exclude=["/raw"])


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_in_a_dry_run_the_exception_propagates_and_has_an_event(adapter: str, events: Events) -> None:
    """With `applied=false`."""
    with pytest.raises(httpx.HTTPStatusError):
        ask(adapter, raising(status_error(WRONG_PASSWORD)), mode="observe")
    event = events.only()
    assert (event["problem"], event["applied"]) == ("invalid-credentials", False)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_two_instances_emit_one_event_for_an_exception(adapter: str, events: Events) -> None:
    """The inner one has emitted it."""
    error = status_error(WRONG_PASSWORD)
    with pytest.raises(httpx.HTTPStatusError):
        _through_two(adapter, raising(error))
    events.only()


def _through_two(adapter: str, call: Any) -> Response:
    """An instance that only watches, and one outside of it that would respond."""
    if adapter == "asgi":
        return connect(AsgiMiddleware(AsgiMiddleware(asgi_app(call), exceptions=True, mode="observe"), exceptions=True))
    inner = WsgiMiddleware(wsgi_app(call), exceptions=True, mode="observe")
    return WsgiServer().run(WsgiMiddleware(inner, exceptions=True), http_environ())


def test_an_exception_of_a_websocket_propagates() -> None:
    """There is no HTTP response to send."""
    app = AsgiMiddleware(asgi_app(raising(status_error(WRONG_PASSWORD))), exceptions=True)
    server = AsgiServer()
    with pytest.raises(httpx.HTTPStatusError):
        asyncio.run(app({**http_scope(), "type": "websocket"}, server.receive, server.send))


# --- Before, and after the response began ---


def begun(*messages: dict[str, Any]) -> Any:
    """An ASGI app that sends these messages, and then fails at the provider."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        raise status_error(WRONG_PASSWORD)

    return AsgiMiddleware(app, exceptions=True)


def start(status: int, kind: bytes = b"application/json") -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]}


def body(content: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


@pytest.mark.parametrize(
    "messages",
    [
        [start(200)],
        [start(200), body(b"{", more=True)],
        [start(200), body(b"{}", more=False)],
        [start(404, b"text/html")],
    ],
    ids=["started", "amid the body", "complete", "error page"],
)
def test_asgi_after_the_response_began_it_propagates(messages: list[dict[str, Any]], events: Events) -> None:
    """What was sent cannot be replaced."""
    server = AsgiServer()
    with pytest.raises(httpx.HTTPStatusError):
        asyncio.run(begun(*messages)(http_scope(), server.receive, server.send))
    assert [message["type"] for message in server.messages] == [message["type"] for message in messages]
    assert list(events) == []


@pytest.mark.parametrize("sent", [[start(403)], [start(403), body(b'{"error": ', more=True)]], ids=["start", "body"])
def test_asgi_the_exception_replaces_a_buffered_response(sent: list[dict[str, Any]], events: Events) -> None:
    """The app did not finish that response."""
    response = connect(begun(*sent))
    assert assert_problem(response)["reason"] == "invalid-credentials"
    events.only()


def test_asgi_a_buffered_response_is_not_sent_when_the_exception_propagates() -> None:
    """The server makes the 500."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(403))
        raise ValueError(SECRET)

    server = AsgiServer()
    with pytest.raises(ValueError, match=SECRET):
        asyncio.run(AsgiMiddleware(app, exceptions=True)(http_scope(), server.receive, server.send))
    assert server.messages == []


def fail() -> NoReturn:
    raise status_error(WRONG_PASSWORD)


class Body:
    """A WSGI app's iterable: chunks, then the failure; counts how often it is closed."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        fail()

    def close(self) -> None:
        self.closed += 1


def wsgi(chunks: Body, status: str | None, *, lazily: bool = False) -> Any:
    """A WSGI app that starts a response, at once or with the first chunk, and fails while its body is read."""

    def app(environ: Any, start_response: Any) -> Any:
        def lazy() -> Iterator[bytes]:
            start_response(status, [("Content-Type", "application/json")])
            yield from chunks

        if status is not None and not lazily:
            start_response(status, [("Content-Type", "application/json")])
        return lazy() if lazily else chunks

    return WsgiMiddleware(app, exceptions=True)


@pytest.mark.parametrize("lazily", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden"])
def test_wsgi_what_was_started_but_not_sent_gives_way(status: str, lazily: bool, events: Events) -> None:
    """PEP 3333: headers are sent with the first chunk that is not empty; until then `exc_info` replaces them."""
    chunks = Body(b"")
    response = WsgiServer().run(wsgi(chunks, status, lazily=lazily), http_environ())
    assert assert_problem(response)["reason"] == "invalid-credentials"
    events.only()


def test_wsgi_a_body_that_never_started_is_replaced_and_closed_once() -> None:
    """PEP 3333 requires `close()`."""
    chunks = Body()
    response = WsgiServer().run(wsgi(chunks, None), http_environ())
    assert is_problem(response)
    assert chunks.closed == 1


@pytest.mark.parametrize("status", ["200 OK", "500 Error"])
def test_wsgi_after_the_first_chunk_it_propagates(status: str, events: Events) -> None:
    """A healthy body has gone out; of a 500 in HTML nothing was held either."""
    chunks, server = Body(b"{" * 10), WsgiServer()

    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, [("Content-Type", "text/html")])
        return chunks

    with pytest.raises(httpx.HTTPStatusError):
        server.run(WsgiMiddleware(app, exceptions=True), http_environ())
    assert (server.chunks, chunks.closed, list(events)) == ([b"{" * 10], 1, [])


def test_wsgi_after_write_it_propagates() -> None:
    """Bytes were sent."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])(b"hello")
        fail()

    server = WsgiServer()
    with pytest.raises(httpx.HTTPStatusError):
        server.run(WsgiMiddleware(app, exceptions=True), http_environ())
    assert server.chunks == [b"hello"]


def test_wsgi_a_held_body_gives_way(events: Events) -> None:
    """What is kept back was not sent."""
    response = WsgiServer().run(wsgi(Body(b'{"error": '), "403 Forbidden"), http_environ())
    assert assert_problem(response)["reason"] == "invalid-credentials"
    events.only()


@pytest.mark.parametrize("result", [[b"a", b"b"], (b"ab",), FileWrapper(BytesIO(b"ab"))], ids=["list", "tuple", "file"])
def test_wsgi_a_response_that_cannot_fail_is_returned_as_it_is(result: Any) -> None:
    """So that servers send files by the system call, and set lengths."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return result

    environ = {**http_environ(), "wsgi.file_wrapper": FileWrapper}
    assert WsgiMiddleware(app, exceptions=True)(environ, WsgiServer().start_response) is result


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_healthy_response_is_the_same_with_the_option(adapter: str) -> None:
    """Status, headers, body, and the object that the server gets."""

    async def healthy(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200))
        await send(body(b"[1", more=True))
        await send(body(b"]", more=False))

    def healthy_wsgi(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("content-type", "application/json")])
        yield b"[1"
        yield b"]"

    app = AsgiMiddleware(healthy, exceptions=True) if adapter == "asgi" else None
    response = connect(app) if app else WsgiServer().run(WsgiMiddleware(healthy_wsgi, exceptions=True), http_environ())
    assert response == Response(200, [("content-type", "application/json")], b"[1]")


# --- The response's form ---


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("accept", "kind"), [("text/html", "application/problem+json"), ("application/json", "application/json")]
)
def test_the_media_type_is_negotiated(adapter: str, accept: str, kind: str) -> None:
    """By `Accept`, with `Vary`."""
    response = ask(adapter, raising(status_error(WRONG_PASSWORD)), headers=[("accept", accept)])
    assert_problem(response, media_type=kind)
    assert response.lines("vary") == ["Accept"]


def test_a_forced_media_type_does_not_vary() -> None:
    """Without `Vary`."""
    response = ask("wsgi", raising(status_error(WRONG_PASSWORD)), media_type="json")
    assert_problem(response, media_type="application/json")
    assert response.lines("vary") == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_head_gets_the_headers_alone(adapter: str) -> None:
    """No body, and no length of one."""
    assert_problem(ask(adapter, raising(status_error(WRONG_PASSWORD)), method="HEAD"), method="HEAD")


@pytest.mark.parametrize("texts", ["known", "all"])
def test_no_option_lets_the_upstreams_text_in(texts: str, events: Events) -> None:
    """Neither `texts` nor `pass_text` applies to exceptions."""
    options: dict[str, Any] = {"texts": texts, "pass_text": lambda _problem, _member, text: text}
    response = ask("asgi", raising(status_error(WRONG_PASSWORD)), log_upstream_text=True, **options)
    assert_problem(response)
    assert "upstream_text" not in events.only()
    assert_no_secret(response, events)


def test_the_response_folds_like_any_other(events: Events) -> None:
    """A missing membership looks like a wrong password to the client; the event has what happened."""
    outside = {"error": "access_denied", "error_description": "user auth0|1 is not part of the org_1 organization"}
    folded = ask("wsgi", raising(status_error(json_response(403, outside, ("retry-after", "7")))))
    genuine = ask("wsgi", raising(status_error(code_only(WRONG_PASSWORD))))
    assert _comparable(folded) == _comparable(genuine)
    assert [event["problem"] for event in events] == ["account-not-assigned", "invalid-credentials"]


@pytest.mark.parametrize("name", ["a" * 2000, "a" * 300_000, "lone \\ud800 surrogate"], ids=["long", "large", "broken"])
def test_a_name_that_makes_it_unreadable_does_not_stop_it_from_folding(name: str) -> None:
    """A provider that repeats what was typed gives whoever asks a say in what can be read."""
    text = f"user {name} is not part of the org_1 organization"
    body = b'{"error": "access_denied", "error_description": "%s"}' % text.encode()
    folded = ask("wsgi", raising(status_error(Response(403, [("content-type", "application/json")], body))))
    genuine = ask("wsgi", raising(status_error(code_only(WRONG_PASSWORD))))
    assert _comparable(folded) == _comparable(genuine)


def test_disclosure_can_be_turned_off() -> None:
    """Then the problem names what happened."""
    outside = {"error": "access_denied", "error_description": "user auth0|1 is not part of the org_1 organization"}
    response = ask("wsgi", raising(status_error(json_response(403, outside))), disclosure="off")
    assert (assert_problem(response)["reason"], response.status) == ("account-not-assigned", 502)


def code_only(response: Response) -> Response:
    """A response without any header."""
    return Response(response.status, [("content-type", "application/json")], response.body)


def _comparable(response: Response) -> Response:
    masked = re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"urn:uuid:x", response.body)
    return Response(response.status, response.headers, masked)


# --- The event ---


def broken() -> NoReturn:
    """An app's doing that lets the provider's own failure out: an event at error."""
    raise status_error(Response(500, [], SECRET.encode()))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_event_of_an_error_names_class_and_frames(adapter: str, events: Events) -> None:
    """Never the message."""
    response = ask(adapter, broken, path="/profile", method="POST")
    event = events.only()
    assert (event["event"], event["log_level"], event["applied"]) == ("authproblem.normalized", "error", True)
    assert (event["instance"], event["path"]) == (assert_problem(response)["instance"], "/profile")
    assert event["exception"] == "httpx.HTTPStatusError"
    assert all(re.fullmatch(r".+\.py:\d+ \S+", frame) for frame in event["stack"])
    assert [frame.rpartition(" ")[2] for frame in event["stack"]][-3:] == ["broken", "status_error", "raise_for_status"]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_event_of_an_expected_error_has_no_frames(adapter: str, events: Events) -> None:
    """A user's mistake is no failure of the code: at info the class is enough."""
    ask(adapter, fail)
    event = events.only()
    assert (event["log_level"], event["exception"], "stack" in event) == ("info", "httpx.HTTPStatusError", False)


def test_of_a_deep_traceback_the_innermost_frames_are_in_the_event(events: Events) -> None:
    """Their number is bounded."""

    def deep(level: int) -> None:
        if level == 0:
            broken()
        deep(level - 1)

    ask("wsgi", lambda: deep(200))
    stack = events.only()["stack"]
    assert (len(stack), stack[-1].rpartition(" ")[2]) == (64, "raise_for_status")


def test_the_console_of_structlog_prints_the_event(capsys: pytest.CaptureFixture[str]) -> None:
    """Its renderer takes `stack` for a text. What is expected of users takes one line."""
    structlog.configure(processors=[structlog.dev.ConsoleRenderer(colors=False)])
    assert is_problem(ask("wsgi", fail))
    assert capsys.readouterr().out.count("\n") == 1
    assert is_problem(ask("wsgi", broken))
    out, err = capsys.readouterr()
    assert ("authproblem.normalized" in out, " broken\n" in out, "httpx.HTTPStatusError" in out) == (True, True, True)
    assert (err, SECRET in out) == ("", False)


def test_an_app_without_structlog_gets_the_same_keys(caplog: pytest.LogCaptureFixture) -> None:
    """As attributes of the record."""
    with caplog.at_level(logging.INFO, logger="authproblem"):
        ask("wsgi", fail)
    (record,) = caplog.records
    assert (vars(record)["exception"], vars(record)["problem"]) == ("httpx.HTTPStatusError", "invalid-credentials")
    assert "\n" not in record.getMessage()
    assert SECRET not in record.getMessage() + repr(vars(record))


def test_metrics_count_it_once() -> None:
    """`on_problem` is called once."""
    seen: list[str] = []
    ask("asgi", fail, on_problem=lambda problem: seen.append(problem.reason))
    assert seen == ["invalid-credentials"]


def test_after_an_internal_failure_the_exception_propagates(events: Events) -> None:
    """Here the app's own `providers` raises."""

    def providers(_scope: Any) -> NoReturn:
        raise LookupError(SECRET)

    with pytest.raises(httpx.HTTPStatusError):
        ask("wsgi", fail, providers=providers)
    assert events.only()["event"] == "authproblem.failed"
    assert SECRET not in repr(list(events))
