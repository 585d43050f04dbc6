"""Behind real servers, under wrk: requests a second, and, steadier, the CPU time that the server spends on each.

Long, and only where wrk is installed. Servers and load share the machine: only CPU time per request is compared. Every
error has a body of its own; healthy bodies are all alike, as nothing reads them. Where `EARLIER` in the environment is
the `src` folder of an earlier version, that version is measured in the same run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from benchmarks import wrk
from benchmarks.results import Row, Section, Settings
from benchmarks.scale import middle
from benchmarks.timing import Figure, Samples

_APPS = "benchmarks.served_apps:"
SERVERS = {
    "uvicorn": f"-m uvicorn {_APPS}asgi --no-access-log --log-level error --port {{port}}",
    "granian": f"-m granian {_APPS}asgi --interface asgi --log-level error --port {{port}}",
    "gunicorn": f"-m gunicorn {_APPS}wsgi -k gthread --threads 4 --log-level error -b {wrk.HOST}:{{port}}",
}
BARE, BY_HAND, BY_HAND_JSON = "bare app", "rewriter by hand", "rewriter by hand, events as JSON"
OFF, JSON, TEXT = "authproblem, events off", "authproblem, events as JSON", "authproblem, events as text"
EARLIER = os.environ.get("EARLIER")
EARLIER_OFF, EARLIER_JSON = "the earlier version, events off", "the earlier version, events as JSON"
HEALTHY, ERROR = "healthy", "error"
PATHS = {HEALTHY: "/ok", ERROR: "/error"}
KINDS = {HEALTHY: (BARE, BY_HAND, OFF), ERROR: (BARE, BY_HAND, BY_HAND_JSON, OFF, JSON, TEXT)}
CPU, RATE = "CPU, µs", "requests/s"


class Job(NamedTuple):
    """One server, one app, one kind of response."""

    server: str
    kind: str
    response: str


JOBS = (
    *(Job(server, kind, response) for server in SERVERS for response in PATHS for kind in KINDS[response]),
    *(Job("uvicorn", kind, ERROR) for kind in (EARLIER_OFF, EARLIER_JSON) if EARLIER),
)
"""All that is driven, in the order of the table."""


def served(settings: Settings, wanted: Sequence[Job] = JOBS) -> Section:
    """Servers, apps and responses, interleaved; each bare app has to be among them."""
    if not wrk.available():
        return Section("behind real servers", "needs Linux and wrk", [], {})
    rates: dict[Job, list[float]] = {job: [] for job in wanted}
    costs: dict[Job, list[float]] = {job: [] for job in wanted}
    for number in range(settings.servings):
        for job in random.Random(number).sample(wanted, len(wanted)):  # noqa: S311 - an order, no secrets
            rate, cost = _run(job, settings.seconds)
            rates[job].append(rate)
            costs[job].append(cost)
    samples = Samples({str(job): column for job, column in costs.items()})

    def row(job: Job) -> Row:
        added = {
            "added, µs": samples.ratio(partial(_added, job=job)),
            "CPU / bare app": samples.versus(str(job), str(job._replace(kind=BARE))),
        }
        figures = {RATE: middle(rates[job]), CPU: middle(costs[job]), **(added if job.kind != BARE else {})}
        return Row(f"{job.server}, {job.response}, {job.kind}", figures)

    note = (
        f"CPU time of the server and its workers for one request; wrk -t1 -c4, {settings.servings} x "
        f"{settings.seconds} s each on a fresh server; it shares the cores with wrk"
    )
    return Section("behind real servers", note, [row(job) for job in wanted], _metrics(samples, wanted))


def _added(at: Mapping[str, float], job: Job) -> float:
    return at[str(job)] - at[str(job._replace(kind=BARE))]


def _metrics(samples: Samples, wanted: Sequence[Job]) -> dict[str, Figure]:
    return {
        f"{job.server}, {job.response}, {job.kind}: CPU µs added to each": samples.ratio(partial(_added, job=job))
        for job in wanted
        if job.kind in {BY_HAND_JSON, OFF, JSON, EARLIER_OFF, EARLIER_JSON} and job.response == ERROR
    }


def _run(job: Job, seconds: int) -> tuple[float, float]:
    """Requests a second, and microseconds of CPU time for each."""
    path, ok = PATHS[job.response], job.response == HEALTHY
    rewritten = job.kind != BARE and not ok
    source = EARLIER if job.kind in {EARLIER_OFF, EARLIER_JSON} else None
    with wrk.server(SERVERS[job.server], job.kind, source=source) as (pid, port):
        wrk.check(port, path, "application/problem+json" if rewritten else "application/json", ok=ok)
        wrk.drive(port, path, 1, ok=ok)
        before = wrk.cpu(pid)
        load = wrk.drive(port, path, seconds, ok=ok)
        return load.rate, (wrk.cpu(pid) - before) * 1e6 / load.requests
