"""Who speaks: denials that a tenant makes up, and challenges that name a vendor's domain."""

from __future__ import annotations

import pytest

from authproblem import normalize
from tests.support.said import JSON_TYPE, problem, said


class TestDenials:
    """Codes that an Action of the tenant has made up."""

    @pytest.mark.parametrize(
        ("status", "endpoint", "reason"),
        [
            (500, "/oauth/token", "upstream-rejected"),
            (500, "/api/v2/users", "upstream-error"),
            (500, None, "upstream-error"),
        ],
    )
    def test_a_denial_is_sent_as_a_failure_of_the_token_endpoint(
        self, status: int, endpoint: str | None, reason: str
    ) -> None:
        body = {"error": "painted_into_a_corner", "error_description": "Not today"}

        assert said(status, body, provider="auth0", endpoint=endpoint)[0] == reason

    def test_a_registered_code_is_no_denial(self) -> None:
        body = {"error": "server_error", "error_description": "Not today"}

        assert problem(500, body, provider="auth0", endpoint="/oauth/token").owner == "upstream"
        assert said(500, body, provider="auth0", endpoint="/oauth/token")[0] != "upstream-rejected"


class TestSenders:
    """What else proves a vendor."""

    @pytest.mark.parametrize("name", ["realm", "authorization_uri"])
    def test_a_challenge_that_names_the_vendors_domain_is_evidence(self, name: str) -> None:
        challenge = f'Bearer {name}="https://acme.okta.com/oauth2/default", error="invalid_token"'
        body = {"message": "no"}

        found = problem(401, body, ("www-authenticate", challenge))

        assert (found.provider, found.reason) == ("okta", "invalid-token")

    @pytest.mark.parametrize(
        "uri", ["https://okta.com.example.org/", "http://acme.okta.com/", "acme.okta.com", "https://", ""]
    )
    def test_any_other_place_is_not(self, uri: str) -> None:
        challenge = f'Bearer realm="{uri}", error="invalid_token"'

        found = normalize(401, [JSON_TYPE, ("www-authenticate", challenge)], b'{"message": "no"}')

        assert found is None or found.provider != "okta"
