"""Masking of the one upstream text that may be logged, and safe forms of what is logged of a request."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._middleware.redact import mask, printable, safe_method, safe_path

LENGTH = 200
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
TOKEN = string.ascii_letters + string.digits + "-_"
alphanumeric = st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=20)

secrets = st.one_of(
    st.builds("{}@{}.{}".format, alphanumeric, alphanumeric, alphanumeric),
    st.builds("eyJ{}.eyJ{}.{}".format, *[st.text(alphabet=TOKEN, min_size=8, max_size=60)] * 3),
    st.builds("{}.{}.{}.{}".format, *[st.integers(0, 255)] * 4),
    st.builds("+{} {} {}".format, st.integers(1, 999), st.integers(100, 999), st.integers(1000, 9_999_999)),
    st.text(alphabet=TOKEN, min_size=32, max_size=300),
)
words = st.text(alphabet=string.ascii_letters, min_size=1, max_size=12).map(lambda word: word.lower())
sentences = st.lists(words, max_size=12).map(" ".join)


class TestMask:
    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("Wrong email or password.", "Wrong email or password."),
            ("User jane.doe+x@example.co.uk is blocked", "User [email] is blocked"),
            (f"token {JWT} expired", "token [jwt] expired"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [credential]"),
            ("basic dXNlcjpwYXNz", "basic [credential]"),
            ("DPoP abc", "DPoP [credential]"),
            ("at https://example.com/cb?code=abc&state=x y", "at https://example.com/cb?[query] y"),
            ("at https://example.com/cb#id_token=abc", "at https://example.com/cb?[query]"),
            ("at https://jane:hunter2@example.com/x", "at https:[email]"),
            ("client_secret=hunter2 is wrong", "client_secret=[secret] is wrong"),
            ("password: hunter2", "password: [secret]"),
            ("otp=123456", "otp=[secret]"),
            ("api_key=abc apikey=abc", "api_key=[secret] apikey=[secret]"),
            ("from 192.0.2.17 again", "from [ip] again"),
            ("from 2001:db8::8a2e:370:7334 again", "from [ip] again"),
            ("call +49 170 1234567 now", "call [phone] now"),
            ("call (555) 010-9999 now", "call ([phone] now"),
            ("id 4ad55daa560e468bdfe14ad55daa560e", "id [token]"),
            ("E0000004 at 12:30", "E0000004 at 12:30"),
            ("", ""),
        ],
    )
    def test_hides_what_looks_like_a_secret_or_a_person(self, text: str, masked: str) -> None:
        """And leaves the rest, so that the text still helps."""
        assert mask(text) == masked

    def test_cuts_what_is_very_long_between_words(self) -> None:
        """Half of a secret may look like none: of one word without end nothing is left."""
        assert [mask("a" * 1600), mask("a" * 1601), mask("word " + "a" * 1600)] == ["[token]", "", "word"]

    @given(sentences, secrets, sentences)
    def test_no_secret_survives(self, before: str, secret: str, after: str) -> None:
        """Addresses, tokens and numbers, wherever they stand in a sentence."""
        assert secret not in mask(f"{before} {secret} {after}")

    @given(st.integers(0, 400), secrets)
    def test_no_half_of_a_secret_survives(self, length: int, secret: str) -> None:
        """Masking comes before cutting: the end of a line never shows the first half of a token."""
        shown = mask("x " * (length // 2) + secret)

        assert len(shown) <= LENGTH
        assert not any(len(piece) >= 12 and piece in secret for piece in re.findall(r"[\w@.-]+", shown))

    def test_no_half_of_a_secret_survives_in_a_long_text(self) -> None:
        """Masks are shorter than what they hide, so that the place of the cut moves into what is shown."""
        assert "jane" not in mask(("a" * 220 + " ") * 7 + "x " * 22 + "jane.doe@example.com")

    @pytest.mark.parametrize("url", ["https://jane:hunter2@example.com/x", "postgres+ssl://hunter2@db/x"])
    def test_the_credentials_of_a_url_are_hidden(self, url: str) -> None:
        """Whatever the scheme."""
        assert "hunter2" not in mask(f"could not reach {url} today")

    @pytest.mark.parametrize(
        "name", ["password", "Passwd", "pwd", "secret", "client_secret", "token", "code", "assertion"]
    )
    @pytest.mark.parametrize("joint", ["=", ": ", ":"])
    def test_a_named_secret_of_any_form_is_hidden(self, name: str, joint: str) -> None:
        """However short."""
        assert "p4ss!" not in mask(f"the {name}{joint}p4ss! was refused")

    @pytest.mark.parametrize("length", [10, 199, 200, 201, 1_599, 1_601, 50_000])
    def test_the_beginning_of_a_long_text_is_shown(self, length: int) -> None:
        """As far as a line goes."""
        text = ("word " * length)[:length]

        assert mask(text)[:190] == text[:190]

    @given(st.text(max_size=500))
    def test_a_line_is_a_line(self, text: str) -> None:
        """No line break, no escape sequence, no C1 control, at most 200 characters."""
        shown = mask(text)

        assert shown.isprintable()
        assert len(shown) <= LENGTH

    @pytest.mark.parametrize(
        "unit", ["a", "1", ".", ":", "@", "a@", "1.", "a:", "eyJ", "http://", "x=", " ", "?", "+1 "]
    )
    def test_costs_no_more_than_its_length(self, unit: str) -> None:
        """A megabyte of the worst is looked at for no longer than the first part of it."""
        assert len(mask(unit * 1_000_000)) <= LENGTH


class TestRequestData:
    @pytest.mark.parametrize(
        ("path", "safe"),
        [
            ("/oauth/token", "/oauth/token"),
            ("/cb?code=secret", "/cb"),
            ("/a\r\nWARNING forged", "/a  WARNING forged"),
            ("/a\x1b[31m\u2028\x85", "/a [31m  "),
            ("/" + "a" * 999, "/" + "a" * 255),
            ("", ""),
        ],
    )
    def test_a_path_has_no_query_and_forges_no_line(self, path: str, safe: str) -> None:
        """256 characters at most."""
        assert safe_path(path) == safe

    @pytest.mark.parametrize(
        ("method", "safe"),
        [
            ("GET", "GET"),
            (None, None),
            ("M-SEARCH", "OTHER"),
            ("X" * 16, "X" * 16),
            ("X" * 17, "OTHER"),
            ("A\n", "OTHER"),
            ("", "OTHER"),
        ],
    )
    def test_a_made_up_method_is_called_other(self, method: str | None, safe: str | None) -> None:
        """Whoever sends it cannot write into the log."""
        assert safe_method(method) == safe

    @given(st.text())
    def test_printable_keeps_the_length(self, text: str) -> None:
        """What cannot be printed becomes a blank."""
        assert len(printable(text)) == len(text)
        assert printable(text).isprintable()
