"""The gate: when a response is held, what is sent in its place, and what is never touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproblem import upstream
from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from authproblem._middleware.parameters import read_callback_request
from tests.support.adapters import ADAPTERS, through, wrapped
from tests.support.events import Events
from tests.support.responses import JSON_TYPE, Pairs, Response, json_response

E4 = {"errorCode": "E0000004", "errorSummary": "Authentication failed"}
BODY = json.dumps(E4).encode()
OKTA_ID = ("X-Okta-Request-Id", "r")
LOCKED = {"stateToken": "t", "status": "LOCKED_OUT", "_embedded": {}}
CALLBACK = ("https://app.example.com/cb?error=login_required&state=s", "login-required")
AUTHN = upstream("okta", endpoint="/api/v1/authn")
by_adapter = pytest.mark.parametrize("adapter", ADAPTERS)


def begin(
    status: int = 401,
    headers: Pairs | None = None,
    path: str = "/",
    method: str = "POST",
    state: dict[str, Any] | None = None,
    **options: Any,
) -> Interception:
    """A response that begins at a gate of its own."""
    request = Request(path, method, None, {} if state is None else state, binary=False)
    return Interceptor(make_options(options)).begin(request, status, [JSON_TYPE] if headers is None else headers)


def finish(held: Interception, body: bytes = BODY) -> Reply | None:
    """The rest of the response."""
    held.feed(body)
    return held.finish()


class TestBuffering:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503, 599])
    @pytest.mark.parametrize("media", ["application/json", "Application/JSON; charset=utf-8", "application/ion+json"])
    def test_an_error_in_json_is_held(self, status: int, media: str) -> None:
        """Its body may show who sent it."""
        assert begin(status, [("content-type", media)]).buffering

    @pytest.mark.parametrize("media", ["text/event-stream", "image/png", "application/octet-stream", "x"])
    def test_an_error_of_another_type_is_not(self, media: str) -> None:
        """Not even of a provider."""
        assert not begin(500, [("content-type", media), OKTA_ID]).buffering

    @pytest.mark.parametrize("media", ["text/plain", "text/html; charset=utf-8"])
    @pytest.mark.parametrize(
        ("headers", "options", "held"),
        [
            ([], {}, False),
            ([OKTA_ID], {}, True),
            ([("Auth-Problem-Upstream", "okta")], {}, True),
            ([], {"provider": "auth0"}, True),
            ([], {"providers": {"/": "auth0"}}, False),
            ([], {"providers": {"/": upstream("auth0", whole=True)}}, True),
        ],
    )
    def test_a_text_or_page_is_held_only_where_the_sender_is_certain(
        self, media: str, headers: Pairs, options: dict[str, Any], held: bool
    ) -> None:
        """The app's own pages are not delayed."""
        assert begin(404, [("content-type", media), *headers], **options).buffering is held

    def test_a_text_with_a_challenge_is_held(self) -> None:
        """The challenge may carry an OAuth error."""
        assert begin(401, [("content-type", "text/plain"), ("www-authenticate", "Bearer")]).buffering

    @pytest.mark.parametrize(
        ("status", "headers"),
        [
            (401, [("content-type", "application/problem+json"), ("auth-problem", "x")]),
            (401, [JSON_TYPE, ("auth-problem", "x")]),
            (416, [JSON_TYPE]),
            (401, [JSON_TYPE, ("content-encoding", "compress")]),
            (401, [JSON_TYPE, ("content-encoding", "gzip, exi")]),
        ],
    )
    def test_what_cannot_or_must_not_be_rewritten_is_not(self, status: int, headers: Pairs) -> None:
        """Problems, ranges, codings that nobody here knows."""
        assert not begin(status, headers, path="/x", transaction_states=("/y",)).buffering

    @pytest.mark.parametrize(("path", "wanted"), [("/y", True), ("/y/z", True), ("/x", False), ("/yz", False)])
    def test_healthy_responses_are_examined_at_the_opted_in_paths_only(self, path: str, wanted: bool) -> None:
        """Adapters pass all others on without a look."""
        interceptor = Interceptor(make_options({"transaction_states": ("/y",)}))

        assert interceptor.wants_success(path) is wanted

    @pytest.mark.parametrize("coding", ["gzip", "X-GZIP", "deflate", "br", "zstd", "identity", "", "gzip , identity"])
    def test_a_coding_that_can_be_undone_is_held(self, coding: str) -> None:
        """The body is looked at decoded."""
        assert begin(401, [JSON_TYPE, ("content-encoding", coding)]).buffering

    @pytest.mark.parametrize(("path", "held"), [("/health", False), ("/health/x", False), ("/healthy", True)])
    def test_an_excluded_path_is_not(self, path: str, held: bool) -> None:
        """The app says so."""
        assert begin(path=path, exclude=("/health",)).buffering is held

    @pytest.mark.parametrize("status", [400, 401])
    @pytest.mark.parametrize("options", [{}, {"exclude": ("/health",)}])
    def test_an_error_that_one_of_us_has_seen_is_not(self, status: int, options: dict[str, Any]) -> None:
        """An instance nearer to the app has processed it, whether its options depend on the path or not."""
        state: dict[str, Any] = {}

        assert [begin(status, state=state, **options).buffering for _ in range(2)] == [True, False]

    @pytest.mark.parametrize("status", [300, 302, 399])
    def test_a_redirect_is_not(self, status: int) -> None:
        """It is recognized by its location; its body does not matter."""
        assert not begin(status, [JSON_TYPE, ("location", "/x")], transaction_states=("/",)).buffering
        assert not begin(status, [JSON_TYPE], transaction_states=("/",)).buffering

    def test_no_trace_is_left_of_a_healthy_response(self) -> None:
        """Only the error path marks the scope."""
        state: dict[str, Any] = {}
        begin(200, state=state, transaction_states=("/",))

        assert state == {}


class TestFeeding:
    def test_the_last_byte_that_may_be_is_held(self) -> None:
        """One more is not: then all goes on as it came."""
        held = begin(max_body=len(BODY))

        assert [held.feed(BODY[:7]), held.feed(BODY[7:]), held.feed(b""), held.feed(b"x")] == [True, True, True, False]
        assert (bytes(held.body), held.buffering) == (BODY, False)

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_any_kind_of_bytes_is_kept(self, kind: Any) -> None:
        """As a copy: the app may use its buffer again."""
        held, buffer = begin(), bytearray(BODY)
        held.feed(kind(buffer))
        buffer[:] = b" " * len(BODY)

        assert bytes(held.body) == BODY

    def test_what_is_no_providers_error_passes(self) -> None:
        """With its own headers."""
        headers = [JSON_TYPE, ("x", "y")]
        held = begin(404, headers)

        assert finish(held, b'{"detail":"Not Found"}') is None
        assert held.headers == headers


class TestDryRun:
    def test_changes_nothing_and_reports_everything(self, events: Events) -> None:
        """What people put in first."""
        assert finish(begin(mode="observe")) is None
        assert (events.only()["event"], events.only()["applied"]) == ("authproblem.normalized", False)

    @pytest.mark.parametrize(("value", "applied"), [("no-transform", False), ("no-store", True)])
    def test_is_what_no_transform_makes_of_it_on_request(self, value: str, applied: bool, events: Events) -> None:
        """The app is the origin towards its client, so the directive does not bind it; an option makes it obey."""
        headers = [JSON_TYPE, ("cache-control", f"no-cache, {value}")]

        assert (finish(begin(headers=headers, respect_no_transform=True)) is not None) is applied
        assert finish(begin(headers=headers)) is not None
        assert [event["applied"] for event in events] == [applied, True]


class TestStates:
    """Failures that come with a status below 400."""

    @pytest.mark.parametrize(
        ("paths", "path", "asked"),
        [
            (("/api/v1/authn",), "/api/v1/authn", True),
            (("/api/v1/authn",), "/api/v1/authn/factors", True),
            (("/api/v1/authn",), "/api/v1/authnx", False),
            (("/a", "/b"), "/b/c", True),
            ((), "/", False),
            (("/",), "/x", True),
            (("/a/",), "/a/b", True),
        ],
    )
    def test_are_looked_for_under_the_given_paths_only(self, paths: tuple[str, ...], path: str, asked: bool) -> None:
        """By whole segments."""
        assert Interceptor(make_options({"transaction_states": paths})).wants_success(path) is asked

    @by_adapter
    @pytest.mark.parametrize(("status", "sent"), [(200, 403), (201, 403)])
    def test_become_problems_with_the_types_own_status(self, adapter: str, status: int, sent: int) -> None:
        """There was no error status."""
        got = through(adapter, json_response(status, LOCKED), "/api/v1/authn", transaction_states=("/api/v1/authn",))

        assert (got.status, got.header("Auth-Problem"), got.document()["stateToken"]) == (sent, "account-locked", "t")
        assert (got.document()["upstream"]["status"], got.document()["status"]) == (status, sent)

    @pytest.mark.parametrize(
        ("status", "headers", "held"),
        [
            (200, [OKTA_ID], True),
            (200, [OKTA_ID, ("content-encoding", "gzip")], True),
            (206, [OKTA_ID], False),
            (200, [OKTA_ID, ("auth-problem", "x")], False),
            (200, [OKTA_ID, ("content-encoding", "exi")], False),
        ],
    )
    def test_are_looked_at_with_any_headers(self, status: int, headers: Pairs, held: bool) -> None:
        """Except those of a problem, a part, or a coding that nobody here knows."""
        response = begin(status, [JSON_TYPE, *headers], path="/api/v1/authn", transaction_states=("/api/v1/authn",))

        assert response.buffering is held

    @by_adapter
    @pytest.mark.parametrize(
        ("response", "path"),
        [
            (json_response(200, LOCKED), "/other"),
            (json_response(200, {**LOCKED, "status": "SUCCESS"}), "/api/v1/authn"),
            (json_response(200, {**LOCKED, "status": "MFA_CHALLENGE"}), "/api/v1/authn"),
            (json_response(200, {"status": "LOCKED_OUT"}), "/api/v1/authn"),
            (json_response(200, E4), "/api/v1/authn"),
            (Response(200, [("content-type", "text/html")], json.dumps(LOCKED).encode()), "/api/v1/authn"),
            (Response(204, [], b""), "/api/v1/authn"),
            (json_response(206, LOCKED), "/api/v1/authn"),
        ],
    )
    def test_leave_any_other_response_untouched(self, adapter: str, response: Response, path: str) -> None:
        """Other paths, steps, other types, parts."""
        assert through(adapter, response, path, transaction_states=("/api/v1/authn",)) == response


class TestRedirects:
    @by_adapter
    def test_without_a_location_are_none(self, adapter: str, events: Events) -> None:
        """300 and 304 have none."""
        response = Response(304, [("etag", "x"), ("x-okta-request-id", "r")], b"")

        assert through(adapter, response, mark_redirects=True) == response
        assert events == []

    @by_adapter
    def test_with_an_error_stay_as_they_are_and_are_reported(self, adapter: str, events: Events) -> None:
        """Byte for byte."""
        response = Response(302, [("location", CALLBACK[0])], b"Moved")

        assert through(adapter, response) == response
        event = events.only()
        assert (event["problem"], event["applied"], event["upstream_status"]) == (CALLBACK[1], False, 302)

    @by_adapter
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_get_the_problem_headers_on_request(self, adapter: str, status: int) -> None:
        """And nothing else."""
        got = through(adapter, Response(status, [("location", CALLBACK[0])], b"Moved"), mark_redirects=True)

        assert (got.status, got.body, got.header("location")) == (status, b"Moved", CALLBACK[0])
        assert [got.header(name) for name in ("Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry")] == [
            "login-required",
            "user",
            "manual",
        ]

    @by_adapter
    @pytest.mark.parametrize(
        "location",
        [
            "/login?error=access_denied",
            "/cb?error=made_up&state=s",
            "/cb?code=x&state=s",
            "/cb",
        ],
    )
    def test_of_the_app_have_no_event(self, adapter: str, location: str, events: Events) -> None:
        """An error that the registry holds, and what only an authorization response has, are needed together."""
        response = Response(302, [("location", location)], b"")

        assert through(adapter, response, mark_redirects=True) == response
        assert [event for event in events if event["log_level"] != "debug"] == []

    @by_adapter
    def test_of_a_provider_need_no_state(self, adapter: str, events: Events) -> None:
        """Its header shows the provider."""
        through(adapter, Response(302, [("location", "/cb?error=access_denied"), OKTA_ID], b""))

        assert events.only()["problem"] == "access-denied"

    @by_adapter
    def test_of_an_excluded_path_have_no_event(self, adapter: str, events: Events) -> None:
        """The app says so."""
        through(adapter, Response(302, [("location", CALLBACK[0])], b""), "/health", exclude=("/health",))

        assert events == []

    @by_adapter
    def test_are_reported_once_by_several_instances(self, adapter: str, events: Events) -> None:
        """One event a response."""
        response = Response(302, [("location", CALLBACK[0])], b"")
        app = wrapped(adapter, response)
        through_outer(adapter, app)

        assert len(events) == 1


class TestCallbacks:
    def callback(self, query: str, path: str = "/cb", **options: Any) -> Any:
        """What a request to a path brings."""
        gate = Interceptor(make_options({"callback_paths": ("/cb",), **options}))
        return read_callback_request(gate.options, Request(path, "GET", None, {}, binary=False), query)

    def test_with_an_error_give_its_problem_and_an_event_at_info(self, events: Events) -> None:
        """Anyone can send it, so it is never a warning."""
        problem = self.callback("error=server_error&error_description=x&state=s")
        event = events.only()

        assert (problem.reason, problem.status) == ("upstream-error", 502)
        assert (event["log_level"], event["applied"], event["path"]) == ("info", False, "/cb")
        assert event["instance"] == problem.instance

    @pytest.mark.parametrize(
        ("query", "path"),
        [("code=x&state=s", "/cb"), ("", "/cb"), ("error=made_up", "/cb"), ("error=access_denied", "/cb/x")],
    )
    def test_without_one_give_nothing(self, query: str, path: str, events: Events) -> None:
        """No error that the registry holds, or another path."""
        assert self.callback(query, path) is None
        assert events == []

    def test_of_a_scope_are_the_providers(self) -> None:
        """Which vendor's callback it is."""
        assert self.callback("error=access_denied", providers={"/cb": "okta"}).provider == "okta"

    def test_are_counted(self) -> None:
        """By `on_problem`."""
        seen: list[Any] = []
        self.callback("error=access_denied", on_problem=seen.append)

        assert [problem.reason for problem in seen] == ["access-denied"]

    def test_never_stop_the_request(self, events: Events) -> None:
        """A fault of ours, or of the app's callable, is reported and that is all."""

        def providers(_request: object) -> str:
            raise RuntimeError("hunter2")

        assert self.callback("error=access_denied", providers=providers) is None
        assert (events.only()["event"], "hunter2" in str(events)) == ("authproblem.failed", False)

    @by_adapter
    def test_are_reported_once_by_several_instances(self, adapter: str, events: Events) -> None:
        """One event a request."""
        app = wrapped(adapter, json_response(200, {}), callback_paths=("/cb",))
        through_outer(adapter, app, "/cb", "error=access_denied", callback_paths=("/cb",))

        assert len(events) == 1


def through_outer(adapter: str, app: Any, path: str = "/", query: str = "", **options: Any) -> None:
    """Send a request through a second instance around an app."""
    from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
    from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
    from tests.support import asgi_server, wsgi_server

    if adapter == "asgi":
        asgi_server.serve(AsgiMiddleware(app, **options), path, query=query)
    else:
        wsgi_server.serve(WsgiMiddleware(app, **options), path, query=query)


class TestEndpoint:
    """Which path of the provider was called, as far as the gate knows."""

    @pytest.mark.parametrize(
        ("path", "mark", "options", "reason"),
        [
            ("/api/v1/authn", None, {}, "session-expired"),
            ("/api/v1/users", None, {}, "invalid-token"),
            ("/x/api/v1/authn", None, {}, "invalid-token"),
            ("/x/api/v1/authn", None, {"providers": {"/x": "okta"}}, "session-expired"),
            ("/api/v1/authn", None, {"providers": {"/api": "okta"}}, "session-expired"),
            ("/x", None, {"providers": {"/x": AUTHN}}, "session-expired"),
            ("/login", "okta;endpoint=/api/v1/authn", {}, "session-expired"),
            ("/api/v1/authn", "okta;endpoint=/api/v1/users", {}, "invalid-token"),
            ("/x", "okta;endpoint=/api/v1/users", {"providers": {"/x": AUTHN}}, "invalid-token"),
            ("/api/v1/authn", "okta", {}, "session-expired"),
            ("/x", "okta", {"providers": {"/x": AUTHN}}, "session-expired"),
        ],
    )
    def test_is_the_marks_the_scopes_or_the_requests(
        self, path: str, mark: str | None, options: dict[str, Any], reason: str
    ) -> None:
        """In this order, each where it is known."""
        headers = [JSON_TYPE, *([("Auth-Problem-Upstream", mark)] if mark is not None else [])]
        body = b'{"errorCode":"E0000011","errorSummary":"Invalid token provided"}'
        reply = finish(begin(401, headers, path, **options), body)

        assert reply is not None
        assert dict(reply.headers)["Auth-Problem"] == reason


class TestMediaType:
    ION = "application/ion+json; okta-version=1.0.0"

    @by_adapter
    @pytest.mark.parametrize(
        ("accept", "forced", "expected"),
        [
            (None, "auto", "application/problem+json"),
            ("application/json", "auto", "application/json"),
            (ION, "auto", ION),
            ("application/json", "problem", "application/problem+json"),
            (ION, "json", "application/json"),
        ],
    )
    def test_is_chosen_by_accept_unless_it_is_forced(
        self, adapter: str, accept: str | None, forced: str, expected: str
    ) -> None:
        """An Identity Engine client gets its own type, version and all."""
        message = {"class": "ERROR", "i18n": {"key": "errors.E0000004"}}
        body = json.dumps({"stateHandle": "h", "messages": {"value": [message]}}).encode()
        request = [] if accept is None else [("accept", accept)]
        response = Response(401, [("content-type", self.ION)], body)
        got = through(adapter, response, headers=request, media_type=forced)

        assert got.header("content-type") == expected
        assert got.lines("vary") == (["Accept"] if forced == "auto" else [])


class TestStatus:
    @by_adapter
    @pytest.mark.parametrize(
        ("status", "document", "sent"),
        [
            (400, {"error": "mfa_required"}, 403),
            (400, E4, 400),
            (401, E4, 401),
            (500, {"error": "access_denied"}, 403),
            (400, {"error": "temporarily_unavailable"}, 503),
        ],
    )
    def test_is_the_types_own_on_request_but_never_a_new_401(
        self, adapter: str, status: int, document: object, sent: int
    ) -> None:
        """A 401 would owe a challenge."""
        options: dict[str, Any] = {"provider": "okta" if document is E4 else "auth0", "status": "canonical"}
        got = through(adapter, json_response(status, document), **options)

        assert (got.status, got.document()["status"]) == (sent, sent)
        assert got.document()["upstream"]["status"] == status


class TestHead:
    @pytest.mark.parametrize("body", [BODY, b""])
    def test_has_the_headers_of_a_problem_and_no_body(self, body: bytes) -> None:
        """Where the response says what GET would: by a body that the server drops, or by its challenge."""
        headers = [JSON_TYPE, OKTA_ID, ("www-authenticate", 'Bearer error="invalid_token"'), ("content-length", "9")]
        reply = finish(begin(401, headers, method="HEAD"), body)

        assert reply is not None
        assert (reply.status, reply.body) == (401, b"")
        assert "Content-Length" not in dict(reply.headers)

    def test_without_an_error_passes(self) -> None:
        """GET might say something else than the status."""
        assert finish(begin(401, [JSON_TYPE, OKTA_ID], method="HEAD"), b"") is None


class TestFaults:
    """Whatever fails here, the response goes out."""

    def test_of_the_apps_callable_pass_the_response(self, events: Events) -> None:
        """Untouched, and reported once."""

        def providers(_request: object) -> str:
            raise RuntimeError("hunter2")

        held = [begin(providers=providers) for _ in range(3)]

        assert [interception.buffering for interception in held] == [False] * 3
        assert (events.only()["event"], "hunter2" in str(events)) == ("authproblem.failed", False)

    def test_of_our_own_pass_the_response(self, events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
        """As it came."""
        held = begin()
        monkeypatch.setattr("authproblem._middleware.interception.new_instance", lambda moment: moment / 0)

        assert finish(held) is None
        assert (events.only()["event"], events.only()["exception"]) == ("authproblem.failed", "ZeroDivisionError")

    def test_of_pass_text_keep_the_text_back(self, events: Events) -> None:
        """The problem goes out all the same."""

        def ask(_problem: object, _member: str, _text: str) -> str:
            raise RuntimeError("hunter2")

        reply = finish(begin(pass_text=ask), json.dumps({**E4, "errorSummary": "unknown"}).encode())

        assert reply is not None
        assert b"unknown" not in reply.body
        assert [event["event"] for event in events] == ["authproblem.failed", "authproblem.normalized"]

    @pytest.mark.parametrize("answer", [None, 7, b"x", ["x"]])
    def test_of_pass_text_may_be_any_answer(self, answer: Any) -> None:
        """Only a string is one."""
        reply = finish(begin(pass_text=lambda *_: answer), json.dumps({**E4, "errorSummary": "unknown"}).encode())

        assert reply is not None
        assert json.loads(reply.body)["errorSummary"] == json.loads(reply.body)["detail"]

    def test_of_a_document_that_cannot_be_written_pass_it(self) -> None:
        """Deeper than our writer goes; a protocol document may hold it."""
        deep: Any = "x"
        for _ in range(300):
            deep = [deep]
        message = {"class": "ERROR", "i18n": {"key": "errors.E0000004"}}
        document = {"stateHandle": "h", "messages": {"value": [message]}, "deep": deep}

        assert finish(begin(), json.dumps(document).encode()) is None


class TestPassed:
    """An error that passes unchanged is reported at debug, with the reason."""

    @pytest.mark.parametrize(
        ("headers", "body", "why"),
        [
            ([("content-encoding", "gzip")], b"\x1f\x8b damaged", "unreadable"),
            ([("content-encoding", "gzip,gzip,gzip")], BODY[1:], "unreadable"),
            ([], b'{"error":"authorization_pending","error_description":"x"}', "flow_control"),
            ([], b'{"stateHandle":"h","remediation":{"value":[]}}', "step"),
            ([], b"{" * 9, "unreadable"),
            ([], json.dumps({**LOCKED, "deep": json.loads("[" * 300 + "]" * 300)}).encode(), "unsendable"),
        ],
    )
    def test_names_the_reason(self, headers: Pairs, body: bytes, why: str, events: Events) -> None:
        """One of a few words."""
        assert finish(begin(400, [JSON_TYPE, *headers], provider="okta"), body) is None
        assert [events.only()[key] for key in ("event", "log_level", "why")] == ["authproblem.passed", "debug", why]

    def test_reports_nothing_of_what_is_no_error(self, events: Events) -> None:
        """Most of it is the app's own."""
        text = [("content-type", "text/plain"), ("www-authenticate", "Bearer")]

        assert finish(begin(404), b'{"detail":"Not Found"}') is None
        assert finish(begin(401, text), b"no") is None
        assert events == []


class TestInstance:
    def test_is_the_same_in_body_and_event(self, events: Events) -> None:
        """Whoever has the one finds the other."""
        reply = finish(begin())

        assert reply is not None
        assert json.loads(reply.body)["instance"] == events.only()["instance"]
