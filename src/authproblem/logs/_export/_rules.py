"""The tables as one list of rules: the first rule whose patterns fit an event decides what it means.

`*` in a pattern matches any text. A rule without a problem means that an event is no failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from authproblem._registry.registry import Registry
from authproblem.logs._auth0 import Row as Auth0Row
from authproblem.logs._classify import classifier
from authproblem.logs._data import Json, Meaning, Phrase, read
from authproblem.logs._okta import _GROUPS as OKTA_GROUPS
from authproblem.logs._okta import Okta, between_systems

_ANY = "*"
_POLICY_OWNERS = {"policy", "limit"}
"""Owners that a refusal of the policy engine may have."""


Reason = tuple[tuple[str, str], Meaning]
"""Patterns of type and reason, and what they mean."""


class Rule(NamedTuple):
    """One rule; `problem` is empty where an event that fits is no failure."""

    provider: str
    event_type: str
    result: str
    reason: str
    problem: str
    owner: str
    remedy: str
    attack: str
    severity: str


def rules() -> list[Rule]:
    """Every rule, in the order in which they are tried."""
    return [*_okta(), *_auth0()]


def first_match(table: list[Rule], provider: str, event_type: str, result: str, reason: str) -> Rule | None:
    """The rule that fits an event, as the programs that read the table find it; case does not count.

    Args:
        table: the rules.
        provider: `okta` or `auth0`.
        event_type: Okta's `eventType`, Auth0's `type`.
        result: Okta's `outcome.result`; empty for Auth0.
        reason: Okta's `outcome.reason`; Auth0's `details.error.message` and `description`.
    """
    given = tuple(value.lower() for value in (provider, event_type, result, reason))
    for rule in table:
        if all(pattern == _ANY or _fits(value, pattern) for value, pattern in zip(given, rule[:4], strict=True)):
            return rule
    return None


def _fits(value: str, pattern: str) -> bool:
    folded = pattern.lower()
    return fnmatchcase(value, folded.replace("[", "[[]").replace("?", "[?]")) if _ANY in folded else value == folded


def _rule(provider: str, patterns: tuple[str, str, str], meaning: Meaning) -> Rule:
    kind = Registry.builtin().types[meaning.type]
    if kind.owner == "flow":
        return Rule(provider, *patterns, *[""] * 5)
    make = classifier().okta.make
    attack = meaning.attack or make.attacks.get(meaning.type)
    severity = (meaning.severity or make.severities[attack]) if attack else ""
    return Rule(provider, *patterns, kind.slug, kind.owner, kind.remedy, attack or "", severity)


def _okta() -> Iterator[Rule]:
    okta, data, reasons = classifier().okta, read("okta-events"), read("okta-reasons")
    rows = {row["id"]: okta.row(row["id"]) for row in data["events"]}
    for name, row in rows.items():
        if row.when == "always":
            yield _rule("okta", (name, _ANY, _ANY), row.meaning)
        if row.when == "detected":
            yield Rule("okta", name, "ALLOW", _ANY, *[""] * 5)
            yield from _detected(name, row.meaning, reasons["threats"])
    yield _rule("okta", (_ANY, "RATE_LIMIT", _ANY), Meaning("rate-limited", "event"))
    yield _rule("okta", (_ANY, "UNANSWERED", _ANY), Meaning("mfa-timed-out", "event"))
    yield from _okta_denied(okta)
    for pattern in data["patterns"]:
        if "type" in pattern:
            yield _rule("okta", ("*" + pattern["ends"], _ANY, _ANY), _of_pattern(pattern))
    yield from _okta_failed(okta)


def _detected(name: str, meaning: Meaning, threats: list[Json]) -> Iterator[Rule]:
    for result, slug in (("RATE_LIMIT", "rate-limited"), (_ANY, meaning.type)):
        for threat in threats:
            found = Meaning(slug, "event", attack=threat["attack"])
            yield _rule("okta", (name, result, f"*{threat['contains']}*"), found)
        yield _rule("okta", (name, result, _ANY), Meaning(slug, "event", attack=meaning.attack))


def _okta_denied(okta: Okta) -> Iterator[Rule]:
    data = read("okta-events")["events"]
    policy = [row["id"] for row in data if row.get("policy") and row.get("when") != "always"]
    owner = {slug: kind.owner for slug, kind in Registry.builtin().types.items()}
    for patterns, meaning in _reasons(okta):
        if owner[meaning.type] in _POLICY_OWNERS:
            yield _rule("okta", (patterns[0], "DENY", patterns[1]), meaning)
    for row in data:
        if row.get("deny") or row["id"] in policy:
            slug = row.get("deny", row["type"])
            yield _rule("okta", (row["id"], "DENY", _ANY), Meaning(slug, "event", attack=row.get("attack")))
    yield _rule("okta", (_ANY, "DENY", _ANY), Meaning("access-denied", "event"))
    for name in policy:
        yield _rule("okta", (name, "FAILURE", _ANY), okta.row(name).meaning)


def _okta_failed(okta: Okta) -> Iterator[Rule]:
    data = read("okta-events")
    owner = {slug: kind.owner for slug, kind in Registry.builtin().types.items()}
    for row in data["events"]:
        if row.get("mfa"):
            yield _rule("okta", (row["id"], "FAILURE", "INVALID_CREDENTIALS"), Meaning(row["type"], "event"))
            yield _rule("okta", (row["id"], "ABANDONED", _ANY), Meaning("mfa-timed-out", "event"))
    names, texts = partition(_reasons(okta), lambda pair: _ANY in pair[0][1])
    of_users, of_others = partition(names, lambda pair: owner[pair[1].type] != "user")
    yield from (_rule("okta", (kind, "FAILURE", reason), meaning) for (kind, reason), meaning in of_others)
    yield from _okta_systems(okta, [pair for pair in texts if owner[pair[1].type] != "user"])
    for (kind, reason), meaning in (*of_users, *texts):
        yield _rule("okta", (kind, "FAILURE", reason), meaning)
    for row in data["events"]:
        if row.get("when") is None:
            yield _rule("okta", (row["id"], "FAILURE", _ANY), okta.row(row["id"]).meaning)
            if row["type"] == "challenge-required":
                yield _rule("okta", (row["id"], "ABANDONED", _ANY), okta.row(row["id"]).meaning)
    for family in sorted(data["families"], key=lambda row: (-len(row["prefix"]), row["prefix"])):
        yield _rule("okta", (family["prefix"] + "*", "FAILURE", _ANY), Meaning(family["type"], "event"))
    yield _rule("okta", (_ANY, "FAILURE", _ANY), Meaning("upstream-rejected", "event"))


def _okta_systems(okta: Okta, texts: list[Reason]) -> Iterator[Rule]:
    """Failures between Okta and other systems: what would be the user's reason elsewhere does not count."""
    for (kind, reason), meaning in texts:
        if kind == _ANY:
            for prefix in dict(OKTA_GROUPS)["systems"]:
                yield _rule("okta", (prefix + "*", "FAILURE", reason), meaning)
    for row in read("okta-events")["events"]:
        if row.get("when") is None and between_systems(okta.row(row["id"])):
            yield _rule("okta", (row["id"], "FAILURE", _ANY), okta.row(row["id"]).meaning)


def partition(pairs: Iterable[Reason], second: Callable[[Reason], bool]) -> tuple[list[Reason], list[Reason]]:
    """Those of which a condition is false, and those of which it is true, each in their order."""
    both: tuple[list[Reason], list[Reason]] = ([], [])
    for pair in pairs:
        both[second(pair)].append(pair)
    return both


def _reasons(okta: Okta) -> Iterator[Reason]:
    """Patterns of type and reason with their meaning: names first, then texts, as `classify_event` looks them up."""
    known = dict(okta._reasons)  # noqa: SLF001 - the same package
    for entry in Registry.builtin():
        if entry.provider == "okta" and entry.code and entry.id == f"okta:{entry.code}":
            known.setdefault(entry.code, Meaning(entry.type.slug, "event", entry.id))
    for name in sorted(known):
        yield (_ANY, name), known[name]
    groups = dict(OKTA_GROUPS)
    for phrase in okta._phrases:  # noqa: SLF001 - as above
        for prefix in groups[phrase.only] if phrase.only else ("",):
            yield (prefix + "*", f"*{phrase.text}*"), Meaning(phrase.type, "event", attack=phrase.attack)


def _auth0() -> Iterator[Rule]:
    data, texts = read("auth0-events"), classifier().auth0
    rows = {row["id"]: texts.row(row["id"]) for row in data["events"]}
    for name, row in rows.items():
        if row.meaning is None:
            yield Rule("auth0", name, _ANY, _ANY, *[""] * 5)
        elif row.fixed:
            yield _rule("auth0", (name, _ANY, _ANY), row.meaning)
    for phrase in texts._texts:  # noqa: SLF001 - as above
        for name in _auth0_types(phrase, rows):
            yield _rule("auth0", (name, _ANY, f"*{phrase.text}*"), Meaning(phrase.type, "event", attack=phrase.attack))
    for name, row in rows.items():
        if row.meaning is not None and not row.fixed:
            yield from _auth0_default(name, row.meaning)
    for pattern in data["patterns"]:
        if not pattern.get("short"):
            name = pattern.get("starts", "") + "*" + pattern.get("ends", "")
            yield _rule("auth0", (name, _ANY, _ANY), _of_pattern(pattern))


def _auth0_default(name: str, meaning: Meaning) -> Iterator[Rule]:
    if meaning.attack == "refresh_token_reuse":  # only where the text names no other cause
        yield _rule("auth0", (name, _ANY, "*reus*"), meaning)
        yield _rule("auth0", (name, _ANY, "* *"), meaning._replace(attack=None))
    yield _rule("auth0", (name, _ANY, _ANY), meaning)


def _auth0_types(phrase: Phrase, rows: dict[str, Auth0Row]) -> list[str]:
    if phrase.only:
        return [name for name, row in rows.items() if phrase.only in row.groups]
    others = [name for name, row in rows.items() if not row.fixed and row.meaning and name[0] != "f"]
    return ["f*", "*_failed", *(name for name in others if not name.endswith("_failed"))]


def _of_pattern(pattern: Json) -> Meaning:
    return Meaning(pattern["type"], "family", attack=pattern.get("attack"))
