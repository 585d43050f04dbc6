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
    assert expected == effective_sender(read_headers(headers), declared, REGISTRY)
