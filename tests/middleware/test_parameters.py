"""Errors in the parameters of redirects and callbacks: reported once, never replaced."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Registry
from authproblem._core.outcome import Outcome
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Request
from authproblem._middleware.options import make_options
from authproblem._middleware.parameters import read_callback_request, report_redirect
from authproblem._upstream.headers import HeaderReader
from authproblem._upstream.response import UpstreamResponse
from tests.support.events import Events

DENIED = "error=access_denied&error_description=x&state=s"


def callback(query: str, path: str = "/cb", state: dict[str, Any] | None = None, **options: Any) -> Any:
    """The problem of a request to a path, where `/cb` is a callback path."""
    request = Request(path, "GET", None, {} if state is None else state, binary=False)
    return read_callback_request(make_options({"callback_paths": ["/cb"], **options}), request, query)


def test_an_error_in_a_callback_is_a_problem_that_is_not_confirmed(events: Events) -> None:
    """Anyone can send such a request."""
    problem = callback(DENIED)

    assert (problem.reason, problem.confirmed) == ("access-denied", False)
    assert [(event["problem"], event["applied"]) for event in events] == [("access-denied", False)]


@pytest.mark.parametrize(
    ("query", "path"), [("code=x&state=s", "/cb"), (DENIED, "/other"), ("error=not_registered", "/cb"), ("", "/cb")]
)
def test_any_other_request_is_none(query: str, path: str, events: Events) -> None:
    """No error, another path, or an unregistered code: nothing is reported."""
    assert callback(query, path) is None
    assert list(events) == []


def test_two_instances_read_a_callback_once(events: Events) -> None:
    """The outer one leaves a mark in the scope."""
    state: dict[str, Any] = {}

    assert callback(DENIED, state=state) is not None
    assert callback(DENIED, state=state) is None
    assert len(events) == 1


def test_a_failure_while_reading_is_reported_and_the_app_gets_its_request(events: Events) -> None:
    """A callable of the app may raise."""

    def providers(_scope: object) -> None:
        raise ZeroDivisionError

    assert callback(DENIED, providers=providers) is None
    assert [event["event"] for event in events] == ["authproblem.failed"]


def redirected(query: str = "", **options: Any) -> Any:
    """The headers of a redirect with an error, for a request with a query; None: sent as it came."""
    options = {"provider": "auth0", **options}
    headers = [("location", f"https://app.example/cb?{DENIED}"), ("x-kept", "1")]
    read = HeaderReader(Registry.builtin().provider_headers).read(headers)
    interceptor = Interceptor(make_options(options))
    request = Request("/authorize", "GET", None, {"query_string": query.encode()}, binary=False)
    context: Any = interceptor.begin(request, 302, [("x-kept", "1")])
    response = UpstreamResponse(302, read, b"")
    outcome: Outcome = interceptor.normalizer.process(response, interceptor._context(context))
    return report_redirect(interceptor.options, outcome, request, read, is_confirmed=True)


def test_a_redirect_is_reported_and_sent_as_it_came(events: Events) -> None:
    """Unless `mark_redirects` adds the problem headers."""
    assert redirected() is None
    assert [(event["problem"], event["applied"]) for event in events] == [("access-denied", False)]


def test_mark_redirects_adds_the_problem_headers(events: Events) -> None:
    """All other headers stay in order."""
    headers = redirected(mark_redirects=True)

    assert [name for name, _ in headers] == [
        "location",
        "x-kept",
        "Auth-Problem",
        "Auth-Problem-Owner",
        "Auth-Problem-Retry",
    ]
    assert len(events) == 1


def test_an_error_that_the_request_itself_brought_is_ignored(events: Events) -> None:
    """A framework that adds a slash repeats the query: only a debug event."""
    assert redirected(query=DENIED, mark_redirects=True) is None
    assert [event.get("why") for event in events] == ["repeated_query"]
