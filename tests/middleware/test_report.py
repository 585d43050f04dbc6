"""Which event a response gets: one, never two, at the right level, with the keys of the contract."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.support.adapters import ADAPTERS, through
from tests.support.events import Event, Events
from tests.support.responses import Response, json_response, text_response

E4 = {"errorCode": "E0000004", "errorSummary": "Authentication failed"}
OKTA_ID = ("X-Okta-Request-Id", "Yx1")
KEYS = {
    *("problem", "provider", "entry", "matched_by", "hint", "upstream_status", "upstream_code", "status", "owner"),
    *(
        "remedy",
        "credential",
        "credential_kind",
        "retry_policy",
        "retry_after",
        "instance",
        "upstream_request_id",
        "method",
        "path",
        "registry",
    ),
    *("applied", "event", "log_level"),
}
by_adapter = pytest.mark.parametrize("adapter", ADAPTERS)


def only_event(adapter: str, events: Events, response: Response, path: str = "/api/v1/authn", **options: Any) -> Event:
    """The one event of a response."""
    through(adapter, response, path, **options)
    return events.only()


@by_adapter
def test_a_problem_is_normalized(adapter: str, events: Events) -> None:
    """With all keys, and values that can be searched for."""
    event = only_event(adapter, events, json_response(401, E4, OKTA_ID), "/api/v1/authn?token=secret", method="PUT")

    assert set(event) == KEYS
    assert {name: event[name] for name in KEYS - {"hint", "instance", "registry"}} == {
        "event": "authproblem.normalized",
        "log_level": "info",
        "problem": "invalid-credentials",
        "provider": "okta",
        "entry": "okta:E0000004",
        "matched_by": "code",
        "upstream_status": 401,
        "upstream_code": "E0000004",
        "status": 401,
        "owner": "user",
        "remedy": "check_credentials",
        "credential": "keep",
        "credential_kind": "password",
        "retry_policy": "after_action",
        "retry_after": None,
        "upstream_request_id": "Yx1",
        "method": "PUT",
        "path": "/api/v1/authn",
        "applied": True,
    }


@by_adapter
@pytest.mark.parametrize("body", [{"error": "unheard_of", "error_description": "secret"}, {"x": "secret"}])
def test_an_unknown_code_is_unclassified(adapter: str, body: object, events: Events) -> None:
    """A warning whoever owns it, with a fingerprint and no value."""
    event = only_event(adapter, events, json_response(400, body), provider="auth0")

    assert (event["event"], event["log_level"]) == ("authproblem.unclassified", "warning")
    assert event["fingerprint"]
    assert "secret" not in str(event)


@by_adapter
@pytest.mark.parametrize(
    ("response", "options", "why"),
    [
        (json_response(400, {"error": "slow_down"}), {"provider": "okta"}, "flow_control"),
        (json_response(400, {"error": "invalid_grant"}), {}, "no_evidence"),
        (json_response(401, {"stateToken": "t", "status": "MFA_CHALLENGE", "_embedded": {}}), {}, "step"),
        (
            Response(400, [("content-type", "application/json")], b"{broken"),
            {"provider": "okta", "disclosure": "off"},
            "unreadable",
        ),
        (
            Response(401, [("www-authenticate", 'Oktadevicejwt realm="x"')], b""),
            {"provider": "okta"},
            "flow_control",
        ),
    ],
)
def test_a_candidate_that_passes_has_an_event_at_debug(
    adapter: str, response: Response, options: dict[str, Any], why: str, events: Events
) -> None:
    """With the reason."""
    event = only_event(adapter, events, response, **options)

    assert (event["event"], event["log_level"], event["why"]) == ("authproblem.passed", "debug", why)
    assert event["applied"] is True


@by_adapter
def test_an_error_that_is_understood_and_passes_is_reported_with_its_entry(adapter: str, events: Events) -> None:
    """They may be counted."""
    event = only_event(adapter, events, json_response(400, {"error": "slow_down"}), "/oauth2/v1/token", provider="okta")

    assert [event[key] for key in ("problem", "provider", "entry", "path")] == [
        *("slow-down", "okta", "oauth:slow_down", "/oauth2/v1/token"),
    ]


@by_adapter
def test_a_coding_that_cannot_be_undone_is_reported(
    adapter: str, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is not installed: the response passes, and that should be visible."""
    monkeypatch.setitem(sys.modules, "brotli", None)
    response = Response(401, [("content-type", "application/json"), ("content-encoding", "br")], b"coded")

    assert through(adapter, response) == response
    assert (events.only()["event"], events.only()["why"]) == ("authproblem.passed", "unreadable")


@by_adapter
@pytest.mark.parametrize(
    "response",
    [
        json_response(404, {"detail": "Not Found"}),
        json_response(422, {"detail": [{"loc": ["body"], "msg": "x"}]}),
        json_response(404, {"message": "Not Found"}),
        json_response(400, {"errors": {"name": ["is missing"]}}),
        text_response(404, "Not Found"),
        Response(404, [("content-type", "text/html")], b"<html>"),
        Response(404, [], b""),
        json_response(200, E4),
    ],
)
def test_the_apps_own_responses_are_not_reported(adapter: str, response: Response, events: Events) -> None:
    """Not even at debug: a log of every 404 is of no use."""
    through(adapter, response)

    assert events == []


@by_adapter
def test_the_upstreams_text_is_logged_only_on_request(adapter: str, events: Events) -> None:
    """Masked, and cut."""
    document = {"error": "invalid_grant", "error_description": "jane@example.com " + "x " * 300}
    quiet = only_event(adapter, events, json_response(400, document), provider="auth0")
    events.clear()
    loud = only_event(adapter, events, json_response(400, document), provider="auth0", log_upstream_text=True)

    assert "upstream_text" not in quiet
    assert loud["upstream_text"].startswith("[email] x x")
    assert len(loud["upstream_text"]) == 200


@by_adapter
@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\x00b"])
def test_nothing_of_the_upstreams_forges_a_line(adapter: str, text: str, events: Events) -> None:
    """Codes have a form, texts are cleaned."""
    document = {"error": text, "error_description": text, "errorCode": text}
    response = json_response(400, document, ("X-Auth0-RequestId", "a b"))
    through(adapter, response, "/x", log_upstream_text=True)
    lines = [value for event in events for value in event.values() if isinstance(value, str)]

    assert [line for line in lines if not line.isprintable()] == []


@by_adapter
def test_on_problem_gets_every_problem_once(adapter: str, events: Events) -> None:
    """For metrics; what passes is none."""
    seen: list[Any] = []
    through(adapter, json_response(401, E4), on_problem=seen.append)
    through(adapter, json_response(400, {"error": "invalid_grant"}), on_problem=seen.append)
    through(adapter, json_response(401, E4), mode="observe", on_problem=seen.append)

    assert [problem.reason for problem in seen] == ["invalid-credentials"] * 2
    assert len(events) == 3


@by_adapter
def test_on_problem_may_fail(adapter: str, events: Events) -> None:
    """The response is sent, and the failure is reported once."""

    def broken(_problem: object) -> None:
        raise RuntimeError("hunter2")

    answers = [through(adapter, json_response(401, E4), on_problem=broken) for _ in range(2)]

    assert [answer.header("Auth-Problem") for answer in answers] == ["invalid-credentials"] * 2
    assert [event["event"] for event in events].count("authproblem.failed") == 1
    assert "hunter2" not in json.dumps(events, default=str)
