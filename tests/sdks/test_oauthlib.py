"""oauthlib reads the same error from a body behind the middleware; it does no HTTP itself, so requests fetches it."""

from __future__ import annotations

import pytest
import requests
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error

from tests.sdks.cases import TOKEN, Case, by_id, row
from tests.sdks.oauthlib_errors import expected, seen
from tests.sdks.servers import WAIT, Site, failure

PATHS = {"auth0": "/oauth/token", "okta": "/oauth2/v1/token"}


def fetch(site: Site, case: Case, body: str) -> str:
    response = requests.post(
        site.origin + PATHS[case.vendor],
        data=f"{body}&client_id={case.name}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=WAIT,
    )
    return response.text


@pytest.mark.parametrize("case", TOKEN, ids=by_id)
def test_token_response(case: Case, site: Site) -> None:
    """The same exception as without the middleware."""
    client = LegacyApplicationClient(case.name)
    text = fetch(site, case, client.prepare_request_body("jane@example.com", "secret"))
    error = failure(OAuth2Error, lambda: client.parse_request_body_response(text))
    assert expected(case, site) == seen(error)
    assert site.marks(case) == site.last.problem


def test_media_type_is_what_the_client_asks_for(site: Site) -> None:
    """Requests sends `*/*`: oauthlib reads problem documents as well."""
    case = row(TOKEN, "auth0", "wrong_password")
    fetch(site, case, BackendApplicationClient(case.name).prepare_request_body())
    media_type = "application/json" if site.name == "bare" else "application/problem+json"
    assert ("*/*", media_type) == (site.last.accept, site.last.media_type)
