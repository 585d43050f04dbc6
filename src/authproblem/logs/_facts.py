"""Reads the rest of an event: its time, client and ids, for filters, summaries and joins.

Ids are compared, never shown; nothing here reads names, addresses or texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

Event = Mapping[str, Any]

_SECONDS = 19
"""Characters of `2026-01-31T12:00:00`."""


def time_of(event: Event) -> str | None:
    """When the event happened, as `2026-01-31T12:00:00` in UTC, which sorts as text; None where it is unknown."""
    value = event.get("published") or event.get("date")
    if not isinstance(value, str) or len(value) < _SECONDS:
        return None
    if value[-1] == "Z" or value[_SECONDS:].replace(".", "").isdigit() or len(value) == _SECONDS:
        return value[:10] + "T" + value[11:_SECONDS]
    return _with_offset(value)


def _with_offset(value: str) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def seconds_of(event: Event) -> float | None:
    """When the event happened, in seconds since the epoch."""
    text = time_of(event)
    try:
        return datetime.fromisoformat(text + "+00:00").timestamp() if text else None
    except ValueError:
        return None


def client_of(event: Event) -> str | None:
    """The application: its name or id (Auth0), the OAuth client or the app that was opened (Okta)."""
    if "eventType" not in event:
        found = event.get("client_name") or event.get("client_id")
        return found if isinstance(found, str) and found else None
    client, actor = event.get("client"), event.get("actor")
    if isinstance(client, dict) and isinstance(client.get("id"), str):
        return str(client["id"])
    if isinstance(actor, dict) and str(actor.get("type")).endswith("ClientApp"):
        return _named(actor)
    targets = event.get("target")
    for target in targets if isinstance(targets, list) else ():
        if isinstance(target, dict) and target.get("type") == "AppInstance":
            return _named(target)
    return None


def _named(item: Mapping[str, Any]) -> str | None:
    found = item.get("displayName") or item.get("alternateId") or item.get("id")
    return found if isinstance(found, str) else None


def request_ids(event: Event) -> Iterator[str]:
    """The ids of the request that caused the event: `X-Okta-Request-Id`, `X-Auth0-RequestId` and their relatives."""
    debug = _inside(event, "debugContext", "debugData")
    yield from _strings(debug, ("requestId", "authnRequestId", "traceId"))
    yield from _strings(_inside(event, "transaction"), ("id",))
    yield from _strings(event, ("tracking_id", "request_id", "trace_id", "x_request_id"))
    yield from _strings(_inside(event, "details"), ("tracking_id", "request_id", "requestId"))


def error_ids(event: Event) -> Iterator[str]:
    """The ids of errors that the event names: Okta's `errorId`, or the id of the event itself."""
    yield from _strings(_inside(event, "debugContext", "debugData"), ("errorId", "errorid"))
    yield from _strings(event, ("uuid", "log_id", "_id"))


def correlation_ids(event: Event) -> Iterator[str]:
    """The ids that a client chose itself: Auth0's `X-Correlation-ID`, and the DPoP or session ids of a transaction."""
    yield from _strings(event, ("correlation_id", "x_correlation_id"))
    details = _inside(event, "details")
    yield from _strings(details, ("correlation_id", "x_correlation_id", "xCorrelationId", "session_id"))
    yield from _strings(_inside(event, "authenticationContext"), ("externalSessionId", "rootSessionId"))


def _inside(event: Event, *path: str) -> Event:
    for name in path:
        value = event.get(name)
        if not isinstance(value, dict):
            return {}
        event = value
    return event


def _strings(holder: Event, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = holder.get(name)
        if isinstance(value, str) and value:
            yield value
