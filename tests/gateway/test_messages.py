"""Headers and targets, as pure functions."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem.gateway._head import Head, Peer
from authproblem.gateway._messages import (
    below,
    climbs,
    request_headers,
    target,
)

KNOWN = frozenset((b"gzip", b"deflate", b"identity"))
PEER = Peer({"client": ("192.0.2.7", 5000), "scheme": "https", "http_version": "1.1"})


def sent(*headers: tuple[bytes, bytes], forwarded: str = "own") -> list[tuple[bytes, bytes]]:
    """The headers that the provider gets."""
    return request_headers(Head(headers), host=b"org.okta.com", known=KNOWN, forwarded=forwarded, peer=PEER)


def values(name: bytes, pairs: list[tuple[bytes, bytes]]) -> list[bytes]:
    """The values of a header, in order."""
    return [value for key, value in pairs if key == name]


def test_sets_the_host() -> None:
    """First, and once."""
    assert values(b"host", sent((b"host", b"gateway.example.com"))) == [b"org.okta.com"]


def test_adds_itself_to_via() -> None:
    """`Via` (RFC 9110 section 7.6.3), after those before it."""
    assert values(b"via", sent((b"via", b"1.1 edge"))) == [b"1.1 edge, 1.1 authproblem"]


@pytest.mark.parametrize(
    ("forwarded", "address", "scheme"),
    [("own", [b"192.0.2.7"], [b"https"]), ("none", [], []), ("keep", [b"6.6.6.6, 7.7.7.7, 192.0.2.7"], [b"http"])],
)
def test_forwards_the_address_of_the_peer(forwarded: str, address: list[bytes], scheme: list[bytes]) -> None:
    """As the server saw it; the caller's own value only with `keep`."""
    found = sent(
        (b"x-forwarded-for", b"6.6.6.6"),
        (b"x-forwarded-for", b"7.7.7.7"),
        (b"x-forwarded-proto", b"http"),
        forwarded=forwarded,
    )

    assert (values(b"x-forwarded-for", found), values(b"x-forwarded-proto", found)) == (address, scheme)


@pytest.mark.parametrize(
    "name",
    [
        b"forwarded",
        b"x-real-ip",
        b"true-client-ip",
        b"cf-connecting-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-forwarded-host",
        b"x-forwarded-user",
    ],
)
def test_drops_headers_that_claim_an_address(name: bytes) -> None:
    """Those that some proxy or provider is known to read."""
    assert b"6.6.6.6" not in [value for _, value in sent((name, b"6.6.6.6"))]


def test_adds_no_other_header() -> None:
    """No user agent, no `Accept`, no coding of a library's own."""
    assert [name for name, _ in sent((b"x-own", b"1"))] == [
        b"host",
        b"x-own",
        b"accept-encoding",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-proto",
    ]


def test_a_peer_without_an_address_is_empty() -> None:
    """A Unix socket."""
    scope: dict[str, Any] = {"client": None}

    assert not Peer(scope).address


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (b"/a%2Fb/../c//d", b"", b"/a%2Fb/../c//d"),
        (b"/a", b"x=%20&y=|", b"/a?x=%20&y=|"),
        (b"/a b\xff", b"q=\r\n", b"/a%20b%FF?q=%0D%0A"),
    ],
)
def test_a_target_is_forwarded_unchanged(path: bytes, query: bytes, expected: bytes) -> None:
    """But for bytes that HTTP does not allow in it."""
    assert target(path, query) == expected


SEGMENTS = st.sampled_from(["a", "..", ".", "", "...", "%2e%2e", "%2E.", "..;p=1", "b"])


@given(st.lists(SEGMENTS, max_size=12))
def test_a_path_climbs_if_it_leaves_its_root(segments: list[str]) -> None:
    """Compared with resolving it step by step; empty segments are no directories, and parameters no part of a name."""
    depth, left = 0, False
    for segment in segments:
        name = unquote(segment).partition(";")[0]
        depth += {"..": -1, ".": 0, "": 0}.get(name, 1)
        left = left or depth < 0

    assert climbs(("/" + "/".join(segments)).encode()) is left


@given(st.binary(max_size=64))
def test_any_path_can_be_checked(path: bytes) -> None:
    """Bytes that are no path, too."""
    assert climbs(b"/" + path) in {True, False}


@pytest.mark.parametrize(
    ("path", "prefix", "expected"),
    [
        (b"/okta/api", b"/okta", b"/api"),
        (b"/okta", b"/okta", b"/"),
        (b"/oktapus", b"/okta", None),
        (b"/api", b"", b"/api"),
        (b"/api", b"/okta", None),
        (b"http://evil/", b"", None),
        (b"*", b"", None),
    ],
)
def test_a_prefix_matches_whole_segments(path: bytes, prefix: bytes, expected: bytes | None) -> None:
    """Nothing but a path is below a prefix."""
    assert below(path, prefix) == expected
