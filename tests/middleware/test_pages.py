"""Pages and problem documents of a provider: when they become problems, and when they are left alone."""

from __future__ import annotations

import json
from typing import Any

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


OKTA = ("x-okta-request-id", "Xq1")
SCOPES = ("www-authenticate", 'Bearer error="insufficient_scope", scope="okta.users.read"')
PAGES = {
    "xhtml": Response(503, [("content-type", "application/xhtml+xml"), OKTA], b"<?xml version='1.0'?><html/>"),
    "labeled-json": Response(503, [("content-type", "application/json"), OKTA], b"\xef\xbb\xbf\n<!DOCTYPE html><p>no"),
    "unlabeled": Response(503, [OKTA], b"<html>no</html>"),
    "long-text": Response(503, [("content-type", "text/plain"), OKTA], b"x" * 1200),
    "long-text-404": Response(404, [("content-type", "text/plain; charset=utf-8"), OKTA], b"x" * 513),
    "html-with-challenge": Response(403, [("content-type", "text/html"), OKTA, SCOPES], b"<html>"),
    "text-with-challenge": Response(403, [("content-type", "text/plain"), OKTA, SCOPES], b"x" * 513),
}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@by_adapter
@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("options", [{}, {"media_type": "problem"}])
def test_whether_a_page_stays_depends_on_accept_and_the_response_says_so(
    adapter: str, kind: str, options: dict[str, Any]
) -> None:
    """What a browser shows as a page stays for it, and becomes a problem for an API client; caches keep them apart."""
    page = PAGES[kind]
    kept = through(adapter, page, headers=[("accept", BROWSER)], **options)
    replaced = through(adapter, page, headers=[("accept", "application/json")], **options)

    assert (kept.status, kept.body, kept.lines("vary")) == (page.status, page.body, ["Accept"])
    assert [value for name, value in kept.headers if name.lower() != "vary"] == [value for _, value in page.headers]
    assert replaced.document()["status"] == page.status
    assert replaced.lines("vary") == ["Accept"]


@by_adapter
def test_a_page_that_varies_by_accept_already_does_not_say_it_twice(adapter: str) -> None:
    """In whatever spelling."""
    page = PAGE._replace(headers=[*PAGE.headers, ("Vary", "Origin, accept")])

    assert through(adapter, page, headers=[("accept", BROWSER)]).lines("vary") == ["Origin, accept"]


@by_adapter
def test_a_dry_run_adds_nothing_to_a_page(adapter: str) -> None:
    """It changes no response."""
    assert through(adapter, PAGE, headers=[("accept", BROWSER)], mode="observe").lines("vary") == []


@by_adapter
@pytest.mark.parametrize("length", [12, 512])
def test_a_short_text_becomes_a_problem_for_a_browser_too(adapter: str, length: int) -> None:
    """It is an error message, and no page."""
    text = Response(503, [("content-type", "text/plain"), OKTA], b"x" * length)

    assert through(adapter, text, headers=[("accept", BROWSER)]).document()["reason"] == "upstream-unavailable"


@by_adapter
@pytest.mark.parametrize("media", ["text/html", "application/xhtml+xml", "text/plain", "application/json"])
def test_the_error_of_a_challenge_counts_beside_a_page(adapter: str, media: str) -> None:
    """The status alone would say less."""
    page = Response(403, [("content-type", media), OKTA, SCOPES], b"<html>no</html>")

    found = through(adapter, page, headers=[("accept", "application/json")]).document()

    assert (found["reason"], found["upstream"]["code"]) == ("insufficient-scope", "insufficient_scope")


@by_adapter
@pytest.mark.parametrize(("media", "body"), [("text/html", b"<html>no</html>"), ("text/plain", b"no " * 500)])
def test_the_error_of_a_challenge_counts_beside_a_page_below_a_scope(adapter: str, media: str, body: bytes) -> None:
    """It shows that the provider has responded; a challenge without an error does not."""
    page = Response(403, [("content-type", media), SCOPES], body)
    other = page._replace(headers=[("content-type", media), ("www-authenticate", 'Basic realm="x"')])

    assert through(adapter, page, providers={"/": "okta"}).document()["reason"] == "insufficient-scope"
    assert through(adapter, page).body == page.body
    assert through(adapter, other, providers={"/": "okta"}).body == page.body


@by_adapter
def test_a_page_never_makes_a_credential_dead(adapter: str) -> None:
    """A web server in front may add a challenge to a page of its own."""
    challenge = ("www-authenticate", 'Bearer error="invalid_token"')
    sent = {
        media: through(adapter, Response(401, [("content-type", media), OKTA, challenge], b"<p>")).document()
        for media in ("text/html", "text/plain")
    }

    assert {media: document["reason"] for media, document in sent.items()} == dict.fromkeys(sent, "invalid-token")
    assert "credential" not in sent["text/html"]
    assert sent["text/plain"]["credential"] == "dead"
    page = Response(401, [("content-type", "text/plain"), OKTA, challenge], b"no " * 500)
    assert "credential" not in through(adapter, page).document()


@by_adapter
def test_oktas_device_challenge_is_a_step_whatever_page_comes_with_it(adapter: str) -> None:
    """Okta's clients respond to it."""
    page = Response(401, [("content-type", "text/html"), OKTA, ("www-authenticate", 'Oktadevicejwt x="y"')], b"<html>")

    assert through(adapter, page, headers=[("accept", "application/json")]).body == page.body


@by_adapter
@pytest.mark.parametrize("body", [b"<html>no</html>", b'{"error": '])
def test_a_mislabeled_page_of_an_uncertain_sender_is_left_alone(adapter: str, body: bytes) -> None:
    """It is the app's own."""
    page = Response(503, [("content-type", "application/json")], body)

    assert through(adapter, page, headers=[("accept", "application/json")]).body == body


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
