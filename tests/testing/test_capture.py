"""What the capture sees: both middleware classes, bodies in parts, nothing of healthy responses."""

from __future__ import annotations

from typing import Any

from flask import Flask, make_response
from starlette.testclient import TestClient

from authproblem.asgi import AuthProblemMiddleware
from authproblem.testing import FakeOkta
from authproblem.testing._capture import capturing
from authproblem.wsgi import AuthProblemMiddleware as WSGIMiddleware


def flask_app(fake: FakeOkta) -> Flask:
    app = Flask(__name__)

    @app.get("/users")
    def users() -> Any:
        response = fake.send("GET", "https://example.okta.com/api/v1/users", {"authorization": "SSWS t"})
        return make_response(response.body, response.status, dict(response.headers))

    app.wsgi_app = WSGIMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    return app


def test_flask() -> None:
    """Its bodies are iterators with a `close`."""
    fake = FakeOkta()
    fake.fail_next("okta:E0000006")
    client = flask_app(fake).test_client()
    with capturing() as seen:
        assert [client.get("/users").status_code for _ in range(2)] == [403, 200]
    assert (seen.reasons, [event["entry"] for event in seen.events]) == (["permission-denied"], ["okta:E0000006"])


def test_asgi_and_what_came_before_can_be_forgotten() -> None:
    """`clear()` between two parts of a test."""
    fake = FakeOkta()
    client = TestClient(AuthProblemMiddleware(fake.asgi))
    with capturing() as seen, fake.fail("okta:E0000047", retry_after=17):
        client.get("/api/v1/users")
        assert (seen.reasons, seen.sent[0].retry.after) == (["rate-limited"], 17)
        assert repr(seen) == "<CapturedProblems sent=['rate-limited'] events=['authproblem.normalized']>"
        seen.clear()
        assert (seen.sent, seen.events) == ([], [])


def test_nothing_is_left_behind() -> None:
    """After the block both classes are as they were."""
    before = AuthProblemMiddleware.__call__, WSGIMiddleware.__call__
    with capturing():
        assert AuthProblemMiddleware.__call__ is not before[0]
    assert (AuthProblemMiddleware.__call__, WSGIMiddleware.__call__) == before
