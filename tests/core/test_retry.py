"""When to try again: the response's own headers and the entry, made into one hint."""

from __future__ import annotations

import json
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry, RetryHint, normalize
from authproblem._core.policy import DEFAULT_MAX_WAIT
from authproblem._core.retry import parse_retry_after
from tests.support.adapters import ADAPTERS, through
from tests.support.core import read_headers
from tests.support.dates import moments
from tests.support.responses import JSON_TYPE, Pairs, json_response
from tests.support.vectors import rows

VECTORS = rows(Path(__file__).parents[1] / "data" / "waits.jsonl")
DATE = "Sat, 14 Nov 2015 20:56:00 GMT"
NOW = 1_447_534_560.0
LIMITED = {
    "okta": {
        "errorCode": "E0000047",
        "errorSummary": "API call exceeded rate limit due to too many requests.",
        "errorLink": "E0000047",
        "errorId": "oaeWaitExample0000000001a",
        "errorCauses": [],
    },
    "auth0": {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "Global limit has been reached",
        "errorCode": "too_many_requests",
    },
}
by_adapter = pytest.mark.parametrize("adapter", ADAPTERS)


def hint(
    document: object = LIMITED["okta"],
    headers: Pairs | None = None,
    *,
    status: int = 429,
    provider: Any = "okta",
    endpoint: str | None = None,
    method: str | None = None,
    now: float | None = None,
    **options: Any,
) -> RetryHint:
    """The retry hint of a response."""
    problem = normalize(
        status,
        [JSON_TYPE, *(headers or [])],
        json.dumps(document).encode(),
        provider=provider,
        endpoint=endpoint,
        method=method,
        now=now,
        **options,
    )
    assert problem is not None
    return problem.retry


class TestWait:
    @pytest.mark.parametrize("vector", VECTORS, ids=lambda row: row["note"])
    def test_is_read_from_the_headers(self, vector: dict[str, Any]) -> None:
        """In the order of the contract; the entry's own wait, or none, where no header is valid."""
        document = LIMITED[vector["provider"]]
        headers = [(name, value) for name, value in vector["headers"]]
        found = hint(document, headers, provider=vector["provider"], now=vector.get("now"))

        after = "default" if found.source in {"default", None} else found.after
        assert after == vector["after"]

    @pytest.mark.parametrize(
        ("document", "status", "wait"),
        [
            (LIMITED["okta"], 429, RetryHint("after_delay", 60, False, "default")),
            ({"error": "server_error"}, 500, RetryHint("after_delay", None, False, None)),
            ({"error": "authorization_pending"}, 400, RetryHint("poll", 5, True, "default")),
        ],
    )
    def test_is_the_entrys_where_no_header_gives_one(self, document: object, status: int, wait: RetryHint) -> None:
        """Or none at all, where it is unknown."""
        assert hint(document, status=status, flow_control=True) == wait

    @pytest.mark.parametrize("status", [400, 401, 404, 500, 502, 504])
    @pytest.mark.parametrize("name", ["X-Rate-Limit-Reset", "X-RateLimit-Reset"])
    def test_is_not_read_from_a_reset_header_of_a_response_that_is_no_limit(self, name: str, status: int) -> None:
        """Both vendors send them on every response."""
        found = hint({"error": "server_error"}, [(name, "1447534590"), ("Date", DATE)], status=status)

        assert found.after is None

    @pytest.mark.parametrize(("status", "after"), [(403, 31), (429, 31), (503, 31), (400, 60), (500, 60)])
    def test_of_a_limit_is_read_from_reset_headers_with_the_statuses_of_limits_only(
        self, status: int, after: int
    ) -> None:
        """403, 429 and 503; with any other the limit's own wait stands."""
        headers = [("X-Rate-Limit-Limit", "600"), ("X-Rate-Limit-Reset", "1447534590"), ("Date", DATE)]

        assert hint(LIMITED["okta"], headers, status=status).after == after

    @pytest.mark.parametrize("document", [{"error": "server_error"}, {"error": "temporarily_unavailable"}])
    def test_is_read_from_retry_after_wherever_waiting_helps(self, document: object) -> None:
        """Not for limits alone."""
        assert hint(document, [("Retry-After", "17")], status=503) == RetryHint("after_delay", 17, False, "retry-after")

    @pytest.mark.parametrize(
        ("document", "policy"),
        [
            ({"error": "invalid_grant"}, "after_action"),
            ({"error": "unsupported_grant_type"}, "never"),
            ({"error": "use_dpop_nonce"}, "once"),
        ],
    )
    def test_is_absent_where_waiting_does_not_help(self, document: object, policy: Any) -> None:
        """Whatever the headers say."""
        headers = [("Retry-After", "17"), ("X-Rate-Limit-Reset", "1447534590"), ("Date", DATE)]

        assert hint(document, headers, status=400, flow_control=True) == RetryHint(policy)

    @pytest.mark.parametrize(
        ("limit", "remaining", "reason", "after"),
        [("0", "0", "concurrency-limited", 10), ("600", "0", "rate-limited", 31), ("0", "5", "rate-limited", 31)],
    )
    def test_of_oktas_concurrency_limit_is_short(self, limit: str, remaining: str, reason: str, after: int) -> None:
        """Limit and remaining are 0. Its reset is only a guess, so a default of at most 30 seconds is used."""
        headers = [
            JSON_TYPE,
            ("X-Rate-Limit-Limit", limit),
            ("X-Rate-Limit-Remaining", remaining),
            ("X-Rate-Limit-Reset", "1447534590"),
            ("Date", DATE),
        ]
        problem = normalize(429, headers, json.dumps(LIMITED["okta"]).encode())

        assert problem is not None
        assert (problem.reason, problem.retry.after) == (reason, after)

    @given(
        name=st.sampled_from(
            ["Retry-After", "RateLimit", "Auth0-Client-Quota-Limit", "X-Rate-Limit-Reset", "X-RateLimit-Reset", "Date"]
        ),
        value=st.one_of(
            st.integers(-5, 10**22).map(str),
            st.text(max_size=30),
            moments(1900, 2100).map(lambda moment: format_datetime(moment, usegmt=True)),
            st.integers(-5, 10**22).map(lambda t: f'"default";r=0;t={t}'),
            st.integers(-5, 10**22).map(lambda t: f"b=per_hour;q=10;r=0;t={t}"),
        ),
        date=st.sampled_from([DATE, "x", ""]),
        now=st.one_of(st.none(), st.floats(0, 4e9)),
        max_wait=st.integers(1, 200_000),
    )
    def test_is_a_number_from_zero_to_max_wait(
        self, name: str, value: str, date: str, now: float | None, max_wait: int
    ) -> None:
        """Whatever a header says, and whatever the clocks."""
        for document, provider in ((LIMITED["okta"], "okta"), (LIMITED["auth0"], "auth0")):
            found = hint(document, [(name, value), ("Date", date)], provider=provider, now=now, max_wait=max_wait)

            assert found.policy == "after_delay"
            assert found.after is None or (type(found.after) is int and 0 <= found.after <= max_wait)

    def test_is_never_above_max_wait_even_if_that_is_zero(self) -> None:
        """Then no wait of a reset header is valid, for none is below 1."""
        found = hint(headers=[("X-Rate-Limit-Reset", "1447533660"), ("Date", DATE)], max_wait=0)

        assert found.after == 0

    @pytest.mark.parametrize("value", ["(", '"a";r=0;t', '"a";r=0;t=x;', "\u00e4", "limit=1", "1;r=0;t=1.5"])
    def test_a_ratelimit_field_that_is_damaged_counts_as_absent(self, value: str) -> None:
        """Draft section 4: malformed fields are ignored."""
        found = hint(LIMITED["auth0"], [("RateLimit", value)], provider="auth0")

        assert (found.after, found.source) == (None, None)

    def test_a_ratelimit_field_with_a_negative_wait_counts_as_one_second(self) -> None:
        """The limit is used up, so one second is the least; the header's own time has passed on the way."""
        found = hint(LIMITED["auth0"], [("RateLimit", '"a";r=0;t=-5')], provider="auth0")

        assert (found.after, found.source) == (1, "ratelimit")


class TestReset:
    """The reset headers of a limit, whose own wait is 60 seconds, where no longer wait than 100 is valid."""

    @staticmethod
    def wait(*headers: tuple[str, str]) -> tuple[int | None, str | None]:
        found = hint(LIMITED["okta"], list(headers), now=NOW, max_wait=100)
        return found.after, found.source

    def test_of_exactly_the_longest_wait_is_valid(self) -> None:
        """One second more counts as absent."""
        assert self.wait(("x-ratelimit-reset", "100")) == (100, "x-ratelimit-reset")
        assert self.wait(("x-ratelimit-reset", "101")) == (60, "default")

    @pytest.mark.parametrize("values", [("30", "90"), ("90", "30")])
    def test_in_seconds_counts_by_its_smallest_line(self, values: tuple[str, str]) -> None:
        """Whatever the order of the lines."""
        assert self.wait(*(("x-ratelimit-reset", value) for value in values)) == (30, "x-ratelimit-reset")

    @pytest.mark.parametrize("values", [(30, 90), (90, 30)])
    def test_as_a_time_counts_by_its_smallest_line(self, values: tuple[int, int]) -> None:
        """Whatever the order of the lines."""
        lines = [("x-ratelimit-reset", str(int(NOW) + value)) for value in values]

        assert self.wait(*lines) == (30, "x-ratelimit-reset")

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_a_number_and_a_time_is_the_number(self, order: int) -> None:
        """Whatever the order of the lines."""
        lines = [("x-ratelimit-reset", value) for value in ("30", str(int(NOW) + 90))][::order]

        assert self.wait(*lines) == (30, "x-ratelimit-reset")

    def test_is_a_time_from_a_thousand_million_on(self) -> None:
        """Below 1e9 it is a number of seconds."""
        lines = [("date", "Sun, 09 Sep 2001 01:46:39 GMT"), ("x-ratelimit-reset", "1000000000")]

        assert self.wait(*lines) == (1, "x-ratelimit-reset")

    @pytest.mark.parametrize("value", ["30x", "30 x", "x30", "\u0663", "-30", "3e1"])
    def test_that_is_no_number_is_none(self, value: str) -> None:
        """The entry's default counts."""
        assert self.wait(("x-ratelimit-reset", value)) == (60, "default")

    @pytest.mark.parametrize("line", ["b=x;r=0;t=30x", "b=x;r=0", "b=x;r=0;t=-5"])
    def test_of_a_quota_is_a_whole_number(self, line: str) -> None:
        """A malformed one counts as absent."""
        assert self.wait(("auth0-client-quota-limit", line)) == (60, "default")

    def test_of_ratelimit_has_that_name_as_source(self) -> None:
        """The client sees where the wait comes from."""
        assert self.wait(("ratelimit", '"x";r=0;t=42')) == (42, "ratelimit")

    @pytest.mark.parametrize(("length", "wait"), [(8192, (42, "ratelimit")), (8193, (60, "default"))])
    @pytest.mark.parametrize("lines", [1, 2])
    def test_of_a_long_ratelimit_is_not_read(self, length: int, lines: int, wait: tuple[int, str]) -> None:
        """The cap is on all lines together."""
        sent = [("ratelimit", '"x";r=0;t=42'), ("ratelimit", '"y";r=1')][:lines]
        padding = length - sum(len(value) for _, value in sent) - len(';p=""')
        sent[-1] = ("ratelimit", f'{sent[-1][1]};p="{"a" * padding}"')

        assert self.wait(*sent) == wait


def test_a_retry_after_of_exactly_the_longest_wait_is_valid() -> None:
    """Under a limit of one second less it counts as absent."""
    headers = read_headers([JSON_TYPE, ("retry-after", "100")])

    assert parse_retry_after(headers, None, 100) == 100
    assert parse_retry_after(headers, None, 99) is None


class TestAutomatic:
    @pytest.mark.parametrize(
        ("method", "endpoint", "automatic"),
        [
            ("GET", None, True),
            ("HEAD", None, True),
            ("GET", "/oauth2/v1/token", True),
            ("POST", "/api/v1/users", True),
            ("DELETE", "/api/v1/apps/0oa1/users/00u1", True),
            (None, "/api/v1/users", True),
            ("POST", None, False),
            (None, None, False),
            ("POST", "/somewhere/else", False),
            ("POST", "/oauth2/v1/token", False),
            ("POST", "/oauth2/default/v1/token", False),
            ("POST", "/api/v1/authn", False),
            ("POST", "/api/v1/authn/factors/opf1/verify", False),
            ("POST", "/api/v1/authn/recovery/password", False),
            ("POST", "/idp/idx/challenge/answer", False),
            ("POST", "/api/v1/users/00u1/factors/opf1/verify", False),
        ],
    )
    def test_needs_a_request_that_can_be_repeated(
        self, method: str | None, endpoint: str | None, automatic: bool
    ) -> None:
        """A safe method, or a known endpoint that spends no token, code, password or message."""
        found = hint(headers=[("Retry-After", "5")], method=method, endpoint=endpoint)

        assert found.automatic is automatic

    @pytest.mark.parametrize(("after", "automatic"), [("0", True), ("60", True), ("61", False)])
    def test_needs_a_short_wait(self, after: str, automatic: bool) -> None:
        """A minute at most."""
        assert hint(headers=[("Retry-After", after)], method="GET").automatic is automatic

    def test_is_nothing_that_a_person_has_to_fix(self) -> None:
        """Whatever the headers say."""
        summary = "Authentication failed"
        found = hint(
            {"errorCode": "E0000004", "errorSummary": summary}, [("retry-after", "5")], status=429, method="GET"
        )

        assert found == RetryHint("after_action", None, False, None)

    def test_needs_a_known_wait(self) -> None:
        """A program that does not know how long to wait must not try."""
        registry = Registry.builtin().extend(
            {"entries": [{"id": "auth0:busy", "code": "busy", "type": "rate-limited", "evidence": False}]}
        )
        found = hint({"error": "busy"}, provider="auth0", method="GET", registry=registry)

        assert found == RetryHint("after_delay", None, False, None)

    @pytest.mark.parametrize(
        ("document", "status", "automatic"),
        [
            (LIMITED["okta"], 429, True),
            (LIMITED["okta"], 503, True),
            (LIMITED["okta"], 403, False),
            ({"error": "server_error"}, 500, False),
            ({"error": "server_error"}, 502, False),
            ({"error": "server_error"}, 504, False),
            ({"error": "temporarily_unavailable"}, 503, False),
        ],
    )
    def test_needs_a_refusal_before_anything_was_done(self, document: object, status: int, automatic: bool) -> None:
        """A limit's 429 or 503. After a time-out or an error it is unknown what was done."""
        assert hint(document, [("Retry-After", "5")], status=status, method="GET").automatic is automatic

    @pytest.mark.parametrize("headers", [[("DPoP-Nonce", "n")], []])
    def test_of_a_nonce_needs_the_nonce(self, headers: Pairs) -> None:
        """A repeat without it is refused again."""
        found = hint({"error": "use_dpop_nonce"}, headers, status=400, flow_control=True)

        assert found == RetryHint("once", automatic=bool(headers))


class TestHeader:
    """What becomes of the upstream's `Retry-After`."""

    @staticmethod
    def sent(adapter: str, document: object, status: int, *lines: str, **options: Any) -> list[str]:
        """The `Retry-After` lines that the client gets."""
        headers = [("Retry-After", line) for line in lines]
        response = json_response(status, document, *headers, ("Date", DATE))
        got = through(adapter, response, provider="okta", **options)
        assert got.header("Auth-Problem") is not None
        return got.lines("Retry-After")

    @by_adapter
    @pytest.mark.parametrize("value", ["17", "0", "Sat, 14 Nov 2015 20:57:00 GMT", "86400"])
    def test_that_is_valid_stays_as_sent(self, adapter: str, value: str) -> None:
        """A date remains a date, and where the policy has no wait it stays all the same."""
        assert self.sent(adapter, LIMITED["okta"], 429, value) == [value]
        assert self.sent(adapter, {"error": "invalid_grant"}, 400, value) == [value]

    @by_adapter
    @pytest.mark.parametrize(
        "lines", [["soon"], ["-1"], ["86401"], ["99999999999999999999"], ["10", "20"], ["10", "10"], [""]]
    )
    def test_that_is_invalid_doubled_or_too_long_is_replaced_or_removed(self, adapter: str, lines: list[str]) -> None:
        """By the wait that is known; where the policy has none it goes."""
        wait = "10" if lines == ["10", "10"] else "60"

        assert self.sent(adapter, LIMITED["okta"], 429, *lines) == [wait]
        assert self.sent(adapter, {"error": "invalid_grant"}, 400, *lines) == []

    @by_adapter
    def test_is_added_wherever_the_wait_is_known(self, adapter: str) -> None:
        """In seconds, also from a reset header; and only there."""
        limited = json_response(429, LIMITED["okta"], ("X-Rate-Limit-Reset", "1447534590"), ("Date", DATE))

        assert through(adapter, limited).lines("Retry-After") == ["31"]
        assert through(adapter, json_response(429, LIMITED["okta"])).lines("Retry-After") == ["60"]
        assert self.sent(adapter, {"error": "server_error"}, 500) == []

    @by_adapter
    def test_leaves_rate_limit_headers_as_they_are(self, adapter: str) -> None:
        """They are for those who know them."""
        limits = [
            ("X-Rate-Limit-Limit", "600"),
            ("X-Rate-Limit-Remaining", "0"),
            ("X-Rate-Limit-Reset", "1447534590"),
            ("RateLimit", '"a";r=0;t=5'),
            ("RateLimit-Policy", '"a";q=1;w=9'),
            ("Auth0-RateLimit", "b=x"),
        ]
        got = through(adapter, json_response(429, LIMITED["okta"], *limits, ("Date", DATE)))

        assert [got.lines(name) for name, _ in limits] == [[value] for _, value in limits]


def test_the_longest_wait_that_is_valid_is_a_day() -> None:
    """Unless the app says otherwise."""
    assert [DEFAULT_MAX_WAIT, hint(headers=[("Retry-After", "20")], max_wait=10).after] == [86_400, 10]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Your account has been blocked after multiple consecutive login attempts.", "account-locked"),
        ("Too many login attempts, something else.", "too-many-attempts"),
        (None, "too-many-attempts"),
    ],
)
def test_attack_protection_never_ends_by_waiting(text: str | None, reason: str) -> None:
    """A blocked account is locked; neither is an `after_delay`, whatever `Retry-After` says."""
    document = {"error": "too_many_attempts", "error_description": text}
    body = json.dumps({name: value for name, value in document.items() if value is not None}).encode()
    problem = normalize(429, [JSON_TYPE, ("Retry-After", "60"), ("X-RateLimit-Reset", "1447534590")], body)

    assert problem is not None
    assert (problem.reason, problem.retry) == (reason, RetryHint("after_action"))
