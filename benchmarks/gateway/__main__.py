"""Run the comparison and write its tables: rounds take turns, each figure is the median of its rounds."""

from __future__ import annotations

import argparse
import json
import platform
import random
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.gateway.clients import CANDIDATES
from benchmarks.gateway.promises import CHECKS
from benchmarks.gateway.served import CASES, EARLIER, SERVED, SLOW, Case, Load, gateways, load
from benchmarks.gateway.upstreams import Upstreams, upstreams

_HERE = Path(__file__).parent
_CLIENT_CASES = (
    *[("healthy", connections) for connections in (1, 16, 32, 256)],
    ("error", 32),
    ("large", 32),
    ("tls", 32),
    ("slow", 256),
)
_NAMES = {"large": "1 MB", "tls": "TLS", "slow": "1 s"}
_SERVERS = ("uvicorn", "granian", "uvloop", "httptools")
_FIGURES = (
    ("cpu", "CPU time for a request, µs"),
    ("rate", "Requests a second"),
    ("p99", "p99, ms"),
)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=1, help="of each load")
    parser.add_argument("--earlier", type=Path, metavar="SRC", help="`src` of an earlier version, to measure it, too")
    parser.add_argument("--only", choices=("clients", "served"), help="one of the two pages")
    options = parser.parse_args()
    with upstreams() as where:
        if options.only != "served":
            rounds = max(1, options.rounds // 2)  # the clients differ by more than the noise
            parts = [_promises(where), *_clients(where, rounds, options.seconds)]
            _write("clients", "The gateway's HTTP client", _intro(rounds, options.seconds), parts)
        if options.only != "clients":
            parts = _served(where, options)
            _write("served", "The whole gateway", _intro(options.rounds, options.seconds), parts)


def _write(name: str, title: str, intro: str, parts: list[str]) -> None:
    text = "\n\n".join([f"# {title}", intro, *parts])
    (_HERE / f"{name}.md").write_text(text + "\n", encoding="utf-8")


def _intro(rounds: int, seconds: int) -> str:
    each = f"{seconds} s (twice that for 256 connections to the gateway)"
    figures = f"one round of {each}" if rounds == 1 else f"medians of {rounds} rounds of {each} that take turns"
    names = [*CANDIDATES, *_SERVERS]
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"CPython {platform.python_version()}; {versions}. Written by `python -m benchmarks.gateway`: {figures}. "
        "Provider, client and load share the machine's cores, so compare within a table; CPU time is the steadiest "
        "figure."
    )


def _module(module: str, *arguments: str) -> Any:
    """What a module of this package prints, run in a process of its own; None if it fails."""
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.gateway.{module}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:  # pyreqwest sometimes crashes when the interpreter ends, after it has printed its figures
        sys.stderr.write(f"{' '.join(arguments)}: {done.stderr[-500:]}\n")
        return None
    return json.loads(done.stdout)


def _promises(where: Upstreams) -> str:
    kept = {name: _module("promises", name, where.authority) for name in CANDIDATES}
    rows = [[what, *["yes" if kept[name] and kept[name][what] else "**no**" for name in CANDIDATES]] for what in CHECKS]
    return "## What a gateway needs\n\n" + _table(["", *CANDIDATES], rows)


def _clients(where: Upstreams, rounds: int, seconds: int) -> list[str]:
    jobs = [(name, case, connections) for name in CANDIDATES for case, connections in _CLIENT_CASES]
    found: dict[tuple[str, str, int], list[dict[str, float]]] = {job: [] for job in jobs}
    for number in range(rounds):
        for job in random.Random(number).sample(jobs, len(jobs)):  # noqa: S311 - an order, no secrets
            name, case, connections = job
            if case == "slow" and number:
                continue  # it takes long, and hardly varies
            lasting = str(max(seconds, 3) if case == "slow" else seconds)
            figures = _module("drive", name, where.url(case), str(connections), lasting, where.authority)
            if figures is not None:
                found[job].append(figures)
    tables = []
    for figure, title in (*_FIGURES, ("memory", "Peak memory, MiB")):
        rows = [
            [
                f"{_NAMES.get(case, case)}, {connections}",
                *[_middle([each[figure] for each in found[name, case, connections]]) for name in CANDIDATES],
            ]
            for case, connections in _CLIENT_CASES
        ]
        tables.append(f"## {title}\n\n" + _table(["case, connections", *CANDIDATES], rows))
    return tables


def _middle(rounds: list[float]) -> str:
    return f"{median(rounds):,.4g}" if rounds else "failed"


def _add(found: dict[tuple[str, Case], list[Load]], name: str, case: Case, measured: Load | None) -> None:
    if measured is None:
        sys.stderr.write(f"{name}: {case}: no request was answered\n")
    else:
        found.setdefault((name, case), []).append(measured)


def _served(where: Upstreams, options: argparse.Namespace) -> list[str]:
    names = [name for name in SERVED if name != EARLIER or options.earlier]
    found: dict[tuple[str, Case], list[Load]] = {}
    with gateways(names, where, options.earlier) as running:
        for number in range(options.rounds):
            jobs = [(name, case) for name in names for case in CASES]
            for name, case in random.Random(number).sample(jobs, len(jobs)):  # noqa: S311 - an order, no secrets
                _add(found, name, case, load(*running[name], case, options.seconds))
        for name in names:
            _add(found, name, SLOW, load(*running[name], SLOW, 4))
    tables = []
    for figure, title in _FIGURES:
        rows = [
            [str(case), *[_middle([getattr(each, figure) for each in found.get((name, case), ())]) for name in names]]
            for case in (*CASES, SLOW)
        ]
        tables.append(f"## {title}\n\n" + _table(["case, connections", *names], rows))
    peaks, losses = ["peak memory, MiB"], ["requests lost of 256 clients before a provider that takes a second"]
    for name in names:
        loads = [each for case in (*CASES, SLOW) for each in found.get((name, case), ())]
        peaks.append(f"{max(each.memory for each in loads):,.0f}")
        slow = found.get((name, SLOW))
        losses.append(f"{slow[0].lost} of {slow[0].requests}" if slow else "all")
    tables.append("## The whole run\n\n" + _table(["", *names], [peaks, losses]))
    return tables


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["-"] + ["-:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    main()
