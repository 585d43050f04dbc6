"""Body to `UpstreamError`: what the provider said, in its own words. One small function for each shape that nests.

The flat shapes, the state lists and the markers are data (`registry/shapes.json`). Input is foreign: every member may
be absent, null or of the wrong type, and nothing here raises for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, KeysView
from itertools import islice
from typing import Any, NamedTuple

import orjson

from authproblem._model import UpstreamError

Json = dict[str, Any]
Cause = tuple[str | None, str | None]

CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""The form of a code (SPEC of the wire format): anything else is text."""

SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
"""The schema of an error of SCIM 2.0."""

_new = tuple.__new__
_E_CODE = re.compile(r"E\d{7}")
_E_KEY = re.compile(r"(?:errors\.)?(E\d{7})")
_MAX_CAUSES = 32
_MAX_MESSAGES = 32
_MAX_DEPTH = 12
"""Nesting of a remediation form that is searched for messages; real ones nest six deep."""
_MAX_ROW = 24
"""Members of an object whose row is kept."""
_MAX_STRANGE, _MAX_MAKES = 512, 1024
"""Rows that are kept for good, while there is room; the last half is for rows of known members only, so that made-up
names take no vendor's place. Nothing is evicted: answers are kept by the makes."""


class FlatShape(NamedTuple):
    """How one flat shape is told and read; the fields are those of `registry/shapes.json`."""

    id: str
    vendor: str | None
    conditional: bool
    all: frozenset[str]
    any: frozenset[str]
    none: frozenset[str]
    code: str | None
    text: tuple[str, ...]
    name: str | None
    causes: str | None
    proof: str
    sentence: bool


class Make:
    """How to read an object with a certain row of members: the shape that they tell, and where its words stand.

    Attributes:
        shape: the shape.
        names: the members, in order.
        code: the member with the code, or None in a shape that has none.
        texts: the members that may hold the text; the first string counts.
        name: the member with the name, or None.
        causes: the member with the causes, or None.
    """

    __slots__ = ("causes", "code", "name", "names", "shape", "texts")

    def __init__(self, shape: FlatShape, names: tuple[str, ...]) -> None:
        """Find the members of a shape among those that are there."""
        self.shape, self.names, self.code = shape, names, shape.code
        self.texts = tuple(member for member in shape.text if member in names)
        self.name = shape.name if shape.name in names else None
        self.causes = shape.causes if shape.causes in names else None


Words = tuple[Make, "str | None", "str | None", "str | None", "tuple[Cause, ...]"]
"""Make, code, text, name and causes of an object: all that its meaning can depend on, and a key of dictionaries."""


class Shapes:
    """All shapes, compiled from data."""

    __slots__ = ("_failures", "_flat", "_makes", "_members", "_problem_uris", "_states")

    def __init__(self, data: Json) -> None:
        """Compile `registry/shapes.json`."""
        by_marker: dict[str, list[FlatShape]] = {}
        for row in data["flat"]:
            by_marker.setdefault(row["marker"], []).append(_flat_shape(row))
        self._flat = tuple((marker, tuple(shapes)) for marker, shapes in by_marker.items())
        self._makes: dict[tuple[str, ...], Make | None] = {}
        self._members = data["members"].keys()
        states = data["states"]
        self._states = frozenset((*states["failures"], *states["steps"]))
        self._failures = {"status": frozenset(states["failures"]), "device": frozenset(states["device_failures"])}
        self._failures["factor"] = frozenset((*states["factor_failures"], *states["factor_flow"]))
        self._problem_uris: tuple[str, ...] = tuple(data["problem_uris"])

    def read(self, document: Json) -> UpstreamError | None:
        """Tell the shape of a JSON object and read it.

        Returns:
            The provider's words; None if the object has no shape of a provider, or is a step of a flow and no error.
        """
        for marker, shapes in self._flat:
            if marker in document:
                for shape in shapes:
                    found = _flat(shape, document)
                    if found is not None:
                        return found
        if "schemas" in document:
            return _scim(document)
        if "stateHandle" in document or "version" in document:
            return _idx(document)
        if "status" in document or "factorResult" in document:
            found = self._state(document)
            if found is not None:
                return found
        if "type" in document and "title" in document:
            return self._problem(document)
        return _legacy_key(document)

    def words(self, document: Json) -> Words | None:
        """What an object of a flat shape says.

        Returns:
            Its words; None if it has no flat shape, a code that is no string, or a row for which there is no room.
        """
        names = tuple(document)
        try:
            make = self._makes[names]
        except KeyError:
            make = self._make(names)
        if make is None:
            return None
        code = document[make.code] if make.code is not None else None
        if type(code) is not str and make.code is not None:
            return None
        text = name = None
        for member in make.texts:
            value = document[member]
            if type(value) is str:
                text = value
                break
        if make.name is not None and type(document[make.name]) is str:
            name = document[make.name]
        causes = document[make.causes] if make.causes is not None else None
        return make, code, text, name, read_causes(causes) if causes else ()

    def _make(self, names: tuple[str, ...]) -> Make | None:
        """The make of a row of members, kept for the next object with the same row: vendors send few of them."""
        keys = dict.fromkeys(names).keys()
        room = _MAX_MAKES if keys <= self._members else _MAX_STRANGE
        if len(names) > _MAX_ROW or len(self._makes) >= room:
            return None
        met = (
            shape
            for marker, shapes in self._flat
            if marker in keys
            for shape in shapes
            if not shape.conditional or _meets(shape, keys)
        )
        shape = next(met, None)
        # Of threads that come first together, one makes it: all have to have the same.
        return self._makes.setdefault(names, None if shape is None else Make(shape, names))

    def is_vendor_problem(self, document: Json) -> bool:
        """Whether a problem document is a vendor's own: its `type` lies below one of the vendor's URIs."""
        uri = document.get("type")
        return isinstance(uri, str) and uri.startswith(self._problem_uris)

    def is_step(self, document: Json) -> bool:
        """Whether the object is a protocol document of a flow that goes on: no error, whatever its HTTP status."""
        if is_idx(document):
            return _idx(document) is None
        return _is_transaction(document, self._states) and self._state(document) is None

    def _state(self, document: Json) -> UpstreamError | None:
        """Okta's authn transactions and factor results, which come with HTTP 200 as a rule."""
        status, result = document.get("status"), document.get("factorResult")
        protocol = _is_transaction(document, self._states)
        proof = "shape" if protocol else "none"
        embedded = document.get("_embedded")
        device = embedded.get("deviceActivationStatus") if isinstance(embedded, dict) else None
        if isinstance(result, str) and result in self._failures["factor"]:
            return UpstreamError("okta_factor", result, None, None, (), document, protocol, "okta", proof)
        if isinstance(device, str) and device in self._failures["device"]:
            return UpstreamError("okta_state", device, None, None, (), document, protocol, "okta", proof)
        if isinstance(status, str) and status in self._failures["status"]:
            return UpstreamError("okta_state", status, None, None, (), document, protocol, "okta", proof)
        return None

    def _problem(self, document: Json) -> UpstreamError | None:
        """My Account, My Organization: a problem document sent as plain JSON; the code is the end of its type."""
        uri = document["type"]
        base = next((base for base in self._problem_uris if isinstance(uri, str) and uri.startswith(base)), None)
        if base is None:
            return None
        code = uri[len(base) :]
        text = document.get("detail") or document.get("title")
        return UpstreamError(
            "auth0_problem",
            code if CODE.fullmatch(code) else None,
            text if isinstance(text, str) else None,
            None,
            (),
            document,
            vendor="auth0",
            proof="shape",
        )


def is_code(value: object) -> bool:
    """Whether a value has the form of a code; most are ASCII identifiers, which is told three times faster."""
    if type(value) is not str or len(value) > 64:
        return False
    return (value.isascii() and value.isidentifier()) or CODE.fullmatch(value) is not None


def is_e_code(code: str | None) -> bool:
    """Whether a code is one of Okta's E-codes by its form."""
    return code is not None and _E_CODE.fullmatch(code) is not None


def load_object(body: bytes | bytearray) -> Json | None:
    """The JSON object of a body; None if it is no JSON, or no object (`null`, a list, a number, a string)."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if type(document) is dict else None


def unwrap(document: Json) -> Json | None:
    """The object inside `{"detail": X}`: how FastAPI and Starlette apps pass an upstream's error on.

    Returns:
        X, or the object that the string X holds; None for any other body.
    """
    if len(document) != 1 or "detail" not in document:
        return None
    inner = document["detail"]
    if isinstance(inner, str) and inner.startswith("{"):
        return load_object(inner.encode("utf-8", "surrogatepass"))
    return inner if isinstance(inner, dict) else None


def is_idx(document: Json) -> bool:
    """Whether it is an Identity Engine document: `stateHandle`, or `version` with `messages` or `remediation`."""
    if isinstance(document.get("stateHandle"), str):
        return True
    return isinstance(document.get("version"), str) and bool(
        _values(document.get("messages")) or _values(document.get("remediation"))
    )


def _is_transaction(document: Json, states: frozenset[str]) -> bool:
    status = document.get("status")
    if not isinstance(status, str) or status not in states:
        return False
    return "stateToken" in document or "_embedded" in document or "factorResult" in document


def _flat_shape(row: Json) -> FlatShape:
    demands = {name: frozenset(row.get(name, ())) for name in ("all", "any", "none")}
    return FlatShape(
        id=row["id"],
        vendor=row.get("vendor"),
        conditional=any(demands.values()),
        **demands,
        code=row.get("code"),
        text=tuple(row["text"]),
        name=row.get("name"),
        causes=row.get("causes"),
        proof=row.get("proof", "entry"),
        sentence=row.get("sentence", False),
    )


def _meets(shape: FlatShape, keys: KeysView[str]) -> bool:
    return shape.all <= keys and not (shape.any and shape.any.isdisjoint(keys)) and shape.none.isdisjoint(keys)


def _flat(shape: FlatShape, document: Json) -> UpstreamError | None:
    kind, vendor, conditional, _, _, _, code_name, text_names, name_name, causes_name, proof, sentence = shape
    if conditional and not _meets(shape, document.keys()):
        return None
    code = None
    if code_name is not None:
        code = document.get(code_name)
        if not is_code(code):
            code = _repaired(code)
            if code is None:
                return None
    text = None
    for member in text_names:
        text = document.get(member)
        if type(text) is str:
            break
    else:
        text = None
    if sentence and (text is None or " " not in text):
        return None
    if proof == "form":
        proof = "shape" if text is not None and is_e_code(code) else "entry"
    name = document.get(name_name) if name_name is not None else None
    if type(name) is not str:
        name = None
    causes = read_causes(document.get(causes_name)) if causes_name is not None else ()
    # What NamedTuple's own constructor does, without its Python frame: this is the hot path.
    return _new(UpstreamError, (kind, code, text, name, causes, document, False, vendor, proof))


def _repaired(code: object) -> str | None:
    """A code with a stray comma, as some of Okta's examples have it; None for anything else that is no code."""
    if type(code) is str and code.endswith(",") and is_code(code[:-1]):
        return code[:-1]
    return None


def read_causes(value: object) -> tuple[tuple[str | None, str | None], ...]:
    """Texts and reasons of Okta's `errorCauses`: a list, or in some answers the one cause itself."""
    if isinstance(value, dict):
        value = [value]
    if not value or not isinstance(value, list):
        return ()
    causes = []
    for cause in value[:_MAX_CAUSES]:
        if isinstance(cause, dict):
            text, reason = cause.get("errorSummary"), cause.get("reason")
            causes.append((text if isinstance(text, str) else None, reason if isinstance(reason, str) else None))
        elif isinstance(cause, str):
            causes.append((cause, None))
    return tuple(causes)


def _scim(document: Json) -> UpstreamError | None:
    """A SCIM error (RFC 7644 section 3.12); `scimType` is absent where the status says all."""
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


def _idx(document: Json) -> UpstreamError | None:
    """Messages of class ERROR, the top-level ones or else those of the forms; a document without one is a step."""
    if not is_idx(document):
        return None
    errors = tuple(islice(_errors(document.get("messages")), _MAX_MESSAGES)) or tuple(form_errors(document))
    if not errors:
        return None
    text, key = errors[0]
    return UpstreamError("okta_idx", key, text, None, errors, document, protocol=True, vendor="okta", proof="shape")


def _values(container: object) -> list[Any]:
    values = container.get("value") if isinstance(container, dict) else None
    return values if isinstance(values, list) else []


def _errors(container: object) -> Iterator[Cause]:
    """Text and key of the messages of class ERROR."""
    for message in _values(container):
        if not isinstance(message, dict) or message.get("class") != "ERROR":
            continue
        i18n, text = message.get("i18n"), message.get("message")
        key = i18n.get("key") if isinstance(i18n, dict) else None
        key = key if isinstance(key, str) and key else None
        e_code = _E_KEY.fullmatch(key) if key is not None else None
        yield text if isinstance(text, str) else None, e_code.group(1) if e_code is not None else key


def form_errors(document: Json) -> Iterator[Cause]:
    """The errors at form fields, wherever they nest in a remediation: a field's own ones before those beneath it."""
    return islice(_nested(document.get("remediation")), _MAX_MESSAGES)


def _nested(root: object) -> Iterator[Cause]:
    """A walk in a loop, for these are the largest trees; the stack is as high as the tree is deep."""
    stack: list[Iterator[Any]] = [iter((root,))]
    while stack:
        for node in stack[-1]:
            if type(node) is dict:
                if "messages" in node:
                    yield from _errors(node["messages"])
                parts: Iterable[Any] = node.values()
            elif type(node) is list:
                parts = node
            else:
                continue
            if len(stack) <= _MAX_DEPTH:
                stack.append(iter(parts))
                break
        else:
            stack.pop()


def _legacy_key(document: Json) -> UpstreamError | None:
    """`{"invalid_request": "..."}`: the only member's name is the code (Auth0's old SAML errors)."""
    if len(document) != 1:
        return None
    ((code, text),) = document.items()
    if not isinstance(text, str) or not CODE.fullmatch(code):
        return None
    return UpstreamError("legacy_key", code, text, None, (), document, protocol=False, vendor="auth0", proof="none")
