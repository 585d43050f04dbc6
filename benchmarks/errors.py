"""What an error costs in process, as vendors send it and with its event, beside a rewriter by hand and peers.

"Added" is the time of a case less that of the bare app, which sends the same response.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson
from asgi_correlation_id import CorrelationIdMiddleware
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware
from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.middleware.gzip import GZipMiddleware

from authproblem import normalize
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks import logging_modes, peers
from benchmarks.bodies import ALIEN, Body
from benchmarks.harness import AsgiMinimum, WsgiMinimum, asgi_app, asgi_case, limit_with_dump, wsgi_app, wsgi_case
from benchmarks.healthy import BaseNoOp
from benchmarks.operations import ERRORS
from benchmarks.ratios import geometric_mean
from benchmarks.results import Row, Section, Settings
from benchmarks.rewriter import AsgiRewriter, WsgiRewriter
from benchmarks.timing import Case, Figure, Samples, measure

OURS, BY_HAND, BARE = "authproblem", "rewriter by hand", "bare app"
_BASE = "BaseHTTPMiddleware no-op"
_SEEN = {"Auth0, 403": ERRORS[0], "Okta, 401": ERRORS[2]}
_REWRITERS = {"ASGI": AsgiRewriter, "WSGI": WsgiRewriter}
_JSON = "events as JSON"
_MODES = ("events off", _JSON)


def vendors(settings: Settings, *, adapter: str) -> Section:
    """One error of each vendor through one adapter: a rewriter by hand, ours with events of all kinds, peers."""
    make, app, middleware = _adapter(adapter)
    apps: dict[str, Any] = {BARE: app, **middleware, **(_passing(app) if adapter == "ASGI" else _wsgi_passing(app))}
    cases = [make(f"{name}: {vendor}", one, body) for vendor, body in _SEEN.items() for name, one in apps.items()]
    for vendor, body in _SEEN.items():
        by_hand = make(f"{BY_HAND}, {_JSON}: {vendor}", _REWRITERS[adapter](app, logs=True), body)
        cases.append(_logged(by_hand, logging_modes.json))
        for mode, logs in logging_modes.MODES.items():
            cases.append(_logged(make(f"{OURS}, {mode}: {vendor}", middleware[OURS], body), logs))
    cases = [case for case in cases if not case.name.startswith(f"{OURS}: ")]
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    logging_modes.off()
    names = dict.fromkeys(case.name.rpartition(": ")[0] for case in cases)
    ours = [name for name in names if name.startswith(OURS)]
    first = [BY_HAND, f"{BY_HAND}, {_JSON}", *ours]
    order = [*first, *(name for name in names if name not in {BARE, *first})]

    def figures(name: str) -> dict[str, Figure]:
        return {f"{vendor}: added, µs": samples.ratio(partial(_added, name=name, kind=vendor)) for vendor in _SEEN}

    note = (
        "added: time less the bare app's; peers pass the error on, those of the last lines raise a problem themselves"
    )
    return Section(
        f"{adapter}, an error as the vendors send it", note, [Row(name, figures(name)) for name in order], {}
    )


def rewritten(settings: Settings, *, adapter: str) -> Section:
    """Errors of all shapes through one adapter, with events off and as JSON, as multiples of the minimum."""
    make, app, middleware = _adapter(adapter)
    minimum = AsgiMinimum(app) if adapter == "ASGI" else WsgiMinimum(app)
    cases: list[Case] = []
    for body in (*ERRORS, ALIEN):
        cases += [make(f"{BARE}: {body.name}", app, body), make(f"minimum: {body.name}", minimum, body), _limit(body)]
        cases.append(make(f"{BY_HAND}: {body.name}", middleware[BY_HAND], body))
        for mode in _MODES:
            case = make(f"{mode}: {body.name}", middleware[OURS], body)
            cases.append(_logged(case, logging_modes.MODES[mode]))
    samples = measure(cases, rounds=settings.rounds, calls=settings.calls)
    logging_modes.off()
    metrics = {
        f"{adapter} error, {mode}: added / minimum, geometric mean": samples.ratio(
            lambda at, mode=mode: geometric_mean(_share(at, body, mode) for body in ERRORS)  # type: ignore[misc]
        )
        for mode in (*_MODES, BY_HAND)
    }
    note = (
        "added: time less the bare app's; minimum: parse, look up once, write a document of the same size, and a "
        "closure that looks at the status"
    )
    rows = [_row(samples, body) for body in (*ERRORS, ALIEN)]
    return Section(f"{adapter}, errors of all shapes", note, rows, metrics)


def _adapter(adapter: str) -> tuple[Callable[..., Case], Any, dict[str, Any]]:
    if adapter == "ASGI":
        return asgi_case, asgi_app, {BY_HAND: AsgiRewriter(asgi_app), OURS: AsgiMiddleware(asgi_app)}
    return wsgi_case, wsgi_app, {BY_HAND: WsgiRewriter(wsgi_app), OURS: WsgiMiddleware(wsgi_app)}


def _passing(app: Any) -> dict[str, Any]:
    return {
        "asgi-correlation-id": CorrelationIdMiddleware(app),
        "GZipMiddleware": GZipMiddleware(app),
        "Sentry without DSN": SentryAsgiMiddleware(app),
        _BASE: BaseNoOp(app),
        "starlette-problem": ExceptionMiddleware(peers.starlette_app, {Exception: peers.STARLETTE_HANDLER}),
        "fastapi-problem": ExceptionMiddleware(peers.fastapi_app, {Exception: peers.FASTAPI_HANDLER}),
    }


def _wsgi_passing(app: Any) -> dict[str, Any]:
    return {"Sentry without DSN": SentryWsgiMiddleware(app)}


def _logged(case: Case, logs: Callable[[], None]) -> Case:
    """A case that sets up the app's logging before each of its turns."""

    def prepare(number: int) -> list[Any]:
        logs()
        return case.prepare(number)

    return case._replace(prepare=prepare)


def _added(at: Mapping[str, float], name: str, kind: str) -> float:
    return (at[f"{name}: {kind}"] - at[f"{BARE}: {kind}"]) / 1000


def _share(at: Mapping[str, float], body: Body, what: str) -> float:
    bare = at[f"{BARE}: {body.name}"]
    return (at[f"{what}: {body.name}"] - bare) / (at[f"parsed: {body.name}"] + at[f"minimum: {body.name}"] - bare)


def _row(samples: Samples, body: Body) -> Row:
    figures: dict[str, Figure] = {}
    for what in (BY_HAND, *_MODES):
        figures[f"{what}: added, µs"] = samples.ratio(partial(_added, name=what, kind=body.name))
        figures[f"{what} / minimum"] = samples.ratio(partial(_share, body=body, what=what))
    return Row(f"{body.name}{' (left alone)' if body is ALIEN else ''}", figures)


def _limit(body: Body) -> Case:
    one = body.fresh(1)[0]
    problem = normalize(body.status, body.headers(len(one)), one, provider=body.provider)
    ready = {} if problem is None else orjson.loads(problem.to_bytes())
    member = "" if body is ALIEN else body.member

    def loop(inputs: list[bytes], limit: Any = limit_with_dump) -> None:
        for each in inputs:
            limit(each, member, ready)

    return Case(f"parsed: {body.name}", body.fresh, loop)
