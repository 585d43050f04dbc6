"""What holds for every problem on the wire, whatever it says: the JSON Schema of the format, and the header twin."""

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
    """Where a document breaks the JSON Schema of the wire format."""
    return [f"{'/'.join(map(str, fault.path))}: {fault.message[:200]}" for fault in _VALIDATOR.iter_errors(document)]


def expected_twin(document: dict[str, Any]) -> dict[str, str]:
    """The header twin that belongs to a document."""
    policy, automatic = document["retry"]["policy"], document["retry"]["automatic"]
    token = policy if automatic and policy in UNATTENDED else "never" if policy == "never" else "manual"
    return {"Auth-Problem": document["reason"], "Auth-Problem-Owner": document["owner"], "Auth-Problem-Retry": token}


def twin_faults(response: Response, document: dict[str, Any]) -> list[str]:
    """Where the header twin says something else than the document."""
    got = {name: response.lines(name) for name in expected_twin(document)}
    return [
        f"{name}: {got[name]}, not {value}" for name, value in expected_twin(document).items() if got[name] != [value]
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
