"""Pages and problem documents of a provider: when they become problems, and when they are left alone."""

from __future__ import annotations

import json

import pytest

from tests.support.adapters import through
from tests.support.responses import Response

PAGE = Response(
    503, [("content-type", "text/html; charset=utf-8"), ("x-okta-request-id", "Xq1"), ("retry-after", "9")], b"<html>"
)
A0E = {"type": "https://auth0.com/api-errors#A0E-401-0003", "title": "Invalid Token", "status": 401, "detail": "x"}
by_adapter = pytest.mark.parametrize("adapter", ["asgi", "wsgi"])


@by_adapter
@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html;q=0.9"])
def test_a_page_of_a_provider_becomes_a_problem_for_an_api_client(adapter: str, accept: str | None) -> None:
    """JSON parsers of SDKs break on the pages of CDNs and web servers."""
    got = through(adapter, PAGE, headers=[("accept", accept)] if accept else None)

    assert got.status == 503
    assert got.document()["reason"] == "upstream-unavailable"
    assert got.document()["retry"]["after"] == 9


@by_adapter
@pytest.mark.parametrize(
    "accept", ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html", "text/*, */*;q=0.1"]
)
def test_a_browser_keeps_the_page_that_it_navigates_to(adapter: str, accept: str) -> None:
    """It prefers HTML to JSON."""
    assert through(adapter, PAGE, headers=[("accept", accept)]).body == PAGE.body


@by_adapter
def test_a_page_of_an_uncertain_sender_is_left_alone(adapter: str) -> None:
    """It is the app's own."""
    page = Response(503, [("content-type", "text/html")], b"<html>")

    assert through(adapter, page, headers=[("accept", "application/json")]).body == page.body


@by_adapter
def test_a_problem_document_of_my_account_is_read(adapter: str) -> None:
    """It is Auth0's own, whatever media type it has."""
    sent = Response(401, [("content-type", "application/problem+json")], json.dumps(A0E).encode())

    assert through(adapter, sent).document()["reason"] == "invalid-token"


@by_adapter
@pytest.mark.parametrize("type_", ["about:blank", "https://example.com/problems#x", 7, None])
def test_any_other_problem_document_is_left_alone(adapter: str, type_: object) -> None:
    """An app's own problems are its own business, under a provider's header too."""
    body = json.dumps({**A0E, "type": type_, "error": "invalid_grant"}).encode()
    sent = Response(401, [("content-type", "application/problem+json"), ("x-auth0-requestid", "4ad55")], body)

    assert through(adapter, sent).body == body
