"""Handles a request that got no response: the problem for the client, the keys for the operator's event."""

from __future__ import annotations

from typing import NamedTuple

from authproblem._client.reader import Call, Reader
from authproblem._core.problem import Problem
from authproblem.gateway._upstream import FailureKind, UpstreamFailure


class _Outcome(NamedTuple):
    """The problem type; and the seconds to wait, which are named only where nothing was sent."""

    reason: str
    after: int | None


_OUTCOMES: dict[FailureKind, _Outcome] = {
    "unreachable": _Outcome("upstream-unreachable", 2),  # a restart takes about that long
    "exhausted": _Outcome("upstream-unavailable", 1),
    "closed": _Outcome("upstream-error", None),
    "timeout": _Outcome("upstream-timeout", None),
    "broken": _Outcome("upstream-error", None),
    "unsendable": _Outcome("invalid-request", None),
}


def problem_of(reader: Reader, call: Call, failure: UpstreamFailure, upstream: str) -> Problem:
    """Make the problem for a failure and emit its event, which names the host and the cause.

    Args:
        reader: the rules of the route.
        call: the request.
        failure: what went wrong.
        upstream: the provider's host and port.
    """
    reason, after = _OUTCOMES[failure.kind]
    keys = {"exception": failure.exception, "upstream": upstream, "failure": failure.why}
    return reader.problem_without_response(call, reason, after=after, unsent=after is not None, **keys)
