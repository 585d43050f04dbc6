"""oauthlib reads the same error from a body behind the middleware; it does no HTTP itself, so requests fetches it."""

from __future__ import annotations

import pytest
import requests
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, OAuth2Error

from tests.sdks.cases import TOKEN, Case, by_id, row
from tests.sdks.oauthlib_errors import expected, seen
from tests.sdks.servers import WAIT, Door, failure

PATHS = {"auth0": "/oauth/token", "okta": "/oauth2/v1/token"}


def fetch(door: Door, case: Case, body: str) -> str:
    answer = requests.post(
        door.origin + PATHS[case.vendor],
        data=f"{body}&client_id={case.name}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=WAIT,
    )
    return answer.text


@pytest.mark.parametrize("case", TOKEN, ids=by_id)
def test_token_response(case: Case, door: Door) -> None:
    client = LegacyApplicationClient(case.name)
    text = fetch(door, case, client.prepare_request_body("jane@example.com", "secret"))
    error = failure(OAuth2Error, lambda: client.parse_request_body_response(text))
    assert expected(case, door) == seen(error)
    assert door.marks(case) == door.last.problem


def test_media_type_is_what_the_client_asks_for(door: Door) -> None:
    """Requests sends `*/*`: oauthlib reads problem documents as well."""
    case = row(TOKEN, "auth0", "wrong_password")
    fetch(door, case, BackendApplicationClient(case.name).prepare_request_body())
    media_type = "application/json" if door.name == "bare" else "application/problem+json"
    assert ("*/*", media_type) == (door.last.accept, door.last.media_type)
