"""One of several processes that refresh one credential with a shared store; `test_refresh_processes` starts them."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import urllib.request
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

from authproblem.refresh import MemoryRefreshStore, RefreshGuard

KEY = b"loopback"


class Manager(BaseManager):
    """Serves a store to other processes."""


Manager.register("Store", MemoryRefreshStore)


class Connected:
    """A store in another process: one connection for each thread."""

    def __init__(self, port: int) -> None:
        Manager.register("shared")
        self._manager = Manager(("127.0.0.1", port), KEY)
        self._manager.connect()

    def __getattr__(self, name: str) -> Any:
        store: Any = self._manager.shared()  # type: ignore[attr-defined] # registered at run time
        return getattr(store, name)


def main(port: str, url: str, saved: str, threads: str) -> None:
    """Refresh in many threads, and print what they got and how long the slowest waited."""
    guard = RefreshGuard("auth0", store=Connected(int(port)), lease=1.0, budget=10.0)
    file, results = Path(saved), []

    def load() -> Any:
        return json.loads(file.read_text()) if file.exists() else None

    def do_refresh(token: str) -> Any:
        request = urllib.request.Request(url, data=token.encode(), headers={"X-Pid": str(os.getpid())})
        with urllib.request.urlopen(request, timeout=5) as response:
            tokens = json.load(response)
        file.with_suffix(".new").write_text(json.dumps(tokens))
        file.with_suffix(".new").rename(file)
        return tokens

    def work() -> None:
        started = time.monotonic()
        tokens = guard.refresh("rt-1", do_refresh, load=load)
        results.append((tokens["access_token"], time.monotonic() - started))

    running = [threading.Thread(target=work) for _ in range(int(threads))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    report = [[token for token, _ in results], max(waited for _, waited in results)]
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
