"""Structured events: one for a response, in the app's own logging. The only module that speaks structlog.

The logger is resolved for each event, after a level guard: one that is bound at import or in `__init__` would miss
the app's later `structlog.configure()`. Values are registry constants, codes of a fixed form and cleaned request
data: never tokens, never raw texts.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from authproblem._core.problem import Problem
from authproblem._middleware.redact import printable
from authproblem._model import Classification, Entry, UpstreamError
from authproblem._registry.registry import Registry

NORMALIZED = "authproblem.normalized"
UNCLASSIFIED = "authproblem.unclassified"
PASSED = "authproblem.passed"
FAILED = "authproblem.failed"

_LOGGER = "authproblem"
_NUMBERS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_MAX_FAULTS = 64
_MAX_FRAMES = 64
"""Frames of a traceback that are told, the innermost: an app behind ten middlewares has about forty."""
_faults: set[tuple[str, str]] = set()


def prepare() -> None:
    """Import structlog when a middleware is built, so that the first error of a process does not wait for it."""
    _modules()


def level_of(registry: Registry, owner: str) -> str:
    """The level of an event by whose doing it is: `debug`, `info`, `warning` or `error`."""
    levels: Mapping[str, str] = registry.data["problem_types"]["levels"]
    return levels[owner]


def is_unclassified(found: Classification) -> bool:
    """Whether the provider is certain but the code is unknown: the sign that a vendor has changed something."""
    said = found.upstream
    return found.matched_by in {"family", "status"} and (said.code is not None or said.shape == "unknown")


def problem_keys(problem: Problem, entry: Entry, found: Classification | None, sent: int) -> dict[str, Any]:
    """The keys that a normalized problem's event has, the request's apart."""
    keys: dict[str, Any] = {
        "problem": problem.reason,
        "provider": problem.provider,
        "entry": problem.entry,
        "matched_by": problem.matched_by,
        "hint": entry.hint,
        "upstream_status": problem.upstream.get("status"),
        "upstream_code": problem.upstream.get("code"),
        "status": sent,
        "owner": problem.owner,
        "remedy": problem.remedy,
        "retry_policy": problem.retry.policy,
        "retry_after": problem.retry.after,
        "instance": problem.instance,
        "upstream_request_id": problem.upstream.get("request_id"),
    }
    if found is not None and is_unclassified(found):
        keys["fingerprint"] = fingerprint(found.upstream)
    return keys


def fingerprint(said: UpstreamError) -> str:
    """A checksum of shape, member names and JSON types: the same for all bodies of a kind, without any value."""
    import zlib

    document = said.document or {}
    names = sorted(f"{name}:{type(value).__name__}" for name, value in document.items())
    return f"{said.shape}-{zlib.crc32(chr(10).join(names).encode('utf-8', 'replace')):08x}"


def enabled(level: str) -> bool:
    """Whether the app's logging lets an event of this level through; made before any of its values."""
    plain, structlog = _modules()
    number = _NUMBERS[level]
    try:
        if not structlog.is_configured():
            return bool(plain.isEnabledFor(number))
        log = _configured_logger()
        guard = getattr(log, "is_enabled_for", None) or getattr(log, "isEnabledFor", None)
        return bool(guard(number)) if callable(guard) else True
    except Exception as error:  # noqa: BLE001 - whatever the app's logging raises, the response goes out
        report_fault(error, "a logger could not be made", to_stderr=True)
        return False


def emit(level: str, event: str, keys: Mapping[str, Any]) -> None:
    """Write one event; a logger or processor that raises is reported once and never reaches the response."""
    plain, structlog = _modules()
    try:
        if structlog.is_configured():
            log = _configured_logger()
        else:
            log = structlog.wrap_logger(plain, processors=[_to_logging], wrapper_class=structlog.stdlib.BoundLogger)
        getattr(log, level)(event, **keys)
    except Exception as error:  # noqa: BLE001 - whatever the app's logging raises, the response goes out
        report_fault(error, "an event could not be written", to_stderr=True)


@cache
def _modules() -> tuple[Any, Any]:
    """The standard library's logger and structlog, imported when a middleware is built.

    An import statement or a look-up by name costs more than the guard; `logging` gives one and the same object for a
    name as long as the process lives.
    """
    import logging

    import structlog

    return logging.getLogger(_LOGGER), structlog


def _configured_logger() -> Any:
    """The app's logger; of an asynchronous one the logger beneath, for nothing here can await."""
    log = _modules()[1].get_logger(_LOGGER).bind()
    return getattr(log, "sync_bl", log)


def _to_logging(_logger: Any, _method: str, keys: Any) -> tuple[tuple[str], dict[str, Any]]:
    """An event for the standard library: readable as text, and every key an attribute of the record."""
    event = keys.pop("event")
    text = " ".join([event, *(f"{key}={value}" for key, value in keys.items() if value is not None)])
    return (text,), {"extra": dict(keys)}


class Frames(list[str]):
    """The frames of a traceback, outermost first, each as `file:line function`.

    A list for those who log JSON, and printable by structlog's ConsoleRenderer, which takes every `stack` for a text.
    """

    def __radd__(self, before: str) -> str:
        """The frames as lines, after a text."""
        return before + "\n".join(self)


def origin(error: BaseException) -> dict[str, Any]:
    """Where an exception comes from, for an event: its class and its frames. Its message may hold URLs and tokens."""
    kind = type(error)
    frames = Frames()
    at = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        frames.append(printable(f"{code.co_filename}:{at.tb_lineno} {code.co_name}"))
        at = at.tb_next
    return {"exception": printable(f"{kind.__module__}.{kind.__qualname__}"), "stack": Frames(frames[-_MAX_FRAMES:])}


def report_fault(error: BaseException, what: str, *, to_stderr: bool = False) -> None:
    """Report a failure of our own or of a callable of the app, once for each place; its message is never written.

    Args:
        error: what was raised.
        what: what did not work, in our words.
        to_stderr: whether the app's logging is what failed, so that it cannot be used.
    """
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else "?"
    key = (type(error).__name__, place)
    if key in _faults or len(_faults) >= _MAX_FAULTS:
        return
    _faults.add(key)
    if to_stderr:
        with suppress(Exception):  # a full disk: there is nobody left to tell
            sys.stderr.write(f"{FAILED}: {what}: {printable(key[0])} at {printable(place)}\n")
    else:
        emit("error", FAILED, {"what": what, "exception": key[0], "stack": Frames([place])})
