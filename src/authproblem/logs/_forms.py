"""Documents in which a product has renamed the members of an event, such as those of Elastic, Sentinel and Splunk.

Each function returns the event under the vendor's own names, or None where the document is not of its form. Envelopes
that contain an event unchanged belong to `_envelopes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authproblem.logs._auth0 import Auth0
from authproblem.logs._data import as_object

Event = Mapping[str, Any]

_LOWER = {
    **{name.lower(): name for name in ("eventType", "displayMessage", "debugContext", "legacyEventType")},
    **{name.lower(): name for name in ("authenticationContext", "securityContext")},
}
_DEBUG_COLUMN = "debugContext_debugData_"
_MAX_STEPS = 8
"""Dots in a member's name that mean nesting."""


def okta_event(document: Event) -> Event | None:
    """An event of Okta out of any of the forms that are known."""
    return next(filter(None, (form(document) for form in _OKTA)), None)


def expanded(document: Event) -> Event:
    """A document whose names have dots in them, as a search in Splunk returns it, as nested objects."""
    return _dotted(document, "") or document


def _lower_case(document: Event) -> Event | None:
    """Member names in lower case (Panther)."""
    if not isinstance(document.get("eventtype"), str) or "outcome" not in document:
        return None
    return {_LOWER.get(name, name): value for name, value in document.items()}


def _elastic(document: Event) -> Event | None:
    """Names in snake case below `okta` (Elastic's integration and Beats), or below `okta.system` (Sekoia)."""
    okta = document.get("okta")
    okta = okta if isinstance(okta, dict) else _dotted(document, "okta.")
    if not isinstance(okta, dict):
        return None
    if isinstance(okta.get("eventType"), str):
        return okta
    inner = okta.get("system")
    okta = inner if isinstance(inner, dict) else okta
    kind, outcome = okta.get("event_type"), as_object(okta.get("outcome"))
    if not isinstance(kind, str) and outcome:
        kind = _member(document, "event", "action")
    if not outcome.get("result") and _member(document, "event", "outcome") == "failure":
        outcome = {**outcome, "result": "FAILURE"}
    published = okta.get("published") or document.get("@timestamp")
    return _snake_case({**okta, "event_type": kind, "outcome": outcome, "published": published})


def _snake_case(document: Event) -> Event | None:
    """Names in snake case at the top (SQL tables, Python's SDK)."""
    kind = document.get("event_type")
    if not isinstance(kind, str) or "." not in kind or ("actor" not in document and "outcome" not in document):
        return None
    debug = as_object(as_object(document.get("debug_context")).get("debug_data"))
    context = as_object(document.get("authentication_context"))
    return {
        "eventType": kind,
        "outcome": document.get("outcome") or {},
        "severity": document.get("severity"),
        "displayMessage": document.get("display_message"),
        "uuid": document.get("uuid"),
        "published": document.get("published"),
        "transaction": document.get("transaction"),
        "actor": document.get("actor"),
        "client": document.get("client"),
        "debugContext": {
            "debugData": {**{_camel(name): value for name, value in debug.items()}, **as_object(debug.get("flattened"))}
        },
        "authenticationContext": {_camel(name): value for name, value in context.items()},
    }


def _datadog(document: Event) -> Event | None:
    """Attributes that Datadog's pipeline has remapped: the type is `evt.name`."""
    kind = _member(document, "evt", "name")
    if not isinstance(kind, str) or "." not in kind or not isinstance(document.get("outcome"), dict):
        return None
    return {**document, "eventType": kind}


def _sentinel(document: Event) -> Event | None:
    """A row of Microsoft Sentinel's tables `Okta_CL` and `OktaV2_CL`."""
    kind = document.get("eventType_s")
    if isinstance(kind, str):
        debug = {name[len(_DEBUG_COLUMN) : -2]: v for name, v in document.items() if name.startswith(_DEBUG_COLUMN)}
        result, reason = document.get("outcome_result_s"), document.get("outcome_reason_s")
        ids = {"uuid": document.get("uuid_g"), "published": document.get("published_t")}
    else:
        kind = document.get("EventOriginalType")
        if not isinstance(kind, str) or "." not in kind:
            return None
        debug = as_object(document.get("DebugData"))
        result, reason = document.get("OriginalOutcomeResult"), document.get("EventOriginalResultDetails")
        ids = {"uuid": document.get("EventOriginalUid"), "published": document.get("TimeGenerated")}
    return {
        "eventType": kind,
        "outcome": {"result": result, "reason": reason},
        "severity": document.get("severity_s") or document.get("OriginalSeverity"),
        "transaction": {"id": document.get("transaction_id_s") or document.get("TransactionId")},
        "debugContext": {"debugData": debug},
        **ids,
    }


_OKTA = (_lower_case, _elastic, _snake_case, _datadog, _sentinel)


def auth0_event(document: Event, auth0: Auth0) -> Event | None:
    """An event of Auth0 out of any of the forms that are known; `auth0` knows the type codes."""
    found = _elastic_auth0(document, auth0) or _sentinel_auth0(document, auth0)
    if found is None and isinstance(document.get("data.type"), str):
        found = _dotted(document, "data.")
        found = found if found and auth0.has_type(str(found.get("type"))) else None
    return found


def _elastic_auth0(document: Event, auth0: Auth0) -> Event | None:
    """A document of Elastic's Auth0 integration, which replaces the type code by a phrase."""
    data = _member(document, "auth0", "logs", "data") or _dotted(document, "auth0.logs.data.")
    if not isinstance(data, dict):
        return None
    code, event = data.get("type"), document.get("event")
    event = event if isinstance(event, dict) else _dotted(document, "event.") or {}
    if not (isinstance(code, str) and auth0.has_type(code)):
        code = auth0.actions.get(_slug(event.get("action"))) or auth0.actions.get(_slug(code))
        failed = event.get("outcome") == "failure" or _slug(data.get("classification")).endswith("failure")
        code = code or ("f" if failed else None)
    return {**data, "type": code} if code else None


def _sentinel_auth0(document: Event, auth0: Auth0) -> Event | None:
    """A row of Microsoft Sentinel's table for Auth0: columns with a suffix for their type."""
    code = document.get("type_s", document.get("data_type_s"))
    if not isinstance(code, str) or not auth0.has_type(code):
        return None
    start = "data_" if "data_type_s" in document else ""
    error = f"{start}details_error_"
    details = {"message": document.get(error + "message_s"), "oauthError": document.get(error + "oauthError_s")}
    return {
        "type": code,
        "description": document.get(start + "description_s"),
        "details": {"error": details} if any(details.values()) else document.get(start + "details_s"),
        "date": document.get(start + "date_t"),
        "client_id": document.get(start + "client_id_s"),
        "log_id": document.get("log_id_s"),
    }


def _member(document: Event, *path: str) -> Any:
    for name in path:
        value = document.get(name)
        if name is path[-1]:
            return value
        if not isinstance(value, dict):
            return document.get(".".join(path))
        document = value
    return None


def _dotted(document: Event, prefix: str) -> dict[str, Any] | None:
    """Members with dots in their names, as a nested mapping; None where no name has the prefix."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name.startswith(prefix):
            *path, last = name[len(prefix) :].split(".", _MAX_STEPS)
            here = found
            for step in path:
                inner = here.setdefault(step, {})
                here = inner if isinstance(inner, dict) else {}
            here[last] = value
    return found or None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _slug(phrase: object) -> str:
    """A phrase as Elastic's pipeline makes an action of them: lower case, other characters as hyphens."""
    if not isinstance(phrase, str) or len(phrase) > 200:
        return ""
    return "-".join("".join(c if c.isalnum() else " " for c in phrase.lower()).split())
