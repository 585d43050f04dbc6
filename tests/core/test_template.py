"""Templates: a prepared problem document has the same bytes as a built one, whatever differs between responses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._core.context import RequestContext
from authproblem._core.normalizer import Normalizer
from authproblem._core.sender import Sender
from authproblem._core.template import PreparedProblem, can_prepare

AUTH0 = RequestContext(Sender("auth0", certain=True, endpoint="/oauth/token"))
JSON_TYPE = ("content-type", "application/json")
MFA: dict[str, Any] = {"error": "mfa_required", "error_description": "Multifactor authentication required"}
PREPARED = Normalizer()


def sent(normalizer: Normalizer, document: dict[str, Any], *headers: tuple[str, str]) -> Any:
    """Return what is sent for a 403 with this object."""
    response = normalizer.read(403, [JSON_TYPE, *headers], json.dumps(document).encode())
    return normalizer.process(response, AUTH0, "urn:uuid:1").sent


@pytest.fixture(autouse=True)
def prepare() -> None:
    """See the error twice, so that the third one is prepared."""
    for _ in range(2):
        sent(PREPARED, {**MFA, "mfa_token": "t"})


@given(st.text(max_size=80), st.sampled_from([(), (("X-Auth0-RequestId", "4ad55daa560e468bdfe1"),)]))
def test_a_prepared_document_has_the_bytes_of_a_built_one(token: str, headers: tuple[tuple[str, str], ...]) -> None:
    """Whatever the token and the request id are."""
    document = {**MFA, "mfa_token": token}
    prepared, built = sent(PREPARED, document, *headers), sent(Normalizer(), document, *headers)

    assert isinstance(prepared, PreparedProblem)
    assert not isinstance(built, PreparedProblem)
    assert built.to_bytes() == prepared.to_bytes()
    assert built == prepared.problem()


def test_a_challenge_is_not_prepared() -> None:
    """Its parameters become members, which no template has."""
    challenge = ("WWW-Authenticate", 'Bearer error="mfa_required"')

    assert not isinstance(sent(PREPARED, {**MFA, "mfa_token": "t"}, challenge), PreparedProblem)


@pytest.mark.parametrize(("document", "expected"), [(MFA, True), ({}, True), ({**MFA, "type": "x"}, False)])
def test_an_object_with_a_member_of_a_problem_cannot_be_prepared(document: dict[str, Any], expected: bool) -> None:
    """Such a member moves below `upstream`."""
    assert expected is can_prepare(document)
