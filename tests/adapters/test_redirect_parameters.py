"""Redirects: parameters that the request itself brought prove nothing, and an uncertain sender raises no alarm."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask

from authproblem import Problem
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from tests.support.adapters import ADAPTERS, through
from tests.support.events import Events
from tests.support.responses import Response

CALLBACK = "https://app.example.com/cb?error=server_error&state=1"


def items() -> dict[str, str]:
    """Answer a request to the path with the final slash."""
    return {}


def from_fastapi(problems: list[Problem], **options: Any) -> Any:
    """Return the status of a request whose slash redirect repeats the query."""
    app = FastAPI()
    app.add_middleware(AsgiMiddleware, on_problem=problems.append, **options)
    app.get("/items/")(items)
    with TestClient(app) as client:
        return client.get("/items?error=server_error&state=1", follow_redirects=False).status_code


def from_flask(problems: list[Problem], **options: Any) -> Any:
    """Return the status of a request whose slash redirect repeats the query."""
    app = Flask(__name__)
    app.get("/items/")(items)
    app.wsgi_app = WsgiMiddleware(app.wsgi_app, on_problem=problems.append, **options)  # type: ignore[method-assign]
    return app.test_client().get("/items?error=server_error&state=1").status_code


@pytest.mark.parametrize("framework", [from_fastapi, from_flask])
@pytest.mark.parametrize("options", [{}, {"provider": "auth0"}, {"providers": {"/": "okta"}}], ids=repr)
def test_a_slash_redirect_with_the_requests_own_query_is_no_problem(
    framework: Any, options: dict[str, Any], events: Events
) -> None:
    """Anyone could otherwise make events of level error, and count in metrics; whatever provider is declared."""
    problems: list[Problem] = []
    status = framework(problems, **options)

    assert status in {307, 308}
    assert problems == []
    assert [event["log_level"] for event in events] == ["debug"]
    assert (events.only()["event"], events.only()["why"]) == ("authproblem.passed", "repeated_query")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_redirect_of_an_uncertain_sender_is_at_info_and_unconfirmed(adapter: str, events: Events) -> None:
    """Its owner would be the provider, at error."""
    problems: list[Problem] = []
    through(adapter, Response(302, [("Location", CALLBACK)], b""), on_problem=problems.append)

    assert [(problem.reason, problem.confirmed) for problem in problems] == [("upstream-error", False)]
    assert (events.only()["log_level"], events.only()["owner"]) == ("info", "upstream")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_redirect_with_the_providers_header_is_confirmed(adapter: str, events: Events) -> None:
    """At the level of its owner, also where the provider repeats parameters of the request."""
    problems: list[Problem] = []
    headers = [("Location", CALLBACK), ("X-Auth0-RequestId", "4ad55daa")]
    through(adapter, Response(302, headers, b""), path="/cb?error=server_error&state=1", on_problem=problems.append)

    assert [(problem.reason, problem.confirmed) for problem in problems] == [("upstream-error", True)]
    assert events.only()["log_level"] == "error"


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_mark_that_the_app_has_set_itself_stays(adapter: str) -> None:
    """With `mark_redirects`, an `Auth-Problem` of the app is not replaced."""
    headers = [("Location", CALLBACK), ("Auth-Problem", "of-the-app")]
    got = through(adapter, Response(302, headers, b""), mark_redirects=True)

    assert got.lines("auth-problem") == ["of-the-app"]
