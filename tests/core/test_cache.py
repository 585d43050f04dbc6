"""An answer that lies ready is the one that the whole path gives, whatever the response and whoever came before."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, Registry, normalize
from authproblem._core import cache as _answers
from authproblem._core.cache import Answers
from authproblem._core.classify import examine
from authproblem._core.normalize import process
from authproblem._core.policy import make_policy
from authproblem._core.retry import Occasion
from authproblem._core.sender import Sender
from authproblem._upstream.headers import scan
from tests.support.responses import JSON_TYPE, Pairs
from tests.support.vectors import FILES, load

NOW = 1_790_000_000.0
INSTANCE = "urn:uuid:0192f3a1-0000-7000-8000-000000000000"
PROVIDERS = (None, "auth0", "okta", "oauth")
HEADERS: tuple[Pairs, ...] = (
    [JSON_TYPE],
    [JSON_TYPE, ("X-Okta-Request-Id", "YaZ-1")],
    [JSON_TYPE, ("X-Auth0-RequestId", "4ad55daa560e468bdfe1"), ("Retry-After", "7")],
    [JSON_TYPE, ("WWW-Authenticate", 'Bearer error="insufficient_scope", scope="openid", max_age="9"')],
    [JSON_TYPE, ("X-Rate-Limit-Limit", "0"), ("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "1790000030")],
    [JSON_TYPE, ("X-Rate-Limit-Limit", "600"), ("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "1790000030")],
    [JSON_TYPE, ("DPoP-Nonce", "n"), ("X-Okta-Request-Id", "no id at all")],
)
DOCUMENTS = tuple(
    (json.loads(vector.response.body), vector.response.status)
    for stem in FILES
    for vector in load(stem)
    if vector.response.body.startswith(b"{") and vector.response.status >= 400
)


def assert_same(document: Any, status: int, headers: Pairs, provider: str | None, **where: Any) -> None:
    """The first time and from then on, `normalize` gives what the whole path gives."""
    body = json.dumps(document).encode()
    sender = Sender(provider, certain=provider is not None, endpoint=where.get("endpoint"))
    occasion = Occasion(status, sender.endpoint, where.get("method"), NOW)
    whole = process(make_policy({}), scan(headers), body, sender, occasion, instance=INSTANCE).problem

    for _ in range(2):
        problem = normalize(status, headers, body, provider=provider, instance=INSTANCE, now=NOW, **where)
        assert written(whole) == written(problem)
        assert whole is None or problem is None or whole[-2:] == problem[-2:]


def written(problem: Problem | None) -> bytes:
    """The document, with an id of the provider's form that was made up for a folded answer left out."""
    return b"" if problem is None else re.sub(rb'"errorId":"oae[^"]{22}"', b'"errorId":""', problem.to_bytes())


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: headers[-1][0])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_of_every_vector(headers: Pairs, provider: str | None) -> None:
    """Under any declared provider, with headers that have a say and such that have none."""
    for document, status in DOCUMENTS:
        assert_same(document, status, headers, provider)


@pytest.mark.parametrize("endpoint", ["/api/v1/authn", "/api/v1/registration/x/register", "/oauth/token", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_of_every_vector_at_an_endpoint(endpoint: str, method: str) -> None:
    """Where surface and method decide about meaning and retry."""
    for document, status in DOCUMENTS:
        assert_same(document, status, HEADERS[5], None, endpoint=endpoint, method=method)


def variants(document: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    """The same words with other members beside them: null, of other values and types, in another order."""
    values: list[Any] = [None, 7, True, "x", "another sentence.", [], [{"errorSummary": "x", "a": 1}], {"a": "b"}, 1e30]
    for name in document:
        for value in (*values, chance.choice(DOCUMENTS)[0]):
            yield {**copy.copy(document), name: value}
    yield dict(reversed(document.items()))


def test_of_what_is_near_a_vector() -> None:
    """What is ready for one response may not do for the next with the same words."""
    chance = random.Random(7)
    for document, status in chance.sample(DOCUMENTS, 150):
        for variant in variants(document, chance):
            assert_same(variant, status, [JSON_TYPE], "okta" if "errorSummary" in document else "auth0")


@given(
    first=st.sampled_from(DOCUMENTS),
    second=st.sampled_from(DOCUMENTS),
    numbers=st.lists(st.integers(0, 8), max_size=4),
    status=st.sampled_from([400, 401, 403, 404, 429, 500, 503]),
    headers=st.sampled_from(HEADERS),
    provider=st.sampled_from(PROVIDERS),
)
def test_of_mixtures(  # noqa: PLR0917 - hypothesis gives them all
    first: Any, second: Any, numbers: list[int], status: int, headers: Pairs, provider: str | None
) -> None:
    """Members of one object in another, with any status."""
    pairs = list(second[0].items())
    mixed = {**first[0], **dict(pairs[number] for number in numbers if number < len(pairs))}

    assert_same(mixed, status, headers, provider)


@pytest.mark.parametrize("headers", [h for h in HEADERS if "WWW-Authenticate" not in dict(h)], ids=lambda h: h[-1][0])
@pytest.mark.parametrize("disclosure", ["off", "safe", "strict"])
def test_its_bytes_are_the_problem(headers: Pairs, disclosure: str) -> None:
    """Cut and put together, they say what the value says."""
    answers, written = Answers(make_policy({"disclosure": disclosure})), 0
    for document, status in DOCUMENTS:
        ready = prepared(answers, document, status, headers)
        if ready is not None:
            told = ready.answer.told(scan(headers), Occasion(status, None, "GET", NOW))
            problem = ready.answer.problem_for(ready.document, INSTANCE, *told)
            assert ready.answer.write(ready.document, INSTANCE, *told) == problem.to_bytes()
            written += 1
    assert written > 500


def prepared(answers: Answers, document: Any, status: int, headers: Pairs) -> _answers.Ready | None:
    """What lies ready for a response, after one like it."""
    sender = Sender("okta" if "errorSummary" in document else "auth0", certain=True)
    fields = scan(headers)
    found, why = examine(answers.policy.registry, status, fields, json.dumps(document).encode(), sender)
    answers.keep(document, fields, sender, status, None if why else found)
    return answers.find(document, fields, sender, status)


@pytest.mark.parametrize("options", [{"texts": "all"}, {"pass_text": lambda *_: None}])
def test_nothing_lies_ready_where_texts_may_be_passed(options: dict[str, Any]) -> None:
    """They are each response's own."""
    document = {"error": "invalid_grant", "error_description": "Wrong email or password."}

    assert prepared(Answers(make_policy(options)), document, 403, [JSON_TYPE]) is None


def test_nothing_lies_ready_for_an_entry_that_passes_texts() -> None:
    """A team's own codes."""
    row = {"id": "auth0:ours", "code": "ours", "type": "access-denied", "text": "pass"}
    registry = Registry.builtin().extend({"entries": [row]})
    document = {"error": "ours", "error_description": "Invalid token"}

    assert prepared(Answers(make_policy({"registry": registry})), document, 403, [JSON_TYPE]) is None


def test_no_more_lie_ready_than_a_fixed_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statuses are the upstream's choice."""
    monkeypatch.setattr(_answers, "MAX_KEPT", 20)
    answers = Answers(make_policy({}))
    document = {"error": "invalid_grant", "error_description": "Wrong email or password."}
    kept = []
    for status in range(400, 500):
        prepared(answers, document, status, [JSON_TYPE])
        kept.append(len(answers._ready))

    assert max(kept) == 20


def test_it_remembers_no_document() -> None:
    """Tokens of one user are not kept for the next."""
    secret = "Fe26.2**canary"
    document = {
        "error": "mfa_required",
        "error_description": "Multifactor authentication required",
        "mfa_token": secret,
    }
    ready = prepared(Answers(make_policy({})), document, 403, [JSON_TYPE])

    assert ready is not None
    assert secret not in "".join(repr(getattr(ready.answer, name)) for name in ready.answer.__slots__)
    assert ready.answer.found.upstream.document is None
