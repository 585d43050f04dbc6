"""Links a normalized response to the event that the provider wrote of it: by ids, else by time.

A folded or generic response hides its reason from the caller; the provider's log has it. What is found is for people
who may read that log, never for the response.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from authproblem.logs._classify import classifier
from authproblem.logs._facts import client_of, correlation_ids, error_ids, request_ids, seconds_of
from authproblem.logs._model import JoinedBy, LogMatch

if TYPE_CHECKING:
    from authproblem._core.problem import Problem

Event = Mapping[str, Any]

_WITHIN = 30.0
"""Seconds between a response and its event: clocks of both sides, and the request's own time."""
_PRECISE = ("reason", "error", "factor", "text", "prompt")
"""What decided a classification that is more exact than the type of the event."""


class _Wanted(NamedTuple):
    """The facts that are known of the response."""

    provider: str
    request: frozenset[str]
    error: frozenset[str]
    correlation: frozenset[str]
    at: float | None
    within: float
    client: str | None


def find_in(
    problem: Problem,
    events: Iterable[Event],
    *,
    at: datetime | float | None = None,
    within: float = _WITHIN,
    correlation_id: str | None = None,
    client: str | None = None,
) -> LogMatch | None:
    """Find the event of a problem among log events.

    Ids decide: the request id of the response, Okta's `errorId`, a correlation id of the client. Without any that fits,
    and with `at`, an event counts if it is the only failure of that provider (and client) in that time.

    Args:
        problem: the normalized response.
        events: decoded events, also inside envelopes; they are read once, in their order.
        at: when the response came, aware or in seconds since the epoch; without it time does not count.
        within: seconds between the two.
        correlation_id: an id that the app itself sent along, such as Auth0's `X-Correlation-ID`.
        client: the client id or name of the app, where time has to decide.

    Returns:
        The best match: of the events of one request, a failure before others, and the most exact one. None where
        nothing fits, or time alone leaves a choice.
    """
    wanted = _wanted(problem, at, within, correlation_id, client)
    best: tuple[tuple[int, int, int], LogMatch] | None = None
    timed: list[LogMatch] = []
    for match in _matches(wanted, events):
        if match.matched_by == "time":
            timed.append(match)
            continue
        rank = _rank(match)
        if best is None or rank > best[0]:
            best = rank, match
    if best is not None:
        return best[1]
    return _only(timed)


def _wanted(
    problem: Problem, at: datetime | float | None, within: float, correlation: str | None, client: str | None
) -> _Wanted:
    seconds = at.timestamp() if isinstance(at, datetime) else at
    return _Wanted(
        problem.provider,
        _ids(problem.upstream.get("request_id")),
        _ids(problem.extensions.get("errorId")),
        _ids(correlation),
        seconds,
        within,
        client,
    )


def _ids(*values: object) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str) and value)


def _matches(wanted: _Wanted, events: Iterable[Event]) -> Iterator[LogMatch]:
    tables = classifier()
    for document in events:
        for provider, event in tables.unwrap.all(document):
            if wanted.provider not in {provider, "oauth"}:
                continue
            by = _matched_by(wanted, event)
            found = tables.of_event(provider, event) if by else None
            if by and (by != "time" or found is not None):
                yield LogMatch(event, found, by)


def _matched_by(wanted: _Wanted, event: Event) -> JoinedBy | None:
    if wanted.request and not wanted.request.isdisjoint(request_ids(event)):
        return "request_id"
    if wanted.error and not wanted.error.isdisjoint(error_ids(event)):
        return "error_id"
    if wanted.correlation and not wanted.correlation.isdisjoint(correlation_ids(event)):
        return "correlation_id"
    return "time" if _in_time(wanted, event) else None


def _in_time(wanted: _Wanted, event: Event) -> bool:
    if wanted.at is None:
        return False
    seconds = seconds_of(event)
    if seconds is None or abs(seconds - wanted.at) > wanted.within:
        return False
    return wanted.client is None or wanted.client in {client_of(event), event.get("client_id")}


def _rank(match: LogMatch) -> tuple[int, int, int]:
    found = match.classification
    strength = {"request_id": 2, "error_id": 2, "correlation_id": 1}[match.matched_by]
    return strength, int(found is not None), int(found is not None and found.matched_by in _PRECISE)


def _only(timed: list[LogMatch]) -> LogMatch | None:
    """The one event that time found; of one request's events, the most exact one."""
    requests = {next(request_ids(match.event), str(index)) for index, match in enumerate(timed)}
    if len(requests) != 1:
        return None
    return max(
        timed, key=lambda match: int(match.classification is not None and match.classification.matched_by in _PRECISE)
    )
