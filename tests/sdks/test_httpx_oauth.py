"""httpx-oauth shows the same error behind the middleware: its exception carries the response, and so the code."""

from __future__ import annotations

import asyncio

import pytest
from httpx_oauth.clients.openid import OpenID
from httpx_oauth.exceptions import GetProfileError
from httpx_oauth.oauth2 import (
    BaseOAuth2,
    GetAccessTokenError,
    OAuth2ClientAuthMethod,
    OAuth2RequestError,
    RefreshTokenError,
)

from tests.sdks.cases import TOKEN, USERINFO, Case, by_id, row
from tests.sdks.servers import Site, failure

PATHS = {"auth0": "/oauth/token", "okta": "/oauth2/v1/token"}


def ask(site: Site, case: Case) -> object:
    url = site.origin + PATHS[case.vendor]
    # Both ways of client authentication: HTTP Basic is what makes providers send a challenge.
    method: OAuth2ClientAuthMethod = "client_secret_basic" if case.name.endswith("challenge") else "client_secret_post"
    client: BaseOAuth2[dict[str, str]] = BaseOAuth2(
        case.name, "shh", f"{site.origin}/authorize", url, url, token_endpoint_auth_method=method
    )
    if case.name == "refresh_token":
        return asyncio.run(client.refresh_token("v1.MRsTd-bbQs"))
    return asyncio.run(client.get_access_token("SplxlOBeZQQYbYS6WxSbIA", "https://app.example.com/callback"))


@pytest.mark.parametrize("case", TOKEN, ids=by_id)
def test_token_errors(case: Case, site: Site) -> None:
    """The response is in the exception."""
    error = failure(OAuth2RequestError, lambda: ask(site, case))
    assert error.response is not None
    response = error.response.json()
    kind = RefreshTokenError if case.name == "refresh_token" else GetAccessTokenError
    text = response.get("error_description") or response.get("errorSummary")
    seen = (type(error), error.response.status_code, response.get("error") or response.get("errorCode"), text)
    assert (kind, case.status, case.code, site.text(case)) == seen
    assert case.mfa_token == response.get("mfa_token")
    assert site.marks(case) == site.last.problem


@pytest.mark.parametrize("case", USERINFO, ids=by_id)
def test_profile(case: Case, site: Site) -> None:
    """The error is in the challenge, which the middleware leaves byte for byte."""
    client = OpenID("app", "shh", f"{site.origin}/.well-known/openid-configuration?vendor={case.vendor}")
    error = failure(GetProfileError, lambda: asyncio.run(client.get_profile("expired")))
    assert error.response is not None
    assert dict(case.headers)["www-authenticate"] == error.response.headers["WWW-Authenticate"]
    assert site.marks(case) == site.last.problem


def test_media_type_is_the_one_that_the_client_accepts(site: Site) -> None:
    """`application/json`."""
    failure(GetAccessTokenError, lambda: ask(site, row(TOKEN, "auth0", "wrong_password")))
    assert (site.last.accept, site.last.media_type) == ("application/json", "application/json")
