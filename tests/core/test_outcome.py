"""What an outcome sends: the document as it would be written, also where the upstream's bytes are kept."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._core.context import RequestContext
from authproblem._core.normalizer import Normalizer
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.sender import Sender
from authproblem._core.template import PreparedProblem

NORMALIZER = Normalizer()
HEADERS = [("content-type", "application/ion+json"), ("x-okta-request-id", "req1")]
BODY = b'{"errorCode":"E0000119","errorSummary":"Your account is locked. Please contact your administrator."}'
AUTHN = RequestContext(Sender("okta", certain=True, endpoint="/api/v1/authn"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


def engine(**members: Any) -> dict[str, Any]:
    """An Identity Engine document with an error."""
    message = {"message": "Authentication failed", "i18n": {"key": "errors.E0000004"}, "class": "ERROR"}
    messages = {"type": "array", "value": [message]}
    return {"version": "1.0.0", "stateHandle": "02abc", "messages": messages, **members}


def outcome_of(body: bytes) -> Any:
    """What becomes of a body."""
    return NORMALIZER.process(NORMALIZER.read(400, HEADERS, body), RequestContext(), "urn:uuid:1")


@given(st.dictionaries(st.sampled_from(["a", "app", "intent", "title", "upstream", "é"]), VALUES, max_size=4))
def test_a_kept_document_is_what_would_be_written(members: dict[str, Any]) -> None:
    """Whatever its members are, those that a problem has itself included."""
    outcome = outcome_of(orjson.dumps(engine(**members)))

    assert outcome.sent is not None
    assert outcome.sent.to_bytes() == outcome.to_bytes()


def test_a_document_without_white_space_is_kept_as_it_came() -> None:
    """Its bytes are the end of what is sent."""
    body = orjson.dumps(engine(app={"name": "x"}))

    assert outcome_of(body).kept == body
    assert outcome_of(body).to_bytes().endswith(body[1:])


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps(engine(), option=orjson.OPT_INDENT_2),
        orjson.dumps(engine())[:-1] + b',"intent":"a","intent":"b"}',
        orjson.dumps(engine(title="theirs")),
        orjson.dumps(engine())[:-1] + b',"n":1.50}',
        orjson.dumps(engine())[:-1] + b',"e":"\\u00e9"}',
    ],
    ids=["white space", "duplicate members", "a member of a problem", "another spelling of a number", "an escape"],
)
def test_any_other_document_is_written_again(body: bytes) -> None:
    """Of duplicate members the last counts and is sent once."""
    outcome = outcome_of(body)

    assert outcome.kept is None
    assert outcome.sent is not None
    assert outcome.sent.to_bytes() == outcome.to_bytes()


def outcomes(**options: str) -> list[Outcome]:
    """What becomes of one response three times: classified, cached, prepared."""
    normalizer = Normalizer(**options)  # type: ignore[arg-type]
    headers = [("content-type", "application/json")]
    return [normalizer.process(normalizer.read(403, headers, BODY), AUTHN, "urn:uuid:1") for _ in range(3)]


def test_a_problem_is_the_same_whether_it_was_built_or_prepared() -> None:
    """As a value."""
    first, *later = outcomes()

    assert not isinstance(first.sent, PreparedProblem)
    assert isinstance(later[-1].sent, PreparedProblem)
    assert [first.problem] * 2 == [outcome.problem for outcome in later]


def test_a_folded_response_keeps_the_real_reason_for_events() -> None:
    """The client gets the genuine response to wrong credentials."""
    for outcome in outcomes(disclosure="strict"):
        actual = as_problem(outcome.actual)
        assert outcome.is_folded
        assert actual is not None
        assert outcome.problem is not None
        assert (actual.reason, outcome.problem.reason != actual.reason) == ("account-locked", True)


def test_without_a_problem_the_meaning_stays() -> None:
    """The event of a response that is left alone names it."""
    outcome = outcomes()[0]
    left_alone = outcome.without_problem("head")

    assert (outcome.classification, None, None, "head", False) == (
        *(left_alone.classification, left_alone.sent, left_alone.problem),
        *(left_alone.why, left_alone.is_folded),
    )
