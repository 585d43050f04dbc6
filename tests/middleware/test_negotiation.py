"""How a problem is sent in place of a response: the media type, and which of its headers stay."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem import Registry
from authproblem._middleware.messages import Request
from authproblem._middleware.negotiation import Negotiator
from authproblem._middleware.options import make_options
from authproblem._middleware.response_headers import RewriteOptions
from authproblem._upstream.headers import HeaderReader

JSON_TYPE = ("content-type", "application/json")
IDX_TYPE = ("content-type", "application/ion+json; okta-version=1.0.0")


def choose(
    *headers: tuple[str, str], accept: str | None = None, is_folded: bool = False, **options: Any
) -> RewriteOptions:
    """What is chosen for one response."""
    read = HeaderReader(Registry.builtin().provider_headers).read(list(headers or (JSON_TYPE,)))
    request = Request("/", "GET", accept, {}, binary=False)
    negotiator = Negotiator(make_options(options))
    first, second = (
        negotiator.choose(request, read, 0.0, is_folded=is_folded, keep_challenge=not is_folded) for _ in range(2)
    )
    assert first == second
    return first


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/json"),
        ("application/json, application/problem+json", "application/problem+json"),
        ("application/problem+json;q=0.1, application/json;q=0.2", "application/json"),
        ("text/html", "application/json"),  # the upstream's own
    ],
)
def test_accept_chooses_the_media_type(accept: str | None, expected: str) -> None:
    """By the greater q of the two JSON types (RFC 9110 section 12.5.1)."""
    chosen = choose(accept=accept)

    assert (chosen.media_type, chosen.negotiated) == (expected, True)


@pytest.mark.parametrize(
    ("option", "expected"), [("json", "application/json"), ("problem", "application/problem+json")]
)
def test_an_option_forces_a_media_type(option: str, expected: str) -> None:
    """Whatever the client accepts; then `Vary` does not name `Accept`."""
    chosen = choose(accept="text/plain", media_type=option)

    assert (chosen.media_type, chosen.negotiated) == (expected, False)


def test_a_client_of_the_identity_engine_gets_its_own_type() -> None:
    """With its parameters, where it accepts no other JSON."""
    assert choose(IDX_TYPE, accept="application/ion+json; okta-version=1.0.0").media_type == IDX_TYPE[1]


def test_a_folded_response_is_plain_json_for_every_upstream_type() -> None:
    """As the genuine response would be; and it has neither a wait nor a challenge."""
    chosen = choose(IDX_TYPE, ("retry-after", "5"), accept="application/ion+json", is_folded=True)

    assert chosen.media_type == "application/json"
    assert (chosen.keep_retry_after, chosen.drop_retry_after, chosen.keep_challenge) == (False, True, False)


@pytest.mark.parametrize(("value", "kept"), [("5", True), ("soon", False), ("-1", False), ("999999", False)])
def test_a_valid_wait_of_the_upstream_stays(value: str, kept: bool) -> None:
    """Any other is replaced."""
    assert choose(JSON_TYPE, ("retry-after", value)).keep_retry_after is kept


def test_a_long_accept_is_not_cached() -> None:
    """A client can send as many different ones as it likes."""
    read = HeaderReader({}).read([JSON_TYPE])
    negotiator = Negotiator(make_options({}))
    for number in range(600):
        for length in (20, 300):
            request = Request("/", "GET", f"application/json;x={number:0{length}}", {}, binary=False)
            negotiator.choose(request, read, 0.0, is_folded=False, keep_challenge=True)

    assert len(negotiator._usual) <= 256
    assert max(len(accept or "") for accept, _ in negotiator._usual) <= 256
