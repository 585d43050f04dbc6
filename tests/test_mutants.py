"""What mutation testing (`make mutate`) found untested in the decision rules: edges, and outputs nobody looked at."""

from __future__ import annotations

import pytest

from authproblem import Problem, Registry, classify, mark_upstream, normalize
from authproblem._challenge import parse_line
from authproblem._classify import examine
from authproblem._fields import scan
from authproblem._location import read_location
from authproblem._negotiate import media_type
from authproblem._retry import Occasion, believed, hint, http_date
from authproblem._scope import Sender, read_mark
from tests.support.responses import Pairs

JSON = ("content-type", "application/json")
TEXT = ("content-type", "text/plain")
HTML = ("content-type", "text/html")
AUTH0 = Sender("auth0", certain=True)
UNKNOWN = Sender()
NOW = 1_750_000_000.0


class TestWhy:
    """Each response that is left alone has its own reason, which the event tells."""

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
            (400, [JSON], b'{"stateHandle": "x", "version": "1.0.0"}', AUTH0, "step"),
            (502, [HTML], b"<html>", AUTH0, "html"),
        ],
    )
    def test_of_an_error(self, status: int, headers: Pairs, body: bytes, sender: Sender, why: str) -> None:
        assert why == examine(Registry.builtin(), status, scan(headers), body, sender)[1]

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (b'{"stateHandle": "x", "version": "1.0.0"}', "step"),
            (b'{"a": 1}', "not_candidate"),
            (b"x", "not_candidate"),
        ],
    )
    def test_of_a_success_on_a_path_of_transactions(self, body: bytes, why: str) -> None:
        assert why == examine(Registry.builtin(), 200, scan([JSON]), body, UNKNOWN, states=True)[1]

    def test_a_success_is_looked_at_on_request_only(self) -> None:
        locked = b'{"status": "LOCKED_OUT", "stateToken": "x"}'

        assert examine(Registry.builtin(), 200, scan([JSON]), locked) == (None, "not_candidate")
        assert classify(200, [JSON], locked) is None

    def test_oktas_device_challenge_is_flow_control_beside_other_challenges(self) -> None:
        headers = [JSON, ("www-authenticate", "Bearer"), ("www-authenticate", 'Oktadevicejwt realm="x"')]
        step = b'{"stateHandle": "x", "version": "1.0.0"}'

        assert examine(Registry.builtin(), 401, scan(headers), step)[1] == "flow_control"


class TestShapes:
    """What a body is called, and what told the entry."""

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
    def test_of_a_body_without_one(self, headers: Pairs, body: bytes, shape: str) -> None:
        found, _ = examine(Registry.builtin(), 404, scan(headers), body, AUTH0)

        assert found is not None
        assert (found.shape, found.matched_by) == (shape, "status")

    def test_a_text_is_read_without_blanks_around_it(self) -> None:
        found, _ = examine(Registry.builtin(), 404, scan([TEXT]), b" no such thing \n", AUTH0)

        assert found is not None
        assert found.upstream.text == "no such thing"

    def test_a_page_tells_its_code(self) -> None:
        page = b"<p><strong>invalid_request</strong>: no</p>"
        found, why = examine(Registry.builtin(), 400, scan([HTML]), page, AUTH0)

        assert found is not None
        assert (found.upstream.code, found.shape, found.provider, why) == ("invalid_request", "html", "auth0", "html")
        assert found.matched_by == "code"

    def test_a_page_without_a_code_tells_its_status(self) -> None:
        found, _ = examine(Registry.builtin(), 502, scan([HTML]), b"<p>no</p>", Sender("okta", certain=True))

        assert found is not None
        assert (found.upstream.code, found.reason, found.matched_by) == (None, "upstream-error", "status")

    @pytest.mark.parametrize("status", [300, 302, 399])
    def test_a_redirect_is_told_by_a_header(self, status: int) -> None:
        found = classify(status, [("location", "https://app.example.com/cb?error=login_required&state=x")], b"")

        assert found is not None
        assert (found.shape, found.matched_by) == ("redirect", "header")

    def test_a_callback_is_told_by_a_header(self) -> None:
        problem = Problem.from_callback({"error": "login_required", "state": "x"})

        assert problem is not None
        assert problem.matched_by == "header"

    def test_an_error_of_a_challenge_that_is_no_code_is_none(self) -> None:
        found = classify(401, [("www-authenticate", 'Bearer error="invalid_token or so"')], b"", provider="auth0")

        assert found is not None
        assert found.matched_by == "status"


class TestConcurrency:
    """Okta's limit 0 with remaining 0."""

    LIMITS = (JSON, ("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"))

    def test_is_told_by_the_headers(self) -> None:
        found = classify(429, self.LIMITS, b'{"errorCode": "E0000047", "errorSummary": "x"}')

        assert found is not None
        assert (found.reason, found.entry, found.matched_by) == (
            "concurrency-limited",
            "okta:E0000047/concurrency",
            "header",
        )

    def test_is_not_what_another_error_means(self) -> None:
        found = classify(401, self.LIMITS, b'{"errorCode": "E0000004", "errorSummary": "Authentication failed"}')

        assert found is not None
        assert (found.reason, found.matched_by != "header") == ("invalid-credentials", True)

    def test_is_not_another_providers(self) -> None:
        found = classify(429, self.LIMITS, b'{"error": "too_many_requests"}', provider="auth0")

        assert found is not None
        assert found.reason == "rate-limited"


class TestRetry:
    """Edges of the waits."""

    LIMITED = b'{"errorCode": "E0000047", "errorSummary": "x"}'

    def wait(
        self, *headers: tuple[str, str], provider: str = "okta", max_wait: int = 100
    ) -> tuple[int | None, str | None]:
        problem = normalize(429, [JSON, *headers], self.LIMITED, provider=provider, now=NOW, max_wait=max_wait)
        assert problem is not None
        return problem.retry.after, problem.retry.source

    def test_the_longest_wait_is_believed_of_a_reset_too(self) -> None:
        assert self.wait(("x-ratelimit-reset", "100")) == (100, "x-ratelimit-reset")

    @pytest.mark.parametrize("values", [("30", "90"), ("90", "30")])
    def test_of_two_resets_in_seconds_the_smaller_counts(self, values: tuple[str, str]) -> None:
        assert self.wait(*(("x-ratelimit-reset", value) for value in values)) == (30, "x-ratelimit-reset")

    @pytest.mark.parametrize("values", [(30, 90), (90, 30)])
    def test_of_two_resets_as_times_the_smaller_counts(self, values: tuple[int, int]) -> None:
        lines = [("x-ratelimit-reset", str(int(NOW) + value)) for value in values]

        assert self.wait(*lines) == (30, "x-ratelimit-reset")

    def test_a_number_from_a_thousand_million_on_is_a_time(self) -> None:
        lines = [("date", "Sun, 09 Sep 2001 01:46:39 GMT"), ("x-ratelimit-reset", "1000000000")]

        assert self.wait(*lines) == (1, "x-ratelimit-reset")

    @pytest.mark.parametrize("value", ["30x", "30 ", " 30x", "٣"])
    def test_a_reset_that_is_no_number_is_none(self, value: str) -> None:
        after, source = self.wait(("x-ratelimit-reset", value + "x"))

        assert source == "default"
        assert after is not None

    @pytest.mark.parametrize("line", ["b=x;r=0;t=30x", "b=x;r=0", "b=x;r=0;t=-5"])
    def test_a_quota_without_a_whole_number_is_none(self, line: str) -> None:
        assert self.wait(("auth0-client-quota-limit", line))[1] == "default"

    def test_a_date_goes_to_its_end(self) -> None:
        assert http_date("Sun, 06 Nov 1994 08:49:37 GMT and more") is None

    def test_a_wait_of_exactly_the_limit_is_believed(self) -> None:
        fields = scan([JSON, ("retry-after", "100")])

        assert believed(fields, Occasion(429, max_wait=100)) == 100
        assert believed(fields, Occasion(429, max_wait=99)) is None

    def test_the_ratelimit_header_is_a_source_of_its_own_name(self) -> None:
        pytest.importorskip("http_sf")

        assert self.wait(("ratelimit", '"x";r=0;t=42')) == (42, "ratelimit")

    def test_an_entry_of_a_person_is_not_touched_by_headers(self) -> None:
        registry = Registry.builtin()
        entry = registry.rule("okta:E0000004", "invalid-credentials")
        told = hint(registry, entry, "okta", scan([JSON, ("retry-after", "5")]), Occasion(429, method="GET"))

        assert (told.policy, told.after, told.automatic) == ("after_action", None, False)


class TestMark:
    """The app's word on a response."""

    @pytest.mark.parametrize("value", ["okta ; endpoint=/a", " okta;endpoint=/a ", "okta;  endpoint=/a"])
    def test_blanks_around_its_parts_do_not_count(self, value: str) -> None:
        assert read_mark(value) == Sender("okta", certain=True, endpoint="/a")

    def test_it_keeps_512_characters_of_an_endpoint_and_its_signs(self) -> None:
        response = type("R", (), {"status_code": 400, "headers": {}})()

        mark_upstream(response, "okta", "/" + "a" * 600)
        assert response.headers == {"Auth-Problem-Upstream": "okta;endpoint=/" + "a" * 511}
        mark_upstream(response, "okta", "/a:b@c!d$e&f'g(h)i*j+k,l=m~n-o.p_q")
        assert response.headers["Auth-Problem-Upstream"] == "okta;endpoint=/a:b@c!d$e&f'g(h)i*j+k,l=m~n-o.p_q"


class TestLocation:
    """What of a redirect is read."""

    def test_up_to_8192_characters(self) -> None:
        start = "/?error=login_required&state="

        assert read_location(start + "x" * (8192 - len(start))) is not None
        assert read_location(start + "x" * (8193 - len(start))) is None

    @pytest.mark.parametrize(("more", "read"), [(62, True), (63, False)])
    def test_up_to_64_parameters(self, more: int, read: bool) -> None:
        location = "/?error=login_required&state=x" + "".join(f"&a{number}=1" for number in range(more))

        assert (read_location(location) is not None) == read

    @pytest.mark.parametrize("location", ["/#?error=login_required&state=x", "/#error=login_required&state=x"])
    def test_the_fragment_with_a_question_mark_or_without(self, location: str) -> None:
        read = read_location(location)

        assert read is not None
        assert (read[0].code, read[0].shape) == ("login_required", "redirect")


class TestNegotiation:
    """Blanks and edges of `Accept`."""

    @pytest.mark.parametrize(
        ("accept", "chosen"),
        [
            ("application/json ; q = 1 , application/problem+json ; q = 0.5 ", "application/json"),
            (" application/json;q=1, application/problem+json;q=0.5", "application/json"),
            ("application/json;q=0.5, application/problem+json;q=0.4;x=a=b", "application/json"),
            ("application/json;q=0.4, application/json;q=0.9, application/problem+json;q=0.5", "application/json"),
            ("application/problem+json, application/json;q=2", "application/problem+json"),
            ("application/json;q=0.0009, application/problem+json;q=0.5", "application/json"),
            ("application/json, application/problem+json;q=x", "application/problem+json"),
        ],
    )
    def test_of_the_two(self, accept: str, chosen: str) -> None:
        assert media_type(accept, "application/json") == chosen

    @pytest.mark.parametrize(("before", "chosen"), [(63, "application/json"), (64, "application/problem+json")])
    def test_64_ranges_are_read(self, before: int, chosen: str) -> None:
        accept = "text/x," * (before - 1) + "application/problem+json;q=0.1,application/json"

        assert media_type(accept, "application/json") == chosen


class TestProblem:
    """Readers."""

    def test_the_header_twin_alone_leaves_the_rest_empty(self) -> None:
        problem = Problem.from_headers([("Auth-Problem", "mfa-required")])

        assert problem is not None
        empty = Problem("", "mfa-required", "", 0, "", None, "", "", problem.retry, "", {}, {}, None, "")
        assert problem == empty
        assert (problem.retry.policy, problem.retry.after, problem.retry.automatic) == ("after_action", None, False)

    @pytest.mark.parametrize("reason", ["rate-limited", "concurrency-limited"])
    def test_a_rate_limit_is_one_without_a_wait_too(self, reason: str) -> None:
        problem = Problem.from_headers([("Auth-Problem", reason), ("Auth-Problem-Owner", "limit")])

        assert problem is not None
        assert problem.is_rate_limit

    def test_other_limits_are_no_rate_limits(self) -> None:
        problem = Problem.from_headers([("Auth-Problem", "too-many-attempts"), ("Auth-Problem-Owner", "limit")])

        assert problem is not None
        assert not problem.is_rate_limit

    @pytest.mark.parametrize(("size", "kept"), [(512, True), (513, False)])
    def test_a_parameter_of_a_step_up_has_at_most_512_characters(self, size: int, kept: bool) -> None:
        header = f'Bearer error="insufficient_user_authentication", acr_values="{"a" * size}"'
        problem = normalize(401, [("www-authenticate", header)], b"", provider="okta")

        assert problem is not None
        assert ("acr_values" in problem.extensions) == kept

    @pytest.mark.parametrize(("value", "kept"), [("1" * 9, True), ("1" * 10, False)])
    def test_a_number_of_a_step_up_has_at_most_nine_digits(self, value: str, kept: bool) -> None:
        header = f'Bearer error="insufficient_user_authentication", max_age="{value}"'
        problem = normalize(401, [("www-authenticate", header)], b"", provider="okta")

        assert problem is not None
        assert ("max_age" in problem.extensions) == kept


class TestChallenge:
    """The grammar's edges."""

    def test_8192_characters_are_read(self) -> None:
        start = 'Bearer realm="'

        assert parse_line(start + "x" * (8191 - len(start)) + '"') is not None
        assert parse_line(start + "x" * (8192 - len(start)) + '"') is None


def test_the_members_of_a_field_error_stay_only_where_the_text_is_known() -> None:
    """Auth0's `validation_errors`: the field always, message and detail as texts, and no null."""
    body = (
        b'{"type": "https://auth0.com/api-errors#x", "title": "x", "status": 400, "validation_errors": '
        b'[{"field": "a", "message": "c4nary", "detail": "c4nary", "pointer": null}]}'
    )
    problem = normalize(400, [JSON], body, provider="auth0")

    assert problem is not None
    assert problem.extensions["validation_errors"] == [{"field": "a"}]
