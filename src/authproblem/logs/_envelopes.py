"""Finds the vendor's event inside its envelopes: buses, hooks, log streams, collectors.

No rule about meaning lives here. Envelopes are recognized by their members, never by where they came from; nesting is
followed to a fixed depth, and a string is read as JSON only where an envelope is known to put one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from authproblem.logs._auth0 import Auth0
from authproblem.logs._forms import auth0_event, expanded, okta_event
from authproblem.logs._okta import Okta
from authproblem.logs._strings import Strings

Event = Mapping[str, Any]

_DEPTH = 6
_MAX_EVENTS = 10_000
"""Events of one envelope that are looked at: CloudWatch and EventBridge stay far below."""
_LISTS = ("events", "logEvents", "Records", "records", "hits", "logs", "results", "messages")
"""Members with several events: Event Hooks, CloudWatch, Lambda, Event Hubs, Elasticsearch, Splunk, Sumo Logic."""
_INSIDE = (
    *("detail", "data", "event", "json", "message", "_source", "properties", "result", "_raw"),  # buses and collectors
    *("awslogs", "kinesis", "attributes", "jsonPayload", "textPayload", "log", "body", "Body", "Message", "Sns"),
    *("payload", "record", "hits", "original", "map", "content", "full_message", "short_message", "_airbyte_data"),
)
"""Members that contain one event, or a further envelope, or either of them as a string of JSON."""
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


class Unwrap:
    """Finds events; knows the types of both, without which `type` is just a common member name."""

    def __init__(self, okta: Okta, auth0: Auth0) -> None:
        """Take the tables of types."""
        self._okta, self._auth0 = okta, auth0

    def one(self, document: Event) -> tuple[str, Event] | None:
        """The first event of a document, with its provider.

        Returns:
            `("okta", event)` or `("auth0", event)`; None where there is none.
        """
        if "eventType" in document and "outcome" in document and self._is_okta(document):
            return "okta", document
        inner = document.get("data")
        if isinstance(inner, dict) and self._is_auth0(inner, certain="log_id" in document):
            return "auth0", inner
        return next(self.all(document), None)

    def all(self, document: Event) -> Iterator[tuple[str, Event]]:
        """Every event of a document, in its order, each with its provider."""
        return self._all(document, _DEPTH, Strings())

    def _all(self, document: Event, depth: int, strings: Strings) -> Iterator[tuple[str, Event]]:
        found = self._known(document)
        if found is not None:
            yield found
            return
        if depth:
            for inner in _inner(document, strings):
                yield from self._all(inner, depth - 1, strings)

    def _known(self, document: Event) -> tuple[str, Event] | None:
        if self._is_okta(document):
            return "okta", document if "outcome.result" not in document else expanded(document)
        if self._is_auth0(document):
            return "auth0", document if "details.error.message" not in document else expanded(document)
        inner = document.get("data")
        if isinstance(inner, dict) and "log_id" in document and self._is_auth0(inner, certain=True):
            return "auth0", inner
        event = okta_event(document)
        if event is not None:
            return "okta", event
        event = auth0_event(document, self._auth0)
        return ("auth0", event) if event is not None else None

    def _is_okta(self, document: Event) -> bool:
        kind = document.get("eventType")
        if not isinstance(kind, str) or "." not in kind or kind == "com.okta.event_hook":
            return False
        return any(mark in document for mark in _OKTA_MARKS) or self._okta.has_type(kind)

    def _is_auth0(self, document: Event, *, certain: bool = False) -> bool:
        code = document.get("type")
        if not isinstance(code, str):
            return False
        if self._auth0.has_type(code):
            return certain or len(code) > _SHORT or any(mark in document for mark in _AUTH0_MARKS)
        return (certain or "log_id" in document or "tenant_name" in document) and self._auth0.is_code(code)


def as_envelope(document: object) -> Event:
    """What callers may pass, as a mapping: an event or envelope, a batch as a list, or a line of a log as text."""
    if isinstance(document, dict | Mapping):  # `dict` first: it is quick
        return document
    if isinstance(document, list):
        return {"events": document}
    if isinstance(document, bytes):
        document = document.decode(errors="replace")
    return {"message": document} if isinstance(document, str) else {}


def _inner(document: Event, strings: Strings) -> Iterator[Event]:
    """What is inside an envelope: each member that may contain events, lists first."""
    for name in _LISTS:
        many = document.get(name)
        if isinstance(many, list):
            for item in many[:_MAX_EVENTS]:
                inner = _as_document(item, strings)
                if inner is not None:
                    yield inner
            return
    for name in _INSIDE:
        if name in document:
            inner = _as_document(document[name], strings)
            if inner is not None:
                yield inner
            elif isinstance(document[name], list):
                yield {"events": document[name]}


def _as_document(value: object, strings: Strings) -> Event | None:
    """A mapping, also out of a string."""
    if isinstance(value, dict):
        return value
    return strings.document(value) if isinstance(value, str) else None
