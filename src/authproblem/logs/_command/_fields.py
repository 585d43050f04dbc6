"""The members that are added to a failure, under the names that the reader of the lines wants.

`authproblem` is one object; `ecs` uses the fields of the Elastic Common Schema and `otel` the attributes of
OpenTelemetry's semantic conventions, both with dots in the names, since a line may already have the objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from authproblem.logs._model import LogClassification

_SEVERITIES = {"low": 21, "medium": 47, "high": 73, "critical": 99}
"""`event.severity` is a number; these are the ones that Elastic's own detection rules use."""


def _authproblem(found: LogClassification) -> dict[str, Any]:
    fields = {name: value for name, value in found.to_dict().items() if value is not None and name != "hint"}
    return {"authproblem": fields}


def _ecs(found: LogClassification) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "event.outcome": "failure",
        "event.reason": found.title,
        "error.type": found.reason,
        "labels.problem_owner": found.owner,
        "labels.problem_remedy": found.remedy,
    }
    if found.entry:
        fields["error.code"] = found.entry
    if found.attack and found.severity:
        fields["labels.attack"] = found.attack
        fields["event.severity"] = _SEVERITIES[found.severity]
    return fields


def _otel(found: LogClassification) -> dict[str, Any]:
    fields = {"error.type": found.reason}
    for name in ("owner", "remedy", "entry", "attack", "severity"):
        value = getattr(found, name)
        if value is not None:
            fields[f"authproblem.{name}"] = value
    return fields


NAMES: dict[str, Callable[[LogClassification], dict[str, Any]]] = {
    "authproblem": _authproblem,
    "ecs": _ecs,
    "otel": _otel,
}
"""The naming schemes."""
_MAX_CACHED = 4096


class Added:
    """The added members as bytes, each made once."""

    def __init__(self, names: str) -> None:
        """Choose a naming scheme of `NAMES`."""
        self._fields = NAMES[names]
        self._cache: dict[int, tuple[LogClassification, bytes]] = {}
        """By identity, which the classification in the value keeps from being used again."""

    def to(self, line: bytes, found: LogClassification) -> bytes:
        """A line of a JSON object, with the members added before it; all else stays byte for byte."""
        try:
            _, added = self._cache[id(found)]
        except KeyError:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            added = orjson.dumps(self._fields(found))[1:]
            self._cache[id(found)] = found, added
        body = line.rstrip()[:-1].rstrip()
        return body + (added if body == b"{" else b"," + added)
