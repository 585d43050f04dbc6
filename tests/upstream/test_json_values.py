"""JSON objects and codes: what a body holds, and which values have the form of a code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.json_values import CODE, is_code, is_e_code, load_object, unwrap
from tests.support.json_values import documents


class TestCodes:
    @pytest.mark.parametrize("value", ["invalid_grant", "E0000004", "a.b:c-d_e", "7", "x" * 64])
    def test_are_identifiers_of_up_to_64_characters(self, value: str) -> None:
        """The form of all codes that the vendors send."""
        assert is_code(value)

    @pytest.mark.parametrize("value", ["", "two words", "x" * 65, "gr\u00fc\u00df", "a\n", "<b>", None, 7, ["a"]])
    def test_are_nothing_else(self, value: object) -> None:
        """Anything else is text, which may hold what a user typed."""
        assert not is_code(value)

    @given(st.text(max_size=70))
    def test_the_fast_check_agrees_with_the_expression(self, value: str) -> None:
        """Identifiers are checked without the expression."""
        assert is_code(value) == (CODE.fullmatch(value) is not None)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [("E0000004", True), ("E000004", False), ("e0000004", False), ("xE0000004", False), (None, False)],
    )
    def test_of_okta_are_an_e_and_seven_digits(self, code: str | None, expected: bool) -> None:
        """As in Okta's error reference."""
        assert is_e_code(code) is expected


class TestLoading:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"7",
            b'"x"',
            b"[{}]",
            b"{",
            b"{}{}",
            b'{"a":NaN}',
            b'{"a":1e999}',
            b'{"a":"\\ud800"}',
            b"\xef\xbb\xbf{}",
            b"\xff",
        ],
    )
    def test_gives_none_for_what_is_no_object(self, body: bytes) -> None:
        """Valid JSON of another kind, and what is no JSON at all."""
        assert load_object(body) is None

    def test_of_duplicate_members_the_last_counts(self) -> None:
        """As with JavaScript's `JSON.parse`."""
        assert load_object(b'{"error":"a","error":"b"}') == {"error": "b"}

    @pytest.mark.parametrize("opening", [b"[", b'{"a":'])
    def test_survives_any_depth(self, opening: bytes) -> None:
        """A hundred thousand levels are no reason to overflow the stack."""
        assert load_object(b'{"a":' + opening * 100_000) is None

    @given(documents)
    def test_gives_back_what_was_written(self, document: dict[str, Any]) -> None:
        """Any JSON object."""
        assert load_object(json.dumps(document).encode()) == document


class TestUnwrap:
    @pytest.mark.parametrize("inner", [{"error": "x"}, '{"error":"x"}', '{"error": "x"}\n'])
    def test_takes_the_object_out_of_detail(self, inner: object) -> None:
        """As an object or as a string that holds one."""
        assert unwrap({"detail": inner}) == {"error": "x"}

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"detail": None},
            {"detail": "Not Found"},
            {"detail": "{broken"},
            {"detail": '{"a":"\ud800"}'},
            {"detail": [{"a": 1}]},
            {"detail": {"a": 1}, "b": 1},
            {"other": {"a": 1}},
        ],
    )
    def test_leaves_any_other_object(self, document: dict[str, Any]) -> None:
        """Only a lone `detail` that holds an object."""
        assert unwrap(document) is None
