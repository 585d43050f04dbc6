"""Decides which event a response gets, at which level, with which keys: never two events for one error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authproblem._core.members import PassText
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.problem import Problem
from authproblem._core.template import PreparedProblem, summarize
from authproblem._middleware import events, observers
from authproblem._middleware.options import Options
from authproblem._middleware.redact import mask, printable, safe_method, safe_path
from authproblem._model import Classification, UpstreamError

_MAX_FRAMES = 64
"""Frames of a traceback that are reported, the innermost: an app behind ten middlewares has about forty."""
_UNREGISTERED = frozenset(("family", "status"))
_WITH_FRAMES = frozenset(("warning", "error"))


def report_outcome(
    options: Options,
    outcome: Outcome,
    method: str | None,
    path: str,
    *,
    applied: bool,
    is_confirmed: bool = True,
    error: BaseException | None = None,
) -> None:
    """Emit the event of one response and call the app's `on_problem`.

    Args:
        options: the middleware's options.
        outcome: what became of the response; the event reports the real reason, also where the response is folded.
        method: the request's method.
        path: the request's path.
        applied: whether the problem is what the client gets.
        is_confirmed: whether the provider is known to have sent it; else the event is at info at most.
        error: the exception that there was in place of a response, if there was one.
    """
    actual, found, sent = outcome.actual, outcome.classification, outcome.sent
    if actual is None or found is None or sent is None:
        _report_passed(options, outcome, method, path)
        return
    unclassified = found.matched_by in _UNREGISTERED and is_unclassified(found)
    level = "warning" if unclassified else options.policy.registry.levels[actual.owner]
    if not is_confirmed and level != "debug":
        level = "info"
    write = events.writer(level)
    if write is not None:
        keys = _keys(options, actual, sent.status, method, path)
        if unclassified or found.matched_by == "phrase":
            keys["fingerprint"] = fingerprint(found.upstream)
        if options.log_upstream_text and found.upstream.text is not None:
            keys["upstream_text"] = mask(found.upstream.text)
        if error is not None:
            name = printable(f"{type(error).__module__}.{type(error).__qualname__}")
            if level in _WITH_FRAMES:
                keys.update(exception=name, stack=_frames(error))
            else:
                keys["exception"] = events.InlineName(name)
        keys["applied"] = applied
        write(events.UNCLASSIFIED if unclassified else events.NORMALIZED, keys)
    if observers.observer is not None:
        _observe(outcome, sent.status, applied=applied, unclassified=unclassified)
    if options.on_problem is not None:
        problem = as_problem(actual)
        notify(options, problem if is_confirmed or problem is None else problem.replace(confirmed=False))


def report_problem(
    options: Options,
    problem: Problem,
    method: str | None,
    path: str,
    *,
    event: str = events.NORMALIZED,
    applied: bool = True,
    extra: Mapping[str, object] | None = None,
) -> None:
    """Emit the event of a problem without an upstream response, and call `on_problem`.

    Args:
        options: the middleware's options.
        problem: the problem; where it is not confirmed, the event is at info.
        method: the request's method.
        path: the request's path.
        event: the name of the event.
        applied: whether the problem is what the client gets.
        extra: further keys.
    """
    registry = options.policy.registry
    if problem.reason in registry.types:
        level = registry.levels[problem.owner] if problem.confirmed else "info"
        write = events.writer(level)
        if write is not None:
            keys = _keys(options, problem, problem.status, method, path)
            write(event, {**keys, "applied": applied, **(extra or {})})
    if event == events.SUPPRESSED:
        observers.observe(lambda observer: observer.suppressed(problem))
    else:
        observers.observe(
            lambda observer: observer.response(problem, problem.status, applied=applied, fingerprint=None)
        )
    notify(options, problem)


def _observe(outcome: Outcome, status: int, *, applied: bool, unclassified: bool) -> None:
    problem, found = as_problem(outcome.actual), outcome.classification
    if problem is None or found is None:
        return
    shape = fingerprint(found.upstream) if unclassified else None
    observers.observe(lambda observer: observer.response(problem, status, applied=applied, fingerprint=shape))


def notify(options: Options, problem: Problem | None) -> None:
    """Call the app's `on_problem`, inline; where it raises, the response is sent all the same."""
    if options.on_problem is None or problem is None:
        return
    try:
        options.on_problem(problem)
    except Exception as error:  # noqa: BLE001 - the app's code must not cost the client its response
        events.report_fault(error, "on_problem raised")


def guarded(ask: PassText) -> PassText:
    """Return the app's `pass_text`, which runs inline: where it raises, the text is not passed."""

    def guarded(problem: Problem, member: str, text: str) -> str | None:
        try:
            return ask(problem, member, text)
        except Exception as error:  # noqa: BLE001 - the app's code must not cost the client its response
            events.report_fault(error, "pass_text raised")
            return None

    return guarded


def is_unclassified(found: Classification) -> bool:
    """Whether the provider is certain but the code is unknown: the sign that a vendor has changed something."""
    if found.matched_by not in _UNREGISTERED:
        return False
    return found.upstream.code is not None or found.upstream.shape == "unknown"


def fingerprint(upstream: UpstreamError) -> str:
    """Return a checksum of shape, member names and JSON types: the same for all bodies of a kind, without any value."""
    import zlib

    document = upstream.document or {}
    names = sorted(f"{name}:{type(value).__name__}" for name, value in document.items())
    return f"{upstream.shape}-{zlib.crc32(chr(10).join(names).encode('utf-8', 'replace')):08x}"


def _report_passed(options: Options, outcome: Outcome, method: str | None, path: str) -> None:
    if outcome.why == "not_candidate":
        return
    write = events.writer("debug")
    if write is None:
        return
    keys: dict[str, Any] = {"why": outcome.why}
    found = outcome.classification
    if found is not None:
        keys.update(problem=found.reason, provider=found.provider, entry=found.entry)
    write(events.PASSED, {**keys, **_request(options, method, path), "applied": True})


def _keys(
    options: Options, problem: Problem | PreparedProblem, sent: int, method: str | None, path: str
) -> dict[str, Any]:
    """Return the keys of an event: of the problem, of the request, and the version of the registry."""
    if isinstance(problem, PreparedProblem):
        summary, request_id = problem.template.summary, problem.request_id
    else:
        entry = options.policy.registry.entry_or_type(problem.entry, problem.reason)
        summary, request_id = summarize(problem, entry.hint), problem.upstream.get("request_id")
    return {
        **summary,
        "status": sent,
        "retry_after": problem.retry.after,
        "instance": problem.instance,
        "upstream_request_id": request_id,
        "method": safe_method(method),
        "path": safe_path(path),
        "registry": options.policy.registry.version,
    }


def _request(options: Options, method: str | None, path: str) -> dict[str, Any]:
    """Return the keys of an event about the request, and the version of the registry."""
    version = options.policy.registry.version
    return {"method": safe_method(method), "path": safe_path(path), "registry": version}


def _frames(error: BaseException) -> events.Frames:
    """Return the frames of an exception. Its message is left out: it may contain URLs and tokens."""
    frames = events.Frames()
    at = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        frames.append(printable(f"{code.co_filename}:{at.tb_lineno} {code.co_name}"))
        at = at.tb_next
    return events.Frames(frames[-_MAX_FRAMES:])
