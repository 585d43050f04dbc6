"""requests-oauthlib shows the same error behind the middleware: password, client credentials and refresh grants."""

from __future__ import annotations

from typing import Any

import pytest
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session

from tests.sdks.cases import TOKEN, Case, by_id, row
from tests.sdks.oauthlib_errors import expected, seen
from tests.sdks.servers import Site, failure

PATHS = {"auth0": "/oauth/token", "okta": "/oauth2/v1/token"}


def ask(site: Site, case: Case) -> Any:
    url = site.origin + PATHS[case.vendor]
    if case.name == "refresh_token":
        with OAuth2Session(case.name) as session:
            return session.refresh_token(url, "v1.MRsTd-bbQs", auth=(case.name, "shh"))
    if case.name.startswith("invalid_client"):
        with OAuth2Session(client=BackendApplicationClient(case.name)) as session:
            return session.fetch_token(url, client_secret="shh")
    with OAuth2Session(client=LegacyApplicationClient(case.name)) as session:
        return session.fetch_token(url, username="jane@example.com", password="secret", client_secret="shh")


@pytest.mark.parametrize("case", TOKEN, ids=by_id)
def test_token_errors(case: Case, site: Site) -> None:
    """An E-code at the token endpoint was lost before, and still is."""
    error = failure(OAuth2Error, lambda: ask(site, case))
    assert expected(case, site) == seen(error)
    assert site.marks(case) == site.last.problem


def test_mfa_token_is_there_for_a_compliance_hook(site: Site) -> None:
    """The exception has no place for it; a hook on the token response is the documented way."""
    case = row(TOKEN, "auth0", "mfa_required")
    tokens: list[str] = []

    def keep(response: Any) -> Any:
        tokens.append(response.json()["mfa_token"])
        return response

    with OAuth2Session(client=LegacyApplicationClient(case.name)) as session:
        session.register_compliance_hook("access_token_response", keep)
        url = site.origin + PATHS["auth0"]
        failure(OAuth2Error, lambda: session.fetch_token(url, username="jane@example.com", password="secret"))
    assert [case.mfa_token] == tokens


def test_media_type_is_the_one_that_the_client_accepts(site: Site) -> None:
    """`application/json`."""
    failure(OAuth2Error, lambda: ask(site, row(TOKEN, "okta", "wrong_password")))
    assert (site.last.accept, site.last.media_type) == ("application/json", "application/json")
