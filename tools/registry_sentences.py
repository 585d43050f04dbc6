"""Rules on the sentences that users read: each asks for what the remedy of its entry means, and for nothing else.

A user who follows a sentence must not run in circles: "sign in again" where the developers have to change something,
"contact support" where waiting is enough. The tables are in `registry_actions`. Each rule yields findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from authproblem._model import Entry
from authproblem._registry.registry import Registry
from tools.registry_actions import ACTIONS, REMEDIES, UNUSUAL, Remedy
from tools.registry_data import REGISTRY, Data, Finding, example

_TABLE = "tools/registry_actions.py"
_WORDINGS = {name: re.compile("|".join(f"(?:{text})" for text in texts)) for name, texts in ACTIONS.items()}
_COMBINATIONS = {(owner, row.remedy, row.retry) for row in REMEDIES for owner in row.owners} | UNUSUAL.keys()

_PREDICATES = (
    "is_temporary",
    "is_upstream_failure",
    "needs_user",
    "needs_sign_in",
    "needs_admin",
    "needs_developer",
    "is_settled",
)
"""What an app can branch on."""

_NOUN = re.compile(
    r"\b(?:password(?! reset)|code|link|request|method|way|number|extension|(?:user)?name|details|information|device"
    r"|app|setup|answer|email|call|message|notifications?)\b"
)
_PRONOUN = re.compile(r"\b(?:it|them|ones?|that(?=[.,;]|$))(?=[ .,;]|$)")
"""A word that stands for a noun before it. `that` only at the end: "enter that"."""

_SENTENCE = re.compile(r"[.;:!?]+(?:\s+|$)")
_DENIED = re.compile(
    r"\b(?:can't|cannot|couldn't|could not|can no longer|doesn't|does not|isn't|is not|no longer)\b.*?(?=,| and |$)"
)
_LEAD = re.compile(r"^(?:if|for|to|before|after|when|once|until|because) [^,]*,\s*")
_CLAUSE = re.compile(r",\s+(?:(?:then|and|or|but)\s+)?(?:please\s+)?|(?:^|\s+)please\s+")
_PART = re.compile(r"\s+(?:and|or|then)\s+")
_STATEMENT = re.compile(
    r"^(?:(?:this|that|these|those|the|there|your|you|we|it|an?|no|only|some(?:thing)?|too many|what|one more step"
    r"|perhaps|messages|text messages|notifications|sign-in|sign-up|okta verify|waiting"
    r"|biometrics|calls|face id|mobile data|without)\b|>|$)"
)
"""How a clause begins that says what happened, or that goes on with a noun. Any other one asks for something."""

_OBLIGATION = re.compile(r"^you (?:can|could|may|might|should|must|have to|need to)\b(?!'t| not)")


def sentences(_data: Data, registry: Registry) -> Iterator[Finding]:
    """Hold every sentence against the remedy of its entry, and the remedy against owner and retry policy."""
    for entry in [*registry, *map(registry.bare, registry.types)]:
        where = f"{REGISTRY} {entry.id or entry.type.slug}"
        if (entry.owner, entry.remedy, entry.retry) not in _COMBINATIONS:
            what = f"owner {entry.owner}, remedy {entry.remedy} and retry {entry.retry} do not go together"
            yield Finding(where, what, f"change one of them, or give the reason in {_TABLE}")
        if not any(getattr(example(entry), name) for name in _PREDICATES):
            yield Finding(where, "no predicate of Problem is true", "change owner, remedy or retry")
        for what, fix in _faults(entry):
            yield Finding(where, f"detail {what}", fix)


def links(data: Data, registry: Registry) -> Iterator[Finding]:
    """Check the table of links: their members are kept, and their sentences ask to open them."""
    shapes = data.table("shapes")
    table, where = shapes["links"], f"{REGISTRY}/shapes.json links"
    for name in table["members"]:
        if registry.member_kinds.get(name) != "keep":
            yield Finding(where, f"member {name!r} is not kept as it comes", "add it to members, or take it out")
    for slug in sorted({*table["types"], table["otherwise"]} - registry.types.keys()):
        yield Finding(where, f"type {slug!r} does not exist", "name a slug of problem_types.json")
    if table["otherwise"] not in table["types"]:
        yield Finding(where, f"otherwise: {table['otherwise']!r} has no sentence", "name one of types")
    for slug, detail in table["types"].items():
        if slug in registry.types:
            entry = registry.bare(slug).replace(remedy="open_link", detail=detail)
            if (entry.owner, entry.remedy, entry.retry) not in _COMBINATIONS:
                yield Finding(where, f"nobody opens a link for {slug}: its owner is {entry.owner}", "take it out")
            for what, fix in _faults(entry):
                yield Finding(f"{where}/{slug}", f"detail {what}", fix)


def _faults(entry: Entry) -> Iterator[tuple[str, str]]:
    """What a sentence asks for that it must not, or fails to ask for, each with how to fix it."""
    row = _row(entry)
    if row is None:
        return
    asked, unknown = actions(entry.detail)
    fix = f"say what {entry.remedy} asks for, or change the remedy"
    for clause in unknown:
        yield f"says {clause!r}, which is no known action", f"use a wording of {_TABLE}, or add it there"
    for name, wording in asked.items():
        if name not in row.asks | row.may:
            yield f"says {wording!r} ({name}), but the remedy is {entry.remedy} of the {entry.owner}", fix
    if row.asks and row.asks.isdisjoint(asked):
        yield f"names nothing to do, but the remedy is {entry.remedy} of the {entry.owner}", fix


def _row(entry: Entry) -> Remedy | None:
    """The row of an entry's remedy: that of its owner, or the only one that there is."""
    rows = [row for row in REMEDIES if row.remedy == entry.remedy]
    return next((row for row in rows if entry.owner in row.owners), rows[0] if rows else None)


def actions(detail: str) -> tuple[dict[str, str], list[str]]:
    """Which kinds of action a sentence asks for.

    Args:
        detail: one or more sentences for a user.

    Returns:
        The kinds with the wording of each, and the clauses that ask for something which has no wording in the table.
    """
    asked: dict[str, str] = {}
    unknown = []
    for clause, is_request in _clauses(_resolved(detail.lower())):
        found, rest = False, clause
        for name, wording in _WORDINGS.items():
            match = wording.search(rest)
            if match is not None:
                found = True
                asked.setdefault(name, match.group())
                rest = wording.sub("...", rest)
        if is_request and not found:
            unknown.append(clause)
    return asked, unknown


def _clauses(text: str) -> Iterator[tuple[str, bool]]:
    """The clauses of a text, without what they deny, each with whether it asks for something."""
    for sentence in _SENTENCE.split(text):
        for clause in _CLAUSE.split(_DENIED.sub("", _LEAD.sub("", sentence))):
            is_request = not _is_statement(clause)
            for part in _PART.split(clause):
                yield part, is_request and not _is_statement(part)


def _is_statement(clause: str) -> bool:
    """Whether a clause says what happened: `you have to ...` does not."""
    return _STATEMENT.match(clause) is not None and _OBLIGATION.match(clause) is None


def _resolved(text: str) -> str:
    """The text with the noun that a pronoun stands for: "a new one" says nothing by itself."""
    noun = _NOUN.search(text)
    if noun is None:
        return text
    return text[: noun.end()] + _PRONOUN.sub(noun.group(), text[noun.end() :])
