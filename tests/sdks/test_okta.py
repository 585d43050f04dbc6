"""okta's SDK shows the same error behind the middleware: API token, private key JWT, and DPoP with its nonces.

It reads a body only if the media type is exactly `application/json`, so this client shows whether negotiation holds.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from typing import Any

import aiohttp
import pytest
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from okta.client import Client
from okta.errors.okta_api_error import OktaAPIError
from okta.jwt import JWT
from okta.request_executor import RequestExecutor

from tests.sdks.cases import API, TOKEN, Case, by_id, rows
from tests.sdks.provider import RESET
from tests.sdks.servers import Site

Call = Callable[[Client], Awaitable[Any]]


@pytest.fixture(scope="session")
def key() -> str:
    """A private key for the client's assertions."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture(scope="module", autouse=True)
def _keys_are_made_once() -> Iterator[None]:
    """Reading and making RSA keys costs the SDK most of its time: the tests share what it reads and makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JWT, "get_PEM_JWK", cache(JWT.get_PEM_JWK))
        patch.setattr("okta.dpop.RSA.generate", cache(RSA.generate))
        yield


def get_user(client: Client) -> Awaitable[Any]:
    return client.get_user("me")


def run(site: Site, context: ssl.SSLContext, call: Call, **config: Any) -> tuple[Any, Any]:
    """What a call gives: its result and its error."""

    async def ask() -> tuple[Any, Any]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            client = Client({"orgUrl": site.origin, "rateLimit": {"maxRetries": 0}, **config})
            client.get_request_executor().set_session(session)
            response = await call(client)
            return response[0], response[-1]

    return asyncio.run(ask())


def private_key(case_name: str, key: str, **more: Any) -> dict[str, Any]:
    return {
        "authorizationMode": "PrivateKey",
        "clientId": case_name,
        "scopes": ["okta.users.read"],
        "privateKey": key,
        **more,
    }


@pytest.mark.parametrize("case", rows(API, "okta"), ids=by_id)
def test_api(case: Case, site: Site, trusted: ssl.SSLContext) -> None:
    """The same error with the same fields as without the middleware."""
    _, error = run(site, trusted, get_user, token=case.name)
    seen = (type(error), error.status, error.error_code, error.error_summary, error.error_causes)
    assert (OktaAPIError, case.status, case.code, site.text(case), case.body["errorCauses"]) == seen
    assert site.marks(case) == site.last.problem


@pytest.mark.parametrize("case", rows(TOKEN, "okta"), ids=by_id)
def test_token(case: Case, site: Site, key: str, trusted: ssl.SSLContext) -> None:
    """An OAuth error comes as the SDK's own exception, which has no place for `mfa_token`."""
    _, error = run(site, trusted, get_user, **private_key(case.name, key))
    assert (OktaAPIError, case.status, case.code, site.text(case)) == (
        type(error),
        error.status,
        error.error_code,
        error.error_summary,
    )
    assert site.marks(case) == site.last.problem


def test_dpop_nonces(site: Site, key: str, trusted: ssl.SSLContext) -> None:
    """The token endpoint and the API each ask for a nonce of theirs; the SDK repeats each request once and succeeds."""
    user, error = run(site, trusted, get_user, **private_key("dpop", key, dpopEnabled=True))
    assert (error, user.id) == (None, "00ub0oNGTSWTBKOLGLNR")
    assert [(each.status, each.problem) for each in site.exchanges] == [
        (400, None),
        (200, None),
        (401, None),
        (200, None),
    ]


@pytest.mark.parametrize("case", rows(API, "okta", "E0000047"), ids=by_id)
def test_retries_after_the_limit_resets(
    case: Case, site: Site, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK counts from `X-Rate-Limit-Reset` and `Date`; both are still there."""
    waits: list[float] = []

    async def pause(_: RequestExecutor, seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(RequestExecutor, "pause_for_backoff", pause)
    _, error = run(site, trusted, get_user, token=case.name, rateLimit={"maxRetries": 1})
    assert (case.code, [RESET + 1], 2) == (error.error_code, waits, len(site.exchanges))


def test_media_type_is_the_one_that_the_client_accepts(site: Site, trusted: ssl.SSLContext) -> None:
    """`application/json`."""
    run(site, trusted, get_user, token="E0000007")
    assert (site.last.accept, site.last.media_type) == ("application/json", "application/json")
