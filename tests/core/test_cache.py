"""A cached response equals the one that an empty cache gives: status, headers, body, event and metric."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from authproblem import Problem
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from tests.support.events import Events
from tests.support.responses import JSON_TYPE, Pairs
from tests.support.vectors import FILES, load

VECTORS = [
    vector
    for stem in FILES
    for vector in load(stem)
    if vector.response.body.startswith(b"{") and vector.response.status >= 400
]
RATE_LIMIT: Pairs = [("X-Rate-Limit-Limit", "600"), ("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", "99")]
DATE = ("Date", "Thu, 01 Jan 1970 00:01:00 GMT")
HEADERS: tuple[Pairs, ...] = (
    [JSON_TYPE],
    [JSON_TYPE, ("X-Okta-Request-Id", "YaZ-1"), ("Set-Cookie", "a=1")],
    [JSON_TYPE, ("Retry-After", "7"), ("X-Auth0-RequestId", "4ad55daa560e468bdfe1")],
    [JSON_TYPE, DATE, *RATE_LIMIT],
    [JSON_TYPE, ("WWW-Authenticate", 'Bearer error="insufficient_scope", scope="openid"')],
)
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "strict": {"disclosure": "strict"},
    "off": {"disclosure": "off"},
    "a dry run": {"mode": "observe"},
    "forced": {"media_type": "json"},
    "the types' status": {"status": "canonical"},
}
PATHS = {"auth0": "/oauth/token", "okta": "/api/v1/authn", "oauth": "/oauth/token"}
IDS = re.compile(r"urn:uuid:[0-9a-f-]{36}|oae[A-Za-z0-9_-]{22}")


def replaced(interceptor: Interceptor, response: Any, request: Request) -> Reply | None:
    """Return what an interceptor makes of one response."""
    status, headers, body = response
    interception = interceptor.begin(request._replace(state={}), status, list(headers))
    interception.feed(body)
    return interception.finish()


def all_of(interceptor: Interceptor, response: Any, request: Request, events: Events, seen: list[Problem]) -> str:
    """Return everything that one response causes, with the ids made equal that are new each time."""
    events.clear()
    seen.clear()
    reply = replaced(interceptor, response, request)
    sent = reply and (reply.status, reply.headers, reply.body, reply.is_folded, reply.problem.to_dict())
    return IDS.sub("(id)", str((sent, events, [problem.to_dict() for problem in seen])))


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("options", OPTIONS)
def test_a_warm_cache_gives_what_an_empty_one_gives(options: str, method: str, events: Events) -> None:
    """For vectors, with headers that decide something and others, at sign-in and elsewhere."""
    chance = random.Random(f"{options} {method}")
    seen: list[Problem] = []
    given: dict[str, Any] = {**OPTIONS[options], "on_problem": seen.append}
    warm = {provider: Interceptor(make_options({**given, "provider": provider})) for provider in PATHS}
    for vector in chance.sample(VECTORS, 200):
        provider = (vector.entry or "auth0:").partition(":")[0]
        path = chance.choice((PATHS[provider], "/api/v1/users"))
        request = Request(path, method, chance.choice((None, "application/json")), {}, binary=chance.random() < 0.5)
        response = (vector.response.status, chance.choice(HEADERS), vector.response.body)
        for _ in range(2):  # the first one is classified, the second one prepares the response
            replaced(warm[provider], response, request._replace(method="GET"))

        new = all_of(Interceptor(make_options({**given, "provider": provider})), response, request, events, seen)

        assert all_of(warm[provider], response, request, events, seen) == new


def test_a_folded_one_has_each_responses_own_error_id() -> None:
    """As the genuine response would: an id is never cached."""
    interceptor = Interceptor(make_options({"provider": "okta", "disclosure": "strict"}))
    request = Request("/api/v1/authn", "POST", None, {}, binary=False)
    locked = {"errorCode": "E0000069", "errorSummary": "User Locked", "errorCauses": []}
    ids = ["oae" + letter * 22 for letter in "abc"]
    replies = [
        replaced(interceptor, (403, [JSON_TYPE], json.dumps({**locked, "errorId": made}).encode()), request)
        for made in ids
    ]

    assert [json.loads(reply.body)["errorId"] for reply in replies if reply is not None] == ids


def test_a_head_response_never_gets_the_body_of_one() -> None:
    """RFC 9110 section 9.3.2: the response to GET may be cached, HEAD gets its headers."""
    interceptor = Interceptor(make_options({"provider": "okta"}))
    response = (401, [JSON_TYPE], b'{"errorCode":"E0000011","errorSummary":"Invalid token provided"}')
    replies = [
        replaced(interceptor, response, Request("/api/v1/users", method, None, {}, binary=False))
        for method in ("GET", "GET", "HEAD")
    ]

    assert [bool(reply is not None and reply.body) for reply in replies] == [True, True, False]
