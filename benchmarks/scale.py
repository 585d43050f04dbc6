"""Registries of 100 to 100 000 entries; imports in fresh processes; what memory is kept after many errors."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import subprocess
import sys
import tempfile
from statistics import quantiles
from typing import Any

from authproblem import Registry, classify
from authproblem.asgi import AuthProblemMiddleware
from benchmarks.bodies import JSON_HEADER, SHAPES
from benchmarks.harness import asgi_app, asgi_scope, silence
from benchmarks.padding import coded, padded
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Case, Figure, measure

_HOT = 50


def entries(settings: Settings) -> Section:
    """`classify` at growing sizes: the same 50 codes, and codes drawn from the whole registry."""
    cases: list[Case] = []
    for size in settings.entries:
        registry = padded(size)
        codes = sorted({entry.code for entry in registry if entry.code and entry.code.startswith("padding")})
        cases += [_entries_case(f"{size} entries, {_HOT} codes", registry, codes[:_HOT])]
        cases += [_entries_case(f"{size} entries, any code", registry, codes)]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    base = {kind: f"{settings.entries[0]} entries, {kind}" for kind in (f"{_HOT} codes", "any code")}
    rows = [
        Row(
            case.name,
            samples.time(case.name),
            samples.versus(case.name, base[case.name.partition(", ")[2]]),
        )
        for case in cases
    ]
    largest = f"{settings.entries[-1]} entries, {_HOT} codes"
    metric = samples.ratio(lambda at: at[largest] / at[base[f"{_HOT} codes"]])
    title = f"cost at {settings.entries[-1]} entries / at {settings.entries[0]}"
    note = "ratio to the smallest; 'any code' also pays for cold caches of the processor"
    return Section("classify in padded registries", note, rows, {title: metric})


def _entries_case(name: str, registry: Registry, codes: list[str]) -> Case:
    draw = random.Random(name)  # noqa: S311 - any codes will do
    for code in codes:  # groups are built when first needed: not what is measured here
        classify(403, JSON_HEADER, coded(code), registry=registry)

    def prepare(number: int) -> list[bytes]:
        return [coded(draw.choice(codes)) for _ in range(number)]

    def loop(inputs: list[bytes]) -> None:
        for body in inputs:
            classify(403, JSON_HEADER, body, registry=registry)

    return Case(name, prepare, loop)


_FRESH = """
import sys, time, resource
{first}
def now():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return time.perf_counter(), spent.ru_utime + spent.ru_stime, pages, len(sys.modules)
before = now()
{measured}
after = now()
print((after[0] - before[0]) * 1e3, (after[1] - before[1]) * 1e3, (after[2] - before[2]) * 4.096, after[3] - before[3])
"""
_IMPORTS = {
    "orjson": ("", "import orjson"),
    "structlog": ("import orjson", "import structlog"),
    "authproblem": ("import orjson", "import authproblem"),
    "authproblem.asgi": ("import orjson", "import authproblem.asgi"),
    "authproblem.wsgi": ("import orjson", "import authproblem.wsgi"),
    "authproblem.asgi, the first middleware built": (
        "import orjson; import authproblem.asgi",
        "authproblem.asgi.AuthProblemMiddleware(None)",
    ),
    "authproblem, the registry read": ("import orjson; import authproblem", "authproblem.Registry.builtin()"),
}


def fresh(settings: Settings) -> Section:
    """Imports in fresh processes, beyond the interpreter and orjson: milliseconds, modules, memory."""
    if sys.platform != "linux":
        return Section("imports", "measured on Linux only", [], {})
    rows, metrics = [], {}
    for name, figures in _imported(settings.processes).items():
        wall, cpu, memory, modules = ([run[place] for run in figures] for place in range(4))
        rows.append(Row(f"{name}: ms (CPU {middle(cpu).value:.1f} ms, {modules[0]:.0f} modules)", middle(wall), None))
        rows.append(Row(f"{name}: KiB resident", middle(memory), None))
        if name in {"authproblem", "authproblem.asgi"}:
            metrics[f"import of {name}, ms"] = middle(wall)
            metrics[f"import of {name}, CPU ms"] = middle(cpu)
    return Section(
        "imports in fresh processes", "beyond the interpreter and orjson; files and .pyc are cached", rows, metrics
    )


def _imported(processes: int) -> dict[str, list[tuple[float, ...]]]:
    """What each process says of its imports; compiled files are kept, as they are where a package is installed."""
    runs: dict[str, list[tuple[float, ...]]] = {name: [] for name in _IMPORTS}
    names = list(_IMPORTS)
    shuffle = random.Random(1).shuffle  # noqa: S311 - an order, no secrets
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(processes + 1):
            shuffle(names)
            for name in names:
                script = _FRESH.format(first=_IMPORTS[name][0], measured=_IMPORTS[name][1])
                done = subprocess.run(
                    [sys.executable, "-c", script], capture_output=True, check=True, text=True, timeout=60, env=environ
                )
                if turn:  # the first one compiles
                    runs[name].append(tuple(map(float, done.stdout.split())))
    return runs


def middle(values: list[float]) -> Figure:
    """Median and quartiles of a few values."""
    if len(values) < 2:
        return Figure(values[0], values[0], values[0])
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return Figure(middle, low, high)


def memory(settings: Settings) -> Section:
    """Memory blocks that the interpreter still holds after many different errors."""
    silence()
    app = AuthProblemMiddleware(asgi_app)
    asyncio.run(_errors(app, 2_000))
    gc.collect()
    before = sys.getallocatedblocks()
    asyncio.run(_errors(app, settings.errors))
    gc.collect()
    kept = (sys.getallocatedblocks() - before) / settings.errors
    figure = Figure(kept, kept, kept)
    row = Row(f"blocks kept per error after {settings.errors} errors", figure, None)
    return Section(
        "memory", "sys.getallocatedblocks() after garbage collection", [row], {"blocks kept per error": figure}
    )


async def _errors(app: Any, number: int) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    small = SHAPES[:8]
    for turn in range(number):
        body = small[turn % len(small)]
        await app(asgi_scope(body.fresh(1)[0], body), receive, send)
