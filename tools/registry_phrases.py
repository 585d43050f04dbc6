"""Rules on the phrases: every name exists, every rule can be reached, no refinement does harm. Each yields findings.

Harm is what the table `refinements` rules out: a wrong guess must never be worse than the general type.
"""

from __future__ import annotations

from collections.abc import Iterator

from authproblem._model import ProblemType
from authproblem._registry.registry import Registry
from tools.registry_data import REGISTRY, Data, Finding, Json

WHERE = f"{REGISTRY}/phrases.json"
_AWAY = frozenset(("sign_in", "reset_password"))
"""Remedies that take the user away from what he is doing: a new sign-in, a reset."""

_WAITS = frozenset(("after_delay", "poll", "once"))
_FAILURES = frozenset(("upstream-error", "upstream-timeout", "upstream-unavailable", "upstream-unreachable"))


def phrases(data: Data, registry: Registry) -> Iterator[Finding]:
    """Check `phrases.json` against the other tables."""
    table = data.table("phrases")
    yield from _names(table, registry)
    yield from _vocabulary(table)
    yield from _rules(table)
    for general, row in table["refinements"].items():
        for chosen, may_leave in ((row["to"], "why" in row), (row.get("at_sign_in", ()), True)):
            for slug in chosen:
                if general in registry.types and slug in registry.types:
                    yield from _harm(registry.types[general], registry.types[slug], may_leave=may_leave)


def _names(table: Json, registry: Registry) -> Iterator[Finding]:
    slugs = {row["type"] for row in table["rules"]} | set(table["statuses"]) | set(table["refinements"])
    slugs |= {slug for row in table["refinements"].values() for slug in _chosen(row)}
    for slug in sorted(slugs - registry.types.keys()):
        yield Finding(WHERE, f"type {slug!r} does not exist", "name a slug of problem_types.json")
    for slug in sorted(slugs - table["statuses"].keys() - table["refinements"].keys()):
        yield Finding(WHERE, f"{slug} has no statuses: no phrase can choose it", "add it to statuses")
    for row in table["rules"]:
        named = {part for name in row["says"] for part in name.split("|")} | set(row.get("without", ()))
        for name in sorted(named - table["concepts"].keys()):
            yield Finding(f"{WHERE} {row['id']}", f"concept {name!r} does not exist", "name one of concepts")
    used = {part for row in table["rules"] for name in row["says"] for part in name.split("|")}
    used |= {name for row in table["rules"] for name in row.get("without", ())}
    for name in sorted(table["concepts"].keys() - used):
        yield Finding(f"{WHERE} {name}", "no rule uses the concept", "use it or take it out")


def _vocabulary(table: Json) -> Iterator[Finding]:
    """Words that carry nothing vanish: a phrase must not shrink to fewer words than it seems to have."""
    skipped = set(table["skip"])
    for name, texts in table["concepts"].items():
        for text in texts:
            lost = skipped.intersection(text.split())
            if lost:
                what = f"{text!r} has words that are skipped: {', '.join(sorted(lost))}"
                yield Finding(f"{WHERE} {name}", what, "leave them out, and see that the rest still says it")
    for word in sorted(skipped & (table["rewrites"].keys() | table["irregular"].keys())):
        yield Finding(WHERE, f"{word!r} is skipped and rewritten", "leave it in one of the two")


def _rules(table: Json) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], str] = {}
    ids: set[str] = set()
    allowed = {slug for row in table["refinements"].values() for slug in _chosen(row)} | set(table["refinements"])
    for row in table["rules"]:
        where = f"{WHERE} {row['id']}"
        if row["id"] in ids:
            yield Finding(where, "the id stands twice", "choose another")
        ids.add(row["id"])
        key = tuple(
            str(sorted(row.get(field, ()))) for field in ("says", "without", "providers", "shapes", "codes", "status")
        )
        if key in seen:
            yield Finding(where, f"asks for the same as {seen[key]}, which comes first", "take it out")
        seen.setdefault(key, row["id"])
        if row["type"] not in allowed:
            yield Finding(
                where, f"nothing may be refined to {row['type']}", "add it to refinements, or take the rule out"
            )
        statuses = row.get("status", ())
        if statuses and not set(statuses) & set(table["statuses"].get(row["type"], statuses)):
            yield Finding(where, f"{row['type']} never comes with these statuses", "change status or statuses")


def _chosen(row: Json) -> list[str]:
    """The types that a general one may be refined to, with those that only documents of a sign-in may choose."""
    return [*row["to"], *row.get("at_sign_in", ())]


def _harm(general: ProblemType, chosen: ProblemType, *, may_leave: bool) -> Iterator[Finding]:
    """A refinement that would be worse than the general type.

    Args:
        general: the type that code, family or status give.
        chosen: the type that a phrase may choose.
        may_leave: whether it may ask for a new sign-in or a reset: the row says why, or a sign-in is under way.
    """
    where = f"{WHERE} refinements/{general.slug}"
    if general.slug in _FAILURES and chosen.owner in {"user", "client"}:
        yield Finding(where, f"moves a failure of the provider to the {chosen.owner} ({chosen.slug})", "take it out")
    if chosen.remedy in _AWAY and general.remedy not in _AWAY and not may_leave:
        yield Finding(where, f"sends the user away ({chosen.slug}: {chosen.remedy})", "take it out, or say why")
    if chosen.retry in _WAITS and general.retry not in _WAITS and chosen.slug != "resource-busy":
        yield Finding(where, f"lets a program wait for {chosen.slug}", "take it out")
