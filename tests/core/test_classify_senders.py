"""Who speaks: denials that a tenant makes up, and challenges that name a vendor's domain."""

from __future__ import annotations

import pytest

from authproblem import normalize
from tests.support.outcomes import JSON_TYPE, classified, problem


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
    def test_an_unregistered_code_with_500_is_a_denial_at_the_token_endpoint_alone(
        self, status: int, endpoint: str | None, reason: str
    ) -> None:
        """At `/oauth/token` an Action may deny with 500; anywhere else such a response is a failure of the provider."""
        body = {"error": "painted_into_a_corner", "error_description": "Not today"}

        assert classified(status, body, provider="auth0", endpoint=endpoint)[0] == reason

    def test_a_registered_code_is_no_denial(self) -> None:
        """A code of the registry keeps its own meaning at the token endpoint."""
        body = {"error": "server_error", "error_description": "Not today"}

        assert problem(500, body, provider="auth0", endpoint="/oauth/token").owner == "upstream"
        assert classified(500, body, provider="auth0", endpoint="/oauth/token")[0] != "upstream-rejected"


class TestSenders:
    """What else proves a vendor."""

    @pytest.mark.parametrize("name", ["realm", "authorization_uri"])
    def test_a_challenge_that_names_the_vendors_domain_is_evidence(self, name: str) -> None:
        """`realm` and `authorization_uri` with an `https` URI of a vendor's domain prove that vendor."""
        challenge = f'Bearer {name}="https://acme.okta.com/oauth2/default", error="invalid_token"'
        body = {"message": "no"}

        found = problem(401, body, ("www-authenticate", challenge))

        assert (found.provider, found.reason) == ("okta", "invalid-token")

    @pytest.mark.parametrize(
        "uri", ["https://okta.com.example.org/", "http://acme.okta.com/", "acme.okta.com", "https://", ""]
    )
    def test_a_challenge_with_any_other_uri_is_no_evidence(self, uri: str) -> None:
        """A look-alike domain, `http`, a bare host name or an empty value prove nothing: the response is left alone."""
        challenge = f'Bearer realm="{uri}", error="invalid_token"'

        found = normalize(401, [JSON_TYPE, ("www-authenticate", challenge)], b'{"message": "no"}')

        assert found is None
