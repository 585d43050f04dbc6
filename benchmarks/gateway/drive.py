"""One candidate under one load, in a process of its own, so that its CPU time and memory are its own: prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.gateway.clients import CANDIDATES, Get
from benchmarks.gateway.upstreams import LARGE

_WARM_UP = 0.3
"""Seconds before the measurement."""
HEADERS = [
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip"),
    (b"authorization", b"Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"),
    (b"user-agent", b"benchmark"),
    (b"via", b"1.1 authproblem"),
    (b"x-forwarded-for", b"127.0.0.1"),
    (b"x-forwarded-proto", b"http"),
]


async def _load(get: Get, url: str, connections: int, seconds: float) -> list[float]:
    """The seconds that each request took, in so many loops at the same time."""
    end = time.perf_counter() + seconds
    took: list[float] = []
    status, size = (401 if url.endswith("/error") else 200), (LARGE if url.endswith("/large") else None)

    async def loop() -> None:
        while True:
            began = time.perf_counter()
            if began >= end:
                return
            got, body = await get(url, HEADERS)
            if got != status or (size is not None and len(body) != size):
                raise RuntimeError(f"{url}: {got}, {len(body)} bytes")
            took.append(time.perf_counter() - began)

    await asyncio.gather(*[loop() for _ in range(connections)])
    return took


async def _measure(name: str, url: str, connections: int, seconds: float, authority: str) -> dict[str, Any]:
    async with CANDIDATES[name](authority) as get:
        await _load(get, url, connections, _WARM_UP)
        began, spent = time.perf_counter(), time.process_time()
        took = sorted(await _load(get, url, connections, seconds))
        elapsed, spent = time.perf_counter() - began, time.process_time() - spent
    return {
        "rate": len(took) / elapsed,
        "cpu": spent / len(took) * 1e6,
        "p99": took[int(len(took) * 0.99)] * 1e3,
        "memory": _peak(),
    }


def _peak() -> float:
    """The peak of this process's memory, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    name, url, connections, seconds, authority = sys.argv[1:]
    print(json.dumps(asyncio.run(_measure(name, url, int(connections), float(seconds), authority))))
