"""Refresh guards of several processes with a store in Redis: one request, one memory, and no loss without Redis."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("redis", reason="pip install 'authproblem[redis]'")

import httpx

from authproblem.redis import AsyncRedisRefreshStore, RedisRefreshStore
from authproblem.refresh import AsyncRefreshGuard, CredentialDead, RefreshGuard
from tests.client.redis_refresh_worker import BUDGET
from tests.client.redis_server import PROGRAM, RedisServer
from tests.client.upstream import Seen, running
from tests.support.responses import Response, json_response

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed: .ci/install-servers, as root")
TOKEN = json_response(200, {"access_token": "at", "token_type": "Bearer", "expires_in": 3600})
WORKER = Path(__file__).with_name("redis_refresh_worker.py")
CALLERS = 25
DEAD = httpx.Response(
    403,
    json={"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."},
    request=httpx.Request("POST", "https://t.auth0.com/oauth/token"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test's own."""
    started = RedisServer(tmp_path)
    yield started
    started.kill()


class Fleet:
    """Four processes that refresh one credential at the same moment, 25 callers in each."""

    def __init__(self, redis: str, url: str, saved: Path, kinds: list[str]) -> None:
        pipe = subprocess.PIPE
        arguments = [sys.executable, str(WORKER), redis, url, str(saved), str(CALLERS)]
        self.workers = [subprocess.Popen([*arguments, kind], stdin=pipe, stdout=pipe, text=True) for kind in kinds]
        assert [worker.stdout.readline() for worker in self.workers if worker.stdout] == ["ready\n"] * len(kinds)

    def results(self) -> list[list[tuple[str, float]]]:
        """Let them start; of each process that lives to the end, what its callers got and how long they waited."""
        for worker in self.workers:
            if worker.stdin:
                worker.stdin.write("go\n")
                worker.stdin.flush()
        outputs = [worker.communicate(timeout=60)[0] for worker in self.workers]
        return [json.loads(output) for output in outputs if output]


FLEETS = [["threads"] * 4, ["tasks"] * 4, ["threads", "tasks"] * 2]


@pytest.mark.slow
@pytest.mark.parametrize("kinds", FLEETS, ids=["threads", "tasks", "both"])
@pytest.mark.parametrize(("kills", "sends"), [(False, 1), (True, 2)], ids=["all live", "the sender is killed"])
def test_a_hundred_callers_of_four_processes_send_once(
    server: RedisServer, tmp_path: Path, kinds: list[str], kills: bool, sends: int
) -> None:
    """Twice if the process that holds the lease is killed in the middle; nobody waits longer than the budget."""

    def answer(seen: Seen) -> Response:
        time.sleep(0.3)
        if kills and len(upstream.seen) == 1:
            os.kill(int(seen.header("X-Pid") or 0), signal.SIGKILL)
        return TOKEN

    with running(answer) as upstream:
        results = Fleet(server.url, upstream.url, tmp_path / "tokens.json", kinds).results()
        sent = len(upstream.seen)

    waits = [seconds for result in results for _, seconds in result]
    assert [[token for token, _ in result] for result in results] == [["at"] * CALLERS] * (3 if kills else 4)
    assert sent == sends
    assert max(waits) < BUDGET


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "during"])
def test_a_lost_server_costs_the_sharing_alone(server: RedisServer, tmp_path: Path, when: str) -> None:
    """At most one request a process; everybody gets the tokens."""

    def answer(_: Seen) -> Response:
        if when == "during" and len(upstream.seen) == 1:
            server.kill()
        time.sleep(0.3)
        return TOKEN

    with running(answer) as upstream:
        fleet = Fleet(server.url, upstream.url, tmp_path / "tokens.json", ["threads"] * 4)
        if when == "before":
            server.kill()
        results = fleet.results()
        sent = len(upstream.seen)

    assert [[token for token, _ in result] for result in results] == [["at"] * CALLERS] * 4
    assert sent in range(1, 5)


def test_guards_of_threads_and_of_tasks_share_their_memory(server: RedisServer) -> None:
    """A credential that one found dead is not sent by the other."""
    sent: list[str] = []

    def do_refresh() -> httpx.Response:
        sent.append("threads")
        return DEAD

    async def ado_refresh() -> httpx.Response:
        sent.append("tasks")
        return DEAD

    async def other() -> None:
        store = AsyncRedisRefreshStore(server.url)
        guard = AsyncRefreshGuard("auth0", store=store)
        with pytest.raises(CredentialDead):
            _: httpx.Response = await guard.refresh("rt-1", ado_refresh)
        await store.aclose()

    store = RedisRefreshStore(server.url)
    with pytest.raises(CredentialDead):
        RefreshGuard("auth0", store=store).refresh("rt-1", do_refresh)
    store.close()
    asyncio.run(other())

    assert sent == ["threads"]


def test_server_never_sees_a_token(server: RedisServer) -> None:
    """Neither the one that is refreshed nor the new ones."""
    store = RedisRefreshStore(server.url)
    RefreshGuard("auth0", store=store).refresh("rt-secret", lambda: {"access_token": "at-secret"})
    client = server.client()
    seen = str([(key, client.get(key)) for key in client.keys("*")])
    store.close()

    assert "verdict" in seen
    assert "secret" not in seen
