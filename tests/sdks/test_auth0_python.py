"""auth0-python shows the same error behind the middleware: authentication (requests) and management (httpx)."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from auth0.authentication import Database, GetToken, Passwordless, Users
from auth0.authentication.exceptions import Auth0Error, RateLimitError
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError
from auth0.management.errors import (
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorizedError,
)

from tests.sdks.cases import API, PASSWORDLESS, SIGNUP, TOKEN, USERINFO, Case, by_id, row, rows
from tests.sdks.provider import RESET
from tests.sdks.servers import Site, failure

GRANTS: dict[str, Callable[[GetToken], Any]] = {
    "refresh_token": lambda client: client.refresh_token("v1.MRsTd-bbQs"),
    "dpop": lambda client: client.client_credentials("https://api.example.com"),
    "pending": lambda client: client.backchannel_login("eyJh"),
    "slow_down": lambda client: client.backchannel_login("eyJh"),
}
MANAGEMENT_ERRORS = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    429: TooManyRequestsError,
}


def log_in(client: GetToken) -> Any:
    return client.login("jane@example.com", "secret", realm="Username-Password-Authentication")


@pytest.mark.parametrize("case", rows(TOKEN, "auth0"), ids=by_id)
def test_get_token(case: Case, site: Site) -> None:
    """The same exception with the same fields as without the middleware."""
    client = GetToken(site.host, case.name, client_secret="shh")
    error = failure(Auth0Error, lambda: GRANTS.get(case.name, log_in)(client))
    expected = (RateLimitError if case.status == 429 else Auth0Error, case.status, case.code, site.text(case))
    assert expected == (type(error), error.status_code, error.error_code, error.message)
    assert site.marks(case) == site.last.problem


def test_get_token_keeps_what_a_second_factor_needs(site: Site) -> None:
    """`mfa_token` and what may be required."""
    case = row(TOKEN, "auth0", "mfa_required")
    error = failure(Auth0Error, lambda: log_in(GetToken(site.host, case.name, client_secret="shh")))
    assert error.content is not None
    expected = (case.mfa_token, case.body["mfa_requirements"])
    assert expected == (error.content["mfa_token"], error.content["mfa_requirements"])


def test_get_token_has_the_reset_of_a_limit(site: Site) -> None:
    """The SDK reads the vendor's header."""
    now = int(time.time())
    error = failure(Auth0Error, lambda: log_in(GetToken(site.host, "rate_limited", client_secret="shh")))
    assert isinstance(error, RateLimitError)
    assert now + RESET <= error.reset_at <= time.time() + RESET


def test_get_token_finds_the_dpop_nonce(site: Site) -> None:
    """It is in a header that stays."""
    case = row(TOKEN, "auth0", "dpop")
    error = failure(
        Auth0Error,
        lambda: GetToken(site.host, case.name, client_secret="shh").client_credentials("https://api.example.com"),
    )
    assert error.headers is not None
    assert dict(case.headers)["dpop-nonce"] == error.headers["DPoP-Nonce"]


@pytest.mark.parametrize("case", SIGNUP, ids=by_id)
def test_sign_up(case: Case, site: Site) -> None:
    """The client never reads `description`, so the text is the object's `message`, or nothing."""
    database = Database(site.host, case.name)
    error = failure(
        Auth0Error, lambda: database.signup("jane@example.com", "secret", "Username-Password-Authentication")
    )
    expected = (Auth0Error, case.status, case.code, case.body.get("message", ""))
    assert expected == (type(error), error.status_code, error.error_code, error.message)
    assert site.marks(case) == site.last.problem


@pytest.mark.parametrize("case", PASSWORDLESS, ids=by_id)
def test_passwordless(case: Case, site: Site) -> None:
    """The same exception with the same fields as without the middleware."""
    error = failure(Auth0Error, lambda: Passwordless(site.host, case.name).sms("+491701234567"))
    expected = (RateLimitError if case.status == 429 else Auth0Error, case.status, case.code, case.text)
    assert expected == (type(error), error.status_code, error.error_code, error.message)
    assert site.marks(case) == site.last.problem


@pytest.fixture
def http(trusted: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(verify=trusted) as client:
        yield client


def test_user_info(site: Site) -> None:
    """The client reads no `WWW-Authenticate`: bare it shows the status phrase, behind the middleware code and text."""
    error = failure(Auth0Error, lambda: Users(site.host).userinfo("expired"))
    bare = ("a0.sdk.internal.unknown", "Unauthorized")
    expected = bare if site.name == "bare" else ("invalid_token", "The token has expired")
    assert (Auth0Error, 401, *expected) == (type(error), error.status_code, error.error_code, error.message)
    assert site.marks(row(USERINFO, "auth0", "userinfo")) == site.last.problem


def management(site: Site, token: str, http: httpx.Client) -> ManagementClient:
    return ManagementClient(domain=site.host, token=token, httpx_client=http)


@pytest.mark.parametrize("case", rows(API, "auth0"), ids=by_id)
def test_management(case: Case, site: Site, http: httpx.Client) -> None:
    """The class of the exception follows the status."""
    client = management(site, case.name, http)
    error = failure(ApiError, lambda: client.users.get("auth0|1", request_options={"max_retries": 0}))
    assert (MANAGEMENT_ERRORS.get(case.status, ApiError), case.status) == (type(error), error.status_code)
    assert {**case.body, "message": site.text(case)} == {name: error.body.get(name) for name in case.body}
    assert site.marks(case) == site.last.problem


def test_management_waits_for_the_reset(site: Site, http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own reading of the reset header and the middleware's `Retry-After` agree."""
    waits: list[float] = []
    monkeypatch.setattr("auth0.management.core.http_client.time.sleep", waits.append)
    client = management(site, "global_limit", http)
    failure(TooManyRequestsError, lambda: client.users.get("auth0|1", request_options={"max_retries": 1}))
    (wait,) = waits
    assert RESET - 2 < wait <= RESET * 1.2  # the client adds up to a fifth, so that not all come back at once


def test_management_without_a_token_of_its_own(site: Site) -> None:
    """The client credentials are refused: httpx's error, whose response still has the code."""
    case = row(TOKEN, "auth0", "invalid_client")
    client = ManagementClient(domain=site.host, client_id=case.name, client_secret="shh")
    response = failure(httpx.HTTPStatusError, lambda: client.users.get("auth0|1")).response
    assert (case.status, case.code, case.text) == (
        response.status_code,
        response.json()["error"],
        response.json()["error_description"],
    )
    assert site.marks(case) == site.last.problem


def test_media_type_is_what_the_clients_accept(site: Site, http: httpx.Client) -> None:
    """Both send `Accept: */*` and read any type."""
    failure(Auth0Error, lambda: log_in(GetToken(site.host, "wrong_password", client_secret="shh")))
    failure(NotFoundError, lambda: management(site, "inexistent_user", http).users.get("auth0|1"))
    expected = "application/json" if site.name == "bare" else "application/problem+json"
    assert [("*/*", expected)] * 2 == [(each.accept, each.media_type) for each in site.exchanges]
