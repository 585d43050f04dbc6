"""The head of a message: header lines, read once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem.gateway._head import Head

NAMES = st.sampled_from([b"Accept", b"accept", b"Via", b"Connection", b"transfer-encoding", b"x-own"])
VALUES = st.sampled_from([b"", b"a", b"b, c", b"chunked", b"x-own", b"keep-alive"])
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)


@given(HEADERS, NAMES)
def test_a_field_is_all_of_its_lines(headers: list[tuple[bytes, bytes]], name: bytes) -> None:
    """Joined by commas in their order; a field without lines is None, and an empty one no text."""
    values = [value for key, value in headers if key.lower() == name.lower()]
    expected = b", ".join(values) if values else None

    head = Head(headers)

    assert head.get(name.lower()) == expected
    assert head.text(name.lower()) == (expected.decode() if expected else None)


@given(HEADERS)
def test_what_concerns_one_connection_is_removed(headers: list[tuple[bytes, bytes]]) -> None:
    """What `Connection` names, wherever it stands, and the hop-by-hop headers; the rest keeps its order."""
    named = {item.strip() for name, value in headers if name.lower() == b"connection" for item in value.split(b",")}
    removed = named | {b"connection", b"transfer-encoding"}

    kept = Head(headers).end_to_end()

    assert kept == [(name.lower(), value) for name, value in headers if name.lower() not in removed]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], False),
        ([b"chunked"], False),
        ([b"Chunked"], False),
        ([b"gzip, chunked"], True),
        ([b"gzip", b"chunked"], True),
    ],
)
def test_a_transfer_coding_other_than_chunked_is_noticed(lines: list[bytes], expected: bool) -> None:
    """In one line or several (RFC 9112 section 6.1)."""
    assert Head([(b"Transfer-Encoding", line) for line in lines]).is_coded() is expected


def test_the_size_is_that_of_names_and_values() -> None:
    """Without what separates them."""
    assert Head([(b"a", b"bcd"), (b"ef", b"")]).size() == 6
