"""What a decision says besides the meaning: why a response is left alone, its shape, and what selected the entry."""

from __future__ import annotations

import pytest

from authproblem import Problem, classify
from authproblem._core.sender import Sender
from tests.support.core import decision
from tests.support.responses import Pairs

JSON = ("content-type", "application/json")
TEXT = ("content-type", "text/plain")
HTML = ("content-type", "text/html")
AUTH0 = Sender("auth0", certain=True)
UNKNOWN = Sender()
STEP = b'{"stateHandle": "x", "version": "1.0.0"}'


class TestWhy:
    """Each response that is left alone has its own reason, which the event carries."""

    @pytest.mark.parametrize(
        ("status", "headers", "body", "sender", "why"),
        [
            (404, [JSON], b'{"detail": "Not Found"}', UNKNOWN, "not_candidate"),
            (404, [JSON], b'{"a": [1]}', UNKNOWN, "not_candidate"),
            (404, [], b"", UNKNOWN, "not_candidate"),
            (404, [TEXT], b"no such thing", UNKNOWN, "not_candidate"),
            (404, [HTML], b"<html>", UNKNOWN, "not_candidate"),
            (404, [("content-type", "text/css")], b"x", AUTH0, "not_candidate"),
            (400, [JSON], b'{"error": "invalid_grant"}', UNKNOWN, "no_evidence"),
            (401, [("www-authenticate", 'Bearer error="invalid_token"')], b"", UNKNOWN, "no_evidence"),
            (400, [JSON], b"[1]", AUTH0, "unreadable"),
            (400, [JSON], b'{"error": ', AUTH0, "unreadable"),
            (400, [JSON], STEP, AUTH0, "step"),
            (502, [HTML], b"<html>", AUTH0, ""),
        ],
    )
    def test_of_an_error(self, status: int, headers: Pairs, body: bytes, sender: Sender, why: str) -> None:
        """Each reason for which an error response is left alone."""
        assert why == decision(status, headers, body, sender)[1]

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (STEP, "step"),
            (b'{"a": 1}', "not_candidate"),
            (b"x", "not_candidate"),
        ],
    )
    def test_of_a_success_on_a_path_of_transactions(self, body: bytes, why: str) -> None:
        """Each reason for which a success is left alone."""
        assert why == decision(200, [JSON], body, UNKNOWN, states=True)[1]

    def test_a_success_is_looked_at_on_request_only(self) -> None:
        """With `transaction_states`."""
        locked = b'{"status": "LOCKED_OUT", "stateToken": "x"}'

        assert decision(200, [JSON], locked) == (None, "not_candidate")
        assert classify(200, [JSON], locked) is None

    def test_oktas_device_challenge_is_flow_control_beside_other_challenges(self) -> None:
        """Whatever the order of the lines."""
        headers = [JSON, ("www-authenticate", "Bearer"), ("www-authenticate", 'Oktadevicejwt realm="x"')]

        assert decision(401, headers, STEP)[1] == "flow_control"


class TestShape:
    """The shape of a body, and what selected the entry."""

    @pytest.mark.parametrize(
        ("headers", "body", "shape"),
        [
            ([], b"", "empty"),
            ([TEXT], b" no such thing \n", "text"),
            ([], b"no such thing", "text"),
            ([JSON], b'{"a": 1}', "unknown"),
            ([JSON], b'{"no_such_code_at_all": "Text."}', "unknown"),
        ],
    )
    def test_of_a_body_without_a_code(self, headers: Pairs, body: bytes, shape: str) -> None:
        """The status decides for a certain provider."""
        found, _ = decision(404, headers, body, AUTH0)

        assert found is not None
        assert (found.shape, found.matched_by) == (shape, "status")

    def test_a_text_is_read_without_blanks_around_it(self) -> None:
        """Servers add line ends."""
        found, _ = decision(404, [TEXT], b" no such thing \n", AUTH0)

        assert found is not None
        assert found.upstream.text == "no such thing"

    def test_the_code_of_a_page_is_found(self) -> None:
        """Auth0's error page has it in bold."""
        page = b"<p><strong>invalid_request</strong>: no</p>"
        found, why = decision(400, [HTML], page, AUTH0)

        assert found is not None
        assert (found.upstream.code, found.shape, found.provider, why) == ("invalid_request", "html", "auth0", "")
        assert found.matched_by == "code"

    def test_a_page_without_a_code_is_classified_by_its_status(self) -> None:
        """Of a certain provider."""
        found, _ = decision(502, [HTML], b"<p>no</p>", Sender("okta", certain=True))

        assert found is not None
        assert (found.upstream.code, found.reason, found.matched_by) == (None, "upstream-error", "status")

    @pytest.mark.parametrize("status", [300, 302, 399])
    def test_a_redirect_is_matched_by_a_header(self, status: int) -> None:
        """`Location`."""
        found = classify(status, [("location", "https://app.example.com/cb?error=login_required&state=x")], b"")

        assert found is not None
        assert (found.shape, found.matched_by) == ("redirect", "header")

    def test_a_callback_is_matched_by_a_header(self) -> None:
        """Its parameters come from a redirect."""
        problem = Problem.from_callback({"error": "login_required", "state": "x"})

        assert problem is not None
        assert problem.matched_by == "header"

    def test_an_error_of_a_challenge_that_is_no_code_is_none(self) -> None:
        """A sentence is no code (RFC 6750 section 3)."""
        found = classify(401, [("www-authenticate", 'Bearer error="invalid_token or so"')], b"", provider="auth0")

        assert found is not None
        assert found.matched_by == "status"


class TestConcurrency:
    """Okta's limit 0 with remaining 0."""

    LIMITS = (JSON, ("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"))

    def test_is_recognized_by_the_headers(self) -> None:
        """Limit 0 with remaining 0."""
        found = classify(429, self.LIMITS, b'{"errorCode": "E0000047", "errorSummary": "x"}')

        assert found is not None
        assert (found.reason, found.entry, found.matched_by) == (
            "concurrency-limited",
            "okta:E0000047/concurrency",
            "header",
        )

    def test_is_not_what_another_error_means(self) -> None:
        """Only of a rate limit."""
        found = classify(401, self.LIMITS, b'{"errorCode": "E0000004", "errorSummary": "Authentication failed"}')

        assert found is not None
        assert (found.reason, found.matched_by != "header") == ("invalid-credentials", True)

    def test_is_not_another_providers(self) -> None:
        """The headers are Okta's."""
        found = classify(429, self.LIMITS, b'{"error": "too_many_requests"}', provider="auth0")

        assert found is not None
        assert found.reason == "rate-limited"
