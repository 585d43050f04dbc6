"""Refresh guards of several processes with a store in Redis: one request, one memory, and no loss without Redis."""

from __future__ import annotations

import asyncio
import json
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
from tests.client.redis_server import PROGRAM, RedisServer
from tests.client.upstream import Seen, running
from tests.support.responses import Response, json_response

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed: .ci/install-servers, as root")
TOKEN = json_response(200, {"access_token": "at", "token_type": "Bearer", "expires_in": 3600})
WORKER = Path(__file__).with_name("redis_refresh_worker.py")
PROCESSES, THREADS = 4, 25
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


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["never", "before", "during"])
def test_threads_of_four_processes_refresh_once(server: RedisServer, tmp_path: Path, killed: str) -> None:
    """One request with Redis, at most one a process without it; everybody gets the tokens in any case."""

    def answer(_: Seen) -> Response:
        if killed == "during" and len(upstream.seen) == 1:
            server.kill()
        time.sleep(0.3)
        return TOKEN

    with running(answer) as upstream:
        arguments = [server.url, upstream.url, str(tmp_path / "tokens.json"), str(THREADS)]
        command = [sys.executable, str(WORKER), *arguments]
        pipe = subprocess.PIPE
        workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(PROCESSES)]
        ready = [worker.stdout.readline() for worker in workers if worker.stdout]
        if killed == "before":
            server.kill()
        for worker in workers:
            if worker.stdin:
                worker.stdin.write("go\n")
                worker.stdin.flush()
        results = [json.loads(worker.communicate(timeout=60)[0]) for worker in workers]
        sent = len(upstream.seen)

    assert ready == ["ready\n"] * PROCESSES
    assert results == [["at"] * THREADS] * PROCESSES
    assert sent in (range(1, 2) if killed == "never" else range(1, PROCESSES + 1))


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
