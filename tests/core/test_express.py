"""The hot path gives the answers of the full way, whatever the response."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry
from authproblem._core import express as _express
from authproblem._core.classify import _object
from authproblem._core.express import settle
from authproblem._core.sender import Sender
from authproblem._upstream.headers import PLAIN_JSON

VECTORS = sorted((Path(__file__).parents[1] / "vectors").glob("*.jsonl"))
STATUSES = (400, 401, 403, 404, 429, 500, 503)


def documents(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        body = json.loads(line)["body"]
        if isinstance(body, dict):
            yield body


def said(registry, status, document, provider):
    """The verdict by the short way."""
    return settle(registry, status, PLAIN_JSON, document, Sender(provider), _object)


def assert_same(document, provider, status):
    """The first time and from then on, the short way says what the full way says."""
    registry = Registry.builtin()
    full = _object(registry, status, PLAIN_JSON, document, Sender(provider))
    assert [said(registry, status, document, provider) for _ in range(2)] == [full] * 2


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
@pytest.mark.parametrize("provider", [None, "auth0", "okta", "oauth"])
def test_every_vector_is_settled_as_the_full_way_says(path, provider):
    """Every body of the vectors, under every declared provider and with every usual status."""
    for document in documents(path):
        for status in STATUSES:
            assert_same(document, provider, status)


@pytest.mark.parametrize("provider", [None, "auth0", "oauth"])
def test_what_depends_on_the_endpoint_is_settled_for_each(provider):
    """Where one provider's entries of a code do, and another's do not."""
    row = {"id": "auth0:access_denied/there", "code": "access_denied", "type": "conflict", "surfaces": ["auth0.token"]}
    registry = Registry.builtin().extend({"entries": [row]})
    document = {"error": "access_denied", "error_description": "Unauthorized"}
    for endpoint in [None, "/oauth/token", "/userinfo", "/x"] * 2:
        sender = Sender(provider, certain=provider is not None, endpoint=endpoint)
        full = _object(registry, 403, PLAIN_JSON, document, sender)
        assert settle(registry, 403, PLAIN_JSON, document, sender, _object) == full


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


@pytest.mark.parametrize(
    "document",
    [
        {"error": "made_up_{}", "error_description": "Wrong email or password."},
        {"error": "invalid_grant", "error_description": "made up {}"},
        {"errorCode": "E0000001", "errorSummary": "made up {}", "errorCauses": []},
        {"errorCode": "E0000001", "errorSummary": "Api validation failed", "errorCauses": [{"errorSummary": "x{}"}]},
        {"name": "made up {}", "code": "invalid_password", "description": "x"},
        {
            "errorCode": "E0000001",
            "errorSummary": "Api validation failed: login",
            "errorCauses": [
                {
                    "errorSummary": "login: An object with this field already exists in the current organization",
                    "reason": "made up {}",
                }
            ],
        },
    ],
)
def test_nothing_is_kept_of_words_that_are_not_registered(document):
    """What a user typed, or an attacker made up, leaves nothing behind."""
    registry = Registry.builtin()
    template = json.dumps(document)
    said(registry, 400, json.loads(template.replace("{}", "0")), "auth0")
    before = len(registry.settled)
    for number in range(1, 100):
        said(registry, 400, json.loads(template.replace("{}", str(number))), "auth0")
    assert len(registry.settled) == before


def test_no_more_is_kept_than_a_fixed_number(monkeypatch):
    """Statuses are the upstream's choice."""
    monkeypatch.setattr(_express, "MAX_KEPT", 50)
    registry = Registry.builtin().extend({"entries": []})
    document = {"error": "invalid_grant", "error_description": "Wrong email or password."}
    kept = []
    for status in range(400, 600):
        said(registry, status, document, "auth0")
        kept.append(len(registry.settled))
    assert max(kept) <= 50


@pytest.mark.parametrize(
    "document",
    [
        {"error": "invalid_grant", "error_description": "Wrong email or password."},
        {
            "errorCode": "E0000004",
            "errorSummary": "Authentication failed",
            "errorLink": "E0000004",
            "errorId": "oae1",
            "errorCauses": [],
        },
        {"statusCode": 404, "error": "Not Found", "message": "The rule does not exist", "errorCode": "inexistent_rule"},
        {
            "errorCode": "E0000001",
            "errorSummary": "Api validation failed: login",
            "errorCauses": [
                {"errorSummary": "login: An object with this field already exists in the current organization"}
            ],
        },
        {"name": "PasswordStrengthError", "code": "invalid_password", "message": "Password is too weak"},
        {"statusCode": 400, "error": "Bad Request", "message": None, "errorCode": "inexistent_connection"},
    ],
)
def test_common_errors_are_settled_without_the_full_way(document):
    """The second time, whatever told them: these are what a login page sees all day."""
    registry = Registry.builtin()
    first = said(registry, 400, document, "okta" if "errorSummary" in document else "auth0")

    def closed(*_):
        pytest.fail("the full way was asked")

    sender = Sender("okta" if "errorSummary" in document else "auth0")
    assert settle(registry, 400, PLAIN_JSON, document, sender, closed) == first


def test_a_code_that_tells_alone_is_settled_whatever_its_text():
    """Its text is what a user typed, so the code is all that is kept."""
    registry = Registry.builtin()
    document = {"error": "password_leaked", "error_description": "for jane"}
    first, _ = said(registry, 403, document, "auth0")
    document["error_description"] = "for joe"
    now, _ = settle(registry, 403, PLAIN_JSON, document, Sender("auth0"), lambda *_: (None, "the full way was asked"))

    assert first is not None
    assert now is not None
    assert (now[:5], now.upstream.text) == (first[:5], "for joe")
