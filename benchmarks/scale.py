"""Registries of 100 to 100 000 entries; imports in fresh processes; what memory is kept after many errors."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from statistics import quantiles

from authproblem import Registry, classify
from benchmarks.bodies import JSON_HEADER
from benchmarks.padding import coded, padded
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Case, Figure, measure

_HOT, _ANY = "the same 50 codes", "any code"
_SAME = 50


def entries(settings: Settings) -> Section:
    """`classify` at growing sizes: the same 50 codes, and codes drawn from the whole registry."""
    cases: list[Case] = []
    for size in settings.entries:
        registry = padded(size)
        codes = sorted({entry.code for entry in registry if entry.code and entry.code.startswith("padding")})
        cases += [_entries_case(f"{size}, {_HOT}", registry, codes[:_SAME])]
        cases += [_entries_case(f"{size}, {_ANY}", registry, codes)]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    least = settings.entries[0]

    def figures(size: int, codes: str) -> dict[str, Figure]:
        name = f"{size}, {codes}"
        ratio = samples.versus(name, f"{least}, {codes}")
        return {f"{codes}, ns": samples.time(name), f"{codes} / at {least}": ratio}

    rows = [Row(f"{size:,} entries", figures(size, _HOT) | figures(size, _ANY)) for size in settings.entries]
    metrics = {
        f"cost at {size} entries / at {least}": samples.versus(f"{size}, {_HOT}", f"{least}, {_HOT}")
        for size in settings.entries[1:]
    }
    note = f"'{_ANY}' is drawn from the whole registry, so it also pays for cold caches of the processor"
    return Section("classify in registries of any size", note, rows, metrics)


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
print((after[0] - before[0]) * 1e3, (after[1] - before[1]) * 1e3, (after[2] - before[2]) * 4, after[3] - before[3])
"""
_COLUMNS = ("ms", "CPU ms", "resident, KiB", "modules")
_IMPORTS = {
    "orjson": ("", "import orjson"),
    "structlog": ("import orjson", "import structlog"),
    "authproblem": ("import orjson", "import authproblem"),
    "authproblem.asgi": ("import orjson", "import authproblem.asgi"),
    "authproblem.wsgi": ("import orjson", "import authproblem.wsgi"),
    "authproblem.asgi, the first middleware built": (
        "import orjson; import authproblem.asgi",
        "authproblem.asgi.AuthProblemMiddleware(lambda scope, receive, send: None)",
    ),
    "authproblem, the registry read": ("import orjson; import authproblem", "authproblem.Registry.builtin()"),
}


def fresh(settings: Settings) -> Section:
    """Imports in fresh processes, beyond the interpreter and orjson: milliseconds, modules, memory."""
    if sys.platform != "linux":
        return Section("imports", "measured on Linux only", [], {})
    rows, metrics = [], {}
    for name, runs in _imported(settings.processes).items():
        figures = {title: middle([run[place] for run in runs]) for place, title in enumerate(_COLUMNS)}
        rows.append(Row(name, figures))
        if name in {"authproblem", "authproblem.asgi"}:
            metrics[f"import of {name}, ms"] = figures["ms"]
            metrics[f"import of {name}, CPU ms"] = figures["CPU ms"]
    note = "beyond the interpreter and orjson; files and .pyc are cached"
    return Section("imports in fresh processes", note, rows, metrics)


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
