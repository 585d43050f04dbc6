"""Four processes with one Redis behind a provider's limit: what is sent, how often, and what a killed Redis costs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("redis", reason="pip install 'authproblem[redis]'")

from tests.client.redis_server import PROGRAM, RedisServer, wait_for
from tests.proxies.site import served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed: .ci/install-servers, as root"),
]
PROCESSES = 4
WORKER = """
import collections, json, sys, time
import httpx
from authproblem.httpx import ProblemTransport
from authproblem.redis import RedisCooldown
redis_url, url, number, pause, turn = sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(float, sys.argv[4:])
transport = ProblemTransport(hosts={"127.0.0.1": "auth0"}, cooldown=RedisCooldown(redis_url))
seen = collections.Counter()
with httpx.Client(transport=transport) as client:
    for _ in range(number):
        try:
            seen[str(client.get(url, headers={"Authorization": "Bearer one"}).status_code)] += 1
        except Exception as error:
            seen[type(error).__name__] += 1
        if pause:
            time.sleep(pause - (time.monotonic() - turn) % pause)
print(json.dumps(seen))
"""

LEASES = """
import json, sys
from authproblem.redis import RedisRefreshStore
store, owner = RedisRefreshStore(sys.argv[1], timeout=5), sys.argv[2]
store.read("any")
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([number for number in range(200) if store.acquire(f"key-{number}", owner, 30)]))
"""


class Provider:
    """A provider: healthy until `limit_until` is set, which the next request does when `limit` is called.

    Attributes:
        calls: when each request came, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.calls: list[float] = []
        self._seconds = 0
        self.limited_at: float | None = None

    def limit(self, seconds: int) -> None:
        """Respond to the next request with 429, and the others for as long."""
        self._seconds = seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        now = time.monotonic()
        self.calls.append(now)
        if self._seconds and self.limited_at is None:
            self.limited_at = now
        limited = self.limited_at is not None and now < self.limited_at + self._seconds
        error = {"statusCode": 429, "error": "Too Many Requests", "errorCode": "too_many_requests", "message": "x"}
        body = json.dumps(error if limited else []).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if limited:
            headers += [(b"retry-after", str(self._seconds).encode()), (b"x-ratelimit-remaining", b"0")]
        await send({"type": "http.response.start", "status": 429 if limited else 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test's own."""
    started = RedisServer(tmp_path)
    yield started
    started.kill()


def start(server: RedisServer, port: int, number: int, pause: float) -> list[subprocess.Popen[str]]:
    """Start the processes of a fleet; each sends so many requests, with a pause in turn (no two at the same moment)."""
    url = f"http://127.0.0.1:{port}/api/v2/users"
    command = [sys.executable, "-c", WORKER, server.url, url, str(number), str(pause)]
    return [
        subprocess.Popen(
            [*command, str(pause * process / PROCESSES)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for process in range(PROCESSES)
    ]


def outcome(processes: list[subprocess.Popen[str]]) -> Counter[str]:
    """What all processes saw: how often which status or exception."""
    seen: Counter[str] = Counter()
    for process in processes:
        output, _ = process.communicate(timeout=90)
        seen.update(json.loads(output))
    return seen


def test_one_limit_stops_four_processes(server: RedisServer) -> None:
    """After one 429 at most one further call reaches the provider before the reset, and one alone right after it."""
    provider = Provider()
    with served(provider) as port:
        processes = start(server, port, 40, 0.2)
        wait_for(lambda: len(provider.calls) > 20, "traffic of all processes", 60)
        provider.limit(3)
        seen = outcome(processes)

    at = provider.limited_at or 0.0
    during = [call for call in provider.calls if at < call < at + 3]
    first = [call for call in provider.calls if at + 3 <= call < at + 3.8]
    after = [call for call in provider.calls if call > at + 4.5]
    assert len(during) <= 1
    assert len(first) <= 1
    assert after, "traffic never came back"
    assert set(seen) == {"200", "429"}


def test_killed_redis_costs_no_request(server: RedisServer) -> None:
    """`kill -9` in the middle of 10,000 requests, and a new start: all reach the provider."""
    provider = Provider()
    with served(provider) as port:
        processes = start(server, port, 2500, 0)
        wait_for(lambda: len(provider.calls) > 2000, "the first 2,000", 60)
        server.kill()
        wait_for(lambda: len(provider.calls) > 6000, "more without Redis", 60)
        server.start()
        seen = outcome(processes)

    assert seen == {"200": 10_000}


def test_processes_agree_on_one_holder_of_each_lease(server: RedisServer) -> None:
    """Four processes try to take 200 leases at the same time: each lease has one holder."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LEASES, server.url, str(owner)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for owner in range(PROCESSES)
    ]
    ready = [process.stdout.readline() for process in processes if process.stdout]
    taken = [json.loads(process.communicate(timeout=60)[0]) for process in started(processes)]

    assert ready == ["ready\n"] * PROCESSES
    assert sorted(number for numbers in taken for number in numbers) == list(range(200))


def started(processes: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """Let all processes go, as nearly at once as can be."""
    for process in processes:
        if process.stdin:
            process.stdin.write("go\n")
            process.stdin.flush()
    return processes
