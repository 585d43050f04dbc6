"""FastAPI: install the middleware in an app, document the problems in its OpenAPI, and pass a provider's response on.

```python
app = FastAPI(responses=problem_responses())  # or on a router, or on one route: problem_responses(401, 429)
install(app, exceptions=True)
add_problem_schema(app)
```
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import orjson

from authproblem.errors import MissingExtraError

try:
    from authproblem.starlette import accept_encoding, forward, install, request_headers
except MissingExtraError as error:
    raise MissingExtraError("authproblem.fastapi", "fastapi") from error

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = [
    "accept_encoding",
    "add_problem_schema",
    "forward",
    "install",
    "problem_components",
    "problem_responses",
    "request_headers",
]

NAME = "AuthProblem"
"""The component's name; the parts of the document are `AuthProblemRetry` and the like."""

_REFERENCE = "#/components/schemas/"
_RANGES = ("4XX", "5XX")
_FOLDER = os.path.join(os.path.dirname(__file__), "_registry", "data")
_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Auth-Problem": ("The problem type, as `reason` in the document.", {"type": "string"}),
    "Auth-Problem-Owner": ("Who has to act, as `owner`.", {"type": "string"}),
    "Auth-Problem-Retry": (
        "What a program may do unattended.",
        {"type": "string", "enum": ["after_delay", "once", "poll", "manual", "never"]},
    ),
    "Retry-After": ("Seconds to wait, where they are known.", {"type": "integer", "minimum": 0}),
}


def problem_responses(
    *statuses: int | str, description: str = "A problem of sign-in, of access or of the provider (RFC 9457)."
) -> dict[int | str, dict[str, Any]]:
    """The value of FastAPI's `responses=`, for an app, a router or a route.

    Args:
        *statuses: HTTP statuses such as 401, or ranges such as `"4XX"`; none = `"4XX"` and `"5XX"`.
        description: the text of each response in the documentation.

    Returns:
        A new dictionary; its schema is a reference that `add_problem_schema` resolves.
    """
    types = ("application/problem+json", "application/json")
    return {
        status: {
            "description": description,
            "content": {name: {"schema": {"$ref": _REFERENCE + NAME}} for name in types},
            "headers": {name: {"description": text, "schema": kind} for name, (text, kind) in _HEADERS.items()},
        }
        for status in statuses or _RANGES
    }


def problem_components() -> dict[str, Any]:
    """The schemas of the problem document, by component name, for OpenAPI 3.1 (JSON Schema 2020-12).

    Enumerations to which later releases may add are left open, so that a generated client accepts an unknown problem
    type.

    Returns:
        A new dictionary, for `components.schemas` of an OpenAPI document.
    """
    with open(os.path.join(_FOLDER, "wire.schema.json"), "rb") as file:
        schema = orjson.loads(file.read())
    parts = schema.pop("$defs")
    parts["slug"] = _open(parts["slug"])
    for holder, name in ((schema, "owner"), (schema, "remedy"), (schema, "provider"), (parts["retry"], "source")):
        holder["properties"][name] = _open(holder["properties"][name])
    for part in (parts["retry"], parts["upstream"]):
        part.pop("additionalProperties")
    for name in ("$schema", "$id"):
        schema.pop(name, None)
    whole = {NAME: schema, **{_component(name): part for name, part in parts.items()}}
    return {name: _relinked(part) for name, part in whole.items()}


def add_problem_schema(app: FastAPI) -> None:
    """Add the schemas of the problem document to the OpenAPI that an app generates.

    Args:
        app: the app; a custom `openapi` function is kept if it is set before this call.
    """
    generate = app.openapi
    components = problem_components()

    def openapi() -> dict[str, Any]:
        document = generate()
        document.setdefault("components", {}).setdefault("schemas", {}).update(components)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way


def _component(name: str) -> str:
    return NAME + "".join(word.title() for word in name.split("_"))


def _open(closed: dict[str, Any]) -> dict[str, Any]:
    """An enumeration to which values may be added, as Zalando's API guidelines write it."""
    values = closed.pop("enum")
    return {"type": "string", "x-extensible-enum": values, **closed}


def _relinked(node: Any) -> Any:
    """A schema whose references to its own parts are references to components."""
    if isinstance(node, list):
        return [_relinked(item) for item in node]
    if not isinstance(node, dict):
        return node
    linked = {name: _relinked(value) for name, value in node.items()}
    target = node.get("$ref")
    if isinstance(target, str) and target.startswith("#/$defs/"):
        linked["$ref"] = _REFERENCE + _component(target.removeprefix("#/$defs/"))
    return linked
