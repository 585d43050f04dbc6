"""The headers of a rewritten response: what describes the old body goes, everything else stays, in order."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Problem, normalize
from authproblem._middleware.response_headers import (
    HeaderRewriter,
    RewriteOptions,
    add_problem_headers,
    forbids_transform,
    without_mark,
)
from tests.support.core import read_headers as scan
from tests.support.responses import JSON_TYPE, Pairs

GONE = (
    *("Content-Length", "Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Trailer"),
    *("Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Upgrade", "Proxy-Connection"),
    *("ETag", "Last-Modified", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Signature"),
    *("Signature-Input", "Accept-Ranges", "Content-Range", "Cache-Control", "Expires", "Pragma"),
    *("Auth-Problem", "Auth-Problem-Owner", "Auth-Problem-Retry", "Auth-Problem-Upstream"),
)
KEPT: Pairs = [
    ("Date", "Sat, 14 Nov 2015 20:56:00 GMT"),
    ("Set-Cookie", "a=1"),
    ("WWW-Authenticate", 'Bearer error="x"'),
    ("Set-Cookie", "b=2"),
    ("WWW-Authenticate", "Basic realm=y"),
    ("DPoP-Nonce", "n"),
    ("X-Rate-Limit-Limit", "600"),
    ("RateLimit", '"a";r=0;t=5'),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("X-Okta-Request-Id", "r"),
    ("Allow", "GET"),
    ("Location", "/x"),
    ("Link", "</x>; rel=next"),
    ("Access-Control-Allow-Origin", "https://app.example.com"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Vary", "Origin"),
    ("Authentication-Info", "x"),
    ("Strict-Transport-Security", "max-age=1"),
    ("X-Anything", " odd  spacing\t"),
]
PLAIN = RewriteOptions("application/problem+json", binary=False, keep_retry_after=False)


def problem(wait: str | None = None) -> Problem:
    """A rate limit."""
    headers = [JSON_TYPE] if wait is None else [JSON_TYPE, ("Retry-After", wait)]
    found = normalize(429, headers, b'{"error":"slow"}', provider="auth0")
    assert found is not None
    return found


def sent(pairs: Pairs, options: RewriteOptions = PLAIN, wait: str | None = None, length: int | None = 7) -> Pairs:
    """The headers that go out in place of these."""
    return HeaderRewriter().rewrite(scan(pairs), problem(wait), length, options)


def lines(pairs: Pairs, name: str) -> list[str]:
    """The values of a header."""
    return [value for key, value in pairs if key.lower() == name.lower()]


class TestRewritten:
    def test_keeps_everything_else_in_order(self) -> None:
        """Names, values and duplicates as they came."""
        assert sent(KEPT)[: len(KEPT)] == KEPT

    @pytest.mark.parametrize("name", GONE)
    @pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
    def test_drops_what_described_the_old_body(self, name: str, spelling: Any) -> None:
        """In any spelling, however often; what we say ourselves stands once."""
        pairs = sent([(spelling(name), "old"), ("x", "y"), (spelling(name), "old")])

        assert "old" not in lines(pairs, name)
        assert len(lines(pairs, name)) <= 1

    def test_describes_the_new_body(self) -> None:
        """Type, language, length, and that it is never stored."""
        pairs = sent([("Content-Type", "text/html"), ("Cache-Control", "public, max-age=60")])

        assert {name: value for name, value in pairs if not name.startswith("Auth-Problem")} == {
            "Content-Type": "application/problem+json",
            "Content-Language": "en",
            "Cache-Control": "no-store",
            "Content-Length": "7",
            "Vary": "Accept",
        }

    def test_has_no_length_where_there_is_no_body(self) -> None:
        """HEAD: a length would have to be that of GET."""
        assert lines(sent([("Content-Length", "99")], length=None), "Content-Length") == []

    def test_of_an_asgi_response_are_lower_case_bytes(self) -> None:
        """As the specification demands."""
        pairs: Any = [(b"x-a", b"1"), (b"Content-Length", b"9")]
        got: Any = HeaderRewriter().rewrite(scan(pairs), problem(), 7, PLAIN._replace(binary=True))

        assert {type(part) for pair in got for part in pair} == {bytes}
        assert [name for name, _ in got if name != name.lower()] == []
        assert (b"auth-problem", b"rate-limited") in got

    def test_leaves_the_list_that_it_was_given(self) -> None:
        """It is the app's."""
        pairs = list(KEPT)
        sent(pairs)

        assert pairs == KEPT

    @pytest.mark.parametrize(
        ("vary", "expected"),
        [
            ([], ["Accept"]),
            (["Origin"], ["Origin", "Accept"]),
            (["accept"], ["accept"]),
            (["Origin, Accept"], ["Origin, Accept"]),
            (["Accept , Origin"], ["Accept , Origin"]),
            (["*"], ["*"]),
            (["Accept-Encoding", "Cookie"], ["Accept-Encoding", "Cookie", "Accept"]),
        ],
    )
    def test_vary_names_accept_where_it_chose_the_type(self, vary: list[str], expected: list[str]) -> None:
        """Appended, never replaced; and only where it did choose."""
        pairs = [("Vary", value) for value in vary]

        assert lines(sent([("X-Other", "Accept"), *pairs]), "Vary") == expected
        assert lines(sent(pairs, PLAIN._replace(negotiated=False)), "Vary") == vary

    @pytest.mark.parametrize(
        ("options", "wait", "expected"),
        [
            (PLAIN, "7", ["7"]),
            (PLAIN, None, []),
            (PLAIN._replace(keep_retry_after=True), "7", ["as sent"]),
            (PLAIN._replace(drop_retry_after=True), "7", []),
        ],
    )
    def test_sends_the_wait_once(self, options: RewriteOptions, wait: str | None, expected: list[str]) -> None:
        """The upstream's valid line, ours, or none at all where the response is folded."""
        assert lines(sent([("Retry-After", "as sent")], options, wait), "Retry-After") == expected

    def test_loses_the_challenge_only_with_a_folded_response_of_another_status(self) -> None:
        """It is never changed otherwise."""
        pairs = [("WWW-Authenticate", "Basic"), ("www-authenticate", "Bearer")]

        assert lines(sent(pairs), "WWW-Authenticate") == ["Basic", "Bearer"]
        assert lines(sent(pairs, PLAIN._replace(keep_challenge=False)), "WWW-Authenticate") == []


class TestExposure:
    """Scripts of other origins read a header only where it is listed."""

    EXPOSED = "Auth-Problem, Auth-Problem-Owner, Auth-Problem-Retry"
    ORIGIN = ("Access-Control-Allow-Origin", "https://app.example.com")

    @pytest.mark.parametrize(
        ("listed", "wait", "expected"),
        [
            ([], None, [EXPOSED]),
            ([], "7", [EXPOSED + ", Retry-After"]),
            (["X-A"], None, ["X-A, " + EXPOSED]),
            (["X-A", "X-B"], None, ["X-A, X-B, " + EXPOSED]),
            (["retry-after, AUTH-PROBLEM"], "7", ["retry-after, AUTH-PROBLEM, Auth-Problem-Owner, Auth-Problem-Retry"]),
            (["*"], "7", ["*"]),
            (["X-A , auth-problem ,X-B"], None, ["X-A , auth-problem ,X-B, Auth-Problem-Owner, Auth-Problem-Retry"]),
        ],
    )
    def test_is_extended_where_an_origin_is_allowed(
        self, listed: list[str], wait: str | None, expected: list[str]
    ) -> None:
        """By what is missing."""
        pairs = [self.ORIGIN, *[("Access-Control-Expose-Headers", value) for value in listed]]

        assert lines(sent(pairs, wait=wait), "Access-Control-Expose-Headers") == expected

    @pytest.mark.parametrize("options", [PLAIN, PLAIN._replace(expose=False)])
    @pytest.mark.parametrize("listed", [[], ["X-A"], ["X-A", "X-B"]])
    def test_stays_as_it_is_where_none_is_allowed_or_the_app_says_no(
        self, listed: list[str], options: RewriteOptions
    ) -> None:
        """Without an allowed origin the line means nothing."""
        pairs = [("Access-Control-Expose-Headers", value) for value in listed]
        given_ = pairs if options.expose else [self.ORIGIN, *pairs]

        assert lines(sent(given_, options), "Access-Control-Expose-Headers") == listed


class TestMarked:
    def test_a_redirect_gets_the_problem_headers_and_nothing_else(self) -> None:
        """Every other line stays, `Retry-After` and caching included."""
        pairs = [("Location", "/x"), ("Cache-Control", "private"), ("Retry-After", "9"), ("Set-Cookie", "a=1")]

        assert (
            add_problem_headers(scan(pairs), problem("7"), binary=False, expose=True)
            == pairs + problem("7").problem_headers()
        )

    @pytest.mark.parametrize("expose", [True, False])
    def test_a_redirect_loses_our_mark(self, expose: bool) -> None:
        """It never leaves the app; all else is in its order."""
        listed = ("Access-Control-Expose-Headers", "X-A")
        pairs = [("Auth-Problem-Upstream", "okta"), listed, ("Location", "/x")]
        kept = (
            [*pairs[1:], *problem().problem_headers()]
            if not expose
            else [pairs[2], *problem().problem_headers(), listed]
        )

        assert add_problem_headers(scan(pairs), problem(), binary=False, expose=expose) == kept

    def test_a_redirect_exposes_the_problem_headers_alone(self) -> None:
        """A wait is none of a redirect's."""
        pairs = [("Access-Control-Allow-Origin", "https://app.example.com")]
        sent_ = add_problem_headers(scan(pairs), problem("7"), binary=False, expose=True)

        assert lines(sent_, "Access-Control-Expose-Headers") == [TestExposure.EXPOSED]


class TestMark:
    @pytest.mark.parametrize("name", ["Auth-Problem-Upstream", "auth-problem-upstream", b"auth-problem-upstream"])
    def test_is_taken_off(self, name: Any) -> None:
        """In any spelling, bytes or str."""
        value: Any = b"okta" if isinstance(name, bytes) else "okta"
        pairs = [(name, value), *KEPT, (name, value)]

        assert without_mark(scan(pairs)) == KEPT

    def test_without_a_mark_the_same_list_is_passed_on(self) -> None:
        """A healthy response costs no copy."""
        assert without_mark(scan(KEPT)) is KEPT


@pytest.mark.parametrize(
    ("pairs", "forbids"),
    [
        ([], False),
        ([("Cache-Control", "no-store")], False),
        ([("Cache-Control", "no-store, No-Transform")], True),
        ([("cache-control", "a"), ("CACHE-CONTROL", "no-transform")], True),
        ([(b"cache-control", b"no-transform")], True),
        ([("X-Cache-Control", "no-transform")], False),
    ],
)
def test_no_transform_is_found_on_any_line(pairs: Any, forbids: bool) -> None:
    """RFC 9111 section 5.2.2.6."""
    assert forbids_transform(pairs) is forbids


names = st.one_of(st.sampled_from(GONE), st.text(string.ascii_letters + "-", min_size=1, max_size=12))
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20)


@given(st.lists(st.tuples(names, values), max_size=12), st.booleans(), st.sampled_from([None, "7"]))
def test_any_headers_become_such_that_a_server_takes(pairs: Pairs, negotiated: bool, wait: str | None) -> None:
    """One type, one length, one set of problem headers; only constants and integers are added."""
    got = sent(pairs, PLAIN._replace(negotiated=negotiated), wait)
    ours = [pair for pair in got if pair not in pairs]

    for name in ("Content-Type", "Content-Length", "Content-Language", "Cache-Control", "Auth-Problem"):
        assert len(lines(got, name)) == 1
    assert [value for _, value in ours if not (value.isascii() and value.isprintable())] == []
