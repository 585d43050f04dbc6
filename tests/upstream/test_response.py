"""One upstream response: its body without codings, its object, its key; each computed once."""

from __future__ import annotations

import gzip

import pytest

from authproblem import Registry
from authproblem._upstream.response import UpstreamResponse, undo_codings
from tests.support.core import read_headers

SHAPES = Registry.builtin().shapes
JSON_TYPE = ("Content-Type", "application/json")
BODY = b'{"error":"invalid_grant"}'


@pytest.mark.parametrize(
    ("body", "expected"), [(BODY, {"error": "invalid_grant"}), (b"[]", None), (b"{", None), (b"", None), (None, None)]
)
def test_the_document_is_the_object_of_the_body(body: bytes | None, expected: object) -> None:
    """None for other JSON, for no JSON, and for a body that could not be decoded."""
    assert expected == UpstreamResponse(400, read_headers([JSON_TYPE]), body).document


def test_the_document_and_the_key_are_read_once() -> None:
    """Asking again gives the same objects."""
    response = UpstreamResponse(400, read_headers([JSON_TYPE]), BODY)

    assert response.document is response.document
    assert response.key(SHAPES) is response.key(SHAPES)


def test_only_a_flat_object_has_a_key() -> None:
    """Code, text, name and causes; the layout says in which members they were."""
    key = UpstreamResponse(400, read_headers([JSON_TYPE]), BODY).key(SHAPES)

    assert key is not None
    assert (key[0].shape.id, *key[1:]) == ("oauth", "invalid_grant", None, None, ())
    assert UpstreamResponse(400, read_headers([JSON_TYPE]), b'{"detail":{}}').key(SHAPES) is None
    assert UpstreamResponse(400, read_headers([JSON_TYPE]), b"[]").key(SHAPES) is None


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (400, [JSON_TYPE], True),
        (400, [("Content-Type", "application/json; charset=latin-1"), ("Location", "/")], True),
        (399, [JSON_TYPE], False),
        (400, [("Content-Type", "application/problem+json")], False),
        (400, [JSON_TYPE, ("Auth-Problem", "rate-limited")], False),
        (400, [], False),
    ],
)
def test_an_error_of_plain_json_needs_no_further_look(
    status: int, headers: list[tuple[str, str]], expected: bool
) -> None:
    """An error status, the type of plain JSON, and no problem header: it was not normalized before."""
    assert expected is UpstreamResponse(status, read_headers(headers), BODY).has_plain_json_error


@pytest.mark.parametrize(
    ("coding", "body", "limit", "expected"),
    [
        (None, BODY, len(BODY), BODY),
        (None, BODY, len(BODY) - 1, None),
        ("gzip", gzip.compress(BODY), 100, BODY),
        ("gzip", gzip.compress(b"a" * 1000), 999, None),
        ("gzip", b"damaged", 100, None),
        ("unknown", BODY, 100, None),
        ("gzip, " * 2000 + "gzip", gzip.compress(BODY), 100, None),
    ],
    ids=["plain", "plain-too-long", "gzip", "gzip-too-long", "damaged", "unknown", "2000-codings"],
)
def test_codings_are_undone_up_to_a_limit(coding: str | None, body: bytes, limit: int, expected: bytes | None) -> None:
    """The limit is for the bytes before and after; a header line that is too long to be read is not guessed at."""
    headers = [JSON_TYPE] if coding is None else [JSON_TYPE, ("Content-Encoding", coding)]

    assert expected == undo_codings(read_headers(headers), body, limit)
