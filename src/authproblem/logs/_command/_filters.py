"""Selects failures by conditions on the classification, the client and the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem.logs._facts import client_of, time_of
from authproblem.logs._model import LogClassification

FIELDS = ("reason", "owner", "remedy", "provider", "event_type", "entry", "attack", "severity", "client")
"""The members that conditions may compare."""
CHECKED = frozenset({"reason", "owner", "remedy", "attack", "severity"})
"""Fields whose values are a closed vocabulary."""


class Where(NamedTuple):
    """One condition: the field has one of the values; the value `any` means every value but none."""

    field: str
    values: tuple[str, ...]


class Filters:
    """All conditions together; every one has to be met."""

    def __init__(self, conditions: list[Where], since: str | None, until: str | None) -> None:
        """Take the conditions; times as `time_of` writes them."""
        self.conditions, self.since, self.until = conditions, since, until
        self.active = bool(conditions or since or until)

    def accept(self, found: LogClassification, event: Mapping[str, Any]) -> bool:
        """Whether a failure is wanted."""
        return self.in_time(event) and all(_holds(condition, found, event) for condition in self.conditions)

    def in_time(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is in the wanted time; one without a time is not, where there is a limit."""
        if self.since is None and self.until is None:
            return True
        time = time_of(event)
        if time is None:
            return False
        return (self.since is None or time >= self.since) and (self.until is None or time < self.until)


def _holds(condition: Where, found: LogClassification, event: Mapping[str, Any]) -> bool:
    field, values = condition
    value = client_of(event) if field == "client" else getattr(found, field)
    return value is not None and (value in values or "any" in values)
