"""Flask as its users have it: `app.wsgi_app = ...`, error handlers, streams, files, teardown, mounts, marks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, jsonify, make_response, request, send_file, stream_with_context
from flask import Response as FlaskResponse
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from authproblem import mark_upstream
from authproblem.wsgi import AuthProblemMiddleware
from tests.adapters.samples import MFA, OKTA_BODY
from tests.adapters.support import assert_problem
from tests.adapters.wsgi_host import Gateway
from tests.support.responses import Response
from tests.support.wsgi_server import http_environ

GENERIC = {"error": "invalid_grant"}


def site(**options: Any) -> Flask:
    """A Flask app with the middleware, and one page per test."""
    app = Flask("site")
    app.wsgi_app = AuthProblemMiddleware(app.wsgi_app, **options)  # type: ignore[method-assign]
    return app


def get(app: Any, path: str = "/", **more: Any) -> Response:
    """One GET request."""
    return Gateway().serve(app, http_environ(path, headers=[("host", "testserver")], **more)).answer()


def test_one_line_needs_no_option() -> None:
    """Cookies of the app stay, each on its line."""
    app = site()

    @app.get("/")
    def page() -> tuple[FlaskResponse, int]:
        response = jsonify(OKTA_BODY)
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        return response, 401

    reply = get(app)
    assert assert_problem(reply)["reason"] == "invalid-credentials"
    assert [line.partition("=")[0] for line in reply.lines("set-cookie")] == ["a", "b"]


def test_the_test_client_sees_the_problem() -> None:
    """As JSON, where that is accepted."""
    app = site()

    @app.get("/")
    def page() -> tuple[dict[str, Any], int]:
        return OKTA_BODY, 401

    response = app.test_client().get("/", headers={"accept": "application/json"})
    assert (response.status_code, response.mimetype) == (401, "application/json")
    assert response.get_json()["reason"] == "invalid-credentials"


def test_abort_and_error_handlers_run_before_us() -> None:
    """Their response is what is classified."""
    app = site()

    @app.errorhandler(401)
    def handler(error: Any) -> FlaskResponse:
        return make_response(error.description, 401)

    @app.get("/")
    def page() -> Any:
        abort(401, OKTA_BODY)

    assert assert_problem(get(app))["errorCode"] == "E0000004"


@pytest.mark.parametrize("options", [{}, {"providers": {"/": "auth0"}}], ids=["plain", "scope"])
def test_the_frameworks_own_errors_stay(options: dict[str, Any]) -> None:
    """404, 405, 429 and those of the app."""
    responses = []
    for app in (site(**options), Flask("site")):
        pages = Blueprint("pages", "pages", url_prefix="/auth")

        @pages.get("/limit")
        def limit() -> Any:
            abort(429)

        @pages.get("/unprocessable")
        def unprocessable() -> tuple[dict[str, Any], int]:
            return {"message": "no", "errors": ["x"]}, 422

        app.register_blueprint(pages)
        paths = ("/auth/missing", "/auth/limit", "/auth/unprocessable")
        responses.append([get(app, path) for path in paths] + [get(app, "/auth/limit", REQUEST_METHOD="POST")])
    assert responses[0] == responses[1]
    assert [response.status for response in responses[0]] == [404, 429, 422, 405]


@pytest.mark.parametrize("status", [200, 401])
def test_a_stream_with_context_keeps_its_context(status: int) -> None:
    """While a body is buffered as well."""
    app = site()

    @app.get("/")
    def page() -> FlaskResponse:
        def chunks() -> Iterator[str]:
            text = json.dumps({**OKTA_BODY, "errorLink": request.path})
            yield text[:9]
            yield text[9:]

        return FlaskResponse(stream_with_context(chunks()), status, mimetype="application/json")

    response = get(app)
    if status == 401:
        assert assert_problem(response)["errorCode"] == "E0000004"
    else:
        assert response.document()["errorLink"] == "/"


@pytest.mark.parametrize("status", [200, 401])
def test_what_a_request_opens_is_closed_once(status: int) -> None:
    """Teardown functions and `call_on_close`."""
    app, log = site(), []

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        log.append("torn down")

    @app.get("/")
    def page() -> FlaskResponse:
        response = make_response(OKTA_BODY, status)
        response.call_on_close(lambda: log.append("closed"))
        return response

    get(app)
    assert sorted(log) == ["closed", "torn down"]


@pytest.mark.parametrize("status", [200, 404])
def test_a_file_is_sent_whole(tmp_path: Path, status: int) -> None:
    """With a success and with an error status."""
    file, app = tmp_path / "page.json", site()
    file.write_bytes(b'{"a": 1}')

    @app.get("/")
    def page() -> FlaskResponse:
        response = send_file(file)
        response.status_code = status
        return response

    reply = get(app)
    assert (reply.status, reply.body) == (status, b'{"a": 1}')


def test_an_exception_is_flasks_to_handle() -> None:
    """Without `exceptions=True`."""
    app = site()
    app.logger.disabled = True

    @app.get("/")
    def page() -> Any:
        raise KeyError("secret")

    assert (get(app).status, b"secret" in get(app).body) == (500, False)
    app.testing = True
    with pytest.raises(KeyError, match="secret"):
        get(app)


def test_a_mark_on_a_response_is_evidence_and_does_not_leave() -> None:
    """Set by `mark_upstream`."""
    app = site()

    @app.get("/")
    def page() -> FlaskResponse:
        marked: FlaskResponse = mark_upstream(make_response(GENERIC, 400), "auth0", endpoint="/oauth/token")
        return marked

    response = get(app)
    assert assert_problem(response)["provider"] == "auth0"
    assert response.lines("auth-problem-upstream") == []


def test_paths_count_from_where_the_app_is_mounted() -> None:
    """By `DispatcherMiddleware`."""
    inner = site(providers={"/login": "auth0"})

    @inner.get("/login/token")
    @inner.get("/other")
    def page() -> tuple[dict[str, str], int]:
        return GENERIC, 400

    app = DispatcherMiddleware(Flask("outer"), {"/tenant": inner})
    assert assert_problem(get(app, "/tenant/login/token"))["provider"] == "auth0"
    assert get(app, "/tenant/other").document() == GENERIC


def test_proxy_fix_and_lint_on_either_side_do_no_harm() -> None:
    """Werkzeug's own middleware."""
    app = Flask("site")

    @app.get("/")
    def page() -> tuple[dict[str, Any], int]:
        return OKTA_BODY, 401

    bare = app.wsgi_app
    for stack in (
        ProxyFix(AuthProblemMiddleware(bare)),
        AuthProblemMiddleware(ProxyFix(bare)),
        LintMiddleware(AuthProblemMiddleware(LintMiddleware(bare))),
    ):
        assert_problem(get(stack))


def test_a_callbacks_problem_is_in_the_environ() -> None:
    """As `authproblem.problem`."""
    app = site(callback_paths=("/callback",))

    @app.get("/callback")
    def page() -> str:
        return str(request.environ["authproblem.problem"].reason)

    assert get(app, "/callback", query="error=access_denied&state=1").body == b"access-denied"


def test_a_providers_response_that_is_passed_on_is_normalized() -> None:
    """Its headers are evidence."""
    app = site()

    @app.get("/")
    def page() -> FlaskResponse:
        return FlaskResponse(MFA.body, MFA.status, list(MFA.headers))

    assert assert_problem(get(app))["reason"] == "mfa-required"
