"""Exceptions that real HTTP clients and SDKs raise, against servers that fail for real, through both adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from auth0.authentication import GetToken
from auth0.authentication.token_verifier import SymmetricSignatureVerifier, TokenVerifier
from auth0.management import Auth0
from authlib.integrations.base_client.errors import MismatchingStateError, MissingTokenError, OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import MismatchingStateError as OauthlibMismatch
from okta.client import Client as OktaClient

from tests.adapters.failing import (
    CLIENTS,
    HOST,
    PATIENCE,
    RAW_CLIENTS,
    SECRET,
    WAIT,
    WRONG_PASSWORD,
    Upstream,
    ask,
    assert_no_secret,
    deaf,
    raising,
)
from tests.adapters.support import ADAPTERS, assert_problem
from tests.support.events import Events
from tests.support.responses import Response, json_response

HOSTS = (HOST, "nowhere.invalid")
OKTA_LIMIT = json_response(
    429,
    {
        "errorCode": "E0000047",
        "errorSummary": "API call exceeded rate limit due to too many requests.",
        "errorLink": "E0000047",
        "errorId": f"oae{SECRET}",
        "errorCauses": [],
    },
    ("x-okta-request-id", "Wc4bMWCi5TAbiK5mTgEmZQAAB88"),
)
OKTA_TOKEN = json_response(
    401,
    {"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorId": f"oae{SECRET}", "errorCauses": []},
)
MANAGEMENT = json_response(
    404,
    {"statusCode": 404, "error": "Not Found", "message": "The user does not exist.", "errorCode": "inexistent_user"},
)


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine stands between a client and the server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    yield server
    server.close()


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("client", CLIENTS)
def test_an_error_status_escapes_without_the_option(
    adapter: str, client: str, upstream: Upstream, events: Events
) -> None:
    """Before: the exception leaves the app, and its message shows the URL with the token."""
    with pytest.raises(Exception, match=SECRET):
        ask(adapter, lambda: CLIENTS[client](upstream.url()), exceptions=False, upstream_hosts=HOSTS)
    assert list(events) == []


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "aiohttp"])
def test_an_error_status_becomes_a_problem(adapter: str, client: str, upstream: Upstream, events: Events) -> None:
    """After: the registry's sentences, and of the upstream's nothing but status, code and request id."""
    response = ask(adapter, lambda: CLIENTS[client](upstream.url()), upstream_hosts=HOSTS)
    document = assert_problem(response)
    assert {**document, "instance": ""} == {
        "type": "urn:problem-type:auth:invalid-credentials",
        "title": "Invalid credentials",
        "status": 403,
        "detail": "The sign-in details don't match. Check them and try again.",
        "instance": "",
        "reason": "invalid-credentials",
        "owner": "user",
        "remedy": "check_credentials",
        "credential": "dead",
        "credential_kind": "password",
        "retry": {"policy": "after_action", "automatic": False},
        "provider": "auth0",
        "upstream": {"status": 403, "code": "invalid_grant", "request_id": "4ad55daa560e468bdfe1"},
    }
    assert {name.lower() for name, _ in response.headers} == {
        "content-type", "content-language", "content-length", "cache-control", "vary",
        "auth-problem", "auth-problem-owner", "auth-problem-retry",
    }  # fmt: skip
    assert_no_secret(response, events)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_exception_of_aiohttp_is_classified_by_its_status(adapter: str, upstream: Upstream, events: Events) -> None:
    """No body is kept by aiohttp."""
    response = ask(adapter, lambda: CLIENTS["aiohttp"](upstream.url()), upstream_hosts=HOSTS)
    document = assert_problem(response)
    assert (document["reason"], document["status"], document["provider"]) == ("access-denied", 502, "auth0")
    assert_no_secret(response, events)


TRANSPORT: dict[str, tuple[str, int, dict[str, Any]]] = {
    "refused": ("upstream-unreachable", 502, {"policy": "after_delay", "after": 10, "source": "default"}),
    "unknown": ("upstream-unreachable", 502, {"policy": "after_delay", "after": 10, "source": "default"}),
    "hanging": ("upstream-timeout", 504, {"policy": "after_delay"}),
    "hung-up": ("upstream-error", 502, {"policy": "after_delay"}),
}
HOSTLESS: dict[tuple[str, str], type[Exception]] = {
    ("aiohttp", "hanging"): aiohttp.SocketTimeoutError,
    ("aiohttp", "hung-up"): aiohttp.ServerDisconnectedError,
    ("urllib3", "hung-up"): urllib3.exceptions.ProtocolError,
}
"""Exceptions in which the library keeps no host at all."""


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("client", "kind"), [(name, kind) for name in RAW_CLIENTS for kind in TRANSPORT if (name, kind) not in HOSTLESS]
)
def test_a_failed_connection_becomes_a_problem(adapter: str, client: str, kind: str, events: Events) -> None:
    """Only what surely never reached the provider may be repeated by a program, and only by a safe method."""
    reason, status, retry = TRANSPORT[kind]
    automatic = kind in {"refused", "unknown"}
    wait = PATIENCE if kind == "hanging" else WAIT
    with deaf(kind) as url:
        got = ask(adapter, lambda: RAW_CLIENTS[client](url, wait), method="GET", upstream_hosts=HOSTS)
        posted = ask(adapter, lambda: RAW_CLIENTS[client](url, wait), method="POST", upstream_hosts=HOSTS)
    for response, unattended in ((got, automatic), (posted, False)):
        document = assert_problem(response)
        assert (document["reason"], document["status"], document["upstream"]) == (reason, status, {})
        assert document["retry"] == {**retry, "automatic": unattended}
        assert_no_secret(response, events)
    assert [event["exception"].partition(".")[0] for event in events] == [client.partition("-")[0]] * 2


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("client", "kind"), sorted(HOSTLESS))
def test_an_exception_without_a_host_propagates(adapter: str, client: str, kind: str, events: Events) -> None:
    """Nothing says whose it is."""
    with deaf(kind) as url, pytest.raises(HOSTLESS[client, kind]):
        ask(adapter, lambda: RAW_CLIENTS[client](url, PATIENCE), upstream_hosts=HOSTS, provider="auth0")
    assert list(events) == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_connect_timeout_of_aiohttp_names_its_host(adapter: str) -> None:
    """Aiohttp says it nowhere but in the text that it makes from the URL."""
    error = aiohttp.ConnectionTimeoutError(f"Connection timeout to host https://tenant.okta.com/token?token={SECRET}")
    document = assert_problem(ask(adapter, raising(error)))
    assert (document["reason"], document["provider"]) == ("upstream-timeout", "okta")


def test_an_unread_stream_stays_unread(upstream: Upstream) -> None:
    """To read it here would block the server, or wait for the upstream."""
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(upstream.url(), stream=True)
        with response:
            reply = ask("wsgi", response.raise_for_status, upstream_hosts=HOSTS)
            assert response.raw.tell() == 0
    assert assert_problem(reply)["reason"] == "access-denied"


def test_an_unread_stream_of_httpx_is_classified_by_its_status(upstream: Upstream) -> None:
    """It is not read for that."""

    def call() -> None:
        with httpx.stream("GET", upstream.url(), trust_env=False) as response:
            response.raise_for_status()

    assert assert_problem(ask("asgi", call, upstream_hosts=HOSTS))["reason"] == "access-denied"


def get_token(upstream: Upstream) -> None:
    GetToken(upstream.netloc, "client", client_secret=SECRET, protocol="http").login(
        username="user", password=SECRET, realm="db"
    )


def get_user(upstream: Upstream) -> None:
    Auth0(base_url=f"http://{upstream.netloc}/api/v2/", token=SECRET).users.get("auth0|1")


def verify(_upstream: Upstream) -> None:
    TokenVerifier(SymmetricSignatureVerifier(SECRET), "https://tenant.auth0.com/", "client").verify(f"{SECRET}.x.y")


async def okta_raising(upstream: Upstream) -> None:
    await okta(upstream, raiseException=True).list_users()


async def okta_returning(upstream: Upstream) -> None:
    """The SDK returns its errors; apps raise them."""
    failed: Any = (await okta(upstream).list_users())[-1]
    raise failed


def okta(upstream: Upstream, **config: Any) -> OktaClient:
    limit = {"maxRetries": 0}
    return OktaClient({"orgUrl": f"http://{upstream.netloc}", "token": SECRET, "rateLimit": limit, **config})


SDKS = {
    "auth0-authentication": (get_token, WRONG_PASSWORD, "invalid-credentials", 403, "auth0"),
    "auth0-limit": (
        get_token,
        json_response(429, {"error": "too_many_requests", "error_description": SECRET}, ("retry-after", "7")),
        "rate-limited",
        429,
        "auth0",
    ),
    "auth0-page": (
        get_token,
        Response(503, [("content-type", "text/html")], f"<h1>{SECRET}</h1>".encode()),
        "upstream-unavailable",
        503,
        "auth0",
    ),
    "auth0-nothing": (get_token, Response(500, [], b""), "upstream-error", 502, "auth0"),
    "auth0-management": (get_user, MANAGEMENT, "account-not-found", 502, "auth0"),
    "auth0-token": (verify, WRONG_PASSWORD, "invalid-token", 502, "auth0"),
    "okta-raising": (okta_raising, OKTA_TOKEN, "invalid-token", 502, "okta"),
    "okta-returning": (okta_returning, OKTA_TOKEN, "invalid-token", 502, "okta"),
    "okta-limit": (okta_returning, OKTA_LIMIT, "rate-limited", 429, "okta"),
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("name", SDKS)
def test_the_classes_of_the_sdks_name_the_provider(
    adapter: str, name: str, upstream: Upstream, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No host has to be named for them: a custom domain is known by the SDK's class."""
    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "1")
    call, upstream.answer, reason, status, provider = SDKS[name]
    response = ask(adapter, lambda: call(upstream))
    document = assert_problem(response)
    assert (document["reason"], document["status"], document["provider"]) == (reason, status, provider)
    assert events.only()["problem"] == reason
    assert_no_secret(response, events)


def authlib_requests(upstream: Upstream) -> None:
    with OAuth2Session("client", SECRET) as session:
        session.fetch_token(upstream.url(), grant_type="password", username="user", password=SECRET)


async def authlib_httpx(upstream: Upstream) -> None:
    async with AsyncOAuth2Client("client", SECRET, trust_env=False) as client:
        await client.fetch_token(upstream.url(), grant_type="password", username="user", password=SECRET)


def oauthlib(upstream: Upstream) -> None:
    text = requests.get(upstream.url(), timeout=WAIT).text
    WebApplicationClient("client").parse_request_body_response(text)


GENERIC: dict[str, Callable[[Upstream], Any]] = {
    "authlib-requests": authlib_requests,
    "authlib-httpx": authlib_httpx,
    "oauthlib": oauthlib,
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("name", GENERIC)
def test_generic_oauth_errors_are_a_providers_where_one_is_declared(
    adapter: str, name: str, upstream: Upstream, events: Events
) -> None:
    """Any server may have sent them."""
    response = ask(adapter, lambda: GENERIC[name](upstream), path="/auth/start", providers={"/auth": "auth0"})
    document = assert_problem(response)
    assert (document["reason"], document["status"], document["provider"]) == ("invalid-credentials", 403, "auth0")
    assert document["upstream"] == {"code": "invalid_grant"}
    assert_no_secret(response, events)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("name", GENERIC)
def test_generic_oauth_errors_elsewhere_propagate(adapter: str, name: str, upstream: Upstream, events: Events) -> None:
    """They may be any provider's, Stripe's too; that the host is one does not show in them."""
    with pytest.raises(Exception, match="Wrong email or password"):
        ask(adapter, lambda: GENERIC[name](upstream), providers={"/auth": "auth0"}, upstream_hosts=HOSTS)
    assert list(events) == []


def test_a_response_that_is_no_oauth_at_all_is_broken_to_oauthlib(upstream: Upstream) -> None:
    """Okta's limits come in its own shape, in which oauthlib misses a token."""
    upstream.answer = OKTA_LIMIT
    document = assert_problem(ask("wsgi", lambda: oauthlib(upstream), provider="okta"))
    assert (document["reason"], document["status"]) == ("upstream-error", 502)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("error", [MismatchingStateError(), OauthlibMismatch()], ids=["authlib", "oauthlib"])
def test_a_state_that_does_not_match_is_an_error_of_the_app(adapter: str, error: Exception, events: Events) -> None:
    """It propagates."""
    with pytest.raises(type(error)) as caught:
        ask(adapter, raising(error), provider="auth0")
    assert caught.value is error
    assert list(events) == []


def test_flow_control_of_a_device_propagates(events: Events) -> None:
    """`authorization_pending` is no error: the app polls on."""
    with pytest.raises(Exception, match="authorization_pending"):
        ask(
            "wsgi",
            lambda: WebApplicationClient("x").parse_request_body_response('{"error": "authorization_pending"}'),
            provider="auth0",
        )
    assert (events.only()["event"], events.only()["why"]) == ("authproblem.passed", "flow_control")


def test_an_unknown_code_under_a_scope_is_unclassified(events: Events) -> None:
    """What a tenant's Action says: the event names the code, and where the exception came from."""
    response = ask("wsgi", raising(OAuthError("my_denial", SECRET)), provider="auth0")
    document = assert_problem(response)
    assert (document["reason"], document["status"]) == ("upstream-rejected", 502)
    event = events.only()
    assert (event["event"], event["upstream_code"]) == ("authproblem.unclassified", "my_denial")
    assert event["exception"] == "authlib.integrations.base_client.errors.OAuthError"
    assert_no_secret(response, events)


@pytest.mark.parametrize(
    "error", [MissingTokenError(), OAuthError("no code but a sentence")], ids=["its own", "no code"]
)
def test_what_authlib_raises_on_its_own_account_propagates(error: Exception) -> None:
    """No provider said it."""
    with pytest.raises(type(error)):
        ask("wsgi", raising(error), provider="auth0")
