"""What an intermediary changes in headers: pure functions on header lines."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.hop_by_hop import HOP_BY_HOP, decodable_codings, end_to_end, filter_accept_encoding

KNOWN = frozenset((b"gzip", b"identity"))
TOKENS = st.from_regex(rb"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], b"identity"),
        ([b""], b"identity"),
        ([b"br"], b"identity"),
        ([b"gzip, br;q=0.9, zstd"], b"gzip"),
        ([b"GZip;q=0.5"], b"GZip;q=0.5"),
        ([b"br", b"gzip;q=1.0, identity;q=0"], b"gzip;q=1.0, identity;q=0"),
        ([b"*"], b"identity"),
    ],
)
def test_accept_encoding_is_reduced_to_what_is_known(lines: list[bytes], expected: bytes) -> None:
    """Weights stay; where nothing is left the value is `identity`, as no header would mean any coding."""
    assert filter_accept_encoding(lines, KNOWN) == expected


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_no_unknown_coding_gets_through(lines: list[bytes]) -> None:
    """Whatever the client sends."""
    kept = filter_accept_encoding(lines, KNOWN).split(b", ")
    assert {item.partition(b";")[0].strip().lower() for item in kept} <= KNOWN


def test_the_standard_library_decodes_gzip_and_deflate() -> None:
    """Without any extra."""
    assert {b"gzip", b"x-gzip", b"deflate", b"identity"} <= decodable_codings()


@pytest.mark.parametrize("extra", ["brotli", "zstandard"])
def test_decodes_what_the_installed_extras_can(extra: str) -> None:
    """Without the library the coding is not accepted."""
    name = {"brotli": b"br", "zstandard": b"zstd"}[extra]
    if name == b"zstd" and importlib.util.find_spec("compression") is not None:
        pytest.skip("zstd is in the standard library here")

    assert (name in decodable_codings()) == (importlib.util.find_spec(extra) is not None)


def test_drops_hop_by_hop_headers() -> None:
    """The fixed names, and those that `Connection` names (RFC 9110 section 7.6.1)."""
    pairs = [
        (b"Connection", b"close, X-Trace"),
        (b"connection", b"TE"),
        (b"x-trace", b"1"),
        (b"Keep-Alive", b"timeout=5"),
        (b"TE", b"trailers"),
        (b"Trailer", b"x"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"Proxy-Authorization", b"Basic x"),
        (b"Proxy-Authenticate", b"Basic"),
        (b"Proxy-Connection", b"keep-alive"),
        (b"x-kept", b"1"),
    ]

    assert end_to_end(pairs) == [(b"x-kept", b"1")]


def test_headers_of_a_connection_go_and_repeated_lines_stay() -> None:
    """Those that `Connection` names, too; in any case."""
    lines = [
        (b"Connection", b"X-Hop, keep-alive"),
        (b"X-HOP", b"1"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Set-Cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"Transfer-Encoding", b"chunked"),
    ]
    assert end_to_end(lines) == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


def test_connection_cannot_remove_what_frames_a_message() -> None:
    """A caller must not make the provider read a body as none, or a request without its credential."""
    lines = [
        (b"connection", b"content-length, host, content-type, authorization"),
        (b"content-length", b"3"),
        (b"host", b"a"),
        (b"authorization", b"Bearer x"),
    ]
    assert end_to_end(lines) == lines[1:]


@given(st.lists(st.tuples(TOKENS, st.binary(max_size=20)), max_size=12))
def test_what_is_kept_is_in_order_and_end_to_end(lines: list[tuple[bytes, bytes]]) -> None:
    """Nothing is added, nothing is changed but the case of names."""
    kept = end_to_end(lines)
    rest = iter([(name.lower(), value) for name, value in lines])
    assert all(pair in rest for pair in kept)
    assert {name for name, _ in kept} & HOP_BY_HOP == set()
