"""Responses of the providers, as the tests of client integrations need them: one for each decision."""

from __future__ import annotations

from tests.support.responses import Response, json_response

REQUEST_ID = ("x-okta-request-id", "reqVy8wsVectorExample00")


def okta(status: int, code: str, summary: str, *headers: tuple[str, str]) -> Response:
    """An error of an Okta API."""
    document = {"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae0", "errorCauses": []}
    return json_response(status, document, REQUEST_ID, *headers)


def limited(*headers: tuple[str, str]) -> Response:
    """Okta's rate limit."""
    return okta(429, "E0000047", "API call exceeded rate limit due to too many requests.", *headers)


DENIED = okta(401, "E0000004", "Authentication failed")
"""A wrong password."""
LIMITED = limited(("retry-after", "30"))
"""A rate limit with a wait."""
NOT_NAMED = limited()
"""A rate limit without a wait of the provider's own."""
BRUTE_FORCE = json_response(
    429,
    {
        "error": "too_many_attempts",
        "error_description": "Your account has been blocked after multiple consecutive login attempts. "
        "We've sent you a notification via your preferred contact method with instructions on how to unblock it.",
    },
    ("retry-after", "30"),
    ("x-ratelimit-limit", "10"),
    ("x-ratelimit-remaining", "0"),
)
"""Auth0's attack protection, with the headers of a rate limit."""
DOWN = Response(503, [("content-type", "text/plain"), ("retry-after", "30")], b"Service Unavailable")
"""An outage that says when it will be over."""
NONCE = json_response(
    400,
    {"error": "use_dpop_nonce", "error_description": "Authorization server requires nonce in DPoP proof"},
    ("dpop-nonce", "eyJ7S_zG.eyJH0-Z.HX4w-7v"),
)
"""A DPoP nonce is required (RFC 9449 section 8)."""
PENDING = json_response(400, {"error": "authorization_pending", "error_description": "User has yet to authorize."})
"""Polling continues (RFC 8628 section 3.5)."""
TOKEN = json_response(200, {"access_token": "at", "token_type": "Bearer", "expires_in": 3600})
"""A token."""
STRANGER = json_response(404, {"detail": "no such thing"})
"""An error without a sign of its sender."""
