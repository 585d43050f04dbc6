"""`classify` and the whole `normalize(...).to_bytes()`, for each shape and size, beside the minimum and peers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from authproblem import classify, normalize
from benchmarks import peers
from benchmarks.bodies import JSON_HEADER, MISSES, SHAPES, Body
from benchmarks.harness import limit as least
from benchmarks.harness import limit_with_dump
from benchmarks.ratios import geometric_mean
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Case, Samples, measure

MINIMUM, OURS, BY_HAND, STARLETTE = "minimum", "ours", "by hand", "starlette-problem"
_PLAIN = "ours, content type alone"
_LARGE = 4_000
_BODIES = (*SHAPES, *MISSES)
_UNKNOWN = "the last five bodies are unknown to the registry; with the headers that the vendors send"

Loop = Callable[[list[bytes]], None]
Make = Callable[[Body], Loop]


def classify_section(settings: Settings) -> Section:
    """`classify` / (orjson.loads + one get)."""
    kinds: dict[str, Make] = {MINIMUM: _limit, OURS: _classify, BY_HAND: _by(peers.classify_by_hand)}
    samples = _measured(kinds, settings)
    rows = [Row(body.name, _figures(samples, body, kinds, MINIMUM)) for body in _BODIES]
    title = "classify, beside the minimum (orjson.loads, one look-up) and a mapper by hand (json, if/elif)"
    return Section(title, _UNKNOWN, rows, _metrics("classify", samples))


def normalize_section(settings: Settings) -> Section:
    """`normalize(...).to_bytes()` / (orjson.loads + one get + orjson.dumps)."""
    kinds: dict[str, Make] = {
        MINIMUM: _limit_with_dump,
        OURS: _normalize,
        BY_HAND: _by(peers.by_hand),
        STARLETTE: _by(peers.starlette_problem),
    }
    samples = _measured(kinds, settings)
    rows = [Row(body.name, _figures(samples, body, kinds, MINIMUM)) for body in _BODIES]
    title = "normalize to bytes, beside the minimum (orjson.loads, one look-up, orjson.dumps) and peers"
    metrics = _metrics("normalize", samples)
    known, causes, unknown = (f"{OURS}: {body.name}" for body in (SHAPES[4], MISSES[3], MISSES[4]))
    metrics["normalize, unknown sentence / known sentence"] = samples.versus(unknown, known)
    metrics["normalize, 32 unknown causes / unknown sentence"] = samples.versus(causes, unknown)
    metrics["normalize, a known error, µs"] = samples.ratio(lambda at: at[known] / 1000)
    note = f"starlette-problem: its build step, which does not distinguish errors; {_UNKNOWN}"
    return Section(title, note, rows, metrics)


def headers_section(settings: Settings) -> Section:
    """The same with the content type alone: what reading a dozen headers costs."""
    cases = [case for body in SHAPES for case in (_case(OURS, body, _normalize), _plain(body))]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    rows = [Row(body.name, _figures(samples, body, (OURS, _PLAIN), _PLAIN)) for body in SHAPES]
    return Section("normalize to bytes, with a vendor's headers and with the content type alone", "", rows, {})


def _measured(kinds: Mapping[str, Make], settings: Settings) -> Samples:
    cases = [_case(kind, body, make) for body in _BODIES for kind, make in kinds.items()]
    return measure(cases, rounds=settings.rounds, calls=settings.calls)


def _figures(samples: Samples, body: Body, kinds: Iterable[str], base: str) -> dict[str, Any]:
    times = {f"{kind}, ns": samples.time(f"{kind}: {body.name}") for kind in kinds}
    ratios = {
        f"{kind} / {base}": samples.versus(f"{kind}: {body.name}", f"{base}: {body.name}")
        for kind in kinds
        if kind != base
    }
    return {**times, **ratios}


def _metrics(what: str, samples: Samples) -> dict[str, Any]:
    def ratios(at: Mapping[str, float]) -> list[float]:
        return [at[f"{OURS}: {body.name}"] / at[f"{MINIMUM}: {body.name}"] for body in SHAPES]

    return {
        f"{what} / minimum, geometric mean": samples.ratio(lambda at: geometric_mean(ratios(at))),
        f"{what} / minimum, worst shape": samples.ratio(lambda at: max(ratios(at))),
    }


def _share(body: Body) -> float:
    return 0.25 if len(body.template) > _LARGE else 1.0


def _case(kind: str, body: Body, make: Make) -> Case:
    def responses(number: int) -> list[Any]:
        return [(body.headers(len(one)), one) for one in body.fresh(number)]

    return Case(f"{kind}: {body.name}", responses if kind == OURS else body.fresh, make(body), _share(body))


def _limit(body: Body) -> Loop:
    def loop(inputs: list[bytes], limit: Any = least, member: str = body.member) -> None:
        for one in inputs:
            limit(one, member)

    return loop


def _classify(body: Body) -> Loop:
    status, provider = body.status, body.provider

    def loop(inputs: list[Any]) -> None:
        for headers, one in inputs:
            classify(status, headers, one, provider=provider)

    return loop


def _limit_with_dump(body: Body) -> Loop:
    problem = normalize(body.status, JSON_HEADER, body.fresh(1)[0], provider=body.provider)
    ready = {} if problem is None else orjson.loads(problem.to_bytes())

    def loop(inputs: list[bytes], limit: Any = limit_with_dump, member: str = body.member) -> None:
        for one in inputs:
            limit(one, member, ready)

    return loop


def _normalize(body: Body) -> Loop:
    status, provider = body.status, body.provider

    def loop(inputs: list[Any]) -> None:
        for headers, one in inputs:
            normalize(status, headers, one, provider=provider).to_bytes()  # type: ignore[union-attr]

    return loop


def _by(peer: Callable[[bytes], object]) -> Make:
    def make(_body: Body) -> Loop:
        def loop(inputs: list[bytes]) -> None:
            for one in inputs:
                peer(one)

        return loop

    return make


def _plain(body: Body) -> Case:
    def loop(inputs: list[bytes]) -> None:
        for one in inputs:
            normalize(body.status, JSON_HEADER, one, provider=body.provider).to_bytes()  # type: ignore[union-attr]

    return Case(f"{_PLAIN}: {body.name}", body.fresh, loop, _share(body))
