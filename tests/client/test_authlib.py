"""The Authlib adapter: through Authlib's own clients, over real HTTP, both HTTP libraries."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from authproblem.errors import AuthProblemError
from tests.client import samples
from tests.client.upstream import running
from tests.support.responses import Response, json_response

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Authlib's own deprecations are not ours
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuth2Client
    from authlib.integrations.requests_client import OAuth2Session

    from authproblem.authlib import OAuthProblemError, compliance_fix

E_CODE = samples.okta(401, "E0000011", "Invalid token provided")
HOSTS = {"127.0.0.1": "okta"}
Client = Callable[..., Any]


def by_requests(url: str, *, fixed: bool, refresh: bool = False) -> Any:
    """A token by `OAuth2Session`."""
    with OAuth2Session("id", "secret", token={"refresh_token": "rt"}) as session:
        session.trust_env = False
        if fixed:
            compliance_fix(session, hosts=HOSTS)
        return session.refresh_token(url) if refresh else session.fetch_token(url, grant_type="client_credentials")


def by_httpx(url: str, *, fixed: bool, refresh: bool = False) -> Any:
    """A token by `OAuth2Client`."""
    with OAuth2Client("id", "secret", token={"refresh_token": "rt"}) as client:
        if fixed:
            compliance_fix(client, hosts=HOSTS)
        return client.refresh_token(url) if refresh else client.fetch_token(url, grant_type="client_credentials")


def by_async_httpx(url: str, *, fixed: bool, refresh: bool = False) -> Any:
    """A token by `AsyncOAuth2Client`."""

    async def main() -> Any:
        async with AsyncOAuth2Client("id", "secret", token={"refresh_token": "rt"}) as client:
            if fixed:
                compliance_fix(client, hosts=HOSTS)
            if refresh:
                return await client.refresh_token(url)
            return await client.fetch_token(url, grant_type="client_credentials")

    return anyio.run(main)


by_client = pytest.mark.parametrize("client", [by_requests, by_httpx, by_async_httpx])


@pytest.fixture(autouse=True)
def _insecure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authlib wants TLS; the loopback has none."""
    monkeypatch.setitem(os.environ, "AUTHLIB_INSECURE_TRANSPORT", "1")


@by_client
def test_authlib_by_itself_takes_an_okta_error_for_a_token(client: Client) -> None:
    """The reason for this adapter: if this fails, Authlib has changed."""
    with running(E_CODE) as upstream:
        assert client(upstream.url + "/oauth2/v1/token", fixed=False)["errorCode"] == "E0000011"


@by_client
@pytest.mark.parametrize("refresh", [False, True])
def test_an_okta_error_is_no_token(client: Client, refresh: bool) -> None:
    """Neither when one is fetched, nor when one is refreshed."""
    with running(E_CODE) as upstream, pytest.raises(AuthProblemError) as caught:
        client(upstream.url + "/oauth2/v1/token", fixed=True, refresh=refresh)

    assert (caught.value.problem.upstream["code"], caught.value.response.status_code) == ("E0000011", 401)


@by_client
def test_is_caught_as_authlibs_own_error(client: Client) -> None:
    """Apps that catch `OAuthError` keep working, with code and sentence where they look for them."""
    refused = json_response(401, {"error": "invalid_client", "error_description": "Invalid value for 'client_id'."})

    with running(refused) as upstream, pytest.raises(OAuthError) as caught:
        client(upstream.url + "/oauth2/v1/token", fixed=True)

    assert isinstance(caught.value, OAuthProblemError)
    assert caught.value.error == "invalid_client"
    assert caught.value.description == caught.value.problem.detail
    assert str(caught.value) == "invalid-client (HTTP 401)"


@by_client
def test_reports_an_outage_with_its_hint(client: Client) -> None:
    """Authlib by itself raises the HTTP library's exception, without what the headers say."""
    with running(samples.DOWN) as upstream, pytest.raises(AuthProblemError) as caught:
        client(upstream.url + "/oauth2/v1/token", fixed=True)

    assert (caught.value.problem.reason, caught.value.problem.retry.after) == ("upstream-unavailable", 30)


@by_client
def test_leaves_a_token_alone(client: Client) -> None:
    """And so does everything healthy."""
    with running(samples.TOKEN) as upstream:
        assert client(upstream.url + "/oauth2/v1/token", fixed=True)["access_token"] == "at"


@by_client
@pytest.mark.parametrize(
    "answer", [samples.PENDING, json_response(400, {"error": "slow_down", "error_description": "x"})]
)
def test_leaves_flow_control_to_authlib(client: Client, answer: Response) -> None:
    """Polling loops look for its codes in Authlib's own exception."""
    with running(answer) as upstream, pytest.raises(OAuthError) as caught:
        client(upstream.url + "/oauth2/v1/token", fixed=True)

    assert not isinstance(caught.value, AuthProblemError)
    assert caught.value.error in {"authorization_pending", "slow_down"}
