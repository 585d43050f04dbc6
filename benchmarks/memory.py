"""What memory is kept after many errors: a process for each adapter, every body, path and header value new.

All shapes take their turns, and beside them codes, texts, member names and Accept headers that nobody has seen, so that
a cache that grows with traffic would show. Bounded caches are full after the first tenth; from there on nothing may
stay. `python -m benchmarks.memory ADAPTER NUMBER` runs in it: it prints what is held at each tenth.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from authproblem import normalize
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks import logging_modes
from benchmarks.bodies import ALIEN, MISSES, SHAPES, VARYING_NAMES
from benchmarks.harness import asgi_app, asgi_scope, wsgi_app, wsgi_environ
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Figure

KINDS = (*SHAPES, *MISSES, *VARYING_NAMES, ALIEN)
_LARGE, _SELDOM = 2_000, 8
TURN = tuple(body for turn in range(_SELDOM) for body in KINDS if not turn or len(body.template) < _LARGE)
"""The kinds in turn; large ones every eighth time, as they would take most of the time."""
TENTHS = 10
_KEYS = 50_000
_PLACES = 256
"""Places of the cache that each request with an `Accept` header of its own fills, and that is emptied when full."""
_ROOT = Path(__file__).parent.parent
_TIMEOUT = 3600


class Held(NamedTuple):
    """What a process holds after so many errors."""

    errors: int
    blocks: int
    resident: int


def memory(settings: Settings) -> Section:
    """The short form, of the usual run."""
    section, worst = _section(settings.errors)
    return section._replace(metrics={"memory blocks kept per error": worst})


def million(settings: Settings) -> Section:
    """The long form."""
    section, worst = _section(settings.million)
    return section._replace(metrics={"memory blocks kept per error, after a million": worst})


def _section(number: int) -> tuple[Section, Figure]:
    if sys.platform != "linux":
        nothing = Figure(0.0, 0.0, 0.0)
        return Section(f"memory after {number:,} errors", "measured on Linux only", [], {}), nothing
    found = _held(number)
    rows = [Row(adapter, _figures(tenths)) for adapter, tenths in found.items()]
    worst = max(_kept(tenths, "blocks") for tenths in found.values())
    first = next(iter(found.values()))[0].errors
    note = (
        f"a fresh process for each; growth from error {first:,} to {number:,}; blocks: sys.getallocatedblocks() after "
        f"garbage collection; {len(KINDS)} kinds of bodies in turn, none seen twice"
    )
    return Section(f"memory after {number:,} errors", note, rows, {}), Figure(worst, worst, worst)


def _figures(tenths: list[Held]) -> dict[str, Figure]:
    first, last = tenths[0], tenths[-1]
    values = {
        "blocks then": first.blocks,
        "blocks more": last.blocks - first.blocks,
        "blocks / error": _kept(tenths, "blocks"),
        "resident then, KiB": first.resident / 1024,
        "resident more, KiB": (last.resident - first.resident) / 1024,
        "resident bytes / error": _kept(tenths, "resident"),
    }
    return {title: Figure(value, value, value) for title, value in values.items()}


def _kept(tenths: list[Held], what: str) -> float:
    first, last = tenths[0], tenths[-1]
    return float(getattr(last, what) - getattr(first, what)) / (last.errors - first.errors)


def _held(number: int) -> dict[str, list[Held]]:
    """What each adapter's process says; they run side by side, as no time is taken."""
    running = {}
    for adapter in ADAPTERS:
        command = [sys.executable, "-m", "benchmarks.memory", adapter, str(number)]
        environ = {**os.environ, "PYTHONHASHSEED": "0"}
        running[adapter] = subprocess.Popen(command, cwd=_ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    found = {}
    try:
        for adapter, process in running.items():
            out, _ = process.communicate(timeout=_TIMEOUT)
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, process.args, out)
            found[adapter] = [Held(*map(int, line.split())) for line in out.splitlines()]
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    return found


def _requests(make: Callable[..., Any]) -> Iterator[Any]:
    """Requests without end, each with a path, a host and an Accept header of its own; it keeps hold of the last one."""
    for number, body in zip(count(10**9), cycle(TURN)):
        request = make(body.fresh(1)[0], body)
        accept = f"application/json, text/x-{number}"
        if "headers" in request:
            request["path"] = f"/login/{number}"
            request["headers"] = [(b"accept", accept.encode()), (b"host", f"{number}.example".encode())]
        else:
            request["PATH_INFO"] = f"/login/{number}"
            request |= {"HTTP_ACCEPT": accept, "HTTP_HOST": f"{number}.example"}
        yield request


async def _asgi(number: int) -> None:
    app, requests = AsgiMiddleware(asgi_app), _requests(asgi_scope)

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        pass

    async def some() -> None:
        for scope in islice(requests, _tenth(number)):
            await app(scope, receive, send)

    for done in _tenths(number):
        await some()
        _tell(done)


def _wsgi(number: int) -> None:
    app, requests = WsgiMiddleware(wsgi_app), _requests(wsgi_environ)

    def start_response(_status: str, _headers: Any, _exc_info: Any = None) -> Callable[[bytes], object]:
        return bytes

    def some() -> None:
        for environ in islice(requests, _tenth(number)):
            result = app(environ, start_response)
            for _ in result:
                pass
            if hasattr(result, "close"):
                result.close()

    for done in _tenths(number):
        some()
        _tell(done)


def _normalize(number: int) -> None:
    bodies = zip(count(10**9), cycle(TURN))

    def some() -> None:
        for serial, body in islice(bodies, _tenth(number)):
            one = body.fresh(1)[0]
            problem = normalize(
                body.status, body.headers(len(one)), one, provider=body.provider, instance=f"urn:example:{serial}"
            )
            if problem is not None:
                problem.to_bytes()

    for done in _tenths(number):
        some()
        _tell(done)


def _fill_the_parser() -> None:
    """Fill what orjson keeps, a bounded number of names of members, with names that nobody else holds.

    Otherwise a name that it drops while one of our bounded caches holds it would look like growth, once for each.
    """
    for number in range(_KEYS):
        orjson.loads(b'{"member_%022d":"%d"}' % (number, number))


def _tenth(number: int) -> int:
    """A tenth of the errors, in whole turns, and as many of them as bring the caches back to where they were.

    What is held varies by some hundred blocks: within a turn, and as bounded caches are filled and emptied (that of
    `Accept` headers has 256 places). At different places this looks like up to 0.002 blocks for each error.
    """
    whole = len(TURN) * _PLACES
    unit = whole if number >= whole * TENTHS else len(TURN)
    return max(1, number // TENTHS // unit) * unit


def _tenths(number: int) -> Iterator[int]:
    return (tenth * _tenth(number) for tenth in range(1, TENTHS + 1))


def _tell(errors: int) -> None:
    _fill_the_parser()
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    print(errors, sys.getallocatedblocks(), pages * os.sysconf("SC_PAGE_SIZE"), flush=True)


ADAPTERS: dict[str, Callable[[int], object]] = {
    "ASGI": lambda number: asyncio.run(_asgi(number)),
    "WSGI": _wsgi,
    "normalize": _normalize,
}


if __name__ == "__main__":
    logging_modes.off()
    ADAPTERS[sys.argv[1]](int(sys.argv[2]))
