"""Over the whole registry: no limit, outage, page or unknown code ever says that a credential is dead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem import Entry, Problem, normalize
from authproblem._client.token_endpoint import Endpoint
from authproblem._client.verdicts import CredentialDead, outcome_of
from authproblem.testing._catalog import Catalog, Variation
from tests.support.responses import Response

CATALOG = Catalog()
ENTRIES = list(CATALOG.entries())
VALUES: Any = {"origin": "https://tenant.example", "id": "id-1", "now": 1_795_435_200, "redirect_uri": "", "state": "s"}
NOT_JUDGED = (429, 500, 501, 502, 503, 504, 511)
OTHERS = (400, 401, 403, 404, 409, 422)
UNKNOWN = "made_up_code"


def sent(entry: Entry, status: int) -> Response:
    """The vendor's response for an entry, with another status."""
    found = CATALOG.response(entry, VALUES, Variation(status=status))
    return Response(status, list(found.headers), found.body)


def read(entry: Entry, response: Response, **options: Any) -> Problem | None:
    """What the response says, at an endpoint where the entry is seen."""
    endpoint = CATALOG.endpoint(entry)
    return normalize(*response, provider=entry.provider, endpoint=endpoint, method="POST", now=0, **options)


def is_dead(entry: Entry, response: Response) -> bool:
    """Whether the document or the refresh guard says so."""
    problem = read(entry, response, flow_control=True)
    registry = Endpoint.of(entry.provider, None).registry
    guarded = None if problem is None else outcome_of(registry, problem).kind
    return (problem is not None and problem.credential == "dead") or guarded is CredentialDead


@pytest.mark.parametrize("status", NOT_JUDGED)
def test_no_entry_is_dead_by_a_limit_or_an_outage(status: int) -> None:
    """Whatever code and text it carries."""
    assert [entry.id for entry in ENTRIES if is_dead(entry, sent(entry, status))] == []


@pytest.mark.parametrize("status", [400, 401, 403, 429, 503])
def test_no_page_is_dead(status: int) -> None:
    """Although it quotes the code and the text of the entry."""

    def page(entry: Entry) -> Response:
        body = b"<html><body>" + sent(entry, status).body + b"</body></html>"
        return Response(status, [("content-type", "text/html")], body)

    assert [entry.id for entry in ENTRIES if is_dead(entry, page(entry))] == []


@pytest.mark.parametrize("media", ["text/html", "application/xhtml+xml", "application/json"])
def test_no_page_is_dead_by_a_challenge_beside_it(media: str) -> None:
    """Web servers in front of a provider add challenges to pages of their own."""

    def page(entry: Entry) -> Response:
        challenge = ("www-authenticate", f'Bearer error="{entry.code}"')
        return Response(401, [("content-type", media), challenge], b"<html>")

    assert [entry.id for entry in ENTRIES if is_dead(entry, page(entry))] == []


@pytest.mark.parametrize("status", OTHERS)
def test_no_unknown_code_is_dead(status: int) -> None:
    """In the shape of every entry, without a text that is known."""
    assert [entry.id for entry in ENTRIES if is_dead(entry, unknown(entry, status, b"?"))] == []


def unknown(entry: Entry, status: int, text: bytes) -> Response:
    """The response of an entry, with a code that nobody has registered and another text."""
    found = CATALOG.response(entry, VALUES, Variation(status=status, text="~text~"))
    body = found.body.replace(b"~text~", text)
    for code in filter(None, (entry.code, entry.name)):
        for before in (b'"', b"#"):  # a value, or the end of a problem type's URL
            body = body.replace(before + code.encode() + b'"', before + UNKNOWN.encode() + b'"')
    headers = [(name, value) for name, value in found.headers if name.lower() != "www-authenticate"]
    return Response(status, headers, body)


def test_entries_are_dead_where_their_provider_documents_it() -> None:
    """The tests above could not fail otherwise."""
    dead = {entry.id for entry in ENTRIES if is_dead(entry, sent(entry, CATALOG.status(entry)))}

    assert {"oauth:invalid_grant", "okta:invalid_grant/invalid-refresh-token"} <= dead
    assert len(dead) > 20


@settings(max_examples=300, deadline=None)
@given(
    entry=st.sampled_from(ENTRIES),
    status=st.sampled_from(OTHERS + NOT_JUDGED),
    text=st.text(st.characters(codec="ascii", exclude_categories=["C"], exclude_characters='"\\'), max_size=40),
)
def test_no_unknown_code_is_dead_whatever_its_words(entry: Entry, status: int, text: str) -> None:
    """At any status."""
    assert not is_dead(entry, unknown(entry, status, text.encode()))
