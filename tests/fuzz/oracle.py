"""What has to be true for every response, whatever came in: the oracle of the fuzz targets; it raises `Finding`.

"As it came, or a whole problem": a document of the wire format, headers that say the same, no size without bound, and
nothing of what a user typed (the canary) but where the contract lets it pass.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from authproblem import Problem, Registry
from authproblem._core.members import OWN
from tests.fuzz.cases import CANARY
from tests.support.events import Event
from tests.support.responses import Response
from tests.support.wire import SCHEMA, header_faults

_SHAPES = Registry.builtin().data["shapes"]
# A known text stays at any depth, under whatever name; the published schema lists the names in causes and field errors.
_CONTRACT = json.loads(json.dumps(SCHEMA))
_CONTRACT["$defs"]["cause"]["anyOf"][1]["additionalProperties"] = {"not": {"type": "null"}}
_CONTRACT["$defs"]["members"]["properties"]["validation_errors"]["items"]["additionalProperties"] = {
    "not": {"type": "null"}
}
_VALIDATOR = Draft202012Validator(_CONTRACT)
_KEPT = {name for name, kind in _SHAPES["members"].items() if kind == "keep"} | set(_SHAPES["challenge_members"])
_FIELDS = {"field", "pointer", "source"}
_BREAKS = ("\r", "\n", "\0")
_GROWTH = 8
"""Bytes that one byte of the upstream's may become: `1e15` is written as 1000000000000000.0."""
_OVERHEAD = 16_384
"""Bytes that we add: our own members, and the registry's sentence for each of 32 causes."""
_ADDED = {
    *("content-type", "content-language", "content-length", "cache-control", "retry-after", "vary"),
    *("auth-problem", "auth-problem-owner", "auth-problem-retry", "access-control-expose-headers"),
}
Pairs = list[tuple[str, str]]


class Finding(AssertionError):  # noqa: N818 - a finding is what fuzzers call it
    """Something that the contract rules out."""


def expect(holds: object, message: str) -> None:
    """Raise a finding unless something holds."""
    if not holds:
        raise Finding(message)


def check_problem(problem: Problem, status: int | None, limit: int, *, texts_pass: bool) -> bytes:
    """Hold a problem against the wire format, and give its bytes.

    Args:
        problem: the problem.
        status: the upstream's status; None where the response may be a folded one.
        limit: bytes that the upstream's body had, decoded.
        texts_pass: whether the app lets upstream texts through, so that the canary may pass.
    """
    content = problem.to_bytes()
    document = json.loads(content)
    faults = [f"{'/'.join(map(str, fault.path))}: {fault.message[:200]}" for fault in _VALIDATOR.iter_errors(document)]
    expect(not faults, f"not of the wire format: {faults}")
    expect(status in {None, document["upstream"].get("status")}, f"{document['upstream']}, not {status}")
    expect(len(content) <= limit * _GROWTH + _OVERHEAD, f"{len(content)} bytes of {limit}")
    expect(Problem.from_bytes(content) is not None, "the library cannot read what it writes")
    expect(CANARY not in repr(problem), "the canary is in the repr")
    if not texts_pass and not _is_protocol(document):
        leaks = [path for path in _leaks(document) if not _may_carry(path)]
        expect(not leaks, f"the canary is sent in {leaks}")
    return content


def check_reply(before: Pairs, after: Pairs, problem: bytes | None, status: int) -> None:
    """Hold the headers that are sent against those that came: what is added is ours, clean, and fits the body.

    Args:
        before: the headers as the app sent them.
        after: the headers that go out.
        problem: the bytes of the document, or None: HEAD.
        status: the status that goes out.
    """
    added = list((Counter(after) - Counter(before)).elements())
    known = "".join(
        value for name, value in before if name.lower() in {"content-type", "access-control-expose-headers"}
    )
    for name, value in added:
        expect(name.lower() in _ADDED, f"the header {name!r} was added")
        expect(not any(mark in value and mark not in known for mark in _BREAKS), f"a line break in {name}: {value!r}")
        expect(CANARY not in value or CANARY in known, f"the canary is in {name}")
    expect(not any(name.lower() == "auth-problem-upstream" for name, _ in after), "the mark leaves the app")
    response = Response(status, after, problem or b"")
    expect(response.lines("cache-control") == ["no-store"], "the answer may be stored")
    if problem is not None:
        expect(response.lines("content-length") == [str(len(problem))], f"length: {response.lines('content-length')}")
        document = json.loads(problem)
        expect(document["status"] == status, f"the document says {document['status']}, the response {status}")
        expect(not (faults := header_faults(response, document)), f"problem headers: {faults}")


def check_events(events: list[Event], texts_pass: bool) -> None:
    """At most one event a response, none about a failure of ours, and none that carries what a user typed."""
    faults = [event for event in events if event["event"] == "authproblem.failed"]
    expect(not faults, f"a failure of ours: {faults}")
    expect(len(events) <= 1, f"{len(events)} events")
    written = " ".join(f"{value}" for event in events for name, value in event.items() if name != "path")
    expect(texts_pass or CANARY not in written, f"the canary is in an event: {events}")
    expect(not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in written), f"a forged line: {events}")


def _is_protocol(document: dict[str, Any]) -> bool:
    """Whether the upstream's object stays whole, since it carries the live next step."""
    if "stateHandle" in document or ("version" in document and ("messages" in document or "remediation" in document)):
        return True
    moved = document["upstream"].get("members", {})
    return isinstance(moved.get("status"), str) and not {"stateToken", "_embedded", "factorResult"}.isdisjoint(document)


def _leaks(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all strings that hold the canary."""
    if isinstance(node, str):
        if CANARY in node:
            yield path
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _leaks(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _leaks(value, (*path, number))


def _may_carry(path: tuple[Any, ...]) -> bool:
    """Whether a member stays whatever it contains: it is what the client needs to continue."""
    if path[:2] == ("upstream", "members"):
        return path[2] in _KEPT and path[2] in OWN
    if path[0] == "validation_errors":
        return len(path) > 2 and path[2] in _FIELDS
    return path[0] in _KEPT or path[:2] == ("description", "rules")
