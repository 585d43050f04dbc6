"""Works on one block of lines: parse, classify, filter, write or count. Pure; runs in every process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson

from authproblem.logs._classify import classifier
from authproblem.logs._command._fields import Added
from authproblem.logs._command._filters import Filters, Where
from authproblem.logs._command._input import Part
from authproblem.logs._facts import client_of, time_of
from authproblem.logs._model import LogClassification

_MAX_BAD = 20
"""Bad lines of a block that are named; all are counted."""
_HOUR = 13
"""Characters of `2026-01-31T12`."""


class Settings(NamedTuple):
    """The options of the user that a block needs."""

    names: str
    only_failures: bool
    summary: bool
    conditions: list[Where]
    since: str | None
    until: str | None


class Result(NamedTuple):
    """The result of a block: the lines to write, or the counts; and what could not be read."""

    output: bytes
    lines: int
    failures: int
    bad: int
    named: list[tuple[int, str]]
    counts: dict[str, Counter[Any]]


class Worker:
    """Works on blocks with fixed settings; keeps the caches of its process."""

    def __init__(self, settings: Settings) -> None:
        """Build the tables and filters."""
        self._settings = settings
        self._filters = Filters(settings.conditions, settings.since, settings.until)
        self._add = Added(settings.names).to
        self._classifier = classifier()

    def __call__(self, block: bytes | Part) -> Result:
        """Work on a block of whole lines."""
        output: list[bytes] = []
        named: list[tuple[int, str]] = []
        counts = _new_counts() if self._settings.summary else {}
        failures = bad = number = 0
        take = self._counter(counts) if self._settings.summary else self._writer(output)
        lines = (block if isinstance(block, bytes) else block.read()).split(b"\n")
        if lines and not lines[-1]:
            lines.pop()
        for number, line in enumerate(lines, 1):
            try:
                document = orjson.loads(line)
            except orjson.JSONDecodeError:
                document, why = _after_header(line)
                if document is None:
                    if why:
                        bad += 1
                        if len(named) < _MAX_BAD:
                            named.append((number, why))
                    continue
                line = orjson.dumps(document)  # noqa: PLW2901 - what stood before the JSON is no part of it
            if type(document) is dict:
                failures += take(line, document)
            elif type(document) is list:
                failures += sum(take(orjson.dumps(item), item) for item in document if isinstance(item, dict))
            else:
                bad += 1
                if len(named) < _MAX_BAD:
                    named.append((number, "no JSON object"))
        written = b"\n".join(output) + b"\n" if output else b""
        output.clear()  # `take` calls itself and so lives until the collector comes; the lines must not
        return Result(written, len(lines), failures, bad, named, counts)

    def _writer(self, output: list[bytes]) -> Callable[[bytes, Mapping[str, Any]], int]:
        one, of_event, unwrap = self._classifier.unwrap.one, self._classifier.of_event, self._classifier.unwrap.all
        add, filters, active = self._add, self._filters, self._filters.active
        keep = not self._settings.only_failures and not self._settings.conditions

        def take(line: bytes, document: Mapping[str, Any]) -> int:
            event = one(document)
            if event is not None and event[1] is not document and _has_many(document):
                return sum(take(orjson.dumps(inner), inner) for _, inner in unwrap(document))
            found = of_event(*event) if event is not None else None
            if found is None or event is None:
                if keep and (not active or filters.in_time(event[1] if event is not None else {})):
                    output.append(line)
                return 0
            if active and not filters.accept(found, event[1]):
                return 0
            output.append(add(line, found))
            return 1

        return take

    def _counter(self, counts: dict[str, Counter[Any]]) -> Callable[[bytes, Mapping[str, Any]], int]:
        unwrap, of_event, filters = self._classifier.unwrap, self._classifier.of_event, self._filters

        def take(line: bytes, document: Mapping[str, Any]) -> int:
            del line
            first = unwrap.one(document)
            if first is None:
                return 0
            several = first[1] is not document and _has_many(document)
            events = unwrap.all(document) if several else (first,)
            failures = 0
            for provider, event in events:
                found = of_event(provider, event)
                if found is not None and (not filters.active or filters.accept(found, event)):
                    _count(counts, found, event)
                    failures += 1
            return failures

        return take


def _has_many(document: Mapping[str, Any]) -> bool:
    return any(isinstance(document.get(name), list) for name in ("events", "logEvents", "Records", "records")) or (
        isinstance(document.get("data"), dict) and isinstance(document["data"].get("events"), list)
    )


def _new_counts() -> dict[str, Counter[Any]]:
    return {name: Counter() for name in ("reason", "owner", "client", "attack", "time")}


def _count(counts: dict[str, Counter[Any]], found: LogClassification, event: Mapping[str, Any]) -> None:
    counts["reason"][found.reason, found.owner] += 1
    counts["owner"][found.owner] += 1
    counts["client"][client_of(event) or "(unknown)"] += 1
    counts["time"][(time_of(event) or "")[:_HOUR], found.owner] += 1
    if found.attack:
        counts["attack"][found.attack, found.severity] += 1


def _after_header(line: bytes) -> tuple[Any, str]:
    """The JSON after the header of a syslog line; or why there is none (nothing for an empty line)."""
    text = line.strip()
    if not text:
        return None, ""
    start = text.find(b"{")
    if start > 0:
        try:
            return orjson.loads(text[start:]), ""
        except orjson.JSONDecodeError:
            pass
    return None, "not JSON"
