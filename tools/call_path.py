"""Counts what one error costs in calls: `python tools/call_path.py`.

An Okta 429 goes through the ASGI adapter: the first one of a process, which is classified and built, and then the same
again, for which a template is filled in. Counted by `sys.setprofile` are the calls of this package's functions, without
generators and comprehensions, the modules that are entered, how often a call leads from one module to another, and how
often JSON is parsed and written. Starting the process and building the middleware are not part of it.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from authproblem.asgi import AuthProblemMiddleware

PACKAGE = str(Path(sys.modules["authproblem"].__file__ or "").parent)
BODY = (
    b'{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.",'
    b'"errorLink":"E0000047","errorId":"oaeHfmOAx1iRLa0H10DeMz5fQ","errorCauses":[]}'
)
HEADERS = [
    (b"date", b"Mon, 23 Nov 2026 12:00:00 GMT"),
    (b"content-type", b"application/json"),
    (b"x-okta-request-id", b"Ydy0LwmSNI62dm8LZIdTzgAACb0"),
    (b"x-rate-limit-reset", b"1795435230"),
]
SCOPE = {"type": "http", "method": "GET", "path": "/api/v1/users", "headers": []}


class CallPath(NamedTuple):
    """What was counted for one response.

    Attributes:
        functions: the calls of each function of this package, by module and name.
        changes: calls that lead from one module of this package to another.
        parses: how often JSON was parsed.
        writes: how often JSON was written.
    """

    functions: Counter[str]
    changes: int
    parses: int
    writes: int

    @property
    def calls(self) -> int:
        """Calls of functions of this package."""
        return self.functions.total()

    @property
    def modules(self) -> set[str]:
        """The modules that were entered."""
        return {name.partition(":")[0] for name in self.functions}


class _Counts:
    """The counters, filled by the profile function."""

    def __init__(self) -> None:
        self.functions: Counter[str] = Counter()
        self.json: Counter[str] = Counter()
        self.changes = 0

    def note(self, frame: FrameType, event: str, argument: Any) -> None:
        """Count one call, as `sys.setprofile` reports it."""
        if event == "c_call" and getattr(argument, "__module__", None) == "orjson":
            self.json[argument.__name__] += 1
        code = frame.f_code
        if event == "call" and not code.co_name.startswith("<") and (module := _module(frame)):
            self.functions[f"{module}:{getattr(code, 'co_qualname', code.co_name)}"] += 1  # from Python 3.11 on
            caller = frame.f_back
            self.changes += caller is not None and _module(caller) not in {"", module}


def _module(frame: FrameType) -> str:
    name = frame.f_code.co_filename
    return name[len(PACKAGE) + 1 : -3] if name.startswith(PACKAGE) else ""


@contextmanager
def _profiled(counts: _Counts) -> Iterator[None]:
    sys.setprofile(counts.note)
    try:
        yield
    finally:
        sys.setprofile(None)


def measure(responses: int = 4) -> list[CallPath]:
    """Count the calls of several equal responses, one after the other, through a middleware that was just built."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        """Send the error."""
        await send({"type": "http.response.start", "status": 429, "headers": list(HEADERS)})
        await send({"type": "http.response.body", "body": BODY})

    async def send(_message: Any) -> None:
        """Take a message, as a server does."""

    middleware = AuthProblemMiddleware(app)
    found = []
    for _ in range(responses):
        counts = _Counts()
        with _profiled(counts):
            running = middleware({**SCOPE}, None, send)
            with suppress(StopIteration):
                running.send(None)
        found.append(CallPath(counts.functions, counts.changes, counts.json["loads"], counts.json["dumps"]))
    return found


if __name__ == "__main__":
    logging.getLogger("authproblem").addHandler(logging.NullHandler())
    logging.getLogger("authproblem").propagate = False
    for number, path in enumerate(measure(), 1):
        print(
            f"response {number}: {path.calls} calls in {len(path.modules)} modules, {path.changes} of them to another "
            f"module; the body is parsed {path.parses} times, JSON is written {path.writes} times"
        )
