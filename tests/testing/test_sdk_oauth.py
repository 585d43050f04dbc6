"""Further OAuth clients sign in against the fakes, and fail as they would against the vendor."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import httpx
import msal  # type: ignore[import-untyped] # ships no types
import pytest
import requests
from httpx_oauth.clients.openid import OpenID
from httpx_oauth.oauth2 import GetAccessTokenError, RefreshTokenError
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from authproblem.testing import FakeAuth0, FakeOAuth, FakeOkta

SCOPE = ["openid", "offline_access"]
CALLBACK = "https://app.example.com/callback"


def test_requests_oauthlib(okta_server: tuple[FakeOkta, str]) -> None:
    """The password grant, a wrong password, and a refresh token that was used before."""
    _, url = okta_server
    token_url = f"{url}/oauth2/v1/token"
    login: dict[str, Any] = {
        "username": "ada@example.com",
        "client_secret": "shh",
        "include_client_id": True,
        "scope": SCOPE,
    }
    with OAuth2Session(client=LegacyApplicationClient("app"), scope=SCOPE) as session:
        with pytest.raises(InvalidGrantError, match="The credentials provided were invalid"):
            session.fetch_token(token_url, password="wrong", **login)
        first = session.fetch_token(token_url, password="correct horse", **login)
        assert session.get(f"{url}/oauth2/v1/userinfo").json()["email"] == "ada@example.com"
        session.refresh_token(token_url, client_id="app", client_secret="shh")
        with pytest.raises(InvalidGrantError, match="The refresh token is invalid or expired"):
            session.refresh_token(token_url, refresh_token=first["refresh_token"], client_id="app", client_secret="shh")


def test_httpx_oauth(auth0_server: tuple[FakeAuth0, str], trusted: ssl.SSLContext) -> None:
    """A code once, and a refresh token once."""
    fake, host = auth0_server
    fake.signed_in = fake.accounts.users[0]

    async def sign_in() -> None:
        client = OpenID("app", "shh", f"https://{host}/.well-known/openid-configuration", base_scopes=SCOPE)
        there = await client.get_authorization_url(CALLBACK, scope=SCOPE)
        async with httpx.AsyncClient(verify=trusted) as browser:
            response = await browser.get(there)
        code = httpx.URL(response.headers["location"]).params["code"]
        tokens = await client.get_access_token(code, CALLBACK)
        assert (await client.get_id_email(tokens["access_token"]))[1] == "ada@example.com"
        with pytest.raises(GetAccessTokenError):
            await client.get_access_token(code, CALLBACK)
        await client.refresh_token(tokens["refresh_token"])
        with pytest.raises(RefreshTokenError):
            await client.refresh_token(tokens["refresh_token"])

    asyncio.run(sign_in())


@pytest.mark.usefixtures("_trust")
def test_msal(server_context: ssl.SSLContext, bundle: Path) -> None:
    """Client credentials and a device code, by the OAuth core of Microsoft's library."""
    fake = FakeOAuth()
    fake.add_user()
    fake.interval = 1
    with fake.serve(context=server_context) as url, requests.Session() as http:
        http.verify = str(bundle)
        document = http.get(f"{url}/.well-known/openid-configuration", timeout=10).json()
        client = msal.oauth2cli.oidc.Client(document, "app", client_secret="shh", http_client=http)
        assert "access_token" in client.obtain_token_for_client(scope=["x"])
        flow = client.initiate_device_flow(scope=["openid"])
        fake.approve(flow["user_code"])
        assert client.obtain_token_by_device_flow(flow)["id_token_claims"]["email"] == "ada@example.com"
        fake.fail("oauth:invalid_client")
        assert client.obtain_token_for_client(scope=["x"])["error"] == "invalid_client"
