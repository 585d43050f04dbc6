"""okta (PyPI) and Authlib against the fake: they sign in, call the API, and fail as they would against Okta."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import httpx
import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from okta.client import Client
from okta.request_executor import RequestExecutor

from authproblem.testing import Clock, FakeOkta

Served = tuple[FakeOkta, str]
CALLBACK = "https://app.example.com/callback"


def run(url: str, trusted: ssl.SSLContext, call: Callable[[Client], Awaitable[Any]], **config: Any) -> tuple[Any, Any]:
    """What a call gives: its result and its error."""

    async def ask() -> tuple[Any, Any]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
            client = Client({"orgUrl": url, "rateLimit": {"maxRetries": 0}, "token": "t", **config})
            client.get_request_executor().set_session(session)
            response = await call(client)
            return response[0], response[-1]

    return asyncio.run(ask())


def test_users_and_factors(okta_server: Served, trusted: ssl.SSLContext) -> None:
    """By the okta package."""
    fake, url = okta_server
    user = fake.accounts.users[0]
    user.factors = ("otp", "sms")
    found, error = run(url, trusted, lambda client: client.get_user(user.email))
    assert (error, found.id, found.profile.email) == (None, user.id, user.email)
    factors, error = run(url, trusted, lambda client: client.list_factors(user.id))
    assert (error, len(factors)) == (None, 2)
    _, error = run(url, trusted, lambda client: client.get_user("nobody@example.com"))
    assert (error.status, error.error_code) == (404, "E0000007")


@pytest.mark.slow
def test_private_key_and_dpop_with_its_nonces(okta_server: Served, trusted: ssl.SSLContext) -> None:
    """The SDK requests a token with an assertion, gets a demand for a nonce, and repeats."""
    fake, url = okta_server
    fake.dpop_nonce = "nonce-1"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    config = {"authorizationMode": "PrivateKey", "clientId": "app", "scopes": ["okta.users.read"], "privateKey": key}
    users, error = run(url, trusted, lambda client: client.list_users(), **config, dpopEnabled=True)
    assert (error, [user.profile.login for user in users]) == (None, ["ada@example.com"])
    statuses = [e.response.status for e in fake.exchanges if e.request.path == "/oauth2/v1/token"]
    assert statuses == [400, 200]


def test_the_sdk_waits_until_the_limit_resets(
    okta_server: Served, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits as long as the test sets, counted by the fake's own clock."""
    fake, url = okta_server
    fake.clock = Clock(frozen=True)
    waits: list[float] = []

    async def pause(_: RequestExecutor, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(RequestExecutor, "pause_for_backoff", pause)
    fake.fail_next("okta:E0000047", retry_after=17)
    _, error = run(url, trusted, lambda client: client.get_user("me"), rateLimit={"maxRetries": 1})
    assert (error, waits) == (None, [17])


def test_authlib_signs_in_by_code(okta_server: Served, trusted: ssl.SSLContext) -> None:
    """PKCE, a custom authorization server, and a refresh."""
    fake, url = okta_server
    fake.signed_in = fake.accounts.users[0]
    server = f"{url}/oauth2/default/v1"
    with OAuth2Client(
        "app", redirect_uri=CALLBACK, scope="openid offline_access", code_challenge_method="S256", verify=trusted
    ) as client:
        verifier = "x" * 48
        there, state = client.create_authorization_url(f"{server}/authorize", code_verifier=verifier)
        location = httpx.get(there, verify=trusted, follow_redirects=False).headers["location"]
        tokens = client.fetch_token(
            f"{server}/token", authorization_response=location, state=state, code_verifier=verifier
        )
        assert client.get(f"{server}/userinfo").json()["email"] == "ada@example.com"
        fresh = client.refresh_token(f"{server}/token", tokens["refresh_token"])
        assert fresh["access_token"] != tokens["access_token"]
        with pytest.raises(OAuthError, match="The refresh token is invalid or expired"):
            client.refresh_token(f"{server}/token", tokens["refresh_token"])


def test_authlib_with_a_wrong_verifier(okta_server: Served, trusted: ssl.SSLContext) -> None:
    """PKCE is checked."""
    fake, url = okta_server
    fake.signed_in = fake.accounts.users[0]
    with OAuth2Client("app", redirect_uri=CALLBACK, code_challenge_method="S256", verify=trusted) as client:
        there, state = client.create_authorization_url(f"{url}/oauth2/v1/authorize", code_verifier="x" * 48)
        location = httpx.get(there, verify=trusted, follow_redirects=False).headers["location"]
        with pytest.raises(OAuthError, match="PKCE verification failed"):
            client.fetch_token(
                f"{url}/oauth2/v1/token", authorization_response=location, state=state, code_verifier="y" * 48
            )


def test_authn_with_a_second_factor() -> None:
    """MFA_REQUIRED, a wrong code, a push that waits, and the session token in the end."""
    fake = FakeOkta()
    fake.add_user(factors=("otp", "push"))
    with httpx.Client(transport=fake.transport(), base_url="https://example.okta.com") as client:
        begun = client.post("/api/v1/authn", json={"username": "ada@example.com", "password": "correct horse"}).json()
        assert (begun["status"], len(begun["_embedded"]["factors"])) == ("MFA_REQUIRED", 2)
        step = {"stateToken": begun["stateToken"]}
        totp, push = (f"/api/v1/authn/factors/{f['id']}/verify" for f in begun["_embedded"]["factors"])
        wrong = client.post(totp, json={**step, "passCode": "000000"})
        assert (wrong.status_code, wrong.json()["errorCode"]) == (403, "E0000068")
        assert client.post(push, json=step).json()["factorResult"] == "WAITING"
        fake.approve(begun["stateToken"])
        done = client.post(push, json=step).json()
        assert done["status"] == "SUCCESS"
        session = client.post("/api/v1/sessions", json={"sessionToken": done["sessionToken"]})
        assert session.json()["login"] == "ada@example.com"


@pytest.mark.parametrize("shown", [False, True])
def test_a_locked_account(shown: bool) -> None:
    """E0000004 as for any wrong password, or the state where the org shows lockouts."""
    fake = FakeOkta()
    fake.show_lockout = shown
    fake.add_user(locked=True)
    with httpx.Client(transport=fake.transport(), base_url="https://example.okta.com") as client:
        response = client.post("/api/v1/authn", json={"username": "ada@example.com", "password": "correct horse"})
    seen = (response.status_code, response.json().get("status"), response.json().get("errorCode"))
    assert seen == ((200, "LOCKED_OUT", None) if shown else (401, None, "E0000004"))
