"""Authlib's OAuth clients show the same error behind the middleware: requests, httpx sync and httpx async."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable
from typing import Any

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuth2Client
from authlib.integrations.requests_client import OAuth2Session

from tests.sdks.cases import TOKEN, Case, by_id, row, rows
from tests.sdks.servers import Site, failure

PATHS = {"auth0": "/oauth/token", "okta": "/oauth2/v1/token"}
OAUTH = [case for case in TOKEN if case.status < 500 and "error" in case.body]
E_CODES = [case for case in rows(TOKEN, "okta") if case.status < 500 and "errorCode" in case.body]
DOWN = [case for case in TOKEN if case.status >= 500]

Ask = Callable[[Site, Case, ssl.SSLContext], Any]


def arguments(case: Case) -> dict[str, str]:
    if case.name == "refresh_token":
        return {"refresh_token": "v1.MRsTd-bbQs"}
    return {"username": "jane@example.com", "password": "secret"}


def by_requests(site: Site, case: Case, _: ssl.SSLContext) -> Any:
    with OAuth2Session(case.name, "shh") as client:
        call = client.refresh_token if case.name == "refresh_token" else client.fetch_token
        return call(site.origin + PATHS[case.vendor], **arguments(case))


def by_httpx(site: Site, case: Case, context: ssl.SSLContext) -> Any:
    with OAuth2Client(case.name, "shh", verify=context) as client:
        call = client.refresh_token if case.name == "refresh_token" else client.fetch_token
        return call(site.origin + PATHS[case.vendor], **arguments(case))


def by_async_httpx(site: Site, case: Case, context: ssl.SSLContext) -> Any:
    async def ask() -> Any:
        async with AsyncOAuth2Client(case.name, "shh", verify=context) as client:
            call = client.refresh_token if case.name == "refresh_token" else client.fetch_token
            return await call(site.origin + PATHS[case.vendor], **arguments(case))

    return asyncio.run(ask())


CLIENTS = {"requests": by_requests, "httpx": by_httpx, "async_httpx": by_async_httpx}


@pytest.fixture(params=list(CLIENTS))
def ask(request: pytest.FixtureRequest) -> Ask:
    return CLIENTS[request.param]


@pytest.mark.parametrize("case", OAUTH, ids=by_id)
def test_oauth_errors(case: Case, site: Site, ask: Ask, trusted: ssl.SSLContext) -> None:
    """The exception has no place for `mfa_token`, with the middleware or without."""
    error = failure(OAuthError, lambda: ask(site, case, trusted))
    assert (OAuthError, case.code, site.text(case)) == (type(error), error.error, error.description)
    assert site.marks(case) == site.last.problem


@pytest.mark.parametrize("case", E_CODES, ids=by_id)
def test_e_codes(case: Case, site: Site, ask: Ask, trusted: ssl.SSLContext) -> None:
    """Authlib takes a body without `error` for the token; the middleware does not make that worse."""
    token = ask(site, case, trusted)
    assert case.body == {name: token[name] for name in case.body}
    assert site.marks(case) == site.last.problem


@pytest.mark.parametrize("case", DOWN, ids=by_id)
def test_outages(case: Case, site: Site, ask: Ask, trusted: ssl.SSLContext) -> None:
    """Authlib raises the library's own exception."""
    base = next(base for base in OAuth2Client.__mro__ if base.__name__ == "Client")  # httpx's or httpx2's
    kind: type[Any] = requests.HTTPError if ask is by_requests else sys.modules[base.__module__].HTTPStatusError
    error = failure(kind, lambda: ask(site, case, trusted))
    response = error.response.json()
    assert (case.status, case.code) == (error.response.status_code, response.get("error") or response["errorCode"])
    assert site.marks(case) == site.last.problem


def test_mfa_token_is_there_for_a_compliance_hook(site: Site) -> None:
    """The documented way to read what the exception leaves out: a hook on the response of the token endpoint."""
    case = row(TOKEN, "auth0", "mfa_required")
    tokens: list[str] = []

    def keep(response: requests.Response) -> requests.Response:
        tokens.append(response.json()["mfa_token"])
        return response

    with OAuth2Session(case.name, "shh") as client:
        client.register_compliance_hook("access_token_response", keep)
        failure(OAuthError, lambda: client.fetch_token(site.origin + PATHS["auth0"], **arguments(case)))
    assert [case.mfa_token] == tokens


def test_media_type_is_the_one_that_the_client_accepts(site: Site, ask: Ask, trusted: ssl.SSLContext) -> None:
    """`application/json`."""
    failure(OAuthError, lambda: ask(site, row(TOKEN, "auth0", "wrong_password"), trusted))
    assert (site.last.accept, site.last.media_type) == ("application/json", "application/json")
