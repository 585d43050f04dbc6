"""Whether a case came out as it should: the demo is worth nothing if it shows what is not so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from authproblem import Problem
from demo.model import Case, Expected, Take

if TYPE_CHECKING:
    import httpx

    from authproblem.testing import Response

_VARYING = ("instance", "errorId")
_SECRETS = ("mfa_token", "stateHandle")


def faults(case: Case, takes: Sequence[Take]) -> list[str]:
    """What is not as the case expects, in words; empty if all is well."""
    found = [f"{take.adapter}: {fault}" for take in takes for fault in _of_take(case, take)]
    first, *others = takes
    found += [
        f"{other.adapter} says something else than {first.adapter}" for other in others if said(first) != said(other)
    ]
    return found


def said(take: Take) -> Any:
    """What both adapters must agree on: status, problem headers, and the document without the ids of the occurrence."""
    names = ("auth-problem", "auth-problem-owner", "auth-problem-retry", "retry-after", "content-type")
    if take.after.headers.get("auth-problem") is None:
        return take.after.status_code
    document = {name: value for name, value in json.loads(take.after.content).items() if name not in _VARYING}
    return take.after.status_code, [take.after.headers.get(name) for name in names], document


def document_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of a response, or an empty one."""
    try:
        document = json.loads(response.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _of_take(case: Case, take: Take) -> list[str]:
    expected = case.expected
    told = [event["event"] for event in take.events]
    if case.answer is not None and not _passed_through(take.sent, take.before):
        return ["the bare app did not pass the vendor's answer through"]
    pairs: list[tuple[str, Any, Any]] = [
        ("status", expected.status, take.after.status_code),
        ("events", [] if expected.event is None else [expected.event], told),
    ]
    if expected.reason is None:
        pairs.append(("response", _untouched(take.before), _untouched(take.after)))
    else:
        pairs += _of_problem(expected, take)
    return [f"{what} is {actual!r}, but should be {right!r}" for what, right, actual in pairs if right != actual]


def _passed_through(sent: Response | None, response: httpx.Response) -> bool:
    if sent is None:
        return False
    kept = all(response.headers.get(name) == value for name, value in sent.headers)
    return kept and (response.status_code, response.content) == (sent.status, sent.body)


def _of_problem(expected: Expected, take: Take) -> list[tuple[str, Any, Any]]:
    problem = Problem.from_response(take.after)
    if problem is None or not take.events:
        return [("problem", expected.reason, problem)]
    before, after = document_of(take.before), document_of(take.after)
    event, header = take.events[0], take.after.headers
    retry = problem.retry
    secrets = [*(expected.gone if expected.truth is None else ()), *(before[n] for n in _SECRETS if n in before)]
    return [
        ("reason", expected.reason, problem.reason),
        ("Auth-Problem", expected.reason, header.get("auth-problem")),
        ("retry", (expected.policy, expected.after, expected.automatic), (retry.policy, retry.after, retry.automatic)),
        ("Retry-After", None if expected.after is None else str(expected.after), header.get("retry-after")),
        ("Content-Type", expected.media_type, header["content-type"].partition(";")[0]),
        *((name, before.get(name, "a member of the upstream"), after.get(name)) for name in expected.kept),
        *((f"{name} as before", False, before[name] == after.get(name)) for name in expected.replaced),
        *((f"{word!r} in the body", False, word.encode() in take.after.content) for word in expected.gone),
        *((f"{word!r} in the event", False, word in str(event)) for word in secrets),
        ("problem in the event", expected.truth or expected.reason, event.get("problem")),
        ("instance in the event", problem.instance, event.get("instance")),
    ]


def _untouched(response: httpx.Response) -> tuple[Any, ...]:
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() != "date"]
    return response.status_code, headers, response.content
