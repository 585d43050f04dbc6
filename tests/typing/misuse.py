"""Mistakes that a strict type checker has to find: it finds an ignore without a mistake, too. Nothing here is run."""

from __future__ import annotations

import authproblem
from authproblem import Normalizer, Problem, Registry, upstream
from authproblem._middleware.asgi_exchange import ASGIApp
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware


def of_functions() -> object:
    """Arguments of the wrong type, positional options, a result that may be None."""
    authproblem.normalize("401", {}, b"")  # type: ignore[arg-type]
    authproblem.normalize(401, {}, "text")  # type: ignore[arg-type]
    authproblem.normalize(401, {}, b"", "okta")  # type: ignore[call-arg]
    authproblem.classify(401, {}, b"", registry="x")  # type: ignore[arg-type]
    upstream("okta", whole="yes")  # type: ignore[arg-type]
    return authproblem.normalize(401, {}, b"").reason  # type: ignore[union-attr]


def of_values(problem: Problem) -> object:
    """A value that cannot be changed, a wait that may be unknown, an entry that may not be there."""
    problem.reason = "x"  # type: ignore[misc]
    Problem.from_bytes("text")  # type: ignore[arg-type]
    problem.challenge(scopes="a")  # type: ignore[call-arg]
    problem.challenge(max_age="60")  # type: ignore[arg-type]
    return (
        problem.retry.after + 1,  # type: ignore[operator]
        problem.to_dict().reason,  # type: ignore[attr-defined]
        Registry.builtin().lookup("x").hint,  # type: ignore[union-attr]
    )


def of_adapters(app: object) -> None:
    """What is no app, and no app at all."""
    AsgiMiddleware(app)  # type: ignore[arg-type]
    WsgiMiddleware(app)  # type: ignore[arg-type]
    AsgiMiddleware()  # type: ignore[call-arg]


async def notify(_problem: Problem) -> None:
    """A callback that would not be awaited."""


def of_options(app: ASGIApp, problem: Problem) -> object:
    """Words that do not exist, and a callback of the wrong kind."""
    AsgiMiddleware(app, mode="dry-run")  # type: ignore[arg-type]
    AsgiMiddleware(app, on_problem=notify)  # type: ignore[arg-type]
    AsgiMiddleware(app, disclosure="loose")  # type: ignore[arg-type]
    AsgiMiddleware(app, modes="observe")  # type: ignore[call-arg]
    Normalizer(texts="some")  # type: ignore[arg-type]
    return (
        problem.remedy == "provdie_mfa",  # type: ignore[comparison-overlap]
        problem.owner == "users",  # type: ignore[comparison-overlap]
        problem.retry.policy == "later",  # type: ignore[comparison-overlap]
    )
