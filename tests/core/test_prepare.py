"""Prepared outcomes: where they take the place of the usual path, and that they agree with it where errors fold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authproblem._core.context import RequestContext
from authproblem._core.normalizer import Normalizer
from authproblem._core.outcome import Outcome
from authproblem._core.sender import Sender
from authproblem._core.template import PreparedProblem

JSON_TYPE = ("content-type", "application/json")
CHALLENGE = ("www-authenticate", 'Bearer error="invalid_token"')
LOCKED = {
    "errorCode": "E0000119",
    "errorSummary": "Your account is locked. Please contact your administrator.",
    "errorLink": "E0000119",
    "errorId": "oaeHfmOAx1iRLa0H10DeMz5fQ",
    "errorCauses": [],
}
MFA = {"error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": "t"}


def process(
    normalizer: Normalizer,
    document: dict[str, Any],
    *headers: tuple[str, str],
    provider: Any = "okta",
    endpoint: str | None = "/api/v1/authn",
) -> Outcome:
    """What becomes of a 403 with an object."""
    response = normalizer.read(403, [JSON_TYPE, *headers], json.dumps(document).encode())
    context = RequestContext(Sender(provider, certain=True, endpoint=endpoint), "POST", 0.0)
    return normalizer.process(response, context, "urn:uuid:1")


def warm(document: dict[str, Any], options: dict[str, Any], **place: Any) -> Normalizer:
    """A normalizer that has seen a response twice, so that the next one may be prepared."""
    normalizer = Normalizer(**options)
    for _ in range(2):
        process(normalizer, document, **place)
    return normalizer


@pytest.mark.parametrize("level", ["off", "safe", "strict"])
@pytest.mark.parametrize("endpoint", ["/api/v1/authn", "/api/v1/users/u1", "/somewhere", None])
@pytest.mark.parametrize("headers", [(), (CHALLENGE,)], ids=["usual", "challenge"])
def test_a_prepared_outcome_agrees_with_a_built_one(
    level: str, endpoint: str | None, headers: tuple[tuple[str, str], ...]
) -> None:
    """At every level of disclosure, at sign-in and elsewhere, whatever was seen before."""
    options: dict[str, Any] = {"disclosure": level}
    cold = process(Normalizer(**options), LOCKED, *headers, endpoint=endpoint)
    prepared = process(warm(LOCKED, options), LOCKED, *headers, endpoint=endpoint)

    assert prepared.to_bytes() == cold.to_bytes()
    assert prepared.is_folded == cold.is_folded


def test_a_folded_response_is_prepared_too() -> None:
    """With the error id of the response, so that its length shows nothing."""
    outcome = process(warm(LOCKED, {"disclosure": "strict"}), LOCKED)

    assert isinstance(outcome.sent, PreparedProblem)
    assert isinstance(outcome.actual, PreparedProblem)
    assert (outcome.sent.reason, outcome.actual.reason) == ("sign-in-failed", "account-locked")
    assert json.loads(outcome.to_bytes())["errorId"] == LOCKED["errorId"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"texts": "all"}, False),
        ({"pass_text": lambda _problem, _member, _text: None}, False),
    ],
    ids=["usual", "all texts", "pass_text"],
)
def test_options_that_decide_text_by_text_prepare_nothing(options: dict[str, Any], expected: bool) -> None:
    """The app may decide differently for each response."""
    place = {"provider": "auth0", "endpoint": "/oauth/token"}

    assert isinstance(process(warm(MFA, options, **place), MFA, **place).sent, PreparedProblem) is expected


def test_a_limit_of_another_kind_is_not_filled_into_the_template() -> None:
    """`X-Rate-Limit-Limit: 0` makes a rate limit of Okta its concurrency limit."""
    limit = {
        **LOCKED,
        "errorCode": "E0000047",
        "errorSummary": "API call exceeded rate limit due to too many requests.",
    }
    normalizer = warm(limit, {})
    other = process(normalizer, limit, ("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"))

    assert isinstance(process(normalizer, limit).sent, PreparedProblem)
    assert other.problem is not None
    assert other.problem.reason == "concurrency-limited"


@pytest.mark.parametrize("order", [("E0000001,", "E0000001"), ("E0000001", "E0000001,")])
def test_a_code_with_a_stray_comma_and_one_without_get_the_same_members(order: tuple[str, str]) -> None:
    """Both have one key, so that the first of them makes the template of both."""
    normalizer = Normalizer()
    members = []
    for code in (*order, *order):
        body = json.dumps({"errorCode": code, "errorSummary": "Api validation failed", "errorLink": code}).encode()
        problem = normalizer.normalize(400, [JSON_TYPE], body, provider="okta")
        assert problem is not None
        members.append(dict(problem.extensions))

    expected = {"errorCode": "E0000001", "errorSummary": members[0]["errorSummary"], "errorLink": "E0000001"}
    assert members == [expected] * 4
