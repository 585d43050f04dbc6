"""The operations whose instructions are counted, and which the budget watches: plain callables, no framework imported.

Each makes its inputs first and gives back the loop over them, so that only the loop is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from authproblem import Registry, classify, normalize
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware
from benchmarks import logging_modes
from benchmarks.bodies import FILLED, FILLED_UNKNOWN, JSON_HEADER, MISSES, SHAPES, Body
from benchmarks.harness import (
    AsgiMinimum,
    WsgiMinimum,
    asgi_app,
    asgi_scope,
    contents,
    limit,
    limit_with_dump,
    wsgi_app,
    wsgi_case,
    wsgi_environ,
)
from benchmarks.padding import coded, padded
from benchmarks.rewriter import AsgiRewriter, WsgiRewriter
from benchmarks.timing import Case

Loop = Callable[[list[Any]], Any]


class Operation(NamedTuple):
    """What is counted or timed.

    Attributes:
        prepare: makes as many inputs as it is asked to.
        loop: uses them up.
        share: the part of the usual turns that a slow operation makes.
        logs: sets up the logging that it needs.
    """

    prepare: Callable[[int], list[Any]]
    loop: Loop
    share: float = 1.0
    logs: Callable[[], None] = logging_modes.off

    def case(self, name: str) -> Case:
        """Return it as something to time."""

        def prepare(number: int) -> list[Any]:
            self.logs()
            return self.prepare(number)

        return Case(name, prepare, self.loop, self.share)


PLAIN = "normalize, content type alone"
EVENT = "authproblem, JSON event"
MORE = 100
"""Headers on top of the usual ones: a scan of them on the healthy path could not hide."""
_LARGE = 4_000
FEW, MANY, MOST = 100, 400, 1600
"""Entries of registries: a scan over them could not hide. From 400 on they have the same sentences without a code,
among which unknown codes are looked for as well."""
ERRORS = tuple(SHAPES[number] for number in (0, 2, 4, 6, 7, 9))
"""A body of each kind and size."""


def operations() -> dict[str, Operation]:
    """All operations by name."""
    logging_modes.off()
    found: dict[str, Operation] = {}
    for body in (*SHAPES, *MISSES, *FILLED, *FILLED_UNKNOWN):
        found |= _pure(body)
    for body in (*FILLED, *FILLED_UNKNOWN):
        found[f"{PLAIN}: {body.name}"] = _plain(body)
    for adapter in (_asgi, _wsgi):
        found |= adapter(None)
        found |= adapter(None, MORE)
        for body in (*ERRORS, *FILLED):
            found |= adapter(body)
    for size in (FEW, MANY, MOST):
        found |= _sized(size)
    return found


def _pure(body: Body) -> dict[str, Operation]:
    problem = normalize(body.status, JSON_HEADER, body.fresh(1)[0], provider=body.provider)
    ready = {} if problem is None else orjson.loads(problem.to_bytes())
    status, member, provider = body.status, body.member, body.provider

    def least(inputs: list[bytes]) -> None:
        for one in inputs:
            limit(one, member)

    def least_with_dump(inputs: list[bytes]) -> None:
        for one in inputs:
            limit_with_dump(one, member, ready)

    def classified(inputs: list[Any]) -> None:
        for headers, one in inputs:
            classify(status, headers, one, provider=provider)

    def normalized(inputs: list[Any]) -> None:
        for headers, one in inputs:
            normalize(status, headers, one, provider=provider).to_bytes()  # type: ignore[union-attr]

    def responses(number: int) -> list[Any]:
        return [(body.headers(len(one)), one) for one in body.fresh(number)]

    share = 0.1 if len(body.template) > _LARGE else 1.0
    bodies = {"minimum": least, "minimum with dumps": least_with_dump}
    found = {f"{name}: {body.name}": Operation(body.fresh, loop, share) for name, loop in bodies.items()}
    found[f"classify: {body.name}"] = Operation(responses, classified, share)
    found[f"normalize: {body.name}"] = Operation(responses, normalized, share)
    return found


def _plain(body: Body) -> Operation:
    """With no header but the content type."""

    def loop(inputs: list[bytes]) -> None:
        for one in inputs:
            normalize(body.status, JSON_HEADER, one, provider="auth0").to_bytes()  # type: ignore[union-attr]

    return Operation(body.fresh, loop)


def _asgi(body: Body | None, more: int = 0) -> dict[str, Operation]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    def prepare(number: int) -> list[Any]:
        return [asgi_scope(one, body, more) for one in contents(body, number)]

    def driven(app: Any) -> Loop:
        def loop(inputs: list[Any]) -> None:
            for scope in inputs:
                running = app(scope, receive, send)
                try:
                    running.send(None)
                except StopIteration:
                    continue

        return loop

    apps = {
        "bare": asgi_app,
        "minimum": AsgiMinimum(asgi_app),
        "by hand": AsgiRewriter(asgi_app),
        "authproblem": AsgiMiddleware(asgi_app),
    }
    return _adapter("ASGI", body, more, prepare, {name: driven(app) for name, app in apps.items()})


def _wsgi(body: Body | None, more: int = 0) -> dict[str, Operation]:
    apps = {
        "bare": wsgi_app,
        "minimum": WsgiMinimum(wsgi_app),
        "by hand": WsgiRewriter(wsgi_app),
        "authproblem": WsgiMiddleware(wsgi_app),
    }

    def prepare(number: int) -> list[Any]:
        return [wsgi_environ(one, body, more) for one in contents(body, number)]

    return _adapter("WSGI", body, more, prepare, {name: wsgi_case(name, app).loop for name, app in apps.items()})


def _adapter(
    kind: str, body: Body | None, more: int, prepare: Callable[[int], list[Any]], loops: dict[str, Loop]
) -> dict[str, Operation]:
    """Return the operations of one adapter with one response, and for an error the one with its event."""
    label = _label(body, more)
    found = {f"{kind} {name}: {label}": Operation(prepare, loop) for name, loop in loops.items()}
    if body is not None:
        event = Operation(prepare, loops["authproblem"], logs=logging_modes.json)
        found[f"{kind} {EVENT}: {label}"] = event
    return found


def _label(body: Body | None, more: int) -> str:
    healthy = f"healthy, {more} more headers" if more else "healthy"
    return healthy if body is None else body.name


def _sized(size: int) -> dict[str, Operation]:
    registry: Registry = padded(size)
    codes = sorted(entry.code for entry in registry if entry.code and entry.code.startswith("padding"))
    for code in codes:  # all look-ups that are built when first needed: a scan over them could not hide either
        classify(403, JSON_HEADER, coded(code), registry=registry)
    codes = codes[-FEW // 2 :]

    def prepare(number: int) -> list[bytes]:
        return [coded(codes[turn % len(codes)]) for turn in range(number)]

    def loop(inputs: list[bytes]) -> None:
        for body in inputs:
            classify(403, JSON_HEADER, body, registry=registry)

    def prepare_unknown(number: int) -> list[bytes]:
        return [coded(f"unheard_{turn:06d}") for turn in range(number)]

    return {
        f"classify: {size} entries": Operation(prepare, loop),
        f"classify, unknown codes: {size} entries": Operation(prepare_unknown, loop),  # they are never cached
    }
