"""Folding: what an unauthenticated caller must not distinguish gets one response, the same bytes except for ids."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest

from authproblem import Problem, Registry, normalize
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from tests.support import asgi_server
from tests.support.adapters import ADAPTERS, through
from tests.support.events import Events
from tests.support.responses import JSON_TYPE, Response, asgi_app, json_response
from tests.support.vectors import FILES, Vector, load

REGISTRY = Registry.builtin()
FOLDS: dict[str, dict[str, str]] = REGISTRY.data["problem_types"]["folds"]
ANSWERS: list[dict[str, Any]] = REGISTRY.data["folds"]["responses"]
SURFACES: list[dict[str, Any]] = REGISTRY.data["surfaces"]["surfaces"]
REQUEST_ID = ("x-auth0-requestid", "4ad55daa560e468bdfe1")
ERROR_ID = re.compile(rb'"oae[A-Za-z0-9_-]{22}"')
INSTANCE = re.compile(rb'"urn:uuid:[0-9a-f-]{36}"')
LEVELS = ("safe", "strict")
SIGN_UP_AT_OKTA = ("okta", "signup-failed")
by_adapter = pytest.mark.parametrize("adapter", ADAPTERS)
by_level = pytest.mark.parametrize("level", LEVELS)
WRONG = {"error": "invalid_grant", "error_description": "Wrong email or password."}
BLOCKED = {"error": "unauthorized", "error_description": "user is blocked"}
INACTIVE = {"error": "invalid_grant", "error_description": "Account disabled"}
E4 = {
    "errorCode": "E0000004",
    "errorSummary": "Authentication failed",
    "errorLink": "E0000004",
    "errorId": "oae" + "A" * 22,
    "errorCauses": [],
}


def endpoint(path: str) -> str:
    """A path of a surface with its variable segments filled."""
    return path.replace("{x}", "default").replace("*", "x")


SIGN_IN = [
    (row["provider"], row["id"], endpoint(path)) for row in SURFACES if row["sign_in"] for path in row["paths"][:1]
]
ELSEWHERE = [
    (row["provider"], row["id"], endpoint(path)) for row in SURFACES if not row["sign_in"] for path in row["paths"][:1]
]


@functools.cache
def telling(level: Any) -> list[Vector]:
    """The vectors whose reason an unauthenticated caller must not see at a level, one for each entry and status."""
    chosen = {
        (vector.entry, vector.response.status): vector
        for stem in FILES
        for vector in load(stem)
        if vector.entry is not None and vector.reason in FOLDS[level] and vector.response.status >= 400
    }
    return list(chosen.values())


def sent(adapter: str, response: Response, path: str, provider: Any, level: Any, **options: Any) -> Response:
    """What an unauthenticated caller gets, with the ids that may vary made equal."""
    return without_ids(through(adapter, response, path, provider=provider, disclosure=level, **options))


def without_ids(got: Response) -> Response:
    """A response with the ids that may vary made equal."""
    return got._replace(body=INSTANCE.sub(b'"(instance)"', ERROR_ID.sub(b'"(id)"', got.body)))


def provider_of(vector: Vector) -> Any:
    """Whose response it is."""
    return (vector.entry or "").partition(":")[0]


def genuine(provider: Any, surface: str, target: str) -> list[Response]:
    """The provider's own responses that a folded one may be: the surface's, else the usual ones of its shapes."""
    fitting = [row for row in ANSWERS if row["provider"] == provider and target in row["targets"]]
    own = [row for row in fitting if surface in row.get("surfaces", ())] or [row for row in fitting if row.get("usual")]
    return [
        json_response(row["status"], {name: value or E4.get(name) for name, value in row["document"].items()})
        for row in own
    ]


def is_protocol(response: Response) -> bool:
    """Whether the body carries the live next step."""
    return b'"stateHandle"' in response.body or b'"stateToken"' in response.body or b'"_embedded"' in response.body


@by_level
@pytest.mark.parametrize(("provider", "surface", "path"), SIGN_IN, ids=lambda value: value if "." in value else "")
def test_at_sign_in_every_error_becomes_the_genuine_response_byte_for_byte(
    provider: Any, surface: str, path: str, level: Any
) -> None:
    """Status, headers in order, body and length, for every entry of every type that folds."""
    faults = []
    for vector in telling(level):
        target = FOLDS[level][vector.reason or ""]
        if provider_of(vector) != provider or is_protocol(vector.response) or (provider, target) == SIGN_UP_AT_OKTA:
            continue
        allowed = [
            sent("asgi", response._replace(headers=[JSON_TYPE, REQUEST_ID]), path, provider, level)
            for response in genuine(provider, surface, target)
        ]
        actual = vector.response._replace(headers=[JSON_TYPE, REQUEST_ID, ("retry-after", "9")])
        got = sent("asgi", actual, path, provider, level)
        if got not in allowed:
            faults.append(f"{vector.place}: {got}")

    assert faults == []


@by_level
@pytest.mark.parametrize(("provider", "surface", "path"), SIGN_IN, ids=lambda value: value if "." in value else "")
def test_what_one_app_has_sent_before_changes_nothing(provider: Any, surface: str, path: str, level: Any) -> None:
    """Prepared responses, from the second time on, are the same for the folded and the genuine error, in every byte."""
    sending: list[Response] = []

    async def app(*connection: Any) -> None:
        await asgi_app(sending[-1])(*connection)

    adapter = AsgiMiddleware(app, provider=provider, disclosure=level)

    def got(response: Response) -> Response:
        sending.append(response._replace(headers=[JSON_TYPE, REQUEST_ID]))
        return without_ids(asgi_server.serve(adapter, path, "POST", None))

    faults, folded = [], 0
    for vector in telling(level):
        target = FOLDS[level][vector.reason or ""]
        if provider_of(vector) != provider or is_protocol(vector.response) or (provider, target) == SIGN_UP_AT_OKTA:
            continue
        own = genuine(provider, surface, target)
        allowed = [got(response) for response in own] + [got(response) for response in own]
        answers = [got(vector.response) for _ in range(3)]
        folded += answers[0] in allowed
        if not all(answer == answers[0] and answer in allowed for answer in answers):
            faults.append(f"{vector.place}: {answers}")
        if allowed[: len(own)] != allowed[len(own) :]:
            faults.append(f"{vector.place}: {allowed}")

    assert faults == []
    assert folded


@pytest.mark.parametrize("path", ["/api/v1/registration/reg1/register"])
def test_at_oktas_sign_up_every_error_becomes_a_genuine_response(path: str) -> None:
    """A refused sign-up that says nothing about the reason has to look the same."""
    cause = {"errorSummary": "login: An object with this field already exists in the current organization"}
    refused = {**E4, "errorCode": "E0000001", "errorSummary": "Api validation failed", "errorLink": "E0000001"}
    exists = {**refused, "errorSummary": "Api validation failed: login", "errorCauses": [cause]}
    answers = [sent("asgi", json_response(400, document), path, "okta", "strict") for document in (refused, exists)]

    assert answers[0] == answers[1]


@by_level
def test_of_an_unknown_vendor_every_error_becomes_the_genuine_response(level: Any) -> None:
    """Whatever server it is: what it says to wrong credentials is not known beforehand."""
    wrong = json_response(401, {"error": "invalid_grant", "error_description": "Invalid user credentials"})
    answers = [sent("asgi", actual, "/token", "oauth", level) for actual in (wrong, json_response(400, INACTIVE))]

    assert answers[0] == answers[1]


@by_adapter
@by_level
@pytest.mark.parametrize("accept", [None, "application/json", "application/ion+json", "text/html", "*/*;q=0.1"])
def test_no_request_header_distinguishes_folded_responses(adapter: str, level: Any, accept: str | None) -> None:
    """Whatever type the client accepts."""
    request = [] if accept is None else [("accept", accept)]
    path = "/oauth/token"
    answers = [
        sent(adapter, response, path, "auth0", level, headers=request)
        for response in (json_response(403, WRONG), json_response(400, INACTIVE, ("content-language", "de")))
    ]

    assert answers[0] == answers[1]


@by_adapter
@pytest.mark.parametrize(
    ("path", "actual", "status", "document"),
    [
        ("/oauth/token", json_response(401, BLOCKED), 403, WRONG),
        (
            "/oauth/ro",
            json_response(401, BLOCKED),
            401,
            {"error": "invalid_user_password", "error_description": "Wrong email or password."},
        ),
        (
            "/api/v1/authn",
            json_response(403, {**E4, "errorCode": "E0000069", "errorSummary": "User Locked"}),
            401,
            E4,
        ),
    ],
)
def test_the_responses_are_those_of_the_contract(
    adapter: str, path: str, actual: Response, status: int, document: dict[str, Any]
) -> None:
    """Auth0's token and old password endpoints, Okta's authentication API."""
    provider = "okta" if "errorCode" in document else "auth0"
    got = through(adapter, actual, path, provider=provider, disclosure="strict")

    assert got.status == status
    assert {name: got.document()[name] for name in document} == document
    assert got.header("Auth-Problem") == "sign-in-failed"


@by_adapter
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("oae" + "x" * 22, True),
        ("oaeShort", False),
        ("oae" + "x" * 23, False),
        (None, False),
        (7, False),
        ("x" * 300, False),
    ],
)
def test_an_error_id_has_one_length(adapter: str, given: object, kept: bool) -> None:
    """The upstream's, where it has the usual form; else one of that form, new each time."""
    locked = {**E4, "errorCode": "E0000069", "errorSummary": "User Locked", "errorId": given}
    ids = [
        through(adapter, json_response(403, locked), "/api/v1/authn", disclosure="strict").document()["errorId"]
        for _ in range(2)
    ]

    assert [len(made) for made in ids] == [25, 25]
    assert (ids[0] == ids[1] == given) is kept


@by_adapter
@by_level
def test_headers_that_would_reveal_the_real_reason_are_dropped(adapter: str, level: Any) -> None:
    """The wait, and the challenge of another status; all others stay."""
    further = [("Retry-After", "9"), ("WWW-Authenticate", "Basic realm=x"), ("Set-Cookie", "a=1"), ("X-Other", "y")]
    unknown = {**E4, "errorCode": "E0000007", "errorSummary": "Not found: Resource not found: jane (User)"}
    got = through(adapter, json_response(404, unknown, *further), "/api/v1/authn", disclosure=level)
    names = ("Retry-After", "WWW-Authenticate", "Set-Cookie", "X-Other")

    assert got.status == 401
    assert [got.lines(name) for name in names] == [[], [], ["a=1"], ["y"]]


@by_adapter
def test_a_challenge_of_the_same_status_stays(adapter: str) -> None:
    """It is never dropped otherwise."""
    unknown = {**E4, "errorCode": "E0000007", "errorSummary": "Not found: Resource not found: jane (User)"}
    got = through(adapter, json_response(401, unknown, ("WWW-Authenticate", "Basic realm=x")), "/api/v1/authn")

    assert (got.header("Auth-Problem"), got.header("WWW-Authenticate")) == ("invalid-credentials", "Basic realm=x")


@by_level
@pytest.mark.parametrize(("provider", "surface", "path"), ELSEWHERE, ids=lambda value: value if "." in value else "")
def test_elsewhere_the_real_reason_is_sent(provider: Any, surface: str, path: str, level: Any) -> None:
    """Management and users APIs have callers who may know; their endpoints are known."""
    vectors = [v for v in telling(level) if provider_of(v) == provider]
    folded = {
        vector.place
        for vector in vectors
        for problem in [
            normalize(
                vector.response.status,
                vector.response.headers,
                vector.response.body,
                provider=provider,
                endpoint=path,
                disclosure=level,
            )
        ]
        if problem is not None and problem.reason in {"sign-in-failed", "signup-failed"}
    }

    assert folded == set()


@by_level
def test_without_an_endpoint_the_entry_decides(level: Any) -> None:
    """Those that only sign-in surfaces send fold, no others."""
    faults = []
    for vector in telling(level):
        entry = REGISTRY.lookup(vector.entry or "")
        problem = normalize(
            vector.response.status,
            vector.response.headers,
            vector.response.body,
            provider=provider_of(vector),
            disclosure=level,
        )
        assert entry is not None
        assert problem is not None, vector.place
        folds = entry.sign_in and not is_protocol(vector.response)
        if problem.reason != (FOLDS[level][entry.reason] if folds else entry.reason):
            faults.append(f"{vector.place}: {problem}")

    assert faults == []


@by_level
@pytest.mark.parametrize("asked", ["/idp/idx/identify", "/api/v1/authn", "/"])
def test_protocol_documents_never_fold(level: Any, asked: str) -> None:
    """Their next step would be lost."""
    message = {"message": "x", "i18n": {"key": "errors.E0000004"}, "class": "ERROR"}
    documents: list[dict[str, Any]] = [
        {"version": "1.0.0", "stateHandle": "h", "messages": {"value": [message]}},
        {"stateToken": "t", "status": "LOCKED_OUT", "_embedded": {}},
        {"stateToken": "t", "status": "PASSWORD_EXPIRED", "_embedded": {}},
    ]
    reasons = [
        found.reason if found is not None else None
        for document in documents
        for found in [normalize(401, [JSON_TYPE], json.dumps(document).encode(), endpoint=asked, disclosure=level)]
    ]

    assert reasons == ["invalid-credentials", "account-locked", "password-expired"]


@by_adapter
@by_level
def test_a_second_factor_is_always_required(adapter: str, level: Any) -> None:
    """Whoever gets so far has the password."""
    document = {"error": "mfa_required", "error_description": "Multifactor authentication required", "mfa_token": "t"}
    got = through(adapter, json_response(403, document), "/oauth/token", disclosure=level)

    assert (got.header("Auth-Problem"), got.document()["mfa_token"]) == ("mfa-required", "t")
    assert "mfa-required" not in FOLDS[level]


@by_adapter
def test_the_event_reports_the_real_reason(adapter: str, events: Events) -> None:
    """In its event and by `on_problem`, with the status that is sent."""
    problems: list[Problem] = []
    locked = {**E4, "errorCode": "E0000069", "errorSummary": "User Locked"}
    got = through(
        adapter,
        json_response(403, locked),
        "/api/v1/authn",
        disclosure="strict",
        on_problem=problems.append,
    )
    event = events.only()

    assert [problem.reason for problem in problems] == ["account-locked"]
    assert (event["problem"], event["entry"], event["upstream_code"]) == ("account-locked", "okta:E0000069", "E0000069")
    assert (event["upstream_status"], event["status"]) == (403, got.status)
    assert event["instance"] == got.document()["instance"]


@pytest.mark.parametrize("level", ["off", None])
def test_the_caller_of_the_function_is_trusted(level: Any | None) -> None:
    """`normalize` folds only on request."""
    body = json.dumps(INACTIVE).encode()
    options: dict[str, Any] = {} if level is None else {"disclosure": level}
    found = normalize(400, [JSON_TYPE], body, provider="auth0", endpoint="/oauth/token", **options)

    assert found is not None
    assert found.reason == "account-inactive"


def test_a_folded_response_is_matched_by_its_code() -> None:
    """As a genuine one whose text was not looked at."""
    body = json.dumps(INACTIVE).encode()
    found = normalize(400, [JSON_TYPE], body, provider="auth0", endpoint="/oauth/token", disclosure="safe", texts="all")

    assert found is not None
    assert (found.entry, found.matched_by) == ("auth0:invalid_grant/wrong-credentials", "code")


def test_there_is_something_to_fold_for_each_provider() -> None:
    """The tests before look at all of them."""
    assert {provider_of(vector) for vector in telling("strict")} == {"auth0", "okta", "oauth"}
    assert {vector.reason for vector in telling("strict")} == set(FOLDS["strict"])
