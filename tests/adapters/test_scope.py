"""Which responses are taken up: marks, scopes, mounts, exclusion, other instances of ours, the dry run, options."""

from __future__ import annotations

from typing import Any

import pytest

import authproblem
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.adapters.asgi_host import Connection, body, connect, run, start
from tests.adapters.samples import ERRORS, FOREIGN, HEALTHY, JSON, MFA, OKTA, PROBLEM
from tests.adapters.support import ADAPTERS, assert_problem, assert_untouched, is_problem, through
from tests.adapters.wsgi_host import Gateway, eager
from tests.support.asgi_server import http_scope
from tests.support.responses import Pairs, Response, json_response, text_response
from tests.support.wsgi_server import http_environ

adapters = pytest.mark.parametrize("adapter", ADAPTERS)

GENERIC = json_response(400, {"error": "invalid_grant"})
"""Stripe and many others send the same bytes: no evidence."""
NAMELESS = Response(401, [], b"")
"""Nothing but a status."""
MARK = "Auth-Problem-Upstream"


def marked(sent: Response, mark: str, name: str = MARK) -> Response:
    """A response that the app has marked."""
    return Response(sent.status, [("x-first", "1"), (name, mark), *sent.headers], sent.body)


def without_mark(sent: Response) -> Response:
    """The same as the client may have it."""
    return Response(sent.status, [pair for pair in sent.headers if pair[0].lower() != MARK.lower()], sent.body)


# ------------------------------------------------------------------------------------------------ evidence and marks


@adapters
@pytest.mark.parametrize("sent", [GENERIC, NAMELESS, text_response(429, "slow"), json_response(404, {"message": "no"})])
def test_without_evidence_nothing_is_touched(adapter: str, sent: Response) -> None:
    """Other servers send the same bytes."""
    assert_untouched(through(adapter, sent), sent)


@adapters
@pytest.mark.parametrize("sent", [GENERIC, NAMELESS, text_response(429, "Too Many Requests")])
@pytest.mark.parametrize("name", [MARK, MARK.lower(), MARK.upper()])
def test_the_apps_mark_is_evidence_and_never_leaves(adapter: str, sent: Response, name: str) -> None:
    """The other headers stay in order."""
    response = through(adapter, marked(sent, "auth0", name))
    assert assert_problem(response)["provider"] == "auth0"
    assert response.headers[0] == ("x-first", "1")


@adapters
@pytest.mark.parametrize(
    "value", ["auth0", "okta;endpoint=/x", "nobody", "", ";;;", "okta\xff", "auth0;endpoint=http://x"]
)
@pytest.mark.parametrize(
    "sent", [*ERRORS.values(), FOREIGN, GENERIC, NAMELESS, Response(500, [("content-type", "text/html")], b"<p>")]
)
@pytest.mark.parametrize("options", [{}, {"mode": "observe"}, {"exclude": ("/oauth",)}, {"max_body": 1}], ids=str)
def test_a_mark_of_any_value_never_leaves_an_error(
    adapter: str, value: str, sent: Response, options: dict[str, Any]
) -> None:
    """Also where it is malformed."""
    response = through(adapter, marked(sent, value), **options)
    assert response.lines(MARK) == []
    if not is_problem(response):
        assert_untouched(response, without_mark(marked(sent, value)))


@adapters
def test_a_mark_that_is_there_twice_never_leaves(adapter: str) -> None:
    """Both lines are removed."""
    assert through(adapter, marked(marked(FOREIGN, "okta"), "auth0")).lines(MARK) == []


@adapters
def test_healthy_responses_are_not_scanned_for_it(adapter: str) -> None:
    """That would cost every response."""
    assert_untouched(through(adapter, marked(HEALTHY, "okta")), marked(HEALTHY, "okta"))


@adapters
def test_a_success_that_is_looked_at_loses_its_mark(adapter: str) -> None:
    """On paths of `transaction_states`."""
    sent = marked(HEALTHY, "okta")
    assert_untouched(through(adapter, sent, transaction_states=("/oauth",)), without_mark(sent))


@adapters
def test_the_marks_endpoint_decides_what_a_code_means(adapter: str) -> None:
    """As of E0000011."""
    sent = json_response(
        401, {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorId": "x", "errorCauses": []}
    )
    reasons = {
        endpoint: assert_problem(through(adapter, marked(sent, f"okta;endpoint={endpoint}")))["reason"]
        for endpoint in ("/api/v1/authn", "/api/v1/users/me")
    }
    assert reasons == {"/api/v1/authn": "session-expired", "/api/v1/users/me": "invalid-token"}


# ------------------------------------------------------------------------------------------------ providers and mounts


@adapters
@pytest.mark.parametrize("root", ["", "/api", "/api/v1"])
@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("/auth", True),
        ("/auth/", True),
        ("/auth/oauth/token", True),
        ("/authors", False),
        ("/", False),
        ("/x/auth", False),
    ],
)
def test_a_scope_counts_below_its_prefix_by_whole_segments(adapter: str, path: str, taken: bool, root: str) -> None:
    """`/auth` does not cover `/authors`."""
    response = through(adapter, GENERIC, path=path, root=root, providers={"/auth": "auth0"})
    assert is_problem(response) == taken
    if not taken:
        assert_untouched(response, GENERIC)


@adapters
def test_the_longest_prefix_wins(adapter: str) -> None:
    """Whatever the order of the mapping."""
    providers = {"/": "oauth", "/login": "auth0", "/login/okta/": authproblem.upstream("okta")}
    found = [
        assert_problem(through(adapter, GENERIC, path=path, providers=providers))["provider"]
        for path in ("/x", "/login/x", "/login/okta/x")
    ]
    assert found == ["oauth", "auth0", "okta"]


@adapters
@pytest.mark.parametrize(
    "sent",
    [
        json_response(404, {"detail": "Not Found"}),
        text_response(404, "Not Found"),
        text_response(405, "Method Not Allowed"),
        text_response(500, "Internal Server Error"),
        FOREIGN,
        NAMELESS,
    ],
)
def test_a_frameworks_own_errors_below_a_scope_stay_its_own(adapter: str, sent: Response) -> None:
    """A scope names a provider, and does not prove it."""
    assert_untouched(through(adapter, sent, path="/auth/x", providers={"/auth": "auth0"}), sent)


@adapters
@pytest.mark.parametrize(
    "options",
    [{"providers": {"/auth": authproblem.upstream("auth0", whole=True)}}, {"provider": "auth0"}],
    ids=["whole", "provider"],
)
@pytest.mark.parametrize("sent", [NAMELESS, text_response(503, "Service Unavailable"), text_response(404, "Not Found")])
def test_where_all_is_the_providers_a_status_is_enough(adapter: str, sent: Response, options: dict[str, Any]) -> None:
    """With `provider=` or `whole=True`."""
    assert assert_problem(through(adapter, sent, path="/auth/x", **options))["provider"] == "auth0"


@adapters
def test_a_callable_returns_the_provider_of_a_request(adapter: str) -> None:
    """It gets the ASGI scope or the WSGI environ."""

    def providers(request: Any) -> Any:
        path = request["path"] if "path" in request else request["PATH_INFO"]
        return authproblem.upstream("okta", whole=True) if path == "/okta" else None

    assert assert_problem(through(adapter, NAMELESS, path="/okta", providers=providers))["provider"] == "okta"
    assert_untouched(through(adapter, NAMELESS, path="/other", providers=providers), NAMELESS)


@adapters
@pytest.mark.parametrize("root", ["", "/api"])
@pytest.mark.parametrize("prefix", ["/okta", "/a/b/okta/"])
def test_the_path_below_the_scope_is_the_endpoint(adapter: str, prefix: str, root: str) -> None:
    """So that surface-dependent codes have their meaning."""
    sent = json_response(401, {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorCauses": []})
    path = prefix.rstrip("/") + "/api/v1/authn"
    response = through(adapter, sent, path=path, root=root, providers={prefix: "okta"})
    assert assert_problem(response)["reason"] == "session-expired"


@adapters
def test_a_path_that_only_begins_like_the_root_is_left_whole(adapter: str) -> None:
    """Servers before ASGI 2.4 left the root out of the path."""
    providers: Any = {"/apiary": "auth0"}
    if adapter == "asgi":
        sent = http_scope("/apiary/token", root="/api")
        response = connect(AsgiMiddleware(asgi(GENERIC), providers=providers), sent).answer()
    else:
        response = through(adapter, GENERIC, path="/apiary/token", root="/api", providers=providers)
    assert is_problem(response)


@adapters
@pytest.mark.parametrize("root", ["", "/api"])
@pytest.mark.parametrize(
    ("path", "taken"), [("/health", False), ("/health/x", False), ("/healthy", True), ("/a/b/c", False), ("/a/b", True)]
)
def test_excluded_paths_are_left_alone(adapter: str, path: str, taken: bool, root: str) -> None:
    """By whole segments."""
    response = through(adapter, OKTA, path=path, root=root, exclude=("/health", "/a/b/c"))
    assert is_problem(response) == taken
    if not taken:
        assert_untouched(response, OKTA)


def asgi(sent: Response) -> Any:
    """An app that moves `root_path` as routers do while they look for the route."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["root_path"] = scope["root_path"] + "/apiary"
        await send(start(sent))
        await send(body(sent.body))

    return app


# ------------------------------------------------------------------------------------------------ more than one of us

ACCEPTS = [None, "*/*", JSON, PROBLEM, "text/html", "application/ion+json", "application/json;q=0.1, */*;q=0.2", ""]


@adapters
@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("name", ERRORS)
def test_the_middleware_twice_is_the_middleware_once(adapter: str, accept: str | None, name: str) -> None:
    """The outer instance leaves alone what the inner one has seen."""
    headers = [] if accept is None else [("accept", accept)]
    once, twice = (through(adapter, ERRORS[name], headers=headers, layers=layers) for layers in (1, 2))
    assert (twice.status, twice.headers) == (once.status, once.headers)
    assert without_instance(twice) == without_instance(once)


@adapters
@pytest.mark.parametrize("near", ADAPTERS)
@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("far_accept", ACCEPTS)
def test_a_response_that_another_service_has_normalized_passes(
    adapter: str, near: str, accept: str | None, far_accept: str | None
) -> None:
    """`Auth-Problem` shows it."""

    def asking(value: str | None) -> Pairs:
        return [] if value is None else [("accept", value)]

    inner = through(near, MFA, headers=asking(accept))
    assert_untouched(through(adapter, inner, headers=asking(far_accept), provider="auth0"), inner)


@adapters
@pytest.mark.parametrize("accept", ACCEPTS)
def test_a_response_whose_problem_headers_a_proxy_has_dropped_keeps_its_meaning(
    adapter: str, accept: str | None
) -> None:
    """It is read again from its members."""
    headers = [] if accept is None else [("accept", accept)]
    inner = through(adapter, MFA, headers=headers)
    stripped = Response(
        inner.status, [pair for pair in inner.headers if "auth-problem" not in pair[0].lower()], inner.body
    )
    response = through(adapter, stripped, headers=headers)
    assert response.document()["reason"] == "mfa-required"
    assert response.document()["mfa_token"] == "Fe26.2*x"


def without_instance(response: Response) -> dict[str, Any]:
    """The document, but for what differs from response to response."""
    return {name: value for name, value in response.document().items() if name != "instance"}


@adapters
def test_what_an_instance_nearer_to_the_app_has_seen_is_left_alone(adapter: str) -> None:
    """The inner one finds no evidence; the outer one would take the status for enough."""
    if adapter == "asgi":
        inner = AsgiMiddleware(AsgiMiddleware(asgi(NAMELESS)), provider="okta")
        response = connect(inner).answer()
    else:
        response = Gateway().serve(WsgiMiddleware(WsgiMiddleware(eager(NAMELESS)), provider="okta")).answer()
    assert_untouched(response, NAMELESS)


@adapters
def test_a_dry_run_nearer_to_the_app_keeps_the_outer_one_from_acting(adapter: str) -> None:
    """One decision for each response."""
    if adapter == "asgi":
        response = connect(AsgiMiddleware(AsgiMiddleware(asgi(OKTA), mode="observe"))).answer()
    else:
        response = Gateway().serve(WsgiMiddleware(WsgiMiddleware(eager(OKTA), mode="observe"))).answer()
    assert_untouched(response, OKTA)


@adapters
@pytest.mark.parametrize("sent", [HEALTHY, Response(302, [("location", "/")], b"")])
def test_requests_that_go_well_get_no_key_in_scope_or_environ(adapter: str, sent: Response) -> None:
    """The mark is set on the error path alone."""
    if adapter == "asgi":
        state: dict[str, Any] = http_scope("/oauth/token")
        before = set(state)
        connect(AsgiMiddleware(asgi(sent)), state)
    else:
        state = http_environ("/oauth/token")
        before = set(state)
        Gateway().serve(WsgiMiddleware(eager(sent)), state)
    assert set(state) == before


# ------------------------------------------------------------------------------------------------ the dry run


@adapters
@pytest.mark.parametrize("sent", [*ERRORS.values(), FOREIGN, HEALTHY, NAMELESS])
def test_observe_changes_nothing(adapter: str, sent: Response) -> None:
    """Whatever the other options are."""
    options: dict[str, Any] = {"provider": "okta", "mark_redirects": True, "transaction_states": ("/oauth",)}
    assert_untouched(through(adapter, sent, mode="observe", **options), sent)


# ------------------------------------------------------------------------------------------------ transaction states

LOCKED = json_response(200, {"status": "LOCKED_OUT", "_embedded": {}})
SIGNED_IN = json_response(200, {"status": "SUCCESS", "sessionToken": "x"})


@adapters
@pytest.mark.parametrize("root", ["", "/api"])
@pytest.mark.parametrize("path", ["/api/v1/authn", "/api/v1/authn/factors/1/verify"])
def test_a_failed_transaction_becomes_a_problem_on_request(adapter: str, path: str, root: str) -> None:
    """With its canonical status."""
    response = through(adapter, LOCKED, path=path, root=root, transaction_states=("/api/v1/authn",))
    document = assert_problem(response)
    assert (document["reason"], document["upstream"]["status"]) == ("account-locked", 200)


@adapters
@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (LOCKED, "/api/v1/authnx"),
        (LOCKED, "/other"),
        (SIGNED_IN, "/api/v1/authn"),
        (HEALTHY, "/api/v1/authn"),
        (Response(200, [("content-type", "text/html")], LOCKED.body), "/api/v1/authn"),
        (Response(204, [], b""), "/api/v1/authn"),
    ],
)
def test_any_other_success_passes(adapter: str, sent: Response, path: str) -> None:
    """Steps of a flow, other paths, other documents."""
    assert_untouched(through(adapter, sent, path=path, transaction_states=("/api/v1/authn",)), sent)


@adapters
def test_without_the_option_a_failed_transaction_passes(adapter: str) -> None:
    """Clients of Okta expect it as it is."""
    assert_untouched(through(adapter, LOCKED, path="/api/v1/authn"), LOCKED)


@pytest.mark.parametrize("media", ["text/event-stream", "text/html", "application/octet-stream"])
def test_streams_on_a_path_of_transactions_are_not_buffered(media: str) -> None:
    """Only JSON is."""
    connection = Connection()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(Response(200, [("content-type", media)], b"")))
        await connection.seen(1)
        await send(body(b"1", more=True))
        await connection.seen(2)
        await send(body(b""))

    middleware = AsgiMiddleware(app, transaction_states=("/api",))
    run(middleware(http_scope("/api/v1/authn"), connection.receive, connection.send))
    assert connection.complete


# ------------------------------------------------------------------------------------------------ redirects, callbacks

REDIRECT = Response(
    302,
    [("location", "https://app.example/cb?error=access_denied&error_description=no&state=1"), ("set-cookie", "a=1")],
    b"",
)
PLAIN_REDIRECT = Response(302, [("location", "https://app.example/cb?code=1&state=1")], b"")


@adapters
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_with_an_error_is_marked_on_request(adapter: str, status: int) -> None:
    """It gets the problem headers, and stays a redirect."""
    sent = Response(status, REDIRECT.headers, b"moved")
    response = through(adapter, sent, mark_redirects=True)
    assert (response.status, response.body, response.headers[:2]) == (status, b"moved", sent.headers)
    assert response.lines("auth-problem") == ["access-denied"]
    assert {name.lower() for name, _ in response.headers[2:]} == {
        "auth-problem",
        "auth-problem-owner",
        "auth-problem-retry",
    }


@adapters
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mark_redirects": True, "mode": "observe"},
        {"provider": "auth0"},
        {"mark_redirects": True, "exclude": ("/oauth",)},
    ],
    ids=str,
)
def test_otherwise_a_redirect_stays_as_it_is(adapter: str, options: dict[str, Any]) -> None:
    """Byte for byte."""
    assert_untouched(through(adapter, REDIRECT, **options), REDIRECT)


@adapters
def test_a_redirect_without_an_error_is_not_marked(adapter: str) -> None:
    """Most redirects are none of ours."""
    assert_untouched(through(adapter, PLAIN_REDIRECT, mark_redirects=True, provider="auth0"), PLAIN_REDIRECT)


def brought(adapter: str, path: str, query: str, root: str = "", **options: Any) -> Any:
    """The problem that the app finds in its request, if any."""
    found: list[Any] = []
    if adapter == "asgi":

        async def app(scope: Any, receive: Any, send: Any) -> None:
            found.append(scope.get("state", {}).get("authproblem.problem"))
            await send(start(HEALTHY))
            await send(body(HEALTHY.body))

        response = connect(AsgiMiddleware(app, **options), http_scope(root + path, query=query, root=root)).answer()
    else:

        def wsgi(environ: Any, start_response: Any) -> Any:
            found.append(environ.get("authproblem.problem"))
            return eager(HEALTHY)(environ, start_response)

        environ = http_environ(path, query=query, root=root)
        response = Gateway().serve(WsgiMiddleware(wsgi, **options), environ).answer()
    assert_untouched(response, HEALTHY)
    return found[0]


@adapters
@pytest.mark.parametrize("root", ["", "/app"])
def test_a_callback_brings_its_problem_to_the_app(adapter: str, root: str) -> None:
    """In the state of the scope, or in the environ."""
    problem = brought(adapter, "/callback", "error=access_denied&state=1", root, callback_paths=("/callback",))
    assert (problem.reason, problem.status) == ("access-denied", 403)


@adapters
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/callback", "code=1&state=1"),
        ("/callback", ""),
        ("/callback/x", "error=access_denied&state=1"),
        ("/callback", "error=never_heard_of&state=1"),
        ("/callback", "error=" + "x" * 10_000),
        ("/callback", "error=%ff%fe&state=%00"),
    ],
)
def test_any_other_request_brings_none(adapter: str, path: str, query: str) -> None:
    """Another path, or no error in the query."""
    assert brought(adapter, path, query, callback_paths=("/callback",)) is None


@adapters
def test_flow_control_is_left_alone_unless_requested(adapter: str) -> None:
    """With `flow_control=True` it becomes a problem."""
    sent = json_response(
        403, {"error": "authorization_pending", "error_description": "Not yet."}, ("x-auth0-requestid", "1")
    )
    assert_untouched(through(adapter, sent), sent)
    assert assert_problem(through(adapter, sent, flow_control=True))["retry"]["policy"] == "poll"
