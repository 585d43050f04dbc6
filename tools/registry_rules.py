"""Rules on what the entries say and claim: words, templates, collisions, evidence. Each yields findings.

They need nothing but the data. Form is in `registry_form`, what has to be tried out in `registry_vectors`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from authproblem._registry.texts import Template, fold, is_constant
from tools.registry_data import REGISTRY, Data, Finding, Json, Row, Rule

_BRITISH = re.compile(
    r"\b(?:behaviour|colour|favour|honour|neighbour|centre|licence|catalogue|dialogue|fulfil|enrols?|enrolment|e-mails?"
    r"|cancell(?:ed|ing)|label?led|travelled|afterwards?wise|(?:un)?(?:author|organ|recogn|normal|serial|synchron|custom"
    r"|initial|minim|maxim|local|util|summar|final|priorit)is(?:e[ds]?|ing|ation|ations))\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"`[^`]*`")
_CODE_NAME = re.compile(r"`|\w_\w|\bE\d{7}\b|\b[a-z]+\.[a-z_]+\b|\b(?:OAuth|JSON|HTTP|JWT|DPoP|PKCE|API|IDX|OIDC)\b")
_PROVING_SHAPES = frozenset(("auth0_api", "auth0_problem", "okta_api", "okta_idx", "okta_state", "okta_factor"))
"""Shapes in which a registered code proves the sender by itself, generic or not."""
_LONG_ENOUGH = 20
"""Characters from which a constant text counts as one vendor's alone."""


def words(data: Data) -> Iterator[Finding]:
    """Our own sentences: American spelling, no code names where an end user reads, nothing that the type says too."""
    types = {row["slug"]: row for row in data.table("problem_types")["types"]}
    for row in data.rows:
        kind = types.get(row.entry.get("type"), {})
        yield from _sentences(row.where, row.entry)
        for member in ("owner", "remedy", "retry", "detail", "hint"):
            if member in row.entry and row.entry[member] == kind.get(member):
                yield row.finding(f"{member} is that of its type {row.entry['type']}", f"leave {member} out")
    for slug, kind in types.items():
        yield from _sentences(f"{REGISTRY}/problem_types.json {slug}", kind)


def _sentences(where: str, row: Json) -> Iterator[Finding]:
    for member in ("detail", "hint", "note"):
        if british := _BRITISH.search(_NAMED.sub("", row.get(member, ""))):
            what = f"{member} says {british.group()!r}"
            yield Finding(where, what, "write the American form (email, canceled, authorize ...)")
    if code := _CODE_NAME.search(row.get("detail", "")):
        what = f"detail says {code.group()!r}, which no end user understands"
        yield Finding(where, what, "say it in plain words; codes go to hint")


def templates(data: Data) -> Iterator[Finding]:
    """Every text compiles as a template, and none stands twice in its entry."""
    for row in data.rows:
        seen: set[str] = set()
        for member in ("texts", "causes", "known"):
            for text in row.entry.get(member, ()):
                try:
                    Template(text)
                except ValueError as error:
                    yield row.finding(f"{member}: {error}", "double the brace, or use a slot of that list")
                if fold(text) in seen:
                    yield row.finding(f"{member}: {text!r} stands twice", "leave it once; texts and causes are known")
                seen.add(fold(text))


def claims(data: Data) -> Iterator[Finding]:
    """No two entries claim the same responses."""
    tiers: dict[tuple[str, str | None, str | None, bool], list[Row]] = defaultdict(list)
    for row in [row for row in data.rows if not row.entry.get("lookup_only")]:
        for text in _texts_of(row.entry):
            key = row.provider, row.entry.get("code"), fold(text) if text else None, "texts" in row.entry
            tiers[key].append(row)
    for key, others in tiers.items():
        for number, row in enumerate(others):
            for other in others[:number]:
                if other.id != row.id and _overlap(row.entry, other.entry):
                    what = f"claims the same responses as {other.id} (code {key[1]!r}, text {key[2]!r})"
                    yield row.finding(what, "merge the two, or distinguish them by shapes, status, surfaces or name")


def _texts_of(entry: Json) -> tuple[str | None, ...]:
    """The texts, or causes and reasons, that select the entry; None where its code does."""
    texts = entry.get("texts") or (*entry.get("causes", ()), *entry.get("reasons", ()))
    return tuple(texts) or (None,)


def names(data: Data) -> Iterator[Finding]:
    """No name stands for two entries."""
    ids = {row.id for row in data.rows}
    taken: dict[str, str] = {}
    for row in data.rows:
        for alias in row.entry.get("aliases", ()):
            name = alias if ":" in alias else f"{row.provider}:{alias}"
            first = name if name in ids else taken.setdefault(name, row.id)
            if first != row.id:
                yield row.finding(f"alias {alias!r} is a name of {first} already", "choose another, or leave it out")


def _overlap(one: Json, other: Json) -> bool:
    """Whether a response can fit both, and neither demands more than the other (then that one would be tried first)."""
    if _rank(one) != _rank(other) or one.get("name") != other.get("name"):
        return False
    return all(
        not (one.get(field) and other.get(field)) or set(one[field]) & set(other[field])
        for field in ("shapes", "status", "surfaces")
    )


def _rank(entry: Json) -> int:
    return 4 * ("surfaces" in entry) + 3 * ("status" in entry) + 2 * ("shapes" in entry) + ("name" in entry)


def evidence(data: Data) -> Iterator[Finding]:
    """What proves a sender is one vendor's alone: its code, or a long constant text that no other vendor has."""
    codes: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, set[str]] = defaultdict(set)
    for row in data.rows:
        if not row.entry.get("lookup_only"):
            codes[row.provider].add(row.entry.get("code", ""))
            texts[row.provider] |= {fold(t) for m in ("texts", "known") for t in row.entry.get(m, ())}
    for row in data.rows:
        entry = row.entry
        if not entry.get("evidence") or entry.get("lookup_only"):
            continue
        if row.provider == "oauth":
            yield row.finding("evidence: OAuth's codes are no vendor's own", "say evidence: false")
            continue
        others = [provider for provider in codes if provider != row.provider]
        generic = "code" not in entry or any(entry["code"] in codes[other] for other in others)
        if not generic or (entry.get("shapes") and _PROVING_SHAPES.issuperset(entry["shapes"]) and "code" in entry):
            continue
        weak = [t for t in entry.get("texts", ()) if len(t) < _LONG_ENOUGH or not is_constant(t)]
        shared = [t for t in entry.get("texts", ()) if any(fold(t) in texts[other] for other in others)]
        if not entry.get("texts") or weak or shared:
            what = f"evidence: others send {entry.get('code', 'no code')!r} too" + "".join(
                f", and {text!r} is no proof" for text in (weak + shared)[:1]
            )
            yield row.finding(
                what, f"say evidence: false, or keep only constant texts of {_LONG_ENOUGH} characters that no other has"
            )


def proof(data: Data) -> Iterator[Finding]:
    """Check the texts that prove the sender by themselves: long constants of the entry that no other provider has."""
    texts: dict[str, set[str]] = defaultdict(set)
    for row in data.rows:
        texts[row.provider] |= {fold(t) for m in ("texts", "known") for t in row.entry.get(m, ())}
    for row in data.rows:
        others = {text for provider in texts if provider != row.provider for text in texts[provider]}
        for text in row.entry.get("proof", ()):
            if text not in row.entry.get("texts", ()):
                yield row.finding(f"proof: {text!r} is not one of its texts", "add it to texts, or leave it out")
            elif len(text) < _LONG_ENOUGH or not is_constant(text) or fold(text) in others:
                what = f"proof: {text!r} may come from anybody"
                yield row.finding(what, f"keep only constant texts of {_LONG_ENOUGH} characters that no other has")


RULES: tuple[Rule, ...] = (words, templates, claims, names, evidence, proof)
