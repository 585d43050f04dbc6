"""What shared cool-downs cost: `python -m tools.redis_cost` measures them against a Redis that it starts.

What a request pays, in nanoseconds, and how long it takes until another process has it, in milliseconds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from authproblem.httpx import MemoryCooldown
from authproblem.redis import RedisCooldown
from tests.client.redis_server import RedisServer

DOCUMENT = b'{"type":"urn:problem-type:auth:rate-limited","reason":"rate-limited","status":429}'
KEY = "auth0 tenant.auth0.com users /api/v2/users token:0123456789abcdef"
ROUNDS, CALLS, ANNOUNCEMENTS = 30, 2000, 50


def nanoseconds(store: RedisCooldown | MemoryCooldown, key: str) -> float:
    """The median over rounds of one `look`."""
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        for _ in range(CALLS):
            store.look(key)
        taken.append((time.perf_counter_ns() - start) / CALLS)
    return statistics.median(taken)


def announcement(one: RedisCooldown, other: RedisCooldown, number: int) -> float:
    """Milliseconds from a `hold` until another store has it."""
    key = f"{KEY} {number}"
    start = time.perf_counter()
    one.hold(key, 60, DOCUMENT)
    while other.look(key) is None:
        time.sleep(0.0001)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        one, other, memory = RedisCooldown(server.url), RedisCooldown(server.url), MemoryCooldown()
        one.look(KEY), other.look(KEY)
        time.sleep(0.5)
        print(
            f"look, nothing held:       {nanoseconds(one, KEY):6,.0f} ns (in memory: {nanoseconds(memory, KEY):,.0f})"
        )
        one.hold("another", 600, DOCUMENT)
        print(f"look, another one held:   {nanoseconds(one, KEY):6,.0f} ns")
        one.hold(KEY, 600, DOCUMENT)
        print(f"look, held:               {nanoseconds(one, KEY):6,.0f} ns")
        taken = sorted(announcement(one, other, number) for number in range(ANNOUNCEMENTS))
        print(f"until another one knows:  {taken[ANNOUNCEMENTS // 2]:6.1f} ms, at most {taken[-1]:.1f} ms")
        one.close()
        other.close()
        server.kill()


if __name__ == "__main__":
    main()
