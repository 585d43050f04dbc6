"""The cool-down by itself: what the store keeps, what the keys are made of, and which problems set them."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest

from authproblem import Problem, Registry, RetryHint, normalize
from authproblem._client.cooldown import (
    Bucket,
    Caller,
    bucket,
    document_of,
    jittered_wait,
    key_to_set,
    suppressed_problem,
)
from authproblem._client.reader import ProviderRequest
from authproblem._client.stores import MemoryCooldown
from authproblem._client.verdicts import Outcome
from authproblem._model import Provider
from tests.client import samples
from tests.support.responses import Response, json_response

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
    *,
    provider: str = "okta",
    host: str = "org.okta.com",
    method: str = "GET",
    peer: str | None = None,
) -> Bucket:
    """The keys of a request."""
    return bucket(REGISTRY, provider, (host, path), method, Caller(authorization, peer))


def problem_of(response: Response, provider: Provider = "okta", **options: Any) -> Problem:
    """The problem of a response."""
    problem = normalize(*response, provider=provider, method="GET", **options)
    assert problem is not None
    return problem


def key_of(response: Response, at: Bucket, provider: Provider = "okta") -> str | None:
    """What a response trips."""
    return key_to_set(REGISTRY, problem_of(response, provider), at, list(response.headers))


def limited_auth0(*headers: tuple[str, str]) -> Response:
    """Auth0's rate limit."""
    document = {"statusCode": 429, "error": "Too Many Requests", "message": "Global limit has been reached"}
    return json_response(429, {**document, "errorCode": "too_many_requests"}, ("retry-after", "30"), *headers)


class TestMemoryCooldown:
    def test_returns_what_is_kept_and_for_how_long(self) -> None:
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

    def test_is_empty_until_something_is_kept_and_after_all_of_it_is_over(self) -> None:
        """Whatever was kept last or longest."""
        clock = Clock()
        store = MemoryCooldown(clock=clock)
        seen = [store.is_empty()]
        store.hold("long", 30, b"{}")
        store.hold("short", 5, b"{}")
        for seconds in (5, 24.9, 0.1):
            clock.now += seconds
            seen.append(store.is_empty())

        assert seen == [True, False, False, True]

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
        """An ended entry is dropped first."""
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

    def test_refuses_a_size_below_one(self) -> None:
        """The message names the option."""
        with pytest.raises(ValueError, match=r"size: 0"):
            MemoryCooldown(0)


class TestBucket:
    @pytest.mark.parametrize(
        "other",
        [
            {"host": "other.okta.com"},
            {"path": "/api/v1/logs"},
            {"path": "/api/v1/users/00u1"},
            {"method": "POST"},
            {"authorization": "SSWS 00abc"},
            {"provider": "auth0"},
            {"peer": "192.0.2.1"},
        ],
    )
    def test_differs_by_tenant_endpoint_and_caller(self, other: dict[str, Any]) -> None:
        """Whatever may have a limit of its own has a key of its own."""
        assert place().own != place(**other).own

    @pytest.mark.parametrize(
        ("one", "two"),
        [
            ({"authorization": "Bearer abc"}, {"authorization": "bearer  abc "}),
            ({"authorization": "Bearer abc", "peer": "192.0.2.1"}, {"authorization": "DPoP abc", "peer": "192.0.2.2"}),
            ({"method": "GET"}, {"method": "HEAD"}),
            ({"authorization": BASIC, "peer": "192.0.2.1"}, {"peer": "192.0.2.1"}),
            ({"authorization": "Basic %%%", "peer": "192.0.2.1"}, {"authorization": "Bearer", "peer": "192.0.2.1"}),
        ],
    )
    def test_is_the_same_for_one_caller(self, one: dict[str, Any], two: dict[str, Any]) -> None:
        """A token counts before the address; a client id proves nothing, whoever sends it."""
        assert place(**one) == place(**two)

    @pytest.mark.parametrize("path", ["/api/v1/authn", "/oauth2/v1/token", "/api/v1/users/00u1/factors/f1/verify"])
    @pytest.mark.parametrize("authorization", [None, BASIC, "SSWS 00abc"])
    def test_of_a_process_that_signs_in_many_users_is_unknown(self, path: str, authorization: str | None) -> None:
        """The body names the user, so that neither the process nor its API token says whose limit it was."""
        assert place(path, authorization, method="POST").own is None
        assert place(path, authorization, method="POST", peer="192.0.2.1").own is not None

    def test_of_a_client_whose_address_is_unknown_is_unknown(self) -> None:
        """A server on a Unix socket knows no peer; all its clients must not become one."""
        assert place(peer="").own is None
        assert place(authorization="Bearer abc", peer="").own is not None

    def test_has_a_common_key_without_the_caller(self) -> None:
        """The first three segments of the path, at most 64 characters of each."""
        callers = [place(authorization="Bearer x"), place(peer="192.0.2.1"), place("/api/v1/users/00u1")]

        assert {caller.common for caller in callers} == {place().common}
        assert len({place(path).common for path in ("/a/b/c", "/x/b/c", "/a/x/c", "/a/b/x")}) == 4
        assert place("/api/v1/" + "a" * 64).common == place("/api/v1/" + "a" * 65).common

    def test_is_made_of_any_credential(self) -> None:
        """What no header should contain raises nothing."""
        assert place(authorization="Bearer \u20ac \ud800").own is not None

    @pytest.mark.parametrize("authorization", [BASIC, "Bearer eyJhbGciOi.eyJzdWIi.c2ln", "SSWS 00aBcD"])
    def test_contains_no_credential_and_no_address(self, authorization: str) -> None:
        """Keys may be seen by whoever runs a shared store."""
        keys = f"{place(authorization=authorization, peer='192.0.2.1')} {place(peer='192.0.2.1')}"

        assert [part for part in (authorization.split()[1], "s3cr3t", "client-1", "192.0.2.1") if part in keys] == []

    def test_is_short_whatever_the_path(self) -> None:
        """A hostile path or method makes no large key."""
        assert len(place("/" + "a" * 5000 + "/" + "b" * 5000, method="X" * 5000).own or "") < 400


class TestTripped:
    def test_a_limit_with_a_wait_sets_the_callers_own_key(self) -> None:
        """`Retry-After` of the provider."""
        at = place(authorization="SSWS 00abc")

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
            "too long",
            "outage without end",
            "failure",
            "user error with a wait",
        ],
    )
    def test_nothing_else_does(self, response: Response, provider: Provider) -> None:
        """Least of all what one visitor can bring about for another."""
        assert key_of(response, place(provider=provider), provider) is None

    def test_an_outage_trips_it_for_everybody(self) -> None:
        """It is nobody's own limit."""
        at = place(authorization=BASIC)

        assert key_of(samples.DOWN, at) == at.common

    @pytest.mark.parametrize("rest", ["0", "588"])
    def test_what_remains_of_a_limit_proves_nothing(self, rest: str) -> None:
        """Okta sends `remaining: 0` for the limit of one user name, too."""
        response = samples.limited(("retry-after", "30"), ("x-rate-limit-remaining", rest))
        at = place("/api/v1/authn", method="POST", peer="192.0.2.1")

        assert key_of(response, at) == at.own
        assert key_of(response, place("/api/v1/authn", method="POST")) is None

    def test_a_limit_that_is_documented_as_shared_sets_the_common_key(self) -> None:
        """Auth0 counts every registration of a client, whoever sends it."""
        at = place("/oidc/register", provider="auth0", method="POST", peer="192.0.2.1")

        assert key_of(limited_auth0(), at, "auth0") == at.common

    @pytest.mark.parametrize(("kind", "shared"), [("global-rate-limit", True), ("user-rate-limit", False)])
    def test_a_shared_limit_may_need_a_proof(self, kind: str, shared: bool) -> None:
        """At Auth0's My Account API a limit is one user's or the tenant's; a header says which."""
        at = place("/me/v1/authentication-methods", "Bearer abc", provider="auth0")

        got = key_of(limited_auth0(("X-Auth0-Error-Kind", kind)), at, "auth0")

        assert got == (at.common if shared else at.own)

    def test_a_wait_without_a_source_sets_no_key(self) -> None:
        """The provider has to have named it."""
        problem = problem_of(samples.LIMITED).replace(retry=RetryHint("after_delay", 30, True))

        assert key_to_set(REGISTRY, problem, place(), []) is None


class TestWait:
    @pytest.mark.parametrize(
        ("left", "waits"), [(0.2, range(1, 4)), (10.0, range(10, 13)), (20.0, range(20, 23)), (100.2, range(101, 113))]
    )
    def test_is_never_shorter_and_up_to_a_tenth_longer(self, left: float, waits: range) -> None:
        """At least two seconds to choose from, so that not all come back in one instant."""
        random.seed(1)

        assert {jittered_wait(left) for _ in range(1000)} == set(waits)


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
        """An outage is known by its status."""
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

    def test_is_completed_for_each_request(self) -> None:
        """Instance, wait and what a program may do belong to the request at hand."""
        kept = document_of(problem_of(samples.LIMITED), REGISTRY)
        answer = suppressed_problem(kept, 17, "urn:uuid:2", automatic=False)

        assert answer is not None
        assert answer.retry == RetryHint("after_delay", 17, False, "retry-after")
        assert (answer.instance, answer.reason, answer.status) == ("urn:uuid:2", "rate-limited", 429)

    def test_a_store_that_returns_something_else_is_ignored(self) -> None:
        """The request is sent then."""
        assert suppressed_problem(b"garbage", 17, "urn:uuid:2", automatic=False) is None


@pytest.mark.parametrize(
    "value",
    [
        Caller("Bearer canary", "canary"),
        ProviderRequest("h", "/", "GET", None, "canary", proof="canary"),
        Outcome(value={"access_token": "canary"}),
    ],
    ids=["caller", "request", "refresh"],
)
def test_local_variables_show_no_credential(value: object) -> None:
    """Tools that report exceptions show local variables."""
    assert "canary" not in repr(value)
