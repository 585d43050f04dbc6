"""The cool-down by itself: what the store keeps, what a bucket is, and which problems trip it."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from authproblem import Problem, Registry, RetryHint, normalize
from authproblem._client.cooldown import Bucket, MemoryCooldown, bucket, document_of, held_back, tripped, wait_to_tell
from tests.client import samples
from tests.support.responses import Pairs, Response, json_response

REGISTRY = Registry.builtin()
BASIC = "Basic Y2xpZW50LTE6czNjcjN0"  # client-1:s3cr3t


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def place(
    path: str = "/api/v1/users",
    authorization: str | None = None,
    query: str = "",
    *,
    provider: str = "okta",
    host: str = "org.okta.com",
) -> Bucket:
    """The bucket of a request."""
    return bucket(REGISTRY, provider, (host, path), authorization=authorization, query=query)


def problem_of(response: Response, provider: str = "okta", **options: Any) -> Problem:
    """The problem of a response."""
    problem = normalize(*response, provider=provider, method="GET", **options)
    assert problem is not None
    return problem


def key_of(response: Response, at: Bucket, provider: str = "okta") -> str | None:
    """What a response trips."""
    return tripped(problem_of(response, provider), at, list(response.headers))


class TestMemoryCooldown:
    def test_tells_what_is_held_and_for_how_long(self) -> None:
        """The seconds that remain, by its clock."""
        clock = Clock()
        store = MemoryCooldown(clock=clock)
        store.hold("a", 30, b"{}")
        clock.now += 12

        assert store.look("a") == (18.0, b"{}")

    def test_forgets_what_is_over(self) -> None:
        """At the very second that was named, requests are sent again."""
        clock = Clock()
        store = MemoryCooldown(clock=clock)
        store.hold("a", 30, b"{}")
        clock.now += 30

        assert store.look("a") is None

    def test_knows_nothing_of_other_keys(self) -> None:
        """One bucket holds no other."""
        store = MemoryCooldown()
        store.hold("a", 30, b"{}")

        assert store.look("b") is None

    def test_keeps_the_longer_of_two(self) -> None:
        """An answer that was under way before does not shorten a wait."""
        clock = Clock()
        store = MemoryCooldown(clock=clock)
        store.hold("a", 30, b"first")
        store.hold("a", 5, b"second")

        assert store.look("a") == (30.0, b"first")

    def test_is_bounded_and_gives_up_what_ends_first(self) -> None:
        """Of too many buckets, the ones with the shortest wait go."""
        store = MemoryCooldown(2, clock=Clock())
        for key, seconds in (("long", 50), ("short", 5), ("new", 20)):
            store.hold(key, seconds, b"")

        assert [key for key in ("long", "short", "new") if store.look(key)] == ["long", "new"]
        assert len(store) == 2

    def test_keeps_1024_buckets_by_default(self) -> None:
        """A tenant has tens of limits; what hostile paths add costs no more than a megabyte."""
        store = MemoryCooldown()
        for number in range(1025):
            store.hold(str(number), 30, b"")

        assert len(store) == 1024

    def test_that_is_full_gives_up_nothing_for_a_bucket_that_it_has(self) -> None:
        """It is held for longer, in its own place."""
        store = MemoryCooldown(2, clock=Clock())
        for key, seconds in (("short", 5), ("long", 50), ("long", 60)):
            store.hold(key, seconds, b"")

        assert [store.look(key) for key in ("short", "long")] == [(5.0, b""), (60.0, b"")]

    def test_of_one_bucket_is_one(self) -> None:
        """The least that makes sense."""
        store = MemoryCooldown(1)
        store.hold("a", 30, b"")

        assert len(store) == 1

    def test_gives_up_what_is_over_before_anything_else(self) -> None:
        """An ended entry makes room."""
        clock = Clock()
        store = MemoryCooldown(2, clock=clock)
        store.hold("over", 1, b"")
        store.hold("soon", 5, b"")
        clock.now += 2
        store.hold("new", 20, b"")

        assert store.look("soon") is not None

    def test_stays_bounded_under_many_threads(self) -> None:
        """No entry beyond its size, no lost update, no error."""
        store, errors = MemoryCooldown(16), []
        start = threading.Barrier(8)

        def work(number: int) -> None:
            try:
                start.wait(10)
                for i in range(300):
                    store.hold(f"{number}-{i % 40}", 1 + i % 7, b"")
                    store.look(f"{number}-{(i + 1) % 40}")
            except Exception as error:  # noqa: BLE001 - shown by the assertion
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

        assert errors == []
        assert len(store) == 16

    def test_refuses_a_size_that_holds_nothing(self) -> None:
        """The message names the option."""
        with pytest.raises(ValueError, match=r"size=0"):
            MemoryCooldown(0)


class TestBucket:
    @pytest.mark.parametrize(
        "other",
        [
            {"host": "other.okta.com"},
            {"path": "/api/v1/logs"},
            {"path": "/oauth2/v1/token"},
            {"authorization": "SSWS 00abc"},
            {"query": "client_id=0oa1"},
            {"provider": "auth0"},
            {"path": "/api/v2/users"},
            {"path": "/app/v1/users"},
        ],
    )
    def test_differs_by_tenant_endpoint_and_caller(self, other: dict[str, Any]) -> None:
        """Whatever has a limit of its own has a bucket of its own."""
        assert place().own != place(**other).own

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ({"path": "/api/v1/users/00u1"}, {"path": "/api/v1/users/00u2/groups"}),
            ({"authorization": BASIC}, {"authorization": "basic Y2xpZW50LTE6b3RoZXI="}),
            ({"authorization": "Bearer abc"}, {"authorization": "Bearer  abc "}),
            ({"query": "a=1&client_id=x"}, {"query": "client_id=x&b=2"}),
            ({"authorization": BASIC}, {"query": "client_id=client-1"}),
            ({"authorization": f" {BASIC} "}, {"authorization": BASIC}),
            ({"authorization": BASIC}, {"authorization": "Basic Y2xpZW50LTE6czNjOnIzdDo="}),  # client-1:s3c:r3t:
            ({"path": "/api/v1/" + "a" * 64}, {"path": "/api/v1/" + "a" * 65}),
        ],
    )
    def test_is_the_same_for_one_limit(self, one: dict[str, Any], two: dict[str, Any]) -> None:
        """Ids in the path, a client's new secret and the rest of the query make no difference."""
        assert place(**one) == place(**two)

    def test_differs_by_the_token(self) -> None:
        """Each token has its own limit, and is no client of that name."""
        others = [{"authorization": "Bearer x"}, {"authorization": "Bearer y"}, {"query": "client_id=x"}]

        assert len({place(**other).own for other in others}) == 3

    def test_is_cut_to_64_characters_of_a_segment(self) -> None:
        """The last one that tells two apart."""
        assert place("/api/v1/" + "a" * 63 + "b") != place("/api/v1/" + "a" * 64)

    def test_tells_three_segments_apart(self) -> None:
        """`/api/v1/users`, and no more."""
        assert len({place(path).own for path in ("/a/b/c", "/x/b/c", "/a/x/c", "/a/b/x")}) == 4
        assert place("/a/b/c/d") == place("/a/b/c/e")

    @pytest.mark.parametrize(
        ("authorization", "query"), [(None, ""), ("Basic %%%", ""), ("Bearer", ""), (None, "client=1")]
    )
    def test_of_a_caller_that_is_not_known(self, authorization: str | None, query: str) -> None:
        """All without credentials share one."""
        assert place(authorization=authorization, query=query) == place()
        assert not place(authorization=authorization, query=query).known

    def test_is_told_for_any_credential(self) -> None:
        """What no header or query should hold raises nothing."""
        assert place(authorization="Bearer \u20ac").known
        assert place(query="client_id=\ud800").known

    @pytest.mark.parametrize("authorization", [BASIC, "Bearer eyJhbGciOi.eyJzdWIi.c2ln", "SSWS 00aBcD"])
    def test_holds_no_credential(self, authorization: str) -> None:
        """Keys may be seen by whoever runs a shared store."""
        key = place(authorization=authorization).own

        assert [part for part in (authorization.split()[1], "s3cr3t", "client-1") if part in key] == []

    def test_is_short_whatever_the_path(self) -> None:
        """A hostile path makes no large key."""
        assert len(place("/" + "a" * 5000 + "/" + "b" * 5000).own) < 300


class TestTripped:
    def test_a_limit_with_a_wait_trips_its_own_bucket(self) -> None:
        """`Retry-After` of the provider."""
        at = place(authorization=BASIC)

        assert key_of(samples.LIMITED, at) == at.own

    def test_a_reset_header_is_as_good(self) -> None:
        """Okta sends no `Retry-After`."""
        headers = (
            ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
            ("x-rate-limit-limit", "600"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1795435230"),
        )

        assert key_of(samples.limited(*headers), place()) == place().own

    @pytest.mark.parametrize(
        ("response", "provider"),
        [
            (samples.DENIED, "okta"),
            (samples.NOT_NAMED, "okta"),
            (samples.BRUTE_FORCE, "auth0"),
            (samples.limited(("retry-after", "0")), "okta"),
            (samples.limited(("retry-after", "soon")), "okta"),
            (samples.limited(("retry-after", "90000")), "okta"),
            (samples.DOWN._replace(headers=[("content-type", "text/plain")]), "okta"),
            (samples.DOWN._replace(status=500), "okta"),
            (samples.okta(401, "E0000004", "Authentication failed", ("retry-after", "30")), "okta"),
        ],
        ids=[
            "user error",
            "wait of our own",
            "attack protection",
            "no wait",
            "no number",
            "not believed",
            "outage without end",
            "failure",
            "user error with a wait",
        ],
    )
    def test_nothing_else_does(self, response: Response, provider: str) -> None:
        """Least of all what one visitor can bring about for another."""
        assert key_of(response, place(provider=provider), provider) is None

    def test_an_outage_trips_it_for_everybody(self) -> None:
        """It is nobody's own limit."""
        at = place(authorization=BASIC)

        assert key_of(samples.DOWN, at) == at.common

    def test_a_limit_of_one_among_many_holds_nobody_else(self) -> None:
        """Something is left of the bucket that the headers tell of: one user name was too fast, not the org."""
        response = samples.limited(("retry-after", "30"), ("x-rate-limit-remaining", "588"))

        assert key_of(response, place("/api/v1/authn")) is None
        assert key_of(response, place("/api/v1/users", authorization=BASIC)) == place(authorization=BASIC).own

    @pytest.mark.parametrize("name", ["X-RateLimit-Remaining", "x-rate-limit-remaining"])
    @pytest.mark.parametrize("value", ["1", "588", " 07 ", "9" * 5000])
    def test_a_rest_of_either_vendor_counts(self, name: str, value: str) -> None:
        """As text or bytes, after other headers."""
        for header in ((name, value), (name.encode(), value.encode())):
            assert tripped(problem_of(samples.LIMITED), place(), [("x-other", "0"), header]) is None

    @pytest.mark.parametrize(
        "headers",
        [
            [("X-RateLimit-Remaining", "x")],
            [("X-RateLimit-Remaining", "\u00b2")],
            [("X-RateLimit-Remaining", "-1")],
            [(b"x-ratelimit-remaining", b"0")],
            [(b"x-rate-limit-remaining", b"\xb2")],
            [("x-rate-limit-limit", "600")],
            [],
        ],
    )
    def test_a_rest_that_is_none_counts_as_used_up(self, headers: Pairs) -> None:
        """Garbage, zero and silence are no rest."""
        assert tripped(problem_of(samples.LIMITED), place(), list(headers)) == place().own

    def test_a_wait_of_which_nobody_says_whose_it_is_trips_nothing(self) -> None:
        """The provider has to have named it."""
        problem = problem_of(samples.LIMITED).replace(retry=RetryHint("after_delay", 30, True))

        assert tripped(problem, place(), []) is None


class TestWait:
    @pytest.mark.parametrize(
        ("left", "told"), [(0.2, range(1, 4)), (10.0, range(10, 13)), (20.0, range(20, 23)), (100.2, range(101, 113))]
    )
    def test_is_never_shorter_and_up_to_a_tenth_longer(self, left: float, told: range) -> None:
        """At least two seconds to choose from, so that not all come back in one instant."""
        random.seed(1)

        assert {wait_to_tell(left) for _ in range(1000)} == set(told)


class TestDocument:
    def test_keeps_what_sdks_read(self) -> None:
        """Codes and registered texts stay: an SDK behind the gateway understands the answer."""
        document = Problem.from_bytes(document_of(problem_of(samples.LIMITED), REGISTRY))

        assert document is not None
        assert document.extensions == {
            "errorCode": "E0000047",
            "errorSummary": "API call exceeded rate limit due to too many requests.",
            "errorLink": "E0000047",
            "errorCauses": [],
        }
        assert document.upstream == {"status": 429, "code": "E0000047"}

    def test_of_an_answer_without_a_code_has_none(self) -> None:
        """An outage is told by its status."""
        document = Problem.from_bytes(document_of(problem_of(samples.DOWN), REGISTRY))

        assert document is not None
        assert (document.reason, document.upstream) == ("upstream-unavailable", {"status": samples.DOWN.status})

    def test_keeps_nothing_of_the_request_that_tripped_it(self) -> None:
        """Others will get it: no id, no continuation, no text that the registry does not know."""
        response = json_response(
            429,
            {
                "error": "too_many_requests",
                "error_description": "Slow down, jane@example.com",
                "mfa_token": "Fe26.2**secret",
                "state": "af0ifjsldkj",
                "statusCode": 429,
                "name": "jane doe",
                "errorCauses": [{"errorSummary": "login: jane"}],
                "validation_errors": [],
            },
            ("retry-after", "9"),
        )
        problem = problem_of(response, "auth0", texts="all", instance="urn:uuid:1")

        document = document_of(problem, REGISTRY)

        assert [part for part in (b"jane", b"secret", b"af0ifjsldkj", b"urn:uuid") if part in document] == []
        kept = Problem.from_bytes(document)
        assert kept is not None
        assert kept.extensions == {
            "error": "too_many_requests",
            "error_description": problem.detail,
            "statusCode": 429,
        }
        assert (kept.instance, kept.upstream) == (None, {"status": 429, "code": "too_many_requests"})

    def test_keeps_the_codes_of_every_shape(self) -> None:
        """Where each SDK looks for them."""
        body = {"code": "too_many_requests", "name": "TooManyRequestsError", "description": "Too Many Requests"}
        problem = problem_of(json_response(429, body, ("retry-after", "9")), "auth0")
        kept = Problem.from_bytes(document_of(problem, REGISTRY))

        assert kept is not None
        assert kept.extensions == {**body, "description": problem.extensions["description"]}

    @pytest.mark.parametrize("name", ["message", "description", "error_description", "errorSummary"])
    def test_keeps_a_text_wherever_sdks_look_for_it(self, name: str) -> None:
        """The registry's where the provider's own is unknown."""
        problem = problem_of(json_response(429, {"error": "too_many_requests", name: "jane"}, ("retry-after", "9")))
        kept = Problem.from_bytes(document_of(problem, REGISTRY))

        assert kept is not None
        assert kept.extensions == {"error": "too_many_requests", name: problem.detail}

    def test_is_told_anew_to_each(self) -> None:
        """Instance, wait and what a program may do belong to the request at hand."""
        told = held_back(document_of(problem_of(samples.LIMITED), REGISTRY), 17, "urn:uuid:2", automatic=False)

        assert told is not None
        assert told.retry == RetryHint("after_delay", 17, False, "retry-after")
        assert (told.instance, told.reason, told.status) == ("urn:uuid:2", "rate-limited", 429)

    def test_a_store_that_gives_something_else_is_not_believed(self) -> None:
        """The request is sent then."""
        assert held_back(b"garbage", 17, "urn:uuid:2", automatic=False) is None
