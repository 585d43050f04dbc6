"""Whole error responses through both doors, against the limit plus the floor; and what an event costs on top."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import structlog

from authproblem import normalize
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks.bodies import ALIEN, JSON_HEADER, Body
from benchmarks.doors import BaseNoOp
from benchmarks.harness import AsgiFloor, WsgiFloor, asgi_app, asgi_case, limit_with_dump, silence, wsgi_app, wsgi_case
from benchmarks.operations import ERRORS
from benchmarks.ratios import geometric_mean
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Case, Figure, measure

BASE = "BaseHTTPMiddleware no-op"
_TIMES = {"bare": "bare app, ns", "ours": "whole, ns", "limit": "limit, ns"}


def rewritten(settings: Settings, *, door: str) -> Section:
    """Errors through one door, events off: added / (limit + floor)."""
    silence()
    asgi = door == "ASGI"
    make, app, floor, ours = (
        (asgi_case, asgi_app, AsgiFloor(asgi_app), AsgiMiddleware(asgi_app))
        if asgi
        else (wsgi_case, wsgi_app, WsgiFloor(wsgi_app), WsgiMiddleware(wsgi_app))
    )
    cases: list[Case] = []
    for body in (*ERRORS, ALIEN):
        cases += [make(f"bare: {body.name}", app, body), make(f"ours: {body.name}", ours, body)]
        cases += [make(f"floor: {body.name}", floor, body), _limit(body)]
    if asgi:
        cases.append(make(BASE, BaseNoOp(asgi_app), ERRORS[0]))
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)

    def share(at: Mapping[str, float], body: Body) -> float:
        bare = at[f"bare: {body.name}"]
        return (at[f"ours: {body.name}"] - bare) / (at[f"limit: {body.name}"] + at[f"floor: {body.name}"] - bare)

    def row(body: Body) -> Row:
        name = f"{body.name}{' (left alone)' if body is ALIEN else ''}"
        times = {title: samples.time(f"{kind}: {body.name}") for kind, title in _TIMES.items()}
        return Row(name, {**times, "added / (limit + floor)": samples.ratio(partial(share, body=body))})

    rows = [row(body) for body in (*ERRORS, ALIEN)]
    metrics: dict[str, Figure] = {
        f"{door} error: added / (limit + floor), geometric mean": samples.ratio(
            lambda at: geometric_mean(share(at, body) for body in ERRORS)
        ),
        f"{door} error: added / (limit + floor), worst shape": samples.ratio(
            lambda at: max(share(at, body) for body in ERRORS)
        ),
    }
    if asgi:
        rows.append(Row(BASE, {_TIMES["ours"]: samples.time(BASE)}))
    note = "added: ours less the bare app; limit: orjson.loads + one get + orjson.dumps"
    return Section(f"{door}, an error rewritten, events off", note, rows, metrics)


def events(settings: Settings) -> Section:
    """One ASGI error with events off, dropped by level, and rendered to JSON."""
    body = ERRORS[0]
    with Path(os.devnull).open("wb") as sink:
        modes = {
            "events off (logging, level above all)": None,
            "structlog, dropped by level": logging.CRITICAL,
            "structlog, rendered to JSON": logging.DEBUG,
        }
        cases = [_mode_case(name, level, sink, body) for name, level in modes.items()]
        samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    structlog.reset_defaults()
    base = cases[0].name
    rows = [
        Row(case.name, {"whole, ns": samples.time(case.name), "ratio": samples.versus(case.name, base)})
        for case in cases
    ]
    return Section(f"an ASGI error with its event, {body.name}", "ratio to events off", rows, {})


def _mode_case(name: str, level: int | None, sink: Any, body: Body) -> Case:
    case = asgi_case(name, AsgiMiddleware(asgi_app), body)

    def prepare(number: int) -> list[Any]:
        if level is None:
            structlog.reset_defaults()
            silence()
        else:
            _configure(level, sink)
        return case.prepare(number)

    return case._replace(prepare=prepare)


def _configure(level: int, sink: Any) -> None:
    """The recipe for fast logging of structlog's own documentation."""
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=sink),
    )


def _limit(body: Body) -> Case:
    problem = normalize(body.status, JSON_HEADER, body.fresh(1)[0], provider=body.provider)
    ready = {} if problem is None else orjson.loads(problem.to_bytes())
    member = "" if body is ALIEN else body.member

    def loop(inputs: list[bytes], limit: Any = limit_with_dump) -> None:
        for one in inputs:
            limit(one, member, ready)

    return Case(f"limit: {body.name}", body.fresh, loop)
