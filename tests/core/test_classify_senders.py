"""Who speaks: denials that a tenant makes up, and challenges that name a vendor's domain."""

from __future__ import annotations

import pytest

from authproblem import normalize
from tests.support.outcomes import JSON_TYPE, classified, problem
from tests.support.responses import Pairs


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
        ("challenge", "vendor"),
        [
            ('Bearer realm="https://dev-1.okta.com/oauth2/default"', "okta"),
            ('Bearer realm="acme.us.auth0.com"', "auth0"),
            ('Bearer realm="acme.us.auth0.com:443"', "auth0"),
            ('DPoP algs="ES256", authorization_uri="http://acme.okta.com/oauth2/v1/authorize"', "okta"),
            ('Bearer realm="users", authorization_uri="https://acme.okta.com"', "okta"),
        ],
    )
    @pytest.mark.parametrize(
        ("headers", "body"),
        [
            ([], b""),
            ([JSON_TYPE], b"{}"),
            ([JSON_TYPE], b'{"message": "no"}'),
            ([("content-type", "text/plain")], b"Unauthorized"),
        ],
    )
    def test_a_challenge_needs_no_error_to_name_the_vendor(
        self, challenge: str, vendor: str, headers: Pairs, body: bytes
    ) -> None:
        """Okta's have none where no token was sent (RFC 6750 section 3.1); the status then says what is wrong."""
        found = normalize(401, [*headers, ("www-authenticate", challenge)], body)

        assert found is not None
        assert (found.provider, found.reason, found.matched_by) == (vendor, "authentication-failed", "status")

    @pytest.mark.parametrize(
        "lines",
        [
            ['Bearer error="invalid_token", Basic realm="https://x.okta.com"'],
            ['Bearer error="invalid_token"', 'Basic realm="https://x.okta.com"'],
            ['Basic realm="https://x.okta.com"', 'Bearer error="invalid_token"'],
        ],
    )
    def test_the_error_and_the_vendor_may_be_in_two_challenges(self, lines: list[str]) -> None:
        """On one line or on two, in any order."""
        found = normalize(401, [("www-authenticate", line) for line in lines], b"")

        assert found is not None
        assert (found.provider, found.reason, found.matched_by) == ("okta", "invalid-token", "header")

    @pytest.mark.parametrize(
        ("media", "body"),
        [
            ("application/json", b'{"detail": "Not authenticated"}'),
            ("text/plain", b"Not Found"),
            ("text/plain", b"Method Not Allowed"),
            ("text/plain", b"Internal Server Error"),
            ("application/problem+json", b'{"type": "about:blank", "title": "Unauthorized"}'),
            ("text/html", b"<!doctype html><title>401 Unauthorized</title>"),
            ("text/html", b'{"detail": "Not authenticated"}'),
            ("text/plain", b"You have to sign in. " * 50),
        ],
    )
    def test_a_framework_that_names_its_tenant_in_a_challenge_keeps_its_own_error(
        self, media: str, body: bytes
    ) -> None:
        """A resource server may name its issuer: what only a framework sends is the app's own."""
        headers = [("content-type", media), ("www-authenticate", 'Bearer realm="acme.us.auth0.com"')]

        assert normalize(401, headers, body) is None

    @pytest.mark.parametrize(
        "uri",
        [
            "https://okta.com.example.org/",
            "okta.com.example.org",
            "https://example.org/acme.okta.com",
            "https://example.org?.okta.com",
            "https://example.org#.okta.com",
            "https://acme.okta.com@example.org/",
            "https://x:y@acme.okta.com",
            "ftp://acme.okta.com",
            "Sign in at okta.com",
            "https://",
            "",
        ],
    )
    def test_a_challenge_with_any_other_uri_is_no_evidence(self, uri: str) -> None:
        """A look-alike domain, a sentence or an empty value prove nothing: the response is left alone."""
        challenge = f'Bearer realm="{uri}", error="invalid_token"'

        found = normalize(401, [JSON_TYPE, ("www-authenticate", challenge)], b'{"message": "no"}')

        assert found is None
