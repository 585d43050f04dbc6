"""msal's oauth2cli shows the same error behind the middleware: it returns the body, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from msal.oauth2cli.oauth2 import Client  # type: ignore[import-untyped] # ships no types

from tests.sdks.cases import TOKEN, Case, by_id, row
from tests.sdks.servers import Site, failure

ENDPOINTS = {
    "auth0": {"token_endpoint": "/oauth/token", "device_authorization_endpoint": "/oauth/device/code"},
    "okta": {"token_endpoint": "/oauth2/v1/token", "device_authorization_endpoint": "/oauth2/v1/device/authorize"},
}


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


def client(site: Site, vendor: str, name: str, session: requests.Session) -> Any:
    endpoints = {key: site.origin + path for key, path in ENDPOINTS[vendor].items()}
    return Client(endpoints, name, http_client=session, client_secret="shh")


def ask(site: Site, case: Case, session: requests.Session) -> dict[str, Any]:
    asking = client(site, case.vendor, case.name, session)
    if case.name == "refresh_token":
        response: dict[str, Any] = asking.obtain_token_by_refresh_token("v1.MRsTd-bbQs")
    else:
        response = asking.obtain_token_by_username_password("jane@example.com", "secret")
    return response


@pytest.mark.parametrize("case", [case for case in TOKEN if case.status < 500], ids=by_id)
def test_token_errors(case: Case, site: Site, session: requests.Session) -> None:
    """All members that the provider sent are there, `mfa_token` among them."""
    response = ask(site, case, session)
    assert case.body == {name: response.get(name) for name in case.body}
    assert site.marks(case) == site.last.problem


@pytest.mark.parametrize("case", [case for case in TOKEN if case.status >= 500], ids=by_id)
def test_outages(case: Case, site: Site, session: requests.Session) -> None:
    """The library raises the exception of requests."""
    error = failure(requests.HTTPError, lambda: ask(site, case, session))
    response = error.response.json()
    assert (case.status, case.code) == (error.response.status_code, response.get("error") or response["errorCode"])
    assert site.marks(case) == site.last.problem


@pytest.mark.filterwarnings("ignore:Attempted too soon")  # for the client's naps do not last
@pytest.mark.parametrize("vendor", list(ENDPOINTS))
def test_device_polling_continues(
    vendor: str, site: Site, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pending, too fast, done: the client keeps its pace, slows down by 5 seconds, and gets its token."""
    naps: list[float] = []
    monkeypatch.setattr("msal.oauth2cli.oauth2.time.sleep", naps.append)
    asking = client(site, vendor, "device", session)
    response = asking.obtain_token_by_device_flow(asking.initiate_device_flow())
    interval = 1
    assert ("granted-Bearer", [1] * (interval + interval + 5)) == (response["access_token"], naps)
    statuses = {"auth0": [200, 403, 429, 200], "okta": [200, 400, 400, 200]}[vendor]
    assert [(status, None) for status in statuses] == [(each.status, each.problem) for each in site.exchanges]


def test_media_type_is_the_one_that_the_client_accepts(site: Site, session: requests.Session) -> None:
    """`application/json`."""
    ask(site, row(TOKEN, "auth0", "wrong_password"), session)
    assert (site.last.accept, site.last.media_type) == ("application/json", "application/json")
