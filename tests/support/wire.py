"""What is true of every problem on the wire: it fits the JSON Schema, and the problem headers agree with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.responses import Response

SCHEMA = json.loads(files("authproblem").joinpath("_registry/data/wire.schema.json").read_bytes())
_VALIDATOR = Draft202012Validator(SCHEMA)
UNATTENDED = ("after_delay", "once", "poll")


def schema_faults(document: Any) -> list[str]:
    """Return where a document does not fit the JSON Schema of the wire format."""
    return [f"{'/'.join(map(str, fault.path))}: {fault.message[:200]}" for fault in _VALIDATOR.iter_errors(document)]


def expected_problem_headers(document: dict[str, Any]) -> dict[str, str]:
    """Return the problem headers that belong to a document."""
    policy, automatic = document["retry"]["policy"], document["retry"]["automatic"]
    token = policy if automatic and policy in UNATTENDED else "never" if policy == "never" else "manual"
    return {"Auth-Problem": document["reason"], "Auth-Problem-Owner": document["owner"], "Auth-Problem-Retry": token}


def header_faults(response: Response, document: dict[str, Any]) -> list[str]:
    """Return where the problem headers differ from the document."""
    got = {name: response.lines(name) for name in expected_problem_headers(document)}
    return [
        f"{name}: {got[name]}, not {value}"
        for name, value in expected_problem_headers(document).items()
        if got[name] != [value]
    ]


def strings(node: Any) -> Iterator[str]:
    """Every string in a JSON value, member names included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
