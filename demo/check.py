"""Checks the result of a case: the demo must not show anything that is not so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from authproblem import Problem
from demo.model import Case, Expected, Run

if TYPE_CHECKING:
    import httpx

    from authproblem.testing import Response

_VARYING = ("instance", "errorId")
_SECRETS = ("mfa_token", "stateHandle")


def faults(case: Case, runs: Sequence[Run]) -> list[str]:
    """Return the differences from what a case expects, as sentences."""
    found = [f"{run.adapter}: {fault}" for run in runs for fault in _of_run(case, run)]
    first, *others = runs
    found += [
        f"{other.adapter} differs from {first.adapter}" for other in others if comparable(first) != comparable(other)
    ]
    return found


def comparable(run: Run) -> Any:
    """What both adapters must agree on: status, problem headers, and the document without the ids of the occurrence."""
    names = ("auth-problem", "auth-problem-owner", "auth-problem-retry", "retry-after", "content-type")
    if run.after.headers.get("auth-problem") is None:
        return run.after.status_code
    document = {name: value for name, value in json.loads(run.after.content).items() if name not in _VARYING}
    return run.after.status_code, [run.after.headers.get(name) for name in names], document


def document_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of a response, or an empty one."""
    try:
        document = json.loads(response.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _of_run(case: Case, run: Run) -> list[str]:
    expected = case.expected
    events = [event["event"] for event in run.events]
    if case.reply is not None and not _passed_through(run.sent, run.before):
        return ["the bare app did not pass the vendor's response through"]
    pairs: list[tuple[str, Any, Any]] = [
        ("status", expected.status, run.after.status_code),
        ("events", [] if expected.event is None else [expected.event], events),
    ]
    if expected.reason is None:
        pairs.append(("response", _untouched(run.before), _untouched(run.after)))
    else:
        pairs += _of_problem(expected, run)
    return [f"{what} is {actual!r}, but should be {right!r}" for what, right, actual in pairs if right != actual]


def _passed_through(sent: Response | None, response: httpx.Response) -> bool:
    if sent is None:
        return False
    kept = all(response.headers.get(name) == value for name, value in sent.headers)
    return kept and (response.status_code, response.content) == (sent.status, sent.body)


def _of_problem(expected: Expected, run: Run) -> list[tuple[str, Any, Any]]:
    problem = Problem.from_response(run.after)
    if problem is None or not run.events:
        return [("problem", expected.reason, problem)]
    before, after = document_of(run.before), document_of(run.after)
    event, header = run.events[0], run.after.headers
    retry = problem.retry
    secrets = [*(expected.gone if expected.in_event is None else ()), *(before[n] for n in _SECRETS if n in before)]
    return [
        ("reason", expected.reason, problem.reason),
        ("Auth-Problem", expected.reason, header.get("auth-problem")),
        ("retry", (expected.policy, expected.after, expected.automatic), (retry.policy, retry.after, retry.automatic)),
        ("Retry-After", None if expected.after is None else str(expected.after), header.get("retry-after")),
        ("Content-Type", expected.media_type, header["content-type"].partition(";")[0]),
        *((name, before.get(name, "a member of the upstream"), after.get(name)) for name in expected.kept),
        *((f"{name} as before", False, before[name] == after.get(name)) for name in expected.replaced),
        *((f"{part!r} in the body", False, part.encode() in run.after.content) for part in expected.gone),
        *((f"{secret!r} in the event", False, secret in str(event)) for secret in secrets),
        ("problem in the event", expected.in_event or expected.reason, event.get("problem")),
        ("instance in the event", problem.instance, event.get("instance")),
    ]


def _untouched(response: httpx.Response) -> tuple[Any, ...]:
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() != "date"]
    return response.status_code, headers, response.content
