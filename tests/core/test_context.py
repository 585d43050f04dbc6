"""The request of a response, and who sent it as far as that is known without the body."""

from __future__ import annotations

import pytest

from authproblem._core.context import RequestContext, effective_sender
from authproblem._core.sender import UNKNOWN, Sender
from tests.support.core import REGISTRY, read_headers

OKTA = ("X-Okta-Request-Id", "r")
AUTH0 = ("X-Auth0-RequestId", "r")


def test_the_endpoint_is_the_senders() -> None:
    """And the look-up of its surfaces has not been used yet."""
    context = RequestContext(Sender("okta", endpoint="/api/v1/authn"))
    surfaces = context.surfaces(REGISTRY)

    assert (context.endpoint, surfaces.endpoint, surfaces.consulted) == ("/api/v1/authn", "/api/v1/authn", False)


@pytest.mark.parametrize(
    ("headers", "declared", "expected"),
    [
        ([], UNKNOWN, UNKNOWN),
        ([OKTA], UNKNOWN, Sender("okta", certain=True)),
        ([OKTA], Sender("auth0", endpoint="/a"), Sender("okta", certain=True, endpoint="/a")),
        ([OKTA], Sender("auth0", certain=True), Sender("auth0", certain=True)),
        ([AUTH0, OKTA], UNKNOWN, Sender("okta", certain=True)),
    ],
)
def test_a_providers_header_proves_it_unless_the_app_is_certain(
    headers: list[tuple[str, str]], declared: Sender, expected: Sender
) -> None:
    """A gateway in front may add headers of its own provider; the app's declaration wins."""
    assert expected == effective_sender(400, read_headers(headers), declared, REGISTRY)


@pytest.mark.parametrize("status", [200, 302, 399])
def test_a_challenge_names_the_sender_of_an_error_only(status: int) -> None:
    """A redirect of the app's own may carry one as well."""
    headers = read_headers([("WWW-Authenticate", 'Bearer realm="https://acme.okta.com"')])

    assert effective_sender(status, headers, UNKNOWN, REGISTRY) == UNKNOWN
    assert effective_sender(400, headers, UNKNOWN, REGISTRY).provider == "okta"
