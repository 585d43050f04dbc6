"""One of several processes that refresh one credential with a store in Redis; `test_redis_guard` starts them."""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from authproblem.redis import RedisRefreshStore
from authproblem.refresh import RefreshGuard


def main(redis: str, url: str, saved: str, threads: str) -> None:
    """Say that it is ready, wait for a line, refresh in many threads, and print what they got."""
    guard = RefreshGuard("auth0", store=RedisRefreshStore(redis), lease=5.0, budget=20.0)
    file, results = Path(saved), []

    def load() -> Any:
        return json.loads(file.read_text()) if file.exists() else None

    def do_refresh(token: str) -> Any:
        with urllib.request.urlopen(urllib.request.Request(url, data=token.encode()), timeout=10) as response:
            tokens = json.load(response)
        new = file.with_suffix(f".{time.monotonic_ns()}")
        new.write_text(json.dumps(tokens))
        new.rename(file)
        return tokens

    def work() -> None:
        try:
            results.append(guard.refresh("rt-1", do_refresh, load=load)["access_token"])
        except Exception as error:  # noqa: BLE001 - the test compares what they got
            results.append(type(error).__name__)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    running = [threading.Thread(target=work) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
