"""Which event a response gets: one, never two for one error, and what it says. Writing it is `_events`' business."""

from __future__ import annotations

from typing import Any

from authproblem._core.normalize import Outcome
from authproblem._core.problem import Problem
from authproblem._middleware import events
from authproblem._middleware.options import Options
from authproblem._middleware.redact import mask, safe_method, safe_path


def tell(
    options: Options,
    outcome: Outcome,
    method: str | None,
    path: str,
    *,
    applied: bool,
    escaped: BaseException | None = None,
) -> None:
    """Emit the event of one response and call the app's `on_problem`.

    Args:
        options: the middleware's options.
        outcome: what became of the response; the event tells the truth, also where the answer is folded.
        method: the request's method.
        path: the request's path.
        applied: whether the problem is what the client gets.
        escaped: the exception that there was in place of a response, if there was one.
    """
    registry = options.policy.registry
    truth, found = outcome.truth, outcome.found
    if truth is None or found is None or outcome.problem is None:
        if outcome.why != "not_candidate" and events.enabled("debug"):
            seen = {} if found is None else {"problem": found.reason, "provider": found.provider, "entry": found.entry}
            place = _place(options, method, path)
            events.emit("debug", events.PASSED, {"why": outcome.why, **seen, **place, "applied": True})
        return
    unclassified = events.is_unclassified(found)
    level = "warning" if unclassified else events.level_of(registry, truth.owner)
    if events.enabled(level):
        entry = registry.rule(truth.entry, truth.reason)
        keys = events.problem_keys(truth, entry, found, outcome.problem.status)
        if options.log_upstream_text and found.upstream.text is not None:
            keys["upstream_text"] = mask(found.upstream.text)
        if escaped is not None:
            keys.update(events.origin(escaped))
        place = _place(options, method, path)
        events.emit(
            level, events.UNCLASSIFIED if unclassified else events.NORMALIZED, {**keys, **place, "applied": applied}
        )
    count(options, truth)


def _place(options: Options, method: str | None, path: str) -> dict[str, Any]:
    """What an event says of the request, and by which registry it was judged."""
    version = options.policy.registry.version
    return {"method": safe_method(method), "path": safe_path(path), "registry": version}


def tell_callback(options: Options, problem: Problem, method: str | None, path: str) -> None:
    """Emit the event of an error that a request brought to a callback path: at info, for anyone can send it."""
    registry = options.policy.registry
    if events.enabled("info"):
        entry = registry.rule(problem.entry, problem.reason)
        keys = events.problem_keys(problem, entry, None, problem.status)
        events.emit("info", events.NORMALIZED, {**keys, **_place(options, method, path), "applied": False})
    count(options, problem)


def count(options: Options, problem: Problem) -> None:
    """Call the app's `on_problem`, inline; where it raises, the response goes out all the same."""
    if options.on_problem is None:
        return
    try:
        options.on_problem(problem)
    except Exception as error:  # noqa: BLE001 - the app's code must not cost the client its answer
        events.report_fault(error, "on_problem raised")
