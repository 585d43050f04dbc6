"""One of several processes that refresh one credential with a store in Redis; `test_redis_guard` starts them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from authproblem.redis import AsyncRedisRefreshStore, RedisRefreshStore
from authproblem.refresh import AsyncRefreshGuard, RefreshGuard

LEASE, BUDGET = 2.0, 10.0
"""Seconds: a killed process is followed after the lease; nobody waits longer than the budget."""
TOKEN = "rt-1"


class Application:
    """What every caller does: refresh, save, load, and note what it got and how long it waited."""

    def __init__(self, url: str, saved: str) -> None:
        self.request = httpx.Request("POST", url, content=TOKEN, headers={"X-Pid": str(os.getpid())})
        self.file, self.results = Path(saved), list[tuple[str, float]]()

    def load(self) -> Any:
        """The tokens that a process has saved."""
        return json.loads(self.file.read_text()) if self.file.exists() else None

    def save(self, tokens: Any) -> Any:
        """Save tokens, in one step."""
        new = self.file.with_suffix(f".{time.monotonic_ns()}")
        new.write_text(json.dumps(tokens))
        new.rename(self.file)
        return tokens

    def note(self, started: float, got: Any) -> None:
        """Note how a refresh ended."""
        name = got["access_token"] if isinstance(got, dict) else type(got).__name__
        self.results.append((name, time.monotonic() - started))


def by_threads(redis: str, app: Application, count: int) -> None:
    """Refresh in so many threads."""
    guard = RefreshGuard("auth0", store=RedisRefreshStore(redis), lease=LEASE, budget=BUDGET)

    def do_refresh() -> Any:
        with httpx.Client(verify=False, timeout=10) as client:
            return app.save(client.send(app.request).raise_for_status().json())

    def work() -> None:
        started, got = time.monotonic(), None
        try:
            got = guard.refresh(TOKEN, do_refresh, load=app.load)
        except Exception as error:  # noqa: BLE001 - the test compares what they got
            got = error
        app.note(started, got)

    running = [threading.Thread(target=work) for _ in range(count)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


async def by_tasks(redis: str, app: Application, count: int) -> None:
    """Refresh in so many tasks."""
    store = AsyncRedisRefreshStore(redis)
    guard = AsyncRefreshGuard("auth0", store=store, lease=LEASE, budget=BUDGET)

    async def do_refresh() -> Any:
        async with httpx.AsyncClient(verify=False, timeout=10) as client:
            return app.save((await client.send(app.request)).raise_for_status().json())

    async def work() -> None:
        started, got = time.monotonic(), None
        try:
            got = await guard.refresh(TOKEN, do_refresh, load=app.load)
        except Exception as error:  # noqa: BLE001 - as above
            got = error
        app.note(started, got)

    await asyncio.gather(*(work() for _ in range(count)))
    await store.aclose()


def main(redis: str, url: str, saved: str, count: str, kind: str) -> None:
    """Say that it is ready, wait for a line, refresh, and print what each caller got and how long it waited."""
    app = Application(url, saved)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    if kind == "tasks":
        asyncio.run(by_tasks(redis, app, int(count)))
    else:
        by_threads(redis, app, int(count))
    sys.stdout.write(json.dumps(app.results))


if __name__ == "__main__":
    main(*sys.argv[1:])
