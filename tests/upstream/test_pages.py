"""Error pages: what the vendors' own ones say, and that no page costs more than its length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.pages import read_page

AUTH0 = b"<p><strong>invalid_request</strong>: The parameter &#x27;scope&#x27; is\n wrong.</p>"
OKTA = b"<p>Identity Provider: Unknown<br>\nError Code: invalid_scope<br/>\nDescription: One is unknown.</p>"


class TestPages:
    """What is read from a page."""

    @pytest.mark.parametrize(
        ("page", "code", "text"),
        [
            (AUTH0, "invalid_request", "The parameter 'scope' is wrong."),
            (OKTA, "invalid_scope", "One is unknown."),
            (b"<strong>access_denied</strong>:", "access_denied", None),
            (b"<html><head><title>Error</title></head><body><h1>400</h1><p>Not so.</p></body>", None, "400 Not so."),
            (b"<body>a<script>if (a < b) { c() }</script>b<style>p {}</style>c</body>", None, "a b c"),
            (b"<body>a<SCRIPT>never closed", None, "a"),
            (b"<body>a<body>b", None, "a b"),
            (b"", None, None),
        ],
    )
    def test_of_a_vendor_give_code_and_sentence(self, page: bytes, code: str | None, text: str | None) -> None:
        """Of other pages the visible text."""
        found = read_page(page)

        assert (found.shape, found.code, found.text) == ("html", code, text)

    def test_are_read_up_to_a_bound(self) -> None:
        """A text is as long as an error message can be."""
        assert len(read_page(b"<body>" + b"word " * 5_000).text or "") == 1024

    @given(st.binary(max_size=400) | st.text("<>/scriptyle strong:body\n", max_size=400).map(str.encode))
    def test_of_any_bytes_have_a_text_without_tags(self, page: bytes) -> None:
        """Nothing raises, and no complete tag remains in the text of a page in no known form."""
        found = read_page(page)

        assert found.code is not None or "<p>" not in (found.text or "")
