"""The tables as one program in VRL, the Vector Remap Language: it adds `.authproblem` to events that are failures.

The program is made of conditions, not of tables: VRL would build a table of literals again for every event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from authproblem._registry.registry import Registry
from authproblem.logs._auth0 import Row
from authproblem.logs._classify import classifier
from authproblem.logs._data import Meaning, Phrase, read
from authproblem.logs._okta import _GROUPS as OKTA_GROUPS
from authproblem.logs._okta import between_systems

Json = dict[str, Any]

_HEAD = """\
# Reason, owner and remedy for log events of Okta and Auth0. Made by `python -m authproblem registry --format vrl`.
provider = ""
kind = ""
text = ""
slug = ""
attack = ""
severity = ""
meaning = ""
meaning_attack = ""
owner = ""
remedy = ""

if is_string(.eventType) {
  provider = "okta"
  kind = string(.eventType) ?? ""
  result = upcase(string(.outcome.result) ?? "")
  reason = string(.outcome.reason) ?? ""
  text = downcase(reason)
  name = upcase(reason)
  default = "upstream-rejected"
  when = "failure"
  policy = false
  mfa = false
  family = false
  systems = false
  deny = ""
"""
_OKTA = """\
  denied = result == "DENY" || (policy && (result == "FAILURE" || result == "ABANDONED"))
  if when == "always" {
    slug = default
    if family && meaning != "" {
      slug = meaning
      attack = meaning_attack
      severity = ""
    }
  } else if when == "detected" {
    if result != "ALLOW" {
      slug = if result == "RATE_LIMIT" { "rate-limited" } else { default }
      attack = "suspicious_ip"
      severity = ""
%(threats)s
    }
  } else if result == "RATE_LIMIT" {
    slug = "rate-limited"
    attack = ""
  } else if result == "UNANSWERED" || (mfa && result == "ABANDONED") {
    slug = "mfa-timed-out"
    attack = ""
  } else if denied {
    slug = if deny != "" { deny } else if policy { default } else { "access-denied" }
%(policy_reasons)s
  } else if result == "FAILURE" || result == "ABANDONED" {
    slug = default
    if meaning != "" && !(mfa && meaning == "invalid-credentials") && !(systems && %(users)s) {
      slug = meaning
      attack = meaning_attack
      severity = ""
    }
  } else {
    attack = ""
  }
} else {
  provider = "auth0"
  kind = string(.data.type) ?? string(.type) ?? ""
  message = string(.data.details.error.message) ?? string(.data.details.error) ?? string(.details.error.message) ?? ""
  description = string(.data.description) ?? string(.description) ?? ""
  text = downcase(message + " " + description)
  fixed = false
  login = false
  password = false
  token = false
"""
_AUTH0 = """\
  if slug != "" && !fixed {
%(texts)s
    if attack == "refresh_token_reuse" && text != " " && !contains(text, "reus") { attack = "" }
    if meaning != "" { slug = meaning }
    if meaning_attack != "" { attack = meaning_attack }
  }
}

if slug != "" && !%(flow)s {
%(kinds)s
  .authproblem = {
    "provider": provider, "event_type": kind, "reason": slug, "owner": owner, "remedy": remedy
  }
%(attacks)s
  if attack != "" {
    if severity == "" {
%(severities)s
    }
    .authproblem.attack = attack
    .authproblem.severity = severity
  }
}
"""


def to_vrl() -> str:
    """The program as text."""
    reasons, types = read("okta-reasons"), Registry.builtin().types
    severities = {row["id"]: row["severity"] for row in read("attacks")["attacks"]}
    users = [slug for slug, kind in types.items() if kind.owner == "user"]
    of_policy = [slug for slug, kind in types.items() if kind.owner in {"policy", "limit"}]
    threats = ((f"contains(text, {_q(row['contains'])})", {"attack": row["attack"]}) for row in reasons["threats"])
    allowed = ((_one_of("meaning", of_policy), {"slug": "=meaning", "attack": "=meaning_attack"}),)
    kinds = ((f"slug == {_q(slug)}", {"owner": kind.owner, "remedy": kind.remedy}) for slug, kind in types.items())
    by_type = (
        (f'attack == "" && slug == {_q(slug)}', {"attack": kind, "severity": ""})
        for slug, kind in classifier().okta.make.attacks.items()
    )
    by_kind = ((f"attack == {_q(name)}", {"severity": value}) for name, value in severities.items())
    return "".join(
        (
            _HEAD,
            *_lines(_okta_events(), 2),
            *_lines(_okta_reasons(), 2),
            *_searched(classifier().okta._phrases, 2),  # noqa: SLF001 - the same package
            _OKTA
            % {
                "threats": "".join(_lines(threats, 6)).rstrip(),
                "policy_reasons": "".join(_lines(allowed, 4)).rstrip(),
                "users": _one_of("meaning", users),
            },
            *_lines(_auth0_events(), 2),
            _AUTH0
            % {
                "texts": "".join(_searched(classifier().auth0._texts, 4)).rstrip(),  # noqa: SLF001 - as above
                "flow": _one_of("slug", [slug for slug, kind in types.items() if kind.owner == "flow"]),
                "kinds": "".join(_lines(kinds, 2)).rstrip(),
                "attacks": "".join(_lines(by_type, 2)).rstrip(),
                "severities": "".join(_lines(by_kind, 6)).rstrip(),
            },
        )
    )


Branch = tuple[str, dict[str, Any]]
"""A condition, and the variables that it sets; a value that begins with `=` is the name of a variable."""


def _okta_events() -> Iterator[Branch]:
    data = read("okta-events")
    groups: dict[str, list[str]] = {}
    for row in data["events"]:
        systems = {"systems": True} if between_systems(classifier().okta.row(row["id"])) else {}
        groups.setdefault(orjson.dumps({**_okta_row(row), **systems}).decode(), []).append(row["id"])
    for settings, names in groups.items():
        yield _one_of("kind", names), orjson.loads(settings)
    for pattern in data["patterns"]:
        if "type" in pattern:
            condition = f'ends_with(kind, {_q(pattern["ends"])}) && !contains(kind, "success")'
            yield condition, {**_okta_row(pattern), "when": "always", "family": True}
    for row in sorted(data["families"], key=lambda row: (-len(row["prefix"]), row["prefix"])):
        yield f"starts_with(kind, {_q(row['prefix'])})", {**_okta_row(row), "family": True}


def _okta_row(row: Json) -> Json:
    given: Json = {name: row[name] for name in ("when", "policy", "mfa", "deny", "attack", "severity") if name in row}
    return {"default": row["type"], **given}


def _okta_reasons() -> Iterator[Branch]:
    known = {name: meaning for name, meaning in classifier().okta._reasons.items()}  # noqa: SLF001, C416 - a copy
    for entry in Registry.builtin():
        if entry.provider == "okta" and entry.code and entry.id == f"okta:{entry.code}":
            known.setdefault(entry.code, Meaning(entry.type.slug, "event"))
    groups: dict[tuple[str, str], set[str]] = {}
    for reason, meaning in known.items():
        groups.setdefault((meaning.type, meaning.attack or ""), set()).add(reason.upper())
    for (slug, attack), names in sorted(groups.items()):
        yield _one_of("name", sorted(names)), {"meaning": slug, "meaning_attack": attack}


def _auth0_events() -> Iterator[Branch]:
    data = read("auth0-events")
    groups: dict[str, list[str]] = {}
    for row in data["events"]:
        if "type" in row:
            sets = _auth0_row(row, classifier().auth0.row(row["id"]))
            groups.setdefault(orjson.dumps(sets).decode(), []).append(row["id"])
    for settings, names in groups.items():
        yield _one_of("kind", names), orjson.loads(settings)
    yield _one_of("kind", [row["id"] for row in data["events"] if "excluded" in row]), {"fixed": True}
    for pattern in data["patterns"]:
        tests = [f"{test}_with(kind, {_q(pattern[f'{test}s'])})" for test in ("start", "end") if f"{test}s" in pattern]
        tests = [test.replace("start_with", "starts_with").replace("end_with", "ends_with") for test in tests]
        if pattern.get("short"):
            tests.append('!contains(kind, "_") && length(kind) <= 10')
        known = "(exists(.log_id) || exists(.tenant_name))"
        yield " && ".join((known, *tests)), {"slug": pattern["type"], "attack": pattern.get("attack", "")}


def _auth0_row(row: Json, compiled: Row) -> Json:
    given: Json = {name: row[name] for name in ("attack", "severity", "fixed") if name in row}
    return {"slug": row["type"], **given, **dict.fromkeys(sorted(compiled.groups), True)}


def _searched(phrases: Iterable[Phrase], indent: int) -> Iterator[str]:
    """The search of a text; what the event's name has already decided stays."""
    branches = (
        (
            f'meaning == "" && contains(text, {_q(phrase.text)}){f" && {_limit(phrase.only)}" if phrase.only else ""}',
            {"meaning": phrase.type, "meaning_attack": phrase.attack or ""},
        )
        for phrase in phrases
    )
    return _lines(branches, indent)


def _limit(only: str) -> str:
    prefixes = dict(OKTA_GROUPS).get(only)
    if prefixes is None:
        return only  # a variable of Auth0's part
    return "(" + " || ".join(f"starts_with(kind, {_q(prefix)})" for prefix in prefixes) + ")"


def _lines(branches: Iterable[Branch], indent: int) -> Iterator[str]:
    """Branches one after the other, of which the first that is true counts.

    Not as one chain of `else`: VRL takes seconds to compile chains of a hundred.
    """
    margin = " " * indent
    yield f"{margin}open = true\n"
    for condition, settings in branches:
        sets = "; ".join(f"{name} = {_value(value)}" for name, value in settings.items())
        yield f"{margin}if open && ({condition}) {{ open = false; {sets} }}\n"


def _one_of(variable: str, names: list[str]) -> str:
    if len(names) == 1:
        return f"{variable} == {_q(names[0])}"
    return f"includes([{', '.join(map(_q, names))}], {variable})"


def _value(value: object) -> str:
    if isinstance(value, str) and value.startswith("="):
        return value[1:]
    return _q(value)


def _q(value: object) -> str:
    return orjson.dumps(value).decode()
