"""The hot path gives the answers of the full way, whatever the response."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry
from authproblem._classify import _meaning, _object
from authproblem._express import settle
from authproblem._fields import PLAIN_JSON
from authproblem._scope import Sender

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.jsonl"))
STATUSES = (400, 401, 403, 404, 429, 500, 503)


def documents(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        body = json.loads(line)["body"]
        if isinstance(body, dict):
            yield body


def assert_same(document, provider, status):
    """Whatever the look-ups settle, the full way says as well; what they do not settle they leave to it."""
    registry = Registry.builtin()
    settled = settle(registry, document, provider, _meaning)
    if settled is not None:
        full, why = _object(registry, status, PLAIN_JSON, document, Sender(provider))
        assert why == ""
        assert full == settled


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
@pytest.mark.parametrize("provider", [None, "auth0", "okta", "oauth"])
def test_every_vector_is_settled_as_the_full_way_says(path, provider):
    """Every body of the vectors, under every declared provider and with every usual status."""
    for document in documents(path):
        for status in STATUSES:
            assert_same(document, provider, status)


CODES = st.sampled_from(
    [
        "invalid_grant",
        "access_denied",
        "E0000004",
        "E0000011",
        "E0000001",
        "invalid_client",
        "user_exists",
        "mfa_required",
        "too_many_attempts",
        "invalid_body",
        "inexistent_user",
        "unauthorized",
        "slow_down",
        "unknown",
    ]
)
TEXTS = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.sampled_from(["Wrong email or password.", "user is blocked", "Invalid token", "x"]),
    st.integers(),
    st.lists(st.text(max_size=3), max_size=2),
)


NAMES = st.sampled_from(
    [
        ("error", "error_description"),
        ("error", "message"),
        ("errorCode", "errorSummary"),
        ("errorCode", "message"),
        ("code", "description"),
        ("error_description", "error"),
    ]
)


@st.composite
def flat_objects(draw):
    """Codes and texts of any type, in any shape, with members missing and added."""
    code, text = draw(NAMES)
    extra = st.dictionaries(
        st.sampled_from(["name", "statusCode", "errorCauses", "other", "message"]), TEXTS, max_size=3
    )
    return {
        code: draw(st.one_of(CODES, st.text(max_size=20), st.integers(), st.none())),
        text: draw(TEXTS),
        **draw(extra),
    }


@given(flat_objects(), st.sampled_from([None, "auth0", "okta", "oauth"]), st.sampled_from(STATUSES))
def test_generated_objects_are_settled_as_the_full_way_says(document, provider, status):
    """Whatever a body may hold."""
    assert_same(document, provider, status)


def test_the_tables_do_not_grow_with_unknown_codes():
    """An attacker's codes leave nothing behind."""
    registry = Registry.builtin()
    settle(registry, {"error": "warm"}, None, _meaning)
    before = len(registry.lanes)
    for number in range(100):
        settle(registry, {"error": f"made_up_{number}", "error_description": "x"}, "auth0", _meaning)
    assert len(registry.lanes) == before


def test_common_errors_are_settled_without_the_full_way():
    """The hot path is taken at all: these are what a login page sees all day."""
    common: list[dict[str, object]] = [
        {"error": "invalid_grant", "error_description": "Wrong email or password."},
        {"errorCode": "E0000004", "errorSummary": "Authentication failed", "errorLink": "E0000004", "errorId": "oae1",
         "errorCauses": []},
        {"statusCode": 404, "error": "Not Found", "message": "x", "errorCode": "inexistent_rule"},
    ]  # fmt: skip
    assert [settle(Registry.builtin(), document, None, _meaning) is not None for document in common] == [True] * 3
