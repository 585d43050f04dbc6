"""Limits that limit: by whom, how many, until when, at once; and the clock that a test moves."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from authproblem import normalize
from authproblem.testing import Clock, FakeAuth0, FakeOAuth, FakeOkta, Response

OKTA, AUTH0 = "https://example.okta.com", "https://example.auth0.com"
START = 1_800_000_000.25


def me(fake: FakeOkta) -> Response:
    return fake.send("GET", OKTA + "/api/v1/users", {"authorization": "SSWS t"})


def test_ten_a_minute_hold_under_two_hundred_concurrent_requests_and_reset_when_they_say() -> None:
    """Over a real socket, from many threads: exactly ten get through, and exactly ten again after the reset."""
    fake = FakeOkta(clock=Clock(frozen=True, start=START))
    fake.limit(10, 60)

    def wave(url: str) -> list[httpx.Response]:
        with httpx.Client(base_url=url, trust_env=False, limits=httpx.Limits(max_connections=50)) as client:

            def ask(_: int) -> httpx.Response:
                return client.get("/api/v1/users", headers={"authorization": "SSWS t"})

            with ThreadPoolExecutor(50) as pool:
                return list(pool.map(ask, range(200)))

    with fake.serve() as url:
        responses = wave(url)
        assert sorted(response.status_code for response in responses) == [200] * 10 + [429] * 190
        (reset,) = {int(response.headers["x-rate-limit-reset"]) for response in responses}
        fake.clock.advance(reset - fake.clock.now() - 0.01)
        assert me(fake).status == 429
        fake.clock.advance(0.02)
        assert sorted(response.status_code for response in wave(url)) == [200] * 10 + [429] * 190


def test_the_headers_count_down() -> None:
    """And the request after the last one is refused."""
    fake = FakeOkta(clock=Clock(frozen=True, start=START))
    fake.limit(3, 60)
    seen = [(a.status, a.header("x-rate-limit-limit"), a.header("x-rate-limit-remaining")) for a in map(me, [fake] * 4)]
    assert seen == [(200, "3", "2"), (200, "3", "1"), (200, "3", "0"), (429, "3", "0")]


def test_waiting_as_long_as_the_hint_is_enough() -> None:
    """The retry hint of the refused request leads to an accepted one."""
    fake = FakeOkta(clock=Clock(frozen=True, start=START))
    fake.limit(1, 60)
    me(fake)
    refused = me(fake)
    problem = normalize(refused.status, list(refused.headers), refused.body)
    assert problem is not None
    assert problem.retry.after is not None
    fake.clock.advance(problem.retry.after)
    assert me(fake).status == 200


@pytest.mark.parametrize(
    ("per", "one", "other"),
    [
        ("user", {"username": "ada@example.com"}, {"username": "eve@example.com"}),
        ("client", {"client_id": "one"}, {"client_id": "two"}),
        ("org", {"organization": "org_1"}, {"organization": "org_2"}),
    ],
)
def test_each_has_a_counter_of_its_own(per: str, one: dict[str, str], other: dict[str, str]) -> None:
    """Each user, client or organization."""
    fake = FakeAuth0(clock=Clock(frozen=True))
    fake.limit(1, 60, per=per, endpoint="auth0.token")
    base = {"grant_type": "client_credentials", "client_id": "app"}
    with httpx.Client(transport=fake.transport(), base_url=AUTH0) as client:
        statuses = [client.post("/oauth/token", data={**base, **who}).status_code for who in (one, one, other)]
    assert statuses == [200, 429, 200]


def test_by_address_and_by_endpoint() -> None:
    """`auth0-forwarded-for` names the address."""
    fake = FakeAuth0(clock=Clock(frozen=True))
    fake.limit(1, 60, per="address")

    def ask(path: str, address: str) -> int:
        return fake.send("GET", AUTH0 + path, {"authorization": "Bearer t", "auth0-forwarded-for": address}).status

    assert [ask("/api/v2/users", "203.0.113.1") for _ in range(2)] == [200, 429]
    assert ask("/api/v2/users", "203.0.113.2") == 200
    fake.recover()
    fake.limit(1, 60, per="endpoint")
    assert [ask("/api/v2/users", "a"), ask("/api/v2/users-by-email", "a"), ask("/api/v2/users", "a")] == [200, 200, 429]


def test_metadata_has_no_limit_and_no_headers_of_one() -> None:
    """Keys and discovery documents."""
    fake = FakeOkta()
    fake.limit(1, 60)
    responses = [fake.send("GET", OKTA + "/oauth2/v1/keys") for _ in range(3)]
    assert [(a.status, a.header("x-rate-limit-limit")) for a in responses] == [(200, "")] * 3


def test_a_quota_has_headers_of_its_own() -> None:
    """The quota of machine-to-machine tokens: its wait is a number of seconds, and long."""
    fake = FakeAuth0(clock=Clock(frozen=True, start=START))
    fake.limit(1, 3600, per="client", endpoint="auth0.token", quota="auth0-client-quota-limit")
    with httpx.Client(transport=fake.transport(), base_url=AUTH0) as client:
        first, second = (
            client.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "app"}) for _ in range(2)
        )
    assert (first.status_code, "r=0" in first.headers["auth0-client-quota-limit"]) == (200, True)
    problem = normalize(second.status_code, list(second.headers.items()), second.content, endpoint="/oauth/token")
    assert problem is not None
    assert (problem.reason, problem.retry.after) == ("quota-exceeded", 3601)


def test_the_vendor_s_own_limits_have_the_vendor_s_own_shape() -> None:
    """Auth0's Management API, its Authentication API, Okta's API, its Identity Engine."""
    fakes = {FakeAuth0: ("/api/v2/users", "/oauth/token"), FakeOkta: ("/api/v1/users", "/idp/idx/identify")}
    shapes = []
    for kind, paths in fakes.items():
        for path in paths:
            fake = kind()
            fake.limit(1, 60)
            fake.send("POST", f"https://example.com{path}")
            shapes.append(sorted(fake.send("POST", f"https://example.com{path}").json())[:2])
    assert shapes == [
        ["error", "errorCode"],
        ["error", "error_description"],
        ["errorCauses", "errorCode"],
        ["expiresAt", "intent"],
    ]


def test_so_many_at_once() -> None:
    """The concurrency limit: requests that are in flight together, not those one after another."""
    fake = FakeOkta(concurrency=3, latency=0.05)

    async def wave() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=fake.transport(), base_url=OKTA) as client:
            headers = {"authorization": "SSWS t"}
            return await asyncio.gather(*(client.get("/api/v1/users", headers=headers) for _ in range(5)))

    responses = asyncio.run(wave())
    assert sorted(response.status_code for response in responses) == [200, 200, 200, 429, 429]
    refused = next(response for response in responses if response.status_code == 429)
    assert (refused.headers["x-rate-limit-limit"], refused.headers["x-rate-limit-remaining"]) == ("0", "0")
    assert [me(fake).status for _ in range(3)] == [200, 200, 200]


def test_delays_are_waited_for() -> None:
    """So that an app's time-outs can be tested."""
    fake = FakeOkta()
    fake.fail_next("okta:E0000047", delay=0.05)
    with fake.serve() as url, pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}/api/v1/users", timeout=0.02, trust_env=False)


@pytest.mark.parametrize("arguments", [{"requests": 0}, {"requests": 1, "seconds": 0}, {"requests": 1, "per": "moon"}])
def test_invalid_limits_are_refused(arguments: dict[str, int]) -> None:
    """When they are set."""
    with pytest.raises(ValueError, match="invalid"):
        FakeOkta().limit(**arguments)  # type: ignore[arg-type]


def test_a_running_clock_runs_and_a_frozen_one_does_not() -> None:
    """Both can be advanced."""
    running, frozen = Clock(), Clock(frozen=True, start=1000.0)
    assert abs(running.now() - time.time()) < 1
    running.advance(3600)
    assert 3599 < running.now() - time.time() < 3601
    running.freeze()
    assert running.now() == running.now()
    frozen.advance(17)
    assert (frozen.now(), frozen.date) == (1017.0, "Thu, 01 Jan 1970 00:16:57 GMT")


def test_counters_do_not_pile_up() -> None:
    """A limit per address keeps the windows that run, not all addresses that ever came."""
    fake = FakeOAuth(clock=Clock(frozen=True))
    fake.limit(1, 1, per="address")
    for number in range(1500):
        fake.send("GET", "https://as.example.com/userinfo", {"x-forwarded-for": f"10.0.{number // 250}.{number % 250}"})
        fake.clock.advance(2)
    assert fake.counters < 1100
