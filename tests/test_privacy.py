"""Nothing leaks: secrets planted in every place of every shape show up in no event, no header, and in no body.

The exceptions are the contract's: what the client needs to go on (continuation members, whole protocol documents,
parameters of a step-up), identifiers of a fixed form (codes, request ids), and texts that the app passes on request.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from authproblem import Problem, Registry, normalize
from tests.support.adapters import ADAPTERS, through
from tests.support.events import Events
from tests.support.responses import JSON_TYPE, Pairs, Response
from tests.support.vectors import FILES, load
from tests.support.wire import strings

CANARIES = {
    "e-mail": "canary.jane@example.com",
    "phone": "+49 170 5550199 77",
    "address": "203.0.113.77, 2001:db8::77:cafe",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5LTAwMDE",
    "password": "pässwort c4n4ry!",
    "state handle": "02.cANARYstateHandle~c.dQLw4w9WgXcQ_0123456789-abcdefghijklmnopqrstuvwxyz/ABC",
    "code": "your code is 424242",
    "token": "Fe26.2**canaryToken0123456789abcdef*0123456789*signature",
}
"""One of each kind. None has the form of a code, by which identifiers are distinguished from secrets."""
MASKABLE = ("e-mail", "phone", "address", "JWT", "state handle", "token")
"""Kinds that have a form by which a text can be searched. A password that a user chose has none."""
CODE_PLACES = {"error", "errorCode", "errorLink", "errorId", "code", "name", "statusCode", "status", "factorResult"}
GATE_HEADERS = (
    *("WWW-Authenticate", "Location", "Retry-After", "Date", "X-Okta-Request-Id", "X-Auth0-RequestId", "RateLimit"),
    *("Ot-Baggage-Auth0-Request-Id", "X-Rate-Limit-Reset", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining"),
    *("X-RateLimit-Reset", "Auth0-Client-Quota-Limit", "Auth0-Organization-Quota-Limit", "DPoP-Nonce"),
    *("Access-Control-Expose-Headers", "Access-Control-Allow-Origin", "Cache-Control", "Vary", "X-Unheard-Of"),
)
KEPT = {name for name, kind in Registry.builtin().data["shapes"]["members"].items() if kind == "keep"}
FIELDS = {"field", "pointer", "source"}
PROVIDERS = ("auth0", "okta", "oauth")
by_adapter = pytest.mark.parametrize("adapter", ADAPTERS)
by_kind = pytest.mark.parametrize("kind", CANARIES)


class Planted(NamedTuple):
    """A response with a canary in one place, and where that is."""

    place: str
    response: Response
    provider: str | None
    endpoint: str | None


@functools.cache
def bodies() -> list[tuple[str, Response, str | None, str | None, dict[str, Any]]]:
    """The error objects of all vectors, one for each make: shape, members, provider and endpoint."""
    makes: dict[Any, Any] = {}
    for stem in FILES:
        for vector in load(stem):
            if vector.reason is None or not vector.response.body.startswith(b"{") or vector.response.status < 400:
                continue
            document = json.loads(vector.response.body)
            make = (vector.provider, tuple(sorted(document)), vector.reason in {"mfa-required", "password-too-weak"})
            makes.setdefault(make, (vector.place, vector.response, vector.provider, vector.endpoint, document))
    return list(makes.values())


def is_protocol(document: dict[str, Any]) -> bool:
    """Whether a document carries the live next step, so that it stays whole."""
    return "stateHandle" in document or "version" in document or ("status" in document and "stateToken" in document)


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in an object that are no containers, and of the containers themselves."""
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, child in children:
        yield from leaves(child, (*path, name))


def with_canary(document: dict[str, Any], path: tuple[Any, ...], canary: Any) -> dict[str, Any]:
    """A copy of an object with the canary in one place."""
    planted = copy.deepcopy(document)
    node: Any = planted
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = canary
    return planted


def is_exception(path: tuple[Any, ...]) -> bool:
    """Whether the contract lets a value at this path through as it came."""
    if KEPT & set(path):
        return True
    if path[0] == "validation_errors":
        return path[-1] in FIELDS
    return path[:2] == ("description", "rules")


def planted_bodies(canary: str) -> Iterator[Planted]:
    """Each body with the canary in each place, in turn, and in unknown members."""
    for place, response, provider, endpoint, document in bodies():
        if is_protocol(document):
            continue
        paths = [path for path in leaves(document) if not is_exception(path)]
        further: list[tuple[tuple[Any, ...], Any]] = [
            (("unheard_of",), canary),
            (("nested",), {"a": [canary, {"b": canary}], canary: 1}),
            (("details",), [canary]),
            (("user",), {"email": canary}),
            (("hint",), canary),
            (("title",), canary),
            (("detail",), canary),
            (("error_uri",), f"https://auth0.com/?x={canary}"),
        ]
        for path, value in [*((path, canary) for path in paths), *further]:
            body = json.dumps(with_canary(document, path, value), ensure_ascii=False).encode()
            yield Planted(f"{place} at {'/'.join(map(str, path))}", response._replace(body=body), provider, endpoint)


def found_in(canary: str, *values: Any) -> bool:
    """Whether any string in some JSON values holds the canary, whole or a telling part of it."""
    parts = {canary, *(part for part in canary.replace(",", " ").split() if len(part) > 7)}
    return any(part in text for text in strings([*values]) for part in parts)


def leaks(kind: str, check: Callable[[str, Planted], bool]) -> list[str]:
    """The places from which a canary got through."""
    return [planted.place for planted in planted_bodies(CANARIES[kind]) if check(CANARIES[kind], planted)]


@by_kind
def test_no_secret_in_a_body_reaches_the_document(kind: str) -> None:
    """With the vectors' own providers and endpoints, whatever the place."""

    def leaked(canary: str, planted: Planted) -> bool:
        sent = planted.response
        options: dict[str, Any] = {"provider": planted.provider, "endpoint": planted.endpoint, "flow_control": True}
        problem = normalize(sent.status, sent.headers, sent.body, **options)
        return problem is not None and found_in(canary, problem.to_dict(), repr(problem), str(problem))

    assert leaks(kind, leaked) == []


@by_kind
def test_no_secret_in_a_password_policy_reaches_the_document(kind: str) -> None:
    """Its rules stay; whether they are met is a boolean."""
    description = {"rules": [], "verified": CANARIES[kind]}
    document = {"name": "PasswordStrengthError", "code": "invalid_password", "description": description}
    problem = normalize(400, [JSON_TYPE], json.dumps(document).encode())

    assert problem is not None
    assert not found_in(CANARIES[kind], problem.to_dict())


@pytest.mark.slow
@pytest.mark.parametrize("stem", FILES)
def test_no_secret_in_any_vector_reaches_the_document(stem: str) -> None:
    """Each place of each body, not of each make of body only."""
    canary = CANARIES["e-mail"]
    faults = []
    for vector in load(stem):
        if vector.response.status < 400 or not vector.response.body.startswith(b"{"):
            continue
        document = json.loads(vector.response.body)
        for path in [] if is_protocol(document) else leaves(document):
            body = json.dumps(with_canary(document, path, canary)).encode()
            options: dict[str, Any] = {"provider": vector.provider, "endpoint": vector.endpoint, "flow_control": True}
            problem = normalize(vector.response.status, vector.response.headers, body, **options)
            if problem is not None and not is_exception(path) and found_in(canary, problem.to_dict()):
                faults.append(f"{vector.place} at {path}")

    assert faults == []


@by_adapter
@by_kind
def test_no_secret_in_a_body_reaches_a_header_or_an_event(adapter: str, kind: str, events: Events) -> None:
    """At any level; the body of a response that passes is not ours."""

    def leaked(canary: str, planted: Planted) -> bool:
        events.clear()
        path = planted.endpoint or "/somewhere"
        got = through(adapter, planted.response, path, provider=planted.provider, flow_control=True)
        body = got.document() if got.header("Auth-Problem") else {}
        return found_in(canary, body, [list(pair) for pair in got.headers], list(map(dict, events)))

    assert leaks(kind, leaked) == []
    assert events != []


@by_adapter
@pytest.mark.parametrize("kind", MASKABLE)
def test_no_recognizable_secret_reaches_an_event_even_with_the_text(adapter: str, kind: str, events: Events) -> None:
    """`log_upstream_text=True`: addresses, numbers and tokens are masked, wherever they stand in a sentence."""
    canary = CANARIES[kind]
    for sentence in (canary, f"User {canary} is blocked", f"x{'.' * 30} {canary}", f"{'word ' * 36}{canary}"):
        for name in ("error_description", "message", "description"):
            body = json.dumps({"error": "access_denied", name: sentence}).encode()
            through(adapter, Response(403, [JSON_TYPE], body), provider="auth0", log_upstream_text=True)

    assert len(events) == 12
    assert [event["upstream_text"] for event in events if found_in(canary, event)] == []


@by_adapter
@by_kind
@pytest.mark.parametrize("name", GATE_HEADERS)
def test_no_secret_in_a_header_reaches_a_body_or_an_event(adapter: str, kind: str, name: str, events: Events) -> None:
    """Nor another header: it stays where the upstream put it, or goes."""
    canary = CANARIES[kind].encode().decode("latin-1")
    for value in (
        canary,
        f'Bearer error="invalid_token", error_description="{canary}", realm="{canary}"',
        f"r=0;t={canary}",
    ):
        response = Response(401, [JSON_TYPE, (name, value)], b'{"errorCode":"E0000004","errorSummary":"x"}')
        got = through(adapter, response, "/api/v1/authn")
        others = [list(pair) for pair in got.headers if pair[0].lower() != name.lower()]

        assert not found_in(canary, others, got.document(), list(map(dict, events)))


@by_adapter
@by_kind
def test_no_secret_in_a_challenge_alone_reaches_a_body_or_an_event(adapter: str, kind: str, events: Events) -> None:
    """Only the step-up parameters become members, and those the client has in the header anyway."""
    canary = CANARIES[kind].encode().decode("latin-1")
    value = f'Bearer error="invalid_token", error_description="{canary}", error_uri="{canary}", realm="{canary}"'
    got = through(adapter, Response(401, [("WWW-Authenticate", value)], b""), provider="auth0", log_upstream_text=False)

    assert got.header("Auth-Problem") == "invalid-token"
    assert not found_in(canary, got.document(), list(map(dict, events)))


@by_adapter
@by_kind
def test_no_secret_in_a_redirect_or_callback_reaches_an_event(adapter: str, kind: str, events: Events) -> None:
    """Its state, code and description are the client's business."""
    from urllib.parse import urlencode

    canary = CANARIES[kind]
    parameters = {"error": "access_denied", "error_description": canary, "state": canary, "code": canary, "x": canary}
    query = urlencode(parameters)
    redirect = Response(302, [("location", f"/cb?{query}")], b"")
    got = through(adapter, redirect, f"/cb?{query}", mark_redirects=True, callback_paths=("/cb",), provider="auth0")
    others = [list(pair) for pair in got.headers if pair[0] != "location"]

    assert events != []
    assert not found_in(canary, others, list(map(dict, events)))


@by_adapter
@by_kind
def test_no_secret_in_a_page_reaches_an_event(adapter: str, kind: str, events: Events) -> None:
    """Error pages show what the user did."""
    page = f"<html><p><strong>access_denied</strong>: {CANARIES[kind]}</p></html>".encode()
    through(adapter, Response(403, [("content-type", "text/html")], page), provider="auth0", log_upstream_text=True)

    assert events.only()["problem"] == "access-denied"
    assert not found_in(CANARIES[kind], events.only())


@by_adapter
@by_kind
def test_no_secret_in_a_plain_text_reaches_the_client_or_an_event(adapter: str, kind: str, events: Events) -> None:
    """An unknown sentence."""
    body = f"Access denied for {CANARIES[kind]}".encode()
    got = through(adapter, Response(403, [("content-type", "text/plain")], body), provider="auth0")

    assert not found_in(CANARIES[kind], got.document(), events.only())


@by_adapter
@pytest.mark.parametrize("name", sorted(KEPT))
def test_what_the_client_needs_reaches_the_client_and_no_log(adapter: str, name: str, events: Events) -> None:
    """`mfa_token` and its kind."""
    secret = CANARIES["token"]
    document = {"error": "mfa_required", "error_description": "Multifactor authentication required", name: secret}
    response = Response(403, [JSON_TYPE], json.dumps(document).encode())
    got = through(adapter, response, "/oauth/token", provider="auth0", log_upstream_text=True)

    assert got.document()[name] == secret
    assert not found_in(secret, events.only(), [list(pair) for pair in got.headers])


@by_adapter
@pytest.mark.parametrize("options", [{}, {"log_upstream_text": True}])
def test_a_whole_protocol_document_reaches_the_client_and_no_log(
    adapter: str, options: dict[str, Any], events: Events
) -> None:
    """The live next step, with all its handles."""
    canaries = {name: value for name, value in CANARIES.items() if name in MASKABLE}
    message = {"message": "x " + " ".join(canaries.values()), "i18n": {"key": "errors.E0000004"}, "class": "ERROR"}
    document = {
        "version": "1.0.0",
        "stateHandle": canaries["state handle"],
        "messages": {"value": [message]},
        **canaries,
    }
    got = through(adapter, Response(401, [JSON_TYPE], json.dumps(document).encode()), "/idp/idx/identify", **options)

    assert {name: got.document()[name] for name in document} == document
    assert not any(found_in(canary, events.only()) for canary in canaries.values())


@by_adapter
@by_kind
def test_a_text_reaches_the_client_where_the_app_asks_for_it_and_no_log(
    adapter: str, kind: str, events: Events
) -> None:
    """`texts="all"`, `pass_text` and `"text": "pass"` are about the client alone."""
    rows = [{"id": "auth0:own_code", "code": "own_code", "type": "access-denied", "text": "pass"}]
    document = {"error": "own_code", "error_description": CANARIES[kind]}
    ways: list[dict[str, Any]] = [
        {"texts": "all"},
        {"pass_text": lambda _problem, _member, text: text},
        {"registry": Registry.builtin().extend({"entries": rows})},
    ]
    for options in ways:
        got = through(adapter, Response(403, [JSON_TYPE], json.dumps(document).encode()), provider="auth0", **options)

        assert got.document()["error_description"] == CANARIES[kind]
    assert not found_in(CANARIES[kind], list(map(dict, events)))


@by_adapter
@by_kind
def test_no_secret_of_the_request_reaches_an_event(adapter: str, kind: str, events: Events) -> None:
    """Neither its headers nor its query; its path is reported."""
    from urllib.parse import quote

    request: Pairs = [("Authorization", "Bearer " + quote(CANARIES[kind])), ("Cookie", quote(CANARIES[kind]))]
    response = Response(401, [JSON_TYPE], b'{"errorCode":"E0000004","errorSummary":"x"}')
    through(adapter, response, "/api/v1/authn", headers=request, log_upstream_text=True)

    assert not found_in(CANARIES[kind], events.only())
    assert not found_in(quote(CANARIES[kind]), events.only())


@by_kind
def test_a_value_shows_nothing_of_it_in_a_log(kind: str) -> None:
    """`repr` of a problem and of what it was made of."""
    from authproblem import classify

    canary = CANARIES[kind]
    body = json.dumps({"error": "access_denied", "error_description": canary, "mfa_token": canary}).encode()
    problem = normalize(403, [JSON_TYPE], body, provider="auth0", texts="all")
    found = classify(403, [JSON_TYPE], body, provider="auth0")

    assert isinstance(problem, Problem)
    assert found is not None
    assert canary not in repr(problem) + str(problem) + repr(found) + str(found) + repr([found]) + f"{found.upstream}"


def test_codes_of_the_right_form_are_no_secrets() -> None:
    """The canaries are none, so that the tests before mean something."""
    table = Registry.builtin().data["shapes"]["members"]
    body = json.dumps(dict.fromkeys(CODE_PLACES - {"error"}, CANARIES["token"]) | {"error": "x"}).encode()
    problem = normalize(400, [JSON_TYPE], body, provider="auth0")

    assert problem is not None
    assert not found_in(CANARIES["token"], problem.to_dict())
    assert {"mfa_token", "stateToken", "state"} <= KEPT <= set(table)
    assert sum(1 for _ in planted_bodies("x")) > 500
