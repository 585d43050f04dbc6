"""What is cached is found again only where everything that it depended on is the same; and caches stay small."""

from __future__ import annotations

import json
import tracemalloc
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem import Normalizer, Registry
from authproblem._core.context import RequestContext
from authproblem._core.template import PreparedProblem
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Request
from authproblem._middleware.options import make_options
from tests.support.responses import JSON_TYPE

BUILTIN = Registry.builtin()
CODES = ("acme_denied", "invalid_grant", "E0000001", "unauthorized_client")
TEXTS = ("The trial has ended.", "Wait {integer} days.", "Another sentence of a team.", "Wrong email or password.")
TYPES = ("access-denied", "rate-limited", "account-locked", "invalid-request")
SURFACES = ("auth0.token", "auth0.signup", "okta.authn", "okta.token")
ENDPOINTS = (None, "/oauth/token", "/dbconnections/signup", "/api/v1/authn", "/api/v1/users", "/OAUTH//token/")


def optional(name: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give a field or leave it out."""
    return st.none().map(lambda _: {}) | strategy.map(lambda value: {name: value})


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """Registries with rows that require texts, causes, names, statuses, shapes and surfaces in any combination."""
    rows = []
    for number in range(draw(st.integers(1, 5))):
        provider = draw(st.sampled_from(["auth0", "okta"]))
        row: dict[str, Any] = {"id": f"{provider}:row/{number}", "type": draw(st.sampled_from(TYPES))}
        for name, strategy in (
            ("code", st.sampled_from(CODES)),
            ("texts", st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2, unique=True)),
            ("causes", st.lists(st.sampled_from(TEXTS), min_size=1, max_size=1)),
            ("status", st.lists(st.sampled_from([400, 401, 403]), min_size=1, max_size=2, unique=True)),
            ("surfaces", st.lists(st.sampled_from(SURFACES), min_size=1, max_size=2, unique=True)),
            ("name", st.sampled_from(["AcmeError", "BadRequestError"])),
            ("shapes", st.just(["oauth"])),
        ):
            row |= draw(optional(name, strategy))
        if row.get("code") == "acme_denied":  # a code of the team's own: it proves the sender, whatever the text
            row["evidence"] = True
        if "code" in row or "texts" in row:
            rows.append(row)
    while rows:
        try:
            return BUILTIN.extend({"entries": rows})
        except ValueError:  # noqa: PERF203 - two rows for the same responses
            rows.pop()
    return BUILTIN


documents = st.one_of(
    st.fixed_dictionaries(
        {"error": st.sampled_from(CODES)},
        optional={
            "error_description": st.sampled_from([*TEXTS, "Wait 7 days.", "Nobody knows this."]),
            "name": st.sampled_from(["AcmeError", "BadRequestError", "x"]),
        },
    ),
    st.fixed_dictionaries(
        {
            "errorCode": st.sampled_from(CODES),
            "errorSummary": st.sampled_from([*TEXTS, "Nobody knows this."]),
            "errorCauses": st.lists(st.sampled_from(TEXTS).map(lambda text: {"errorSummary": text}), max_size=2),
        }
    ),
)
responses = st.tuples(
    st.sampled_from([400, 401, 403, 429]),
    documents,
    st.sampled_from(ENDPOINTS),
    st.sampled_from([None, "auth0", "okta"]),
)


@settings(max_examples=40, deadline=None)
@given(registries(), st.lists(responses, min_size=1, max_size=6))
def test_a_warm_cache_agrees_with_an_empty_one_for_any_registry(registry: Registry, given_: list[Any]) -> None:
    """Whatever a team's own rows require; each response is asked for three times, in between all others."""
    warm = Normalizer(registry=registry)
    for _ in range(3):
        for status, document, endpoint, provider in given_:
            call: Any = (status, [JSON_TYPE], json.dumps(document).encode())
            where: Any = {"provider": provider, "endpoint": endpoint}
            cold = Normalizer(registry=registry)

            assert warm.normalize(*call, **where) == cold.normalize(*call, **where)
            assert warm.classify(*call, **where) == cold.classify(*call, **where)


@pytest.mark.slow
@pytest.mark.timeout(300)
@settings(max_examples=500, deadline=None)
@given(registries(), st.lists(responses, min_size=1, max_size=6))
def test_a_warm_cache_agrees_with_an_empty_one_for_many_registries(registry: Registry, given_: list[Any]) -> None:
    """The same, exhaustively: 500 registries with 18 responses each."""
    test_a_warm_cache_agrees_with_an_empty_one_for_any_registry.hypothesis.inner_test(  # type: ignore[attr-defined]
        registry, given_
    )


def test_a_row_with_a_surface_and_no_code_keeps_its_meaning() -> None:
    """The first hit must not decide for other endpoints."""
    rows = [
        {"id": "auth0:trial", "texts": ["The trial has ended."], "surfaces": ["auth0.token"], "type": "access-denied"},
        {"id": "auth0:busy", "texts": ["The trial has ended."], "surfaces": ["auth0.signup"], "type": "rate-limited"},
    ]
    normalizer = Normalizer(registry=BUILTIN.extend({"entries": rows}))
    body = b'{"error":"made_up","error_description":"The trial has ended."}'
    found = [
        normalizer.normalize(403, [JSON_TYPE], body, provider="auth0", endpoint=endpoint)
        for endpoint in ("/oauth/token", "/dbconnections/signup") * 2
    ]

    assert [problem and problem.entry for problem in found] == ["auth0:trial", "auth0:busy"] * 2


def test_a_row_with_a_surface_and_a_code_of_its_own_keeps_its_meaning() -> None:
    """A code that proves its sender has one meaning at most places, whatever the text: not so with a surface."""
    row = {"id": "auth0:acme", "code": "acme_denied", "surfaces": ["auth0.token"], "type": "account-locked"}
    normalizer = Normalizer(registry=BUILTIN.extend({"entries": [{**row, "evidence": True}]}))
    body = b'{"error":"acme_denied","error_description":"Nobody knows this."}'
    found = [
        normalizer.normalize(403, [JSON_TYPE], body, provider="auth0", endpoint=endpoint)
        for endpoint in ("/oauth/token", "/dbconnections/signup") * 2
    ]

    assert [problem and problem.reason for problem in found] == ["account-locked", "access-denied"] * 2


LARGE = 50_000


@pytest.mark.parametrize(
    "kind", ["accept", "member name", "header name", "code", "text", "name", "reason", "path", "content type", "vary"]
)
def test_no_cache_grows_with_what_a_request_brings(kind: str) -> None:  # noqa: C901 - one branch a kind
    """Each cache is filled with the largest values that it takes; less than 4 MB stay, 300 requests of 50 KB later."""
    interceptor = Interceptor(make_options({"provider": "okta"}))

    def send(number: int) -> None:
        long = f"{number}" + "x" * LARGE
        document: dict[str, Any] = {"errorCode": "E0000004", "errorSummary": "Authentication failed"}
        headers = [JSON_TYPE, ("x-okta-request-id", "a")]
        accept, path = None, "/api/v1/users"
        if kind == "accept":
            accept = "text/html, " + long
        elif kind == "member name":
            document[long] = "x"
        elif kind == "header name":
            headers.append((long, "x"))
        elif kind in {"code", "text"}:
            document["errorCode" if kind == "code" else "errorSummary"] = long
        elif kind == "name":
            document = {"error": "invalid_grant", "name": f"Name{number}" + "x" * 40}
        elif kind == "reason":
            document["errorCauses"] = [{"errorSummary": "Authentication failed", "reason": f"R{number}" + "x" * 50}]
        elif kind == "path":
            path = "/" + long
        elif kind == "content type":
            headers[0] = ("content-type", f"application/json; x={long}")
        else:
            headers.append(("vary", long))
        interception = interceptor.begin(Request(path, "GET", accept, {}, binary=False), 401, headers)
        if interception.buffering and interception.feed(json.dumps(document).encode()):
            interception.finish()

    for number in range(3):
        send(number)
    tracemalloc.start()
    try:
        for number in range(300):
            send(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 4_000_000


def test_nothing_that_a_user_typed_is_cached() -> None:
    """Names and reasons in the form of a code, and slots of known texts, included."""
    normalizer = Normalizer()
    typed = "hunter2"
    for document in (
        {"error": "invalid_grant", "name": typed},
        {"errorCode": "E0000001", "errorSummary": "Api validation failed: " + typed},
        {"errorCode": "E0000004", "errorSummary": "Authentication failed", "errorCauses": [{"reason": typed}]},
        {"error": typed, "error_description": typed},
    ):
        for _ in range(2):
            normalizer.normalize(400, [JSON_TYPE], json.dumps(document).encode(), provider="okta")
    cached = [repr(key) for key in normalizer._cache._entries]

    assert [key for key in cached if typed in key] == []


def test_many_causes_are_not_cached() -> None:
    """32 registered texts in any order are more combinations than there is memory for."""
    normalizer = Normalizer()
    text = next(text for entry in BUILTIN if entry.code == "E0000001" for text in entry.causes if "{" not in text)
    for number in range(33):
        causes = [{"errorSummary": text}] * number
        document = {"errorCode": "E0000001", "errorSummary": "Api validation failed", "errorCauses": causes}
        normalizer.normalize(400, [JSON_TYPE], json.dumps(document).encode(), provider="okta")

    kept = [key for (key, *_) in normalizer._cache._entries]
    assert all(sum(len(part or "") for cause in key[4] for part in cause) <= 2048 for key in kept)
    assert 1 < len(kept) < 33


SLOTTED = (
    {
        "errorCode": "E0000001",
        "errorSummary": "Api validation failed: {0}",
        "errorCauses": [{"errorSummary": "{0}: {1}"}],
    },
    {"error": "invalid_request", "error_description": "Missing required parameter: {0}"},
    {"error": "acme_denied", "error_description": "Wait {2} days."},
)
WORDS = st.sampled_from(["login", "user_name", "password", "jane", "x1", "Access denied", "a@b.example"])
SENTENCES = st.sampled_from(
    ["An object with this field already exists in the current organization", "must not be blank", "Not known"]
)


@cache
def _with_slots() -> Registry:
    return BUILTIN.extend({"entries": [{"id": "auth0:x", "texts": ["Wait {integer} days."], "type": "rate-limited"}]})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(SLOTTED), WORDS, SENTENCES, st.integers(0, 10**11)), min_size=2, max_size=6),
    st.sampled_from([None, "auth0", "okta"]),
)
def test_texts_with_slots_are_cached_by_what_they_fit(given_: list[Any], provider: Any) -> None:
    """Whatever stands in the slots, a warm cache gives the same problem with the text of the response at hand."""
    registry = _with_slots()
    warm = Normalizer(registry=registry)
    for _ in range(3):
        for pattern, word, sentence, number in given_:
            body = json.dumps(pattern)
            for slot, value in enumerate((word, sentence, str(number))):
                body = body.replace(f"{{{slot}}}", value)
            call: Any = (400, [JSON_TYPE], body.encode())
            cold = Normalizer(registry=registry)

            assert warm.normalize(*call, provider=provider) == cold.normalize(*call, provider=provider)
            assert warm.classify(*call, provider=provider) == cold.classify(*call, provider=provider)


def test_a_text_with_slots_is_prepared_and_reported_as_it_came() -> None:
    """The second response is filled into what the first one left, with its own text and causes."""
    normalizer = Normalizer()

    def sent(name: str) -> Any:
        cause = f"{name}: An object with this field already exists in the current organization"
        document = {
            "errorCode": "E0000001",
            "errorSummary": f"Api validation failed: {name}",
            "errorCauses": [{"errorSummary": cause}],
        }
        response = normalizer.read(400, [JSON_TYPE], json.dumps(document).encode())
        return normalizer.process(response, RequestContext(), "urn:uuid:1"), document

    sent("login")
    sent("mail")
    outcome, document = sent("alias")

    assert isinstance(outcome.sent, PreparedProblem)
    assert outcome.classification is not None
    assert outcome.classification.upstream.text == "Api validation failed: alias"
    assert {name: outcome.sent.problem().extensions[name] for name in document} == document
