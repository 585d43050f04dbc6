"""The refresh guard: who sends, who waits, what is remembered, what is repeated; with threads and with tasks."""

from __future__ import annotations

import json
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem.errors import AuthProblemError
from authproblem.refresh import (
    AsyncRefreshGuard,
    ClientMisconfigured,
    CredentialDead,
    CredentialReplaced,
    MemoryRefreshStore,
    RefreshError,
    RefreshGuard,
    StepUpRequired,
    TryLater,
)
from benchmarks import refresh as benchmark
from tests.client import samples
from tests.support.events import Events
from tests.support.responses import Response, json_response

DEAD = json_response(403, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."})
WRONG_CLIENT = json_response(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
STEP_UP = json_response(400, {"error": "interaction_required", "error_description": "Sign in again."})
LIMITED = json_response(429, {"error": "too_many_requests"}, ("retry-after", "7"))
DOWN = Response(503, [("content-type", "text/html")], b"<h1>Service unavailable</h1>")
TOKEN = "rt-canary-1"


def answer(response: Response) -> httpx.Response:
    """A response as httpx has it."""
    status, headers, content = response
    return httpx.Response(status, headers=headers, content=content)


class Server:
    """A token endpoint that answers from a list, the last one for ever, and counts."""

    def __init__(self, *answers: Any) -> None:
        self.answers = answers
        self.sent: list[str] = []

    def __call__(self, token: str) -> Any:
        self.sent.append(token)
        given = self.answers[min(len(self.sent), len(self.answers)) - 1]
        if isinstance(given, BaseException):
            raise given
        return answer(given) if isinstance(given, Response) else given


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def outcome(guard: RefreshGuard, server: Callable[..., Any], token: str = TOKEN) -> Any:
    """What a refresh gives: the value, or the exception."""
    try:
        return guard.refresh(token, server)
    except Exception as error:  # noqa: BLE001 - what a test looks at
        return error


class TestVerdicts:
    @pytest.mark.parametrize(
        ("response", "kind"),
        [
            (DEAD, CredentialDead),
            (WRONG_CLIENT, ClientMisconfigured),
            (STEP_UP, StepUpRequired),
            (LIMITED, TryLater),
            (DOWN, TryLater),
            (samples.okta(401, "E0000004", "Authentication failed"), TryLater),
            (samples.okta(401, "E0000011", "Invalid token provided"), TryLater),
            (json_response(400, {"error": "code_of_tomorrow"}), TryLater),
            (json_response(500, {"error": "invalid_grant"}), TryLater),
            (json_response(429, {"error": "invalid_grant"}, ("retry-after", "7")), TryLater),
        ],
    )
    def test_a_response_becomes_one_of_four(self, response: Response, kind: type[RefreshError]) -> None:
        """By what it says about the credential."""
        got = outcome(RefreshGuard("auth0", attempts=1), Server(response))

        assert type(got) is kind

    @pytest.mark.parametrize("limit", [LIMITED, samples.limited(("retry-after", "7"))])
    def test_a_wait_is_kept(self, limit: Response) -> None:
        """`after` is the provider's own."""
        got = outcome(RefreshGuard("okta", attempts=1), Server(limit))

        assert (type(got), got.after) == (TryLater, 7)

    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ({"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}, CredentialDead),
            ({"error": "invalid_grant"}, TryLater),
            ({"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit."}, TryLater),
            ({"statusCode": 429, "error": "Too Many Requests", "message": "Global limit has been reached"}, TryLater),
            (answer(json_response(200, {"error": "bad_refresh_token"})), TryLater),
        ],
    )
    def test_an_error_is_not_taken_for_a_token(self, given: Any, kind: type[RefreshError]) -> None:
        """Some libraries return the members of an error as a token, without their status."""
        assert type(outcome(RefreshGuard("auth0", attempts=1), Server(given))) is kind

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (httpx.ConnectError("no"), "upstream-unreachable"),
            (httpx.ReadTimeout("no"), "upstream-timeout"),
            (TimeoutError(), "upstream-timeout"),
            (ConnectionResetError(), "upstream-unreachable"),
        ],
    )
    def test_a_failure_of_the_network_keeps_the_credential(self, error: Exception, reason: str) -> None:
        """The provider has not examined the token."""
        if isinstance(error, httpx.RequestError):
            error.request = httpx.Request("POST", "https://login.example.com/token")

        got = outcome(RefreshGuard("auth0", attempts=1), Server(error))

        assert (type(got), got.problem.reason) == (TryLater, reason)

    def test_an_exception_of_the_application_propagates(self) -> None:
        """And is not remembered."""
        server = Server(KeyError("mine"), {"access_token": "at"})
        guard = RefreshGuard("auth0")

        assert isinstance(outcome(guard, server), KeyError)
        assert outcome(guard, server) == {"access_token": "at"}

    def test_a_status_error_is_read_by_its_response(self) -> None:
        """`raise_for_status` keeps it."""
        response = answer(DEAD)
        response.request = httpx.Request("POST", "https://tenant.auth0.com/oauth/token")
        error = httpx.HTTPStatusError("403", request=response.request, response=response)

        assert type(outcome(RefreshGuard("auth0"), Server(error))) is CredentialDead

    def test_nothing_names_the_credential(self) -> None:
        """Neither exceptions, nor their pickles, nor the guard."""
        guard = RefreshGuard("auth0", store=(store := MemoryRefreshStore()))
        got = outcome(guard, Server(DEAD))

        shown = f"{got} {got!r} {guard!r} {pickle.dumps(got)!r} {store._verdicts.entries} {got.problem}"
        assert "canary" not in shown
        assert isinstance(got, AuthProblemError)

    def test_a_callable_without_parameters_is_called_without(self) -> None:
        """A closure knows its token."""
        assert RefreshGuard().refresh(TOKEN, lambda: {"access_token": "at"}) == {"access_token": "at"}


@settings(max_examples=300, deadline=None)
@given(
    status=st.sampled_from([400, 401, 403, 404, 408, 422, 429, 500, 502, 503, 504]),
    provider=st.sampled_from(["auth0", "okta", "oauth"]),
    error=st.sampled_from(["invalid_grant", "access_denied", "server_error", "made_up", "E0000047", "E0000011"]),
    text=st.sampled_from(["", "The refresh token is invalid or expired.", "Unknown or invalid refresh token.", "?"]),
    content_type=st.sampled_from(["application/json", "text/html", "text/plain"]),
    as_page=st.booleans(),
)
def test_nothing_but_a_known_refusal_kills_a_credential(  # noqa: PLR0917 - hypothesis passes keywords
    status: int, provider: Any, error: str, text: str, content_type: str, as_page: bool
) -> None:
    """Whatever the server sends: no limit, outage, page or unknown code does, and nothing is taken for a token."""
    document = {"error": error, "error_description": text}
    content = b"<html>" + str(document).encode() if as_page else json.dumps(document).encode()
    response = httpx.Response(status, headers={"content-type": content_type}, content=content)

    got = outcome(RefreshGuard(provider, attempts=1), lambda: response)

    assert isinstance(got, RefreshError)
    if isinstance(got, CredentialDead):
        assert status < 500
        assert status != 429
        assert not as_page
        assert error in {"invalid_grant", "access_denied"}
        assert error == "invalid_grant" or "refresh token" in text.lower()


@pytest.mark.parametrize("depth", [100, 260, 1000])
def test_an_error_that_nests_deeply_is_an_error(depth: int) -> None:
    """Deeper than JSON can be written: libraries get the exception that they expect, and no other."""
    body = b'{"error":"invalid_grant","x":' + b"[" * depth + b"]" * depth + b"}"
    response = httpx.Response(200, content=body, request=httpx.Request("POST", "https://tenant.auth0.com/oauth/token"))

    with pytest.raises(RefreshError):
        RefreshGuard("auth0").check(response)


class TestMemory:
    def test_a_dead_credential_is_sent_once(self) -> None:
        """Whoever asks, until it is replaced by another one."""
        server = Server(DEAD)
        guard = RefreshGuard("auth0")

        got = [type(outcome(guard, server)) for _ in range(5)]

        assert (got, len(server.sent)) == ([CredentialDead] * 5, 1)
        assert type(outcome(guard, server, "rt-2")) is CredentialDead
        assert server.sent == [TOKEN, "rt-2"]

    def test_a_caller_with_the_old_credential_gets_the_new_tokens(self) -> None:
        """With rotation a second refresh would revoke the whole family."""
        server, clock = Server({"access_token": "1"}, {"access_token": "2"}), Clock()
        guard = RefreshGuard("auth0", clock=clock, remember=30)

        first, again = outcome(guard, server), outcome(guard, server)
        clock.now += 30

        assert (first, again, outcome(guard, server)) == ({"access_token": "1"},) * 2 + ({"access_token": "2"},)

    def test_a_limited_credential_is_not_sent_before_its_time(self) -> None:
        """With the seconds that are left."""
        server, clock = Server(LIMITED, {"access_token": "at"}), Clock()
        guard = RefreshGuard("auth0", clock=clock, attempts=1)
        outcome(guard, server)
        clock.now += 2.5

        early = outcome(guard, server)
        clock.now += 4.5

        assert (type(early), early.after, len(server.sent)) == (TryLater, 5, 1)
        assert outcome(guard, server) == {"access_token": "at"}

    def test_tokens_do_not_stay_in_memory(self) -> None:
        """The next refresh of anybody drops those whose time is over."""
        clock = Clock()
        guard = RefreshGuard("auth0", clock=clock, remember=30)
        for number in range(10):
            outcome(guard, Server({"access_token": str(number)}), str(number))
            clock.now += 10

        assert len(guard._core.memory.fresh) == 3

    def test_what_it_remembers_is_bounded(self) -> None:
        """Of too many credentials, the ones that end first are dropped."""
        guard = RefreshGuard("auth0", size=8)
        server = Server(DEAD)

        for number in range(100):
            outcome(guard, server, str(number))

        assert len(guard._core.memory._known) == 8
        assert guard._core._flights == {}

    def test_a_refresh_that_is_answered_from_memory_has_an_event(self, events: Events) -> None:
        """Its name says that nothing was sent; it holds no credential."""
        guard = RefreshGuard("auth0")
        for _ in range(2):
            outcome(guard, Server(DEAD))

        [event] = events

        assert (event["event"], event["problem"]) == ("authproblem.suppressed", "invalid-refresh-token")
        assert "canary" not in str(event)


class TestRepeats:
    def test_a_limit_is_waited_for_within_the_budget(self) -> None:
        """The provider refused before it did anything, so that the token is not spent."""
        server = Server(
            json_response(429, {"error": "too_many_requests"}, ("retry-after", "1")), {"access_token": "at"}
        )
        started = time.monotonic()

        assert outcome(RefreshGuard("auth0", budget=5, lease=4), server) == {"access_token": "at"}
        assert 1.0 <= time.monotonic() - started < 2.0

    @pytest.mark.parametrize("response", [DOWN, json_response(502, {}), json_response(500, {"error": "server_error"})])
    def test_what_may_have_been_carried_out_is_not_repeated(self, response: Response) -> None:
        """With rotation the token may be spent."""
        server = Server(response)

        outcome(RefreshGuard("auth0", attempts=3), server)

        assert len(server.sent) == 1

    def test_a_wait_beyond_the_budget_is_the_callers(self) -> None:
        """It gets the wait at once."""
        server = Server(LIMITED)
        got = outcome(RefreshGuard("auth0", budget=3, lease=1), server)

        assert (got.after, len(server.sent)) == (7, 1)


class TestBreaker:
    def test_opens_after_outages_and_probes_once(self) -> None:
        """Every user's refresh counts, and one probe decides for all."""
        server, clock = Server(*[DOWN] * 4, {"access_token": "at"}), Clock()
        guard = RefreshGuard("auth0", clock=clock, failures=3, open_for=20)
        for number in range(6):
            outcome(guard, server, f"user-{number}")
        assert len(server.sent) == 3

        clock.now += 20
        failed = [outcome(guard, server, "probe-1"), outcome(guard, server, "no-probe")]
        assert [error.problem.reason for error in failed] == ["upstream-unavailable"] * 2
        assert (len(server.sent), failed[1].after) == (4, 20)

        clock.now += 20
        assert outcome(guard, server, "probe-2") == outcome(guard, server, "next") == {"access_token": "at"}

    @pytest.mark.parametrize("response", [DEAD, WRONG_CLIENT, LIMITED, STEP_UP])
    def test_does_not_count_what_an_endpoint_in_order_answers(self, response: Response) -> None:
        """A thousand dead tokens are no outage."""
        server = Server(response)
        guard = RefreshGuard("auth0", failures=2, attempts=1)

        for number in range(10):
            outcome(guard, server, str(number))

        assert len(server.sent) == 10


@pytest.mark.slow
def test_a_refresh_from_memory_adds_less_than_two_microseconds() -> None:
    """To the call alone, in the same run; the best of three runs, so that other load does not count."""
    runs = [benchmark.samples(rounds=10, calls=500) for _ in range(3)]

    def added(kind: str) -> float:
        return min(benchmark.added(taken, kind).value for taken in runs)

    assert [kind for kind in benchmark.KINDS if added(kind) >= benchmark.BUDGET] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"provider": "google"}, "'google'"),
        ({"budget": 0}, "invalid budget: 0; expected seconds above 0"),
        ({"attempts": 0}, "invalid attempts: 0; expected a number of at least 1"),
        ({"remember": -1}, "invalid remember: -1"),
        ({"lease": 30, "budget": 30}, "invalid lease: 30; expected less than budget=30"),
        ({"size": True}, "invalid size: True"),
    ],
)
@pytest.mark.parametrize("kind", [RefreshGuard, AsyncRefreshGuard])
def test_a_wrong_option_is_refused_at_once(kind: Any, options: dict[str, Any], message: str) -> None:
    """With its value and what is expected."""
    with pytest.raises(ValueError, match=message):
        kind(**options)


class Slow:
    """A token endpoint that takes its time and counts."""

    def __init__(self, response: Any, seconds: float = 0.1) -> None:
        self.response, self.seconds = response, seconds
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        time.sleep(self.seconds)
        return self.response

    async def aware(self) -> Any:
        """The same for tasks."""
        self.calls += 1
        await anyio.sleep(self.seconds)
        return self.response


def by_threads(guard: RefreshGuard, do_refresh: Callable[..., Any], count: int = 100) -> list[Any]:
    """What so many threads get that refresh one credential at once."""
    got: list[Any] = []
    left = [object()] * count  # a list: `pop` is atomic

    def work() -> None:
        left.pop()
        got.append(outcome(guard, patient))

    def patient() -> Any:
        ends = time.monotonic() + 10
        while left and time.monotonic() < ends:  # until all the others are about to refresh
            time.sleep(0.01)
        time.sleep(0.2)
        return do_refresh()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return got


async def by_tasks(guard: AsyncRefreshGuard, do_refresh: Callable[..., Any], count: int = 100) -> list[Any]:
    """The same with tasks."""
    got: list[Any] = []

    async def work() -> None:
        try:
            got.append(await guard.refresh(TOKEN, do_refresh))
        except Exception as error:  # noqa: BLE001 - what a test looks at
            got.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(work)
    return got


RESULTS = [
    pytest.param({"access_token": "at"}, dict, id="token"),
    pytest.param(answer(DEAD), CredentialDead, id="dead"),
    pytest.param(answer(DOWN), TryLater, id="outage"),
]


class TestSingleFlight:
    @pytest.mark.parametrize(("response", "kind"), RESULTS)
    def test_one_of_a_hundred_threads_sends(self, response: Any, kind: type) -> None:
        """The others get its result, also if it fails."""
        slow = Slow(response)

        got = by_threads(RefreshGuard("auth0"), slow)

        assert ({type(each) for each in got}, len(got), slow.calls) == ({kind}, 100, 1)

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    @pytest.mark.parametrize(("response", "kind"), RESULTS)
    def test_one_of_a_hundred_tasks_sends(self, response: Any, kind: type, backend: str) -> None:
        """Under asyncio and trio."""
        slow = Slow(response)

        async def main() -> list[Any]:
            return await by_tasks(AsyncRefreshGuard("auth0"), slow.aware)

        got = anyio.run(main, backend=backend)

        assert ({type(each) for each in got}, len(got), slow.calls) == ({kind}, 100, 1)

    def test_one_of_the_threads_and_tasks_of_a_process_sends(self) -> None:
        """A store in memory shares the lease; the other guard loads what was saved."""
        store, saved, slow = MemoryRefreshStore(), [], Slow({"access_token": "at"})

        def save() -> Any:
            saved.append(slow())
            return saved[-1]

        async def main() -> list[Any]:
            guard = AsyncRefreshGuard("auth0", store=store)
            return [await guard.refresh(TOKEN, slow.aware, load=lambda: saved[-1] if saved else None)]

        threads = threading.Thread(target=by_threads, args=(RefreshGuard("auth0", store=store), save, 20))
        threads.start()
        time.sleep(0.05)
        got = anyio.run(main)
        threads.join(20)

        assert (got, slow.calls) == ([{"access_token": "at"}], 1)

    def test_two_credentials_are_refreshed_side_by_side(self) -> None:
        """One user's refresh never waits for another's."""
        guard, barrier = RefreshGuard("auth0"), threading.Barrier(2)
        got: list[Any] = []

        def both() -> dict[str, str]:
            barrier.wait(5)
            return {"access_token": "at"}

        threads = [threading.Thread(target=lambda n=n: got.append(outcome(guard, both, str(n)))) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

        assert got == [{"access_token": "at"}] * 2

    def test_nobody_waits_longer_than_the_budget(self) -> None:
        """The refresh of somebody else hangs."""
        guard, release = RefreshGuard("auth0", budget=0.2, lease=0.1), threading.Event()
        leader = threading.Thread(target=outcome, args=(guard, lambda: release.wait(10)))
        leader.start()
        time.sleep(0.05)
        started = time.monotonic()

        got = outcome(guard, lambda: None)
        waited = time.monotonic() - started
        release.set()
        leader.join(10)

        assert (type(got), got.problem.reason) == (TryLater, "resource-busy")
        assert waited < 1.0

    def test_a_leader_that_is_interrupted_is_followed_by_another(self) -> None:
        """An interrupt in a thread must not leave the others waiting."""
        guard = RefreshGuard("auth0")
        calls: list[int] = []

        def interrupted() -> Any:
            calls.append(1)
            if len(calls) == 1:
                time.sleep(0.1)
                raise KeyboardInterrupt
            return {"access_token": "at"}

        def leader() -> None:
            with pytest.raises(KeyboardInterrupt):
                guard.refresh(TOKEN, interrupted)

        thread = threading.Thread(target=leader)
        thread.start()
        time.sleep(0.03)

        assert guard.refresh(TOKEN, interrupted) == {"access_token": "at"}
        thread.join(5)

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_a_caller_that_is_canceled_does_not_stop_the_refresh(self, backend: str) -> None:
        """The provider may have spent the old credential already."""
        slow = Slow({"access_token": "at"})

        async def main() -> Any:
            guard = AsyncRefreshGuard("auth0")
            with anyio.move_on_after(0.02):
                await guard.refresh(TOKEN, slow.aware)
            return await guard.refresh(TOKEN, slow.aware)

        assert (anyio.run(main, backend=backend), slow.calls) == ({"access_token": "at"}, 1)

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_a_refresh_that_hangs_ends_with_the_budget(self, backend: str) -> None:
        """The next one is sent again."""
        calls: list[int] = []

        async def hangs() -> Any:
            calls.append(1)
            if len(calls) == 1:
                await anyio.sleep(60)
            return {"access_token": "at"}

        async def main() -> tuple[list[Any], Any]:
            guard = AsyncRefreshGuard("auth0", budget=0.2, lease=0.1)
            first = await by_tasks(guard, hangs, 3)
            await anyio.sleep(0.1)
            return first, await guard.refresh(TOKEN, hangs)

        started = time.monotonic()
        first, second = anyio.run(main, backend=backend)

        assert [type(each) for each in first] == [TryLater] * 3
        assert (second, len(calls)) == ({"access_token": "at"}, 2)
        assert time.monotonic() - started < 5


class LostStore:
    """A store that nobody reaches."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def lost(*_: Any) -> Any:
            raise ConnectionError

        return lost


class TestStore:
    def test_another_guard_knows_a_dead_credential(self) -> None:
        """As another process would."""
        store, server = MemoryRefreshStore(), Server(DEAD)

        got = [type(outcome(RefreshGuard("auth0", store=store), server)) for _ in range(3)]

        assert (got, len(server.sent)) == ([CredentialDead] * 3, 1)

    def test_another_guard_loads_what_was_saved(self) -> None:
        """The store never holds a token; without `load` the application has to look itself."""
        store = MemoryRefreshStore()
        RefreshGuard("auth0", store=store).refresh(TOKEN, lambda: {"access_token": "canary"})
        server = Server({"access_token": "2"})

        got = RefreshGuard("auth0", store=store).refresh(TOKEN, server, load=lambda: {"access_token": "saved"})
        without = outcome(RefreshGuard("auth0", store=store), server)

        assert got == {"access_token": "saved"}
        assert (type(without), without.after, server.sent) == (CredentialReplaced, 0, [])
        assert "canary" not in str(store._verdicts.entries)

    def test_a_lease_of_a_process_that_died_ends(self) -> None:
        """The next one takes over."""

        class Held(MemoryRefreshStore):
            """Somebody takes the lease first, and dies."""

            def acquire(self, key: str, owner: str, seconds: float) -> bool:
                if not self._leases.entries:
                    super().acquire(key, "the process that died", 0.3)
                return super().acquire(key, owner, seconds)

        started = time.monotonic()
        got = outcome(RefreshGuard("auth0", store=Held(), lease=0.2, budget=5), Server({"access_token": "at"}))

        assert got == {"access_token": "at"}
        assert 0.2 < time.monotonic() - started < 2

    def test_a_lost_store_blocks_no_caller(self) -> None:
        """The guard of the process goes on by itself."""
        server = Server({"access_token": "at"})

        assert outcome(RefreshGuard("auth0", store=LostStore()), server) == {"access_token": "at"}

    def test_nonsense_in_a_store_is_no_verdict(self) -> None:
        """Another release may have written it."""

        class Odd(MemoryRefreshStore):
            def read(self, key: str) -> bytes | None:
                return b'{"kind": "of the future"}'

        assert outcome(RefreshGuard("auth0", store=Odd()), Server({"access_token": "at"})) == {"access_token": "at"}
