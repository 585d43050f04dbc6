"""Finds the vendor's event inside its envelopes: buses, hooks, log streams, collectors, Elastic's documents.

No rule about meaning lives here. Envelopes are recognized by their members, never by where they came from; nesting is
followed to a fixed depth, and a string is read as JSON only where an envelope is known to put one.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from authproblem.logs._auth0 import Auth0

Event = Mapping[str, Any]

_DEPTH = 6
_MAX_EVENTS = 10_000
"""Events of one envelope that are looked at: CloudWatch and EventBridge stay far below."""
_MAX_JSON = 1 << 20
"""Bytes of a string that is read as JSON; an event of Okta has at most 256 KiB."""
_MAX_UNPACKED = 8 << 20
"""Bytes that such a string may decompress to; CloudWatch sends at most 6 MiB at once."""
_BASE64 = ("ey", "ew", "H4sI")
"""How base64 of an object of JSON, and of gzip, begins: Pub/Sub, Kinesis, and CloudWatch's messages to Lambda."""
_LISTS = ("events", "logEvents", "Records", "records", "hits", "logs")
"""Members that hold several events: Event Hooks, CloudWatch, Lambda, Event Hubs, Elasticsearch."""
_INSIDE = (
    *("detail", "data", "event", "json", "message", "_source", "properties", "result", "_raw"),  # buses and collectors
    *(
        "awslogs",
        "kinesis",
        "attributes",
        "jsonPayload",
        "log",
        "body",
        "Body",
        "Message",
        "Sns",
        "payload",
        "record",
        "hits",
        "original",
    ),
)
"""Members that hold one event, or a further envelope, or either of them as a string of JSON."""
_SHORT = 2
"""Letters of a type code that other programs may use as well: `f`, `s`, `fp`."""
_AUTH0_MARKS = (
    "log_id",
    "_id",
    "description",
    "details",
    "client_id",
    "user_id",
    "tenant_name",
    "connection_id",
    "date",
)
_OKTA_MARKS = ("outcome", "uuid", "published", "actor", "legacyEventType", "debugContext", "severity")
_SENTINEL = (("outcome_result_s", "result"), ("outcome_reason_s", "reason"))
_LOWER = {
    **{name.lower(): name for name in ("eventType", "displayMessage", "debugContext", "legacyEventType")},
    **{name.lower(): name for name in ("authenticationContext", "securityContext")},
}


class Unwrap:
    """Finds events; knows the type codes of Auth0, without which `type` is just a common member name."""

    def __init__(self, auth0: Auth0) -> None:
        """Take the tables of type codes."""
        self._auth0 = auth0

    def one(self, document: Event) -> tuple[str, Event] | None:
        """The first event of a document, with its provider.

        Returns:
            `("okta", event)` or `("auth0", event)`; None where there is none.
        """
        if "eventType" in document and self._is_okta(document):
            return "okta", document
        inner = document.get("data")
        if isinstance(inner, dict) and self._is_auth0(inner, certain="log_id" in document):
            return "auth0", inner
        return next(self.all(document), None)

    def all(self, document: Event, depth: int = _DEPTH) -> Iterator[tuple[str, Event]]:
        """Every event of a document, in its order, each with its provider."""
        found = self._known(document)
        if found is not None:
            yield found
            return
        if depth:
            for inner in _inner(document):
                yield from self.all(inner, depth - 1)

    def _known(self, document: Event) -> tuple[str, Event] | None:
        if self._is_okta(document):
            return "okta", document
        if self._is_auth0(document):
            return "auth0", document
        for form in (_lower_case, _elastic_okta, _sentinel_okta, self._elastic_auth0, self._sentinel_auth0):
            event = form(document)
            if event is not None:
                return ("okta" if "eventType" in event else "auth0"), event
        return None

    def _is_okta(self, document: Event) -> bool:
        kind = document.get("eventType")
        if not isinstance(kind, str) or "." not in kind or kind == "com.okta.event_hook":
            return False
        return any(mark in document for mark in _OKTA_MARKS)

    def _is_auth0(self, document: Event, *, certain: bool = False) -> bool:
        code = document.get("type")
        if not isinstance(code, str):
            return False
        if self._auth0.knows(code):
            return certain or len(code) > _SHORT or any(mark in document for mark in _AUTH0_MARKS)
        return (certain or "log_id" in document or "tenant_name" in document) and self._auth0.is_code(code)

    def _elastic_auth0(self, document: Event) -> Event | None:
        """A document of Elastic's Auth0 integration, which replaces the type code by a phrase."""
        data = _at(document, "auth0", "logs", "data") or _dotted(document, "auth0.logs.data.")
        if not isinstance(data, dict):
            return None
        event = document.get("event") if isinstance(document.get("event"), dict) else _dotted(document, "event.")
        action = event.get("action") if isinstance(event, dict) else None
        code = data.get("type")
        if not (isinstance(code, str) and self._auth0.knows(code)):
            code = self._auth0.actions.get(_slug(action)) or self._auth0.actions.get(_slug(code)) or _by_outcome(event)
        return {**data, "type": code} if code else None

    def _sentinel_auth0(self, document: Event) -> Event | None:
        """A row of Microsoft Sentinel's table for Auth0: columns with a suffix for their type."""
        code = document.get("type_s", document.get("data_type_s"))
        if not isinstance(code, str) or not self._auth0.knows(code):
            return None
        text = document.get("description_s", document.get("data_description_s"))
        return {"type": code, "description": text, "log_id": document.get("log_id_s")}


def _lower_case(document: Event) -> Event | None:
    """An event of Okta whose member names a collector has put in lower case."""
    if not isinstance(document.get("eventtype"), str) or "outcome" not in document:
        return None
    return {_LOWER.get(name, name): value for name, value in document.items()}


def _elastic_okta(document: Event) -> Event | None:
    """A document of Elastic's Okta integration: names in snake case below `okta`."""
    okta = document.get("okta")
    okta = okta if isinstance(okta, dict) else _dotted(document, "okta.")
    if not isinstance(okta, dict):
        return None
    if isinstance(okta.get("eventType"), str):
        return okta
    kind = okta.get("event_type")
    if not isinstance(kind, str):
        return None
    debug = _at(okta, "debug_context", "debug_data") or {}
    flat = debug.get("flattened") if isinstance(debug, dict) else None
    names = {_camel(name): value for name, value in debug.items()} if isinstance(debug, dict) else {}
    context = okta.get("authentication_context")
    return {
        "eventType": kind,
        "outcome": okta.get("outcome") or {},
        "severity": okta.get("severity"),
        "displayMessage": okta.get("display_message"),
        "uuid": okta.get("uuid"),
        "published": document.get("@timestamp"),
        "transaction": okta.get("transaction"),
        "actor": okta.get("actor"),
        "client": okta.get("client"),
        "debugContext": {"debugData": {**names, **(flat if isinstance(flat, dict) else {})}},
        "authenticationContext": {_camel(name): value for name, value in context.items()}
        if isinstance(context, dict)
        else None,
    }


def _sentinel_okta(document: Event) -> Event | None:
    """A row of Microsoft Sentinel's table for Okta."""
    kind = document.get("eventType_s")
    if not isinstance(kind, str):
        return None
    outcome = {name: document.get(column) for column, name in _SENTINEL}
    prefix = "debugContext_debugData_"
    debug = {n[len(prefix) : -2]: value for n, value in document.items() if n.startswith(prefix)}
    return {
        "eventType": kind,
        "outcome": outcome,
        "severity": document.get("severity_s"),
        "uuid": document.get("uuid_g"),
        "published": document.get("published_t"),
        "debugContext": {"debugData": debug},
    }


def _inner(document: Event) -> Iterator[Event]:
    """What is inside an envelope: each member that may hold events, lists first."""
    for name in _LISTS:
        many = document.get(name)
        if isinstance(many, list):
            for item in many[:_MAX_EVENTS]:
                inner = _as_document(item)
                if inner is not None:
                    yield inner
            return
    for name in _INSIDE:
        if name in document:
            inner = _as_document(document[name])
            if inner is not None:
                yield inner
            elif isinstance(document[name], list):
                yield {"events": document[name]}


def _as_document(value: object) -> Event | None:
    """A mapping, also out of a string of JSON with anything before it, such as the header of syslog."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str) or len(value) > _MAX_JSON:
        return None
    text = _decoded(value) if value.startswith(_BASE64) else value
    start = text.find("{")
    if start < 0:
        return None
    try:
        found = orjson.loads(text[start:])
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _decoded(value: str) -> str:
    """The text of base64, decompressed where it is gzip; empty where it is neither."""
    try:
        data = base64.b64decode(value, validate=True)
        if data.startswith(b"\x1f\x8b"):
            data = zlib.decompressobj(wbits=31).decompress(data, _MAX_UNPACKED)
    except (ValueError, zlib.error):
        return ""
    return data.decode(errors="replace")


def _at(document: Event, *path: str) -> Any:
    for name in path:
        value = document.get(name)
        if not isinstance(value, dict):
            return None
        document = value
    return document


def _dotted(document: Event, prefix: str) -> dict[str, Any] | None:
    """Members with dots in their names, as a nested mapping; None where no name has the prefix."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name.startswith(prefix):
            *path, last = name[len(prefix) :].split(".")
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


def _by_outcome(event: object) -> str | None:
    """A generic failure for a document whose action is unknown but whose outcome is one."""
    return "f" if isinstance(event, dict) and event.get("outcome") == "failure" else None
