"""`classify` and the whole `normalize(...).to_bytes()`, for each shape and size, against the limit and peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from authproblem import classify, normalize
from benchmarks import peers
from benchmarks.bodies import JSON_HEADER, MISSES, SHAPES, Body, usual_headers
from benchmarks.harness import limit as least
from benchmarks.harness import limit_with_dump
from benchmarks.ratios import geometric_mean
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Case, Samples, measure

_LARGE = 4_000
_SMALLEST, _HAND, _STARLETTE = SHAPES[0], "json + if/elif, to bytes", "starlette-problem, build only"


def classify_section(settings: Settings) -> Section:
    """`classify` / (orjson.loads + one get)."""
    cases = [case for body in (*SHAPES, *MISSES) for case in (_limit(body), _classify(body))]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    return _section("classify", "classify / (orjson.loads + one get)", samples)


def normalize_section(settings: Settings) -> Section:
    """`normalize(...).to_bytes()` / (orjson.loads + one get + orjson.dumps)."""
    cases = [case for body in (*SHAPES, *MISSES) for case in (_limit_with_dump(body), _normalize(body))]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    return _section("normalize", "normalize to bytes / (orjson.loads + one get + orjson.dumps)", samples)


def peers_section(settings: Settings) -> Section:
    """The same small body by other means, and with the headers of a real response."""
    ours = _normalize(_SMALLEST)
    cases = [
        _limit_with_dump(_SMALLEST),
        ours,
        _with_headers(_SMALLEST),
        _body_case(_HAND, _SMALLEST, peers.by_hand_bytes),
        _body_case(_STARLETTE, _SMALLEST, peers.starlette_problem_bytes),
    ]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    rows = [Row(case.name, samples.time(case.name), samples.versus(case.name, ours.name)) for case in cases]
    return Section(f"peers, {_SMALLEST.name}", "ratio to ours", rows, {})


def _section(kind: str, title: str, samples: Samples) -> Section:
    rows = []
    for body in (*SHAPES, *MISSES):
        ours, least = f"{kind}: {body.name}", f"limit: {body.name}"
        rows.append(Row(body.name, samples.time(ours), samples.versus(ours, least)))

    def ratios(at: Mapping[str, float]) -> list[float]:
        return [at[f"{kind}: {body.name}"] / at[f"limit: {body.name}"] for body in SHAPES]

    metrics = {
        f"{kind} / limit, geometric mean": samples.ratio(lambda at: geometric_mean(ratios(at))),
        f"{kind} / limit, worst shape": samples.ratio(lambda at: max(ratios(at))),
    }
    return Section(title, "JSON content type alone; the last four rows are unknown to the registry", rows, metrics)


def _share(body: Body) -> float:
    return 0.25 if len(body.template) > _LARGE else 1.0


def _body_case(name: str, body: Body, function: Callable[[bytes], object]) -> Case:
    def loop(inputs: list[bytes]) -> None:
        for one in inputs:
            function(one)

    return Case(name, body.fresh, loop, _share(body))


def _limit(body: Body) -> Case:
    def loop(inputs: list[bytes], limit: Any = least, member: str = body.member) -> None:
        for one in inputs:
            limit(one, member)

    return Case(f"limit: {body.name}", body.fresh, loop, _share(body))


def _classify(body: Body) -> Case:
    status, provider = body.status, body.provider

    def loop(inputs: list[bytes]) -> None:
        for one in inputs:
            classify(status, JSON_HEADER, one, provider=provider)

    return Case(f"classify: {body.name}", body.fresh, loop, _share(body))


def _limit_with_dump(body: Body) -> Case:
    problem = normalize(body.status, JSON_HEADER, body.fresh(1)[0], provider=body.provider)
    ready = {} if problem is None else orjson.loads(problem.to_bytes())

    def loop(inputs: list[bytes], limit: Any = limit_with_dump, member: str = body.member) -> None:
        for one in inputs:
            limit(one, member, ready)

    return Case(f"limit: {body.name}", body.fresh, loop, _share(body))


def _normalize(body: Body) -> Case:
    status, provider = body.status, body.provider

    def loop(inputs: list[bytes]) -> None:
        for one in inputs:
            normalize(status, JSON_HEADER, one, provider=provider).to_bytes()  # type: ignore[union-attr]

    return Case(f"normalize: {body.name}", body.fresh, loop, _share(body))


def _with_headers(body: Body) -> Case:
    def prepare(number: int) -> list[Any]:
        return [(usual_headers(len(one)), one) for one in body.fresh(number)]

    def loop(inputs: list[Any]) -> None:
        for headers, one in inputs:
            normalize(body.status, headers, one, provider=body.provider).to_bytes()  # type: ignore[union-attr]

    return Case(f"normalize, ten headers: {body.name}", prepare, loop)
