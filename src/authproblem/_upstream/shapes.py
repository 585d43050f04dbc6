"""Shapes: how the JSON objects of the providers are recognized, and how an object becomes an `UpstreamError`.

The flat shapes, the lists of states and the marker members are data (`shapes.json`). Every member of an upstream object
may be absent, null or of the wrong type; none of this raises. The member names of an object decide how it
can be read (`KeyLayout`, cached); its values then give a `ParsedKey`: all that the meaning of the error can depend on.
"""

from __future__ import annotations

from typing import Any

from authproblem._model import Cause, Json, Proof, UpstreamError
from authproblem._upstream.flat_shapes import FlatShape, KeyLayout, ParsedKey, flat_shape, meets
from authproblem._upstream.idx import is_idx, read_idx
from authproblem._upstream.json_values import CODE, is_code, is_e_code, repaired_code

_MAX_CAUSES = 32
_MAX_MEMBERS = 24
_MAX_NAME_BYTES = 512
"""Members of an object, and the length of their names in all, above which its layout is not cached."""
_MAX_UNKNOWN, _MAX_LAYOUTS = 512, 1024
"""Layouts that are cached; the second half is reserved for those of known members, so that invented names cannot take
a vendor's place. Nothing is evicted, since the response cache identifies layouts by identity."""

_BY_CODE: dict[str, Proof] = {"form": "entry", "envelope": "envelope"}
"""What proves the sender of a shape where the code has not the form of a vendor's."""

SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
"""The schema of an error of SCIM 2.0."""


class Shapes:
    """All shapes, compiled from data; caches the layouts of objects, bounded in number and in bytes."""

    __slots__ = ("_failures", "_flat", "_layouts", "_members", "_problem_uris", "_states")

    def __init__(self, data: Json) -> None:
        """Compile `shapes.json`."""
        by_marker: dict[str, list[FlatShape]] = {}
        for row in data["flat"]:
            by_marker.setdefault(row["marker"], []).append(flat_shape(row))
        self._flat = tuple((marker, shape) for marker, shapes in by_marker.items() for shape in shapes)
        self._layouts: dict[tuple[str, ...], KeyLayout | None] = {}
        self._members = data["members"].keys()
        states = data["states"]
        self._states = frozenset((*states["failures"], *states["steps"]))
        self._failures = {"status": frozenset(states["failures"]), "device": frozenset(states["device_failures"])}
        self._failures["factor"] = frozenset((*states["factor_failures"], *states["factor_flow"]))
        self._problem_uris: tuple[str, ...] = tuple(data["problem_uris"])

    def parse_key(self, document: Json) -> ParsedKey | None:
        """Read an object of a flat shape; None for an object of any other shape."""
        names = tuple(document)
        try:
            layout = self._layouts[names]
        except KeyError:
            layout = self._layout(names)
        while layout is not None:
            key = _parse(layout, document)
            if key is not None:
                return key
            layout = layout.other
        return None

    def read(self, document: Json) -> UpstreamError | None:
        """Recognize the shape of a JSON object and read it.

        Returns:
            The error; None if the object has no shape of a provider, or is a step of a flow and no error.
        """
        key = self.parse_key(document)
        return self.read_nested(document) if key is None else error_of(key, document)

    def read_nested(self, document: Json) -> UpstreamError | None:
        """Read an object of a shape that is not flat."""
        if "schemas" in document:
            return _scim(document)
        if "stateHandle" in document or "version" in document:
            return read_idx(document)
        if "status" in document or "factorResult" in document:
            found = self._state(document)
            if found is not None:
                return found
        return self._problem(document) or _legacy_key(document)

    def is_vendor_problem(self, document: Json) -> bool:
        """Whether a problem document is a vendor's own: its `type` begins with one of the vendor's URIs."""
        uri = document.get("type")
        return isinstance(uri, str) and uri.startswith(self._problem_uris)

    def is_step(self, document: Json) -> bool:
        """Whether the object is a protocol document with the next step of a flow: no error, whatever its status."""
        if is_idx(document):
            return read_idx(document) is None
        return _is_transaction(document, self._states) and self._state(document) is None

    def _layout(self, names: tuple[str, ...]) -> KeyLayout | None:
        """Make the layout of a sequence of members, and cache it: vendors send few different ones."""
        keys = dict.fromkeys(names).keys()
        layout: KeyLayout | None = None
        for marker, shape in reversed(self._flat):
            if marker in keys and shape.accepts(keys):
                layout = KeyLayout(shape, names, layout)
        limit = _MAX_LAYOUTS if keys <= self._members else _MAX_UNKNOWN
        if len(names) > _MAX_MEMBERS or len(self._layouts) >= limit or sum(map(len, names)) > _MAX_NAME_BYTES:
            return layout
        # Where several threads make it at the same time, all have to use the same one.
        layout = first = self._layouts.setdefault(names, layout)
        while layout is not None:
            layout.is_cached, layout = True, layout.other
        return first

    def _state(self, document: Json) -> UpstreamError | None:
        """Read Okta's authn transactions and factor results, which come with HTTP 200 as a rule."""
        status, result = document.get("status"), document.get("factorResult")
        protocol = _is_transaction(document, self._states)
        proof: Proof = "shape" if protocol else "none"
        embedded = document.get("_embedded")
        device = embedded.get("deviceActivationStatus") if isinstance(embedded, dict) else None
        for shape, value, kind in (
            ("okta_factor", result, "factor"),
            ("okta_state", device, "device"),
            ("okta_state", status, "status"),
        ):
            if isinstance(value, str) and value in self._failures[kind]:
                return UpstreamError(shape, value, None, None, (), document, protocol, "okta", proof)
        return None

    def _problem(self, document: Json) -> UpstreamError | None:
        """Read a problem document that is sent as plain JSON (My Account, My Organization): its code ends its type."""
        uri = document.get("type")
        if not isinstance(uri, str):
            return None
        base = next((base for base in self._problem_uris if uri.startswith(base)), None)
        if base is None:
            return None
        code = uri[len(base) :]
        text = document.get("detail") or document.get("title")
        return UpstreamError(
            "auth0_problem",
            code if CODE.fullmatch(code) else None,
            text if isinstance(text, str) else None,
            document=document,
            vendor="auth0",
            proof="shape",
        )


def error_of(key: ParsedKey, document: Json | None) -> UpstreamError:
    """Return the error of a parsed object."""
    layout, code, text, name, causes = key
    shape = layout.shape
    proof: Any = shape.proof
    if proof in _BY_CODE:  # a code of the vendor's form proves the sender by itself
        proof = "shape" if text is not None and is_e_code(code) else _BY_CODE[proof]
    return UpstreamError(shape.id, code, text, name, causes, document, False, shape.vendor, proof)  # noqa: FBT003


def read_causes(value: object) -> tuple[Cause, ...]:
    """Return texts and reasons of Okta's `errorCauses`: a list, or in some responses the one cause itself."""
    if isinstance(value, dict):
        value = [value]
    if not value or not isinstance(value, list):
        return ()
    causes: list[Cause] = []
    for cause in value[:_MAX_CAUSES]:
        if type(cause) is dict:
            text, reason = cause.get("errorSummary"), cause.get("reason")
            causes.append((text if type(text) is str else None, reason if type(reason) is str else None))
        elif type(cause) is str:
            causes.append((cause, None))
    return tuple(causes)


def _parse(layout: KeyLayout, document: Json) -> ParsedKey | None:
    """Read the values where a layout expects them; None if they do not fit its shape."""
    code, text, name, causes = map(document.get, layout.members)
    if layout.code is not None and not is_code(code):
        code = repaired_code(code)
        if code is None:
            return None
    if type(text) is not str:
        text = next((value for member in layout.texts if type(value := document[member]) is str), None)
    if layout.shape.requires is not None and not meets(layout.shape.requires, code, text):
        return None
    if name is not None and type(name) is not str:
        name = None
    return layout, code, text, name, read_causes(causes) if causes else ()


def _scim(document: Json) -> UpstreamError | None:
    """Read a SCIM error (RFC 7644 section 3.12); `scimType` is absent where the status suffices."""
    schemas = document["schemas"]
    if not isinstance(schemas, list) or SCIM_ERROR not in schemas:
        return None
    code, text = document.get("scimType"), document.get("detail")
    return UpstreamError(
        "scim",
        code if is_code(code) else None,
        text if isinstance(text, str) else None,
        document=document,
        proof="none",
    )


def _is_transaction(document: Json, states: frozenset[str]) -> bool:
    status = document.get("status")
    if not isinstance(status, str) or status not in states:
        return False
    return "stateToken" in document or "_embedded" in document or "factorResult" in document


def _legacy_key(document: Json) -> UpstreamError | None:
    """Read `{"invalid_request": "..."}`: the only member's name is the code (Auth0's old SAML errors)."""
    if len(document) != 1:
        return None
    ((code, text),) = document.items()
    if not isinstance(text, str) or not CODE.fullmatch(code):
        return None
    return UpstreamError("legacy_key", code, text, None, (), document, vendor="auth0", proof="none")
