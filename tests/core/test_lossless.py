"""What may be sent on comes out of JSON as it went in; checked against the standard library's reader."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._core.lossless import is_lossless, is_text
from authproblem._upstream.json_values import is_verbatim

numbers = st.one_of(st.integers(), st.integers(-(2**66), 2**66), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=12,
)


@given(values)
def test_what_counts_as_lossless_is_written_as_it_was_read(value: Any) -> None:
    """Every number, at every level."""
    wire = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    read = orjson.loads(wire)

    if is_lossless(read):
        assert json.loads(orjson.dumps(read)) == json.loads(wire)


@pytest.mark.parametrize(
    ("wire", "lossless"),
    [
        (b"2.0", True),
        (b"1.5", True),
        (b"-1e15", True),
        (b"1.5e300", False),
        (b"18446744073709551615", True),
        (b"18446744073709551616", False),
        (b"-9223372036854775809", False),
        (b"[[[9223372036854775807]]]", True),
        (b'{"a":[{"b":1e400}]}', False),
        (b"[" * 240 + b"]" * 240, False),
        (b"[" * 239 + b"]" * 239, True),
    ],
)
def test_finds_numbers_that_change_and_depth_that_is_not_written(wire: bytes, lossless: bool) -> None:
    """What Python would read from them is another number, or nothing at all."""
    try:
        value = orjson.loads(wire)
    except orjson.JSONDecodeError:  # infinity is none of JSON's numbers
        value = {"a": [{"b": float("inf")}]}

    assert is_lossless(value) is lossless


@pytest.mark.parametrize(
    ("raw", "verbatim"),
    [
        (b'{"a":1,"b":[null,"\xc3\xa9"]}', True),
        (b'{"a": 1}', False),
        (b'{"a":1,"a":1}', False),
        (b'{"a":"\\u00e9"}', False),
        (b'{"a":18446744073709551616}', False),
    ],
)
def test_an_object_is_verbatim_if_writing_it_gives_its_bytes(raw: bytes, verbatim: bool) -> None:
    """White space, duplicates, escapes and large numbers are noticed at once."""
    assert is_verbatim(orjson.loads(raw), raw) is verbatim
    assert is_verbatim(orjson.loads(raw), bytearray(raw)) is verbatim


def test_an_object_that_nests_too_deep_is_not_verbatim() -> None:
    """It cannot be written."""
    raw = b'{"a":' + b"[" * 300 + b"]" * 300 + b"}"

    assert not is_verbatim(json.loads(raw), raw)


@pytest.mark.parametrize(
    ("text", "sent"), [("", True), ("\u00e9\U0001f600", True), ("\ud800", False), ("a\udfff", False)]
)
def test_a_lone_surrogate_is_no_text(text: str, sent: bool) -> None:
    """UTF-8 has none (RFC 3629 section 3)."""
    assert is_text(text) is sent
