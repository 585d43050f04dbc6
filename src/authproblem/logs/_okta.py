"""Okta's System Log: which events report a failure, and whose it is. Tables from `data/okta-*.json`, no I/O.

The outcome decides, unless the type itself names a failure. What the policy engine refuses (`DENY`) is the policy's:
a reason that would blame the user does not count there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from authproblem.logs._data import (
    MAX_CACHED,
    MAX_TEXT,
    Json,
    Maker,
    Meaning,
    as_object,
    known_texts,
    phrases,
    read,
    read_registry,
    search,
    sentence,
)
from authproblem.logs._model import AttackKind, AttackSignal, DecidedBy, LogClassification

_ERROR_CODE = re.compile(r"\bE\d{7}\b")
_MAX_TYPE = 128
_GROUPS = (
    ("mfa", ("user.mfa.", "user.authentication.auth_via_mfa", "system.email.challenge_factor", "system.push.")),
    ("auth", ("user.authentication.", "user.session.", "system.iwa", "system.ldapi.", "device.")),
    ("oauth", ("app.oauth2.",)),
    ("systems", ("app.", "application.", "event_hook.", "inline_hook.", "pam.", "system.agent.", "system.import.")),
)
"""Groups of events that phrases may be limited to, with the prefixes of their types."""


_OF_SYSTEMS = frozenset({"tenant-misconfigured", "upstream-error", "upstream-unavailable"})
"""The meaning of failures between Okta and other systems: there, no reason is the signed-in user's."""
_BY_RESULT = {"limit": Meaning("rate-limited", "result"), "unanswered": Meaning("mfa-timed-out", "result")}


class Row(NamedTuple):
    """How events of one type are read.

    Attributes:
        meaning: what such an event means where no reason says more.
        when: `failure` (the outcome decides), `always`, or `detected` (always, unless the request was allowed).
        policy: whether the event is a decision of the policy engine.
        deny: the problem type of a `DENY`, where it is not the type itself or `access-denied`.
        mfa: whether the factor decides what a wrong credential is.
        groups: the groups of phrases that count.
        family: whether the type is unknown, so that only its family is known.
    """

    meaning: Meaning
    when: str
    policy: bool
    deny: str | None
    mfa: bool
    groups: frozenset[str]
    family: bool


def between_systems(row: Row) -> bool:
    """Whether events of a type are about another system, such as provisioning: nothing in them is a user's mistake."""
    return "systems" in row.groups and not row.family and row.meaning.type in _OF_SYSTEMS


class Okta:
    """The compiled tables and the cache of what was classified before."""

    def __init__(self) -> None:
        """Read the tables."""
        events, reasons = read("okta-events"), read("okta-reasons")
        self.make = Maker("okta")
        self._results: dict[str, str] = reasons["results"]
        self._families = sorted(events["families"], key=lambda row: -len(row["prefix"]))
        self._patterns: list[Json] = events["patterns"]
        self._rows = {row["id"]: self._row(row["id"], row, "event") for row in events["events"]}
        self._signals = {row["id"]: AttackSignal(row["attack"], row["severity"]) for row in events["signals"]}
        self._phrases = phrases(reasons["phrases"])
        self._sentences = known_texts(("okta", "okta-oauth", "okta-idx", "okta-states"))
        self._threats: list[tuple[str, AttackKind]] = [(row["contains"], row["attack"]) for row in reasons["threats"]]
        self._responses = {row["response"]: row for row in reasons["mfa_responses"]}
        self._factors = reasons["mfa_factors"]
        self._reasons = _known_reasons(reasons["reasons"])
        self._by_family: dict[str, Row] = {}
        self._cache: dict[tuple[Any, ...], LogClassification | None] = {}

    def classify(self, event: Mapping[str, Any]) -> LogClassification | None:
        """The meaning of one event (`eventType`, `outcome` ...); None for a success or information."""
        event_type = event["eventType"]
        outcome = event.get("outcome")
        if type(outcome) is not dict:
            outcome = as_object(outcome)
        result, reason = outcome.get("result"), outcome.get("reason")
        row = self._rows.get(event_type) or self.row(event_type)
        if row.when == "failure" and (result == "SUCCESS" or result == "ALLOW"):  # noqa: PLR1714 - the hot path
            return None
        factor = _factor(event, self._responses) if row.mfa else None
        if reason is None and row.when != "always":
            debug = _debug(event)
            reason = debug.get("loginResult") or debug.get("threatDetections")
        key = (event_type, result, reason, factor, event.get("severity") if result is None else None)
        try:
            return self._cache[key]
        except KeyError:
            return self._remember(key, row)
        except TypeError:  # a value of another JSON type than Okta's: not to be relied on
            return self._resolve(row, (event_type, None, None, None, None))

    def signal(self, event: Mapping[str, Any]) -> AttackSignal | None:
        """The attack signal of an event that is no failure."""
        event_type = event["eventType"]
        if event_type == "security.threat.detected":
            kind = self._threat(as_object(event.get("outcome")).get("reason") or _debug(event).get("threatDetections"))
            return AttackSignal(kind, self.make.severities[kind])
        return self._signals.get(event_type)

    def has_type(self, event_type: str) -> bool:
        """Whether a type has its own row."""
        return event_type in self._rows

    def row(self, event_type: str) -> Row:
        """How events of a type are read, by family where the type has no row."""
        row = self._rows.get(event_type) or self._by_family.get(event_type)
        if row is not None:
            return row
        row = self._of_family(event_type)
        if len(event_type) <= _MAX_TYPE and len(self._by_family) < MAX_CACHED:
            self._by_family[event_type] = row
        return row

    def _of_family(self, event_type: str) -> Row:
        family = next((f for f in self._families if event_type.startswith(f["prefix"])), None)
        given: Json = {**(family or {}), "type": family["type"] if family else "upstream-rejected"}
        pattern = next((p for p in self._patterns if event_type.endswith(p["ends"])), None)
        if pattern is not None and "success" not in event_type:
            given = {**given, **pattern, "when": "always"}
        return self._row(event_type, given, "family")

    def _row(self, event_type: str, row: Json, matched_by: DecidedBy) -> Row:
        groups = frozenset(name for name, prefixes in _GROUPS if event_type.startswith(prefixes))
        meaning = Meaning(row["type"], matched_by, None, row.get("attack"), row.get("severity"))
        mfa, policy = row.get("mfa", False), row.get("policy", False)
        return Row(meaning, row.get("when", "failure"), policy, row.get("deny"), mfa, groups, matched_by == "family")

    def _remember(self, key: tuple[Any, ...], row: Row) -> LogClassification | None:
        event_type, *details = key
        found = self._resolve(row, key)
        small = len(event_type) <= _MAX_TYPE and all(len(str(value)) <= MAX_TEXT for value in details)
        if small:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            self._cache[key] = found
        return found

    def _resolve(self, row: Row, key: tuple[Any, ...]) -> LogClassification | None:
        event_type, result, reason, factor, severity = key
        meaning = self._meaning(row, _text(result).upper(), _text(reason), factor, severity)
        if meaning is None or self.make.owner(meaning.type) == "flow":
            return None  # a client that still polls, or that is asked for a nonce: nothing failed
        return self.make.make(event_type, meaning)

    def _meaning(self, row: Row, result: str, reason: str, factor: str | None, severity: str | None) -> Meaning | None:
        if row.when == "always":
            return self._named_failure(row, reason)
        kind = self._results.get(result)
        if not result and severity == "ERROR":  # events of the oldest types have no outcome
            kind = "failure"
        if row.when == "detected":
            return self._detected(row, result, kind, reason)
        if kind == "deny" or (kind == "failure" and row.policy):
            return self._denied(row, reason)
        if kind == "abandoned" and row.mfa:
            return _BY_RESULT["unanswered"]
        return _BY_RESULT.get(kind or "") or (self._failed(row, reason, factor) if kind else None)

    def _failed(self, row: Row, reason: str, factor: str | None) -> Meaning:
        found = self._of_reason(reason, row.groups)
        if row.mfa and (found is None or found.type == "invalid-credentials"):
            return self._of_factor(factor) or row.meaning
        if found is not None and between_systems(row) and self.make.owner(found.type) == "user":
            return row.meaning  # "invalid credentials" are those of the integration here
        return found or row.meaning

    def _named_failure(self, row: Row, reason: str) -> Meaning:
        # The type names what failed; a reason counts only where the type is one of many of a family.
        found = self._of_reason(reason, row.groups) if row.family and reason else None
        return found or row.meaning

    def _denied(self, row: Row, reason: str) -> Meaning:
        found = self._of_reason(reason, row.groups)
        if found is not None and self.make.owner(found.type) in {"policy", "limit"}:
            return found
        slug = row.deny or (row.meaning.type if row.policy else "access-denied")
        return Meaning(slug, "event" if row.policy and not row.family else "result", attack=row.meaning.attack)

    def _detected(self, row: Row, result: str, kind: str | None, reason: str) -> Meaning | None:
        if result == "ALLOW":
            return None  # logged only: the request went on; `signal` still reports it
        slug = "rate-limited" if kind == "limit" else row.meaning.type
        return Meaning(slug, "event", attack=self._threat(reason))

    def _threat(self, reason: object) -> AttackKind:
        folded = _text(reason)[:MAX_TEXT].lower()
        for text, attack in self._threats:
            if text in folded:
                return attack
        return "suspicious_ip"

    def _of_reason(self, reason: str, groups: frozenset[str]) -> Meaning | None:
        if not reason:
            return None
        found = self._reasons.get(reason) or self._of_entry(reason[:MAX_TEXT])
        found = found or self._reasons.get(reason.upper()) or self._reasons.get(reason.lower())
        found = found or self._of_entry(reason[:MAX_TEXT].upper())
        return found or self._sentences.get(sentence(reason)) or search(self._phrases, reason, groups)

    def _of_entry(self, reason: str) -> Meaning | None:
        """The registry's entry of a reason, or of an error code in its text."""
        code = _ERROR_CODE.search(reason)
        entry = self.make.registry.lookup("okta:" + (code.group() if code else reason))
        return Meaning(entry.type.slug, "reason", entry.id) if entry is not None else None

    def _of_factor(self, factor: str | None) -> Meaning | None:
        if factor is None:
            return None
        row = self._responses.get(factor) or next((row for row in self._factors if row["contains"] in factor), None)
        return Meaning(row["type"], "factor", attack=row.get("attack")) if row else None


def _known_reasons(rows: list[Json]) -> dict[str, Meaning]:
    """Reasons by name: Okta's internal names of its OAuth errors, which the log shows, then this package's own rows."""
    known: dict[str, Meaning] = {}
    for entry in read_registry("okta-oauth")["entries"]:
        for name in entry.get("internal", ()):
            known[name] = Meaning(entry["type"], "reason", entry["id"])
    for row in rows:
        known[row["reason"]] = Meaning(row["type"], "reason", None, row.get("attack"))
    return known


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _debug(event: Mapping[str, Any]) -> Mapping[str, Any]:
    context = event.get("debugContext")
    if type(context) is not dict:
        context = as_object(context)
    data = context.get("debugData")
    return data if type(data) is dict else as_object(data)


def _factor(event: Mapping[str, Any], responses: Mapping[str, Json]) -> str | None:
    """What was checked: the answer of a push request where the event has it, else the factor or credential type."""
    data = _debug(event)
    for name in ("pushOnlyResponseType", "pushWithNumberChallengeResponseType"):
        response = data.get(name)
        if isinstance(response, str) and response in responses:
            return response
    credential = as_object(event.get("authenticationContext")).get("credentialType")
    factor = data.get("factor") or data.get("factorType") or credential
    return factor.upper() if isinstance(factor, str) and len(factor) <= _MAX_TYPE else None
