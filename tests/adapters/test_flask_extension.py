"""The Flask extension: one line, the app's own handlers first, and everything that is no provider's as Flask has it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flask import Blueprint, Flask, Response, abort, current_app, got_request_exception, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound
from werkzeug.routing import RequestRedirect

from authproblem.flask import AuthProblem, current_problem
from tests.adapters.failing import SECRET, WRONG_PASSWORD, assert_no_secret, status_error
from tests.adapters.support import assert_problem, is_problem
from tests.support.events import Events
from tests.support.responses import Response as Received
from tests.support.responses import json_response

LOCKED = json_response(
    429,
    {"error": "too_many_attempts", "error_description": "x"},
    ("x-auth0-requestid", "4ad55daa560e468bdfe1"),
)


def make(**config: Any) -> Flask:
    """An app with a view that fails at the provider, one that fails by itself, and one that passes an error on."""
    app = Flask("shop")
    app.config.update(config)

    @app.route("/profile", methods=["GET", "POST"])
    def _profile() -> str:
        raise status_error(WRONG_PASSWORD)

    @app.get("/mistake")
    def _mistake() -> str:
        raise ValueError(SECRET)

    @app.get("/gone/<int:status>")
    def _gone(status: int) -> str:
        abort(status)

    @app.get("/key")
    def _key() -> str:
        return str(request.args["missing"])

    @app.get("/passed")
    def _passed() -> Response:
        return Response(LOCKED.body, LOCKED.status, dict(LOCKED.headers))

    return app


def extended(**config: Any) -> Flask:
    app = make(**config)
    AuthProblem(app)
    return app


def get(app: Flask, path: str = "/profile", method: str = "GET", **options: Any) -> Received:
    response = app.test_client().open(path, method=method, **options)
    return Received(response.status_code, list(response.headers.items()), response.data)


def test_without_it_there_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    """Before: the client learns nothing, and Flask's log shows the URL with the token."""
    response = get(make())
    assert (response.status, is_problem(response)) == (500, False)
    assert SECRET in caplog.text


def test_one_line_responds_to_exceptions(events: Events, caplog: pytest.LogCaptureFixture) -> None:
    """One response, one event, and no token in either or in Flask's log."""
    app = make()
    AuthProblem(app)
    response = get(app)
    document = assert_problem(response)
    assert (document["reason"], document["status"]) == ("invalid-credentials", 403)
    event = events.only()
    assert (event["exception"], event["path"], event["applied"]) == ("httpx.HTTPStatusError", "/profile", True)
    assert_no_secret(response, events)
    assert SECRET not in caplog.text


def test_the_same_line_rewrites_responses(events: Events) -> None:
    """The extension wraps `wsgi_app` too."""
    assert assert_problem(get(extended(), "/passed"))["reason"] == "too-many-attempts"
    events.only()


def test_one_object_may_serve_many_apps() -> None:
    """As extensions of Flask do."""
    extension = AuthProblem()
    apps = [make(), make()]
    for app in apps:
        extension.init_app(app)
    assert [is_problem(get(app)) for app in apps] == [True, True]
    assert [app.extensions["authproblem"] for app in apps] == [extension, extension]


def test_twice_on_one_app_is_an_error() -> None:
    """Two sets of options would contradict each other."""
    app = extended()
    with pytest.raises(RuntimeError, match="'shop' has AuthProblem already"):
        AuthProblem(app)


@pytest.mark.parametrize("options", [{"modus": "observe"}, {"mode": "off"}])
def test_a_wrong_option_fails_at_once(options: dict[str, Any]) -> None:
    """Without an app, so not only in a factory."""
    with pytest.raises((TypeError, ValueError)):
        AuthProblem(**options)


def test_exceptions_can_be_turned_off() -> None:
    """Then they are Flask's."""
    app = make()
    AuthProblem(app, exceptions=False)
    assert (get(app).status, is_problem(get(app, "/passed"))) == (500, True)


def test_options_reach_the_response() -> None:
    """Those of the middleware apply to exceptions."""
    app = make()
    AuthProblem(app, type_base="https://docs.example.com/errors#", media_type="json")
    document = assert_problem(get(app), media_type="application/json")
    assert document["type"] == "https://docs.example.com/errors#invalid-credentials"


def test_an_excluded_path_is_flasks() -> None:
    """Its exceptions become Flask's 500."""
    app = make()
    AuthProblem(app, exclude=["/profile"])
    assert get(app).status == 500


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_post_and_head_work_likewise(method: str) -> None:
    """HEAD has no length, where werkzeug would send 0."""
    assert_problem(get(extended(), method=method), method=method)


def test_functions_after_the_request_see_the_response() -> None:
    """It is a response of Flask's: cookies, CORS and sessions work as on any other."""
    app = extended()

    @app.after_request
    def _mark(response: Response) -> Response:
        response.headers["x-mark"] = response.headers["auth-problem"]
        return response

    assert get(app).header("x-mark") == "invalid-credentials"


# --- The app's own handlers come first ---


@pytest.mark.parametrize("known", [httpx.HTTPStatusError, httpx.HTTPError, Exception])
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_the_apps_handlers_come_first(known: type[Exception], late: bool, events: Events) -> None:
    """Those for `Exception` too, and wherever they are registered."""
    app = make()
    if late:
        AuthProblem(app)
    app.register_error_handler(known, lambda _error: ("the app's", 418))
    if not late:
        AuthProblem(app)
    response = get(app)
    assert (response.status, response.body, list(events)) == (418, b"the app's", [])


def test_a_blueprints_handler_comes_first() -> None:
    """For its own views."""
    app, blueprint = make(), Blueprint("admin", "admin")

    @blueprint.get("/admin")
    def _admin() -> str:
        raise status_error(WRONG_PASSWORD)

    blueprint.register_error_handler(Exception, lambda _error: ("the blueprint's", 418))
    AuthProblem(app)
    app.register_blueprint(blueprint)
    assert (get(app, "/admin").body, is_problem(get(app))) == (b"the blueprint's", True)


# --- What is no provider's propagates exactly as without the extension ---


@pytest.fixture
def signaled() -> Iterator[list[BaseException]]:
    """The exceptions that Flask reports: what Sentry gets."""
    seen: list[BaseException] = []

    def note(_sender: Any, exception: BaseException, **_more: Any) -> None:
        seen.append(exception)

    with got_request_exception.connected_to(note):
        yield seen


def test_a_mistake_of_the_apps_is_flasks_500(
    signaled: list[BaseException], events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    """Logged by Flask, without an event of ours."""
    response = get(extended(), "/mistake")
    assert response == get(make(), "/mistake")
    assert [type(error) for error in signaled] == [ValueError, ValueError]
    assert [record.getMessage() for record in caplog.records] == ["Exception on /mistake [GET]"] * 2
    assert list(events) == []


def test_what_is_handled_is_not_reported(signaled: list[BaseException]) -> None:
    """`got_request_exception` is not sent: Sentry sees no failure of the app."""
    get(extended())
    assert signaled == []


@pytest.mark.parametrize("config", [{"DEBUG": True}, {"TESTING": True}, {"PROPAGATE_EXCEPTIONS": True}], ids=str)
def test_debug_and_propagation(config: dict[str, Any], signaled: list[BaseException]) -> None:
    """A mistake of the app's gets to the debugger; a provider's exception is handled all the same."""
    app = extended(**config)
    with pytest.raises(ValueError, match=SECRET) as caught:
        get(app, "/mistake")
    assert signaled == [caught.value]
    assert is_problem(get(app))


def test_a_dry_run_changes_nothing(signaled: list[BaseException], events: Events) -> None:
    """One event, though the exception comes by the handler and by WSGI."""
    app = make(PROPAGATE_EXCEPTIONS=True)
    AuthProblem(app, mode="observe")
    with pytest.raises(httpx.HTTPStatusError):
        get(app)
    assert (len(signaled), events.only()["applied"]) == (1, False)


@pytest.mark.parametrize("path", ["/gone/404", "/gone/409", "/gone/500", "/nowhere", "/key"])
@pytest.mark.parametrize("debug", [False, True])
def test_aborts_stay_as_they_are(path: str, debug: bool) -> None:
    """Of every status."""
    config: dict[str, Any] = {"DEBUG": debug, "TRAP_BAD_REQUEST_ERRORS": False}
    assert get(extended(**config), path) == get(make(**config), path)


def test_handlers_for_codes_and_http_exceptions_work() -> None:
    """They take the app's own HTTP errors."""
    app = make()
    app.register_error_handler(404, lambda _error: ("no such page", 404))
    app.register_error_handler(HTTPException, lambda error: (f"http {error.code}", error.code))
    AuthProblem(app)
    assert (get(app, "/nowhere").body, get(app, "/gone/409").body) == (b"no such page", b"http 409")


@pytest.mark.parametrize("known", [500, InternalServerError])
def test_a_handler_for_500_gets_the_rest(known: Any) -> None:
    """What is no provider's."""
    app = make()
    app.register_error_handler(known, lambda error: (type(error.original_exception).__name__, 500))
    AuthProblem(app)
    assert (get(app, "/mistake").body, is_problem(get(app))) == (b"ValueError", True)


def test_trapped_http_exceptions_are_raised() -> None:
    """`TRAP_HTTP_EXCEPTIONS` makes an exception of every abort."""
    config = {"TRAP_HTTP_EXCEPTIONS": True, "PROPAGATE_EXCEPTIONS": True}
    for app in (make(**config), extended(**config)):
        with pytest.raises(NotFound):
            get(app, "/gone/404")


def test_a_mistake_is_a_500_where_http_exceptions_are_trapped() -> None:
    """`TRAP_HTTP_EXCEPTIONS` changes nothing for it."""
    config = {"TRAP_HTTP_EXCEPTIONS": True}
    assert get(extended(**config), "/mistake") == get(make(**config), "/mistake")


def test_redirects_of_the_router_work() -> None:
    """Flask raises them as exceptions."""
    app = extended()
    app.add_url_rule("/folder/", view_func=lambda: "here", endpoint="folder")
    assert get(app, "/folder").status == RequestRedirect.code


def test_an_exception_before_flask_is_handled_by_wsgi(events: Events) -> None:
    """Middleware between the extension and the app may call a provider as well."""
    app = make()

    def guarded(_environ: Any, _start_response: Any) -> Any:
        raise status_error(WRONG_PASSWORD)

    app.wsgi_app = guarded  # type: ignore[method-assign,assignment]
    AuthProblem(app)
    assert is_problem(get(app))
    events.only()


# --- Callbacks ---


def test_the_problem_of_a_callback_is_found_in_the_request() -> None:
    """By `current_problem()`."""
    app = make()
    AuthProblem(app, callback_paths=["/callback"])

    @app.get("/callback")
    def _callback() -> str:
        problem = current_problem()
        return "none" if problem is None else problem.reason

    query = "error=login_required&state=1"
    assert [get(app, "/callback", query_string=each).body for each in (query, "code=1")] == [b"login-required", b"none"]


def test_the_extension_is_found_by_its_name() -> None:
    """In `app.extensions`."""
    app = extended()
    with app.app_context():
        assert isinstance(current_app.extensions["authproblem"], AuthProblem)


def test_a_log_without_structlog_gets_the_event(caplog: pytest.LogCaptureFixture) -> None:
    """By the logger `authproblem`."""
    with caplog.at_level(logging.INFO):
        get(extended())
    assert [record.name for record in caplog.records] == ["authproblem"]
