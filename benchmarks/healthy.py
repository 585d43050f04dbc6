"""What a healthy response costs in process, beside the least that a middleware does, and beside peers.

The minimum is a closure over `send`, or over `start_response`, that looks at each status. "Added" is the time of a case
less the bare app's in the same run.
"""

from __future__ import annotations

from typing import Any

from asgi_correlation_id import CorrelationIdMiddleware
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks.harness import AsgiMinimum, WsgiMinimum, asgi_app, asgi_case, wsgi_app, wsgi_case
from benchmarks.results import Row, Section, Settings
from benchmarks.timing import Samples, measure

WHOLE, ADDED = "whole, ns", "added, ns"
MINIMUM = "a closure that looks at the status"
_CHUNKS = 16
_OK = b'{"ok":true}'


class NoOp:
    """A middleware of either kind that does nothing at all."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, *arguments: Any) -> Any:
        """Call the app."""
        return self.app(*arguments)


class BaseNoOp(BaseHTTPMiddleware):
    """Starlette's base class, doing nothing: what most middleware in the wild stands on."""

    async def dispatch(self, request: Any, call_next: Any) -> Any:
        """Call the app."""
        return await call_next(request)


async def asgi_stream(scope: Any, _receive: Any, send: Any) -> None:
    """A response in sixteen chunks."""
    await send({"type": "http.response.start", "status": 200, "headers": scope["bench.headers"]})
    for number in range(_CHUNKS):
        await send({"type": "http.response.body", "body": _OK, "more_body": number < _CHUNKS - 1})


def healthy_asgi(settings: Settings) -> Section:
    """A 200 through ASGI middleware."""
    apps = {
        "bare app": asgi_app,
        "no-op class": NoOp(asgi_app),
        MINIMUM: AsgiMinimum(asgi_app),
        "authproblem": AsgiMiddleware(asgi_app),
        "GZipMiddleware": GZipMiddleware(asgi_app),
        "asgi-correlation-id": CorrelationIdMiddleware(asgi_app),
        "Sentry without DSN": SentryAsgiMiddleware(asgi_app),
        "BaseHTTPMiddleware no-op": BaseNoOp(asgi_app),
    }
    samples = measure(
        [asgi_case(name, app) for name, app in apps.items()], rounds=settings.rounds, calls=settings.calls * 2
    )
    metrics = {
        "ASGI healthy: added / minimum": samples.ratio(_multiple),
        "ASGI healthy: added / BaseHTTPMiddleware's": samples.ratio(
            lambda at: (at["authproblem"] - at["bare app"]) / (at["BaseHTTPMiddleware no-op"] - at["bare app"])
        ),
    }
    return _added("ASGI, a healthy response", samples, metrics)


def streamed_asgi(settings: Settings) -> Section:
    """A 200 in sixteen chunks."""
    apps = {
        "bare app": asgi_stream,
        MINIMUM: AsgiMinimum(asgi_stream),
        "authproblem": AsgiMiddleware(asgi_stream),
        "GZipMiddleware": GZipMiddleware(asgi_stream),
    }
    samples = measure(
        [asgi_case(name, app) for name, app in apps.items()], rounds=settings.rounds, calls=settings.calls
    )
    return _added("ASGI, sixteen chunks", samples, {"ASGI stream: added / minimum": samples.ratio(_multiple)})


def healthy_wsgi(settings: Settings) -> Section:
    """A 200 through WSGI middleware."""
    apps = {
        "bare app": wsgi_app,
        "no-op class": NoOp(wsgi_app),
        MINIMUM: WsgiMinimum(wsgi_app),
        "authproblem": WsgiMiddleware(wsgi_app),
        "ProxyFix": ProxyFix(wsgi_app),
    }
    samples = measure(
        [wsgi_case(name, app) for name, app in apps.items()], rounds=settings.rounds, calls=settings.calls * 2
    )
    return _added("WSGI, a healthy response", samples, {"WSGI healthy: added / minimum": samples.ratio(_multiple)})


def _multiple(at: Any) -> float:
    return float((at["authproblem"] - at["bare app"]) / (at[MINIMUM] - at["bare app"]))


def _added(title: str, samples: Samples, metrics: dict[str, Any]) -> Section:
    def row(name: str) -> Row:
        whole = {WHOLE: samples.time(name)}
        if name == "bare app":
            return Row(name, whole)
        added = samples.ratio(lambda at: at[name] - at["bare app"])
        multiple = samples.ratio(lambda at: (at[name] - at["bare app"]) / (at[MINIMUM] - at["bare app"]))
        return Row(name, {**whole, ADDED: added, "added / minimum": multiple})

    note = "added: time less the bare app's; a closure that looks at the status is the least that a middleware does"
    return Section(title, note, list(map(row, samples.columns)), metrics)
