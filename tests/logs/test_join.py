"""`Problem.find_in`: from a response to the provider's own event of it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from authproblem import Problem, normalize
from authproblem.logs import find_in
from tests.logs.cases import AUTH0, AUTH0_STREAM, BRIDGE, OKTA, Json

REQUEST = "XkcAsWb8WjwDP76xh@1v8wAABp0"
AT = datetime(2026, 2, 14, 20, 18, 55, tzinfo=timezone.utc)


def okta(headers: dict[str, str] | None = None, **options: Any) -> Problem:
    """The response to a wrong password, which is the same for an unknown name."""
    body = b'{"errorCode":"E0000004","errorSummary":"Authentication failed","errorId":"oaeMadeUp","errorCauses":[]}'
    sent = {"content-type": "application/json", **(headers or {})}
    problem = normalize(401, sent, body, provider="okta", endpoint="/api/v1/authn", **options)
    assert problem is not None
    return problem


def auth0() -> Problem:
    body = b'{"error":"invalid_grant","error_description":"Wrong email or password."}'
    problem = normalize(403, {"content-type": "application/json"}, body, provider="auth0", endpoint="/oauth/token")
    assert problem is not None
    return problem


def logged(reason: str, **changes: Any) -> Json:
    return {**OKTA, "outcome": {"result": "FAILURE", "reason": reason}, **changes}


OTHER = logged("INVALID_CREDENTIALS", transaction={"id": "another"}, debugContext={"debugData": {}})


def test_the_request_id_finds_the_true_reason_of_a_folded_response() -> None:
    """Unauthenticated callers learn that the sign-in failed; the log says that the account was locked."""
    problem = okta({"x-okta-request-id": REQUEST}, disclosure="strict")

    found = problem.find_in([OTHER, logged("LOCKED_OUT"), OTHER])

    assert found is not None
    assert found.matched_by == "request_id"
    assert found.classification is not None
    assert (problem.reason, found.classification.reason) == ("sign-in-failed", "account-locked")


def test_events_may_be_inside_envelopes() -> None:
    """As they came from the bus."""
    found = okta({"x-okta-request-id": REQUEST}).find_in([{"Records": [{"body": BRIDGE}]}])

    assert found is not None
    assert found.event == OKTA


def test_okta_s_error_id_finds_the_event() -> None:
    """Where the response had no header with the request's id."""
    event = {**OTHER, "debugContext": {"debugData": {"errorId": "oaeMadeUp"}}}

    found = okta().find_in([OTHER, event])

    assert found is not None
    assert (found.event, found.matched_by) == (event, "error_id")


def test_an_id_of_the_app_finds_the_event() -> None:
    """Auth0 writes the `X-Correlation-ID` of a request into its event."""
    event = {**AUTH0, "details": {"correlation_id": "mine"}}

    found = auth0().find_in([AUTH0, {"log_id": "1", "data": event}], correlation_id="mine")

    assert found is not None
    assert (found.event, found.matched_by) == (event, "correlation_id")


def test_of_one_request_s_events_the_most_exact_one_is_chosen() -> None:
    """A failure before a success, and one with a reason before one without."""
    request = okta({"x-okta-request-id": REQUEST})
    success = {**OKTA, "outcome": {"result": "SUCCESS"}}
    vague = {**OKTA, "eventType": "user.authentication.verify", "outcome": {"result": "FAILURE", "reason": None}}

    found = request.find_in([success, vague, OKTA, vague])
    alone = request.find_in([success])

    assert found is not None
    assert found.event == OKTA
    assert alone is not None
    assert (alone.event, alone.classification) == (success, None)


@pytest.mark.parametrize("at", [AT, AT.timestamp()])
def test_time_finds_the_only_failure(at: datetime | float) -> None:
    """Without any id, and only where the caller says when it was."""
    late = {**AUTH0, "date": "2026-02-14T20:20:00.000Z"}

    found = auth0().find_in([AUTH0_STREAM, late, OKTA], at=at)

    assert found is not None
    assert (found.event, found.matched_by) == (AUTH0, "time")


def test_time_does_not_guess() -> None:
    """Of two failures in the time, either may be meant; the client may decide."""
    other = {**AUTH0, "log_id": "2", "client_id": "another"}

    assert auth0().find_in([AUTH0, other], at=AT) is None
    assert auth0().find_in([AUTH0, AUTH0], at=AT, within=0.5) is None
    found = auth0().find_in([AUTH0, other], at=AT, client=AUTH0["client_id"])
    assert found is not None
    assert found.event == AUTH0


def test_nothing_is_found_by_nothing() -> None:
    """Events without ids do not match a problem without ids; the other provider's never do."""
    bare = {"eventType": "user.session.start", "outcome": {"result": "FAILURE"}, "uuid": ""}

    assert okta().find_in([bare, OTHER]) is None
    assert find_in(okta({"x-okta-request-id": "1"}), [{**AUTH0, "tracking_id": "1"}]) is None
