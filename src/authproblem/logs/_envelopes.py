"""Finds the vendor's event inside its envelopes: buses, hooks, log streams, collectors.

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
from authproblem.logs._forms import auth0_event, expanded, okta_event
from authproblem.logs._okta import Okta

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
_LISTS = ("events", "logEvents", "Records", "records", "hits", "logs", "results", "messages")
"""Members that hold several events: Event Hooks, CloudWatch, Lambda, Event Hubs, Elasticsearch, Splunk, Sumo Logic."""
_INSIDE = (
    *("detail", "data", "event", "json", "message", "_source", "properties", "result", "_raw"),  # buses and collectors
    *("awslogs", "kinesis", "attributes", "jsonPayload", "textPayload", "log", "body", "Body", "Message", "Sns"),
    *("payload", "record", "hits", "original", "map", "content", "full_message", "short_message", "_airbyte_data"),
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
        return any(mark in document for mark in _OKTA_MARKS) or self._okta.knows(kind)

    def _is_auth0(self, document: Event, *, certain: bool = False) -> bool:
        code = document.get("type")
        if not isinstance(code, str):
            return False
        if self._auth0.knows(code):
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
    """A mapping, also out of a string: a JSON array, or an object with anything before it, such as syslog's header."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, str) or len(value) > _MAX_JSON:
        return None
    text = _decoded(value) if value.startswith(_BASE64) else value
    start = text.find("{")
    batch = text[: max(start, 0)].strip() == "["
    try:
        found = orjson.loads(text if batch else text[start:]) if start >= 0 else None
    except orjson.JSONDecodeError:
        return None
    return {"events": found} if batch else found if isinstance(found, dict) else None


def _decoded(value: str) -> str:
    """The text of base64, decompressed where it is gzip; empty where it is neither."""
    try:
        data = base64.b64decode(value, validate=True)
        if data.startswith(b"\x1f\x8b"):
            data = zlib.decompressobj(wbits=31).decompress(data, _MAX_UNPACKED)
    except (ValueError, zlib.error):
        return ""
    return data.decode(errors="replace")
