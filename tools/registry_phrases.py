"""Rules on the phrases: every name exists, and every rule can be reached. Each yields findings.

What a rule may choose is checked in `registry_refinements`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from authproblem._model import PROVIDERS
from authproblem._registry.concepts import ConceptAutomaton
from authproblem._registry.phrases import SIGN_IN_SHAPES
from authproblem._registry.registry import Registry
from tools.registry_data import REGISTRY, Data, Finding, Json

WHERE = f"{REGISTRY}/phrases.json"
_STATUS_NAMES = frozenset(status.name.lower() for status in HTTPStatus)
"""Names such as `conflict`: Auth0 sends the status's own where a failure has no code."""

_CONDITIONS = ("providers", "shapes", "codes", "status", "surfaces")


def phrases(data: Data, registry: Registry) -> Iterator[Finding]:
    """Check `phrases.json` against the other tables."""
    table = data.table("phrases")
    yield from _types(table, registry)
    yield from _concepts(table)
    yield from _groups(table, registry)
    yield from _codes(table, registry)
    yield from _surfaces(table, data)
    yield from _vocabulary(table)
    yield from _rules(table)
    yield from _order(table)


def _types(table: Json, registry: Registry) -> Iterator[Finding]:
    slugs = {row["type"] for row in table["rules"]} | set(table["statuses"]) | set(table["refinements"])
    slugs |= {slug for row in table["refinements"].values() for slug in _chosen(row)}
    for slug in sorted(slugs - registry.types.keys()):
        yield Finding(WHERE, f"type {slug!r} does not exist", "name a slug of problem_types.json")
    for slug in sorted(slugs - table["statuses"].keys() - table["refinements"].keys()):
        yield Finding(WHERE, f"{slug} has no statuses: no phrase can choose it", "add it to statuses")


def can_be_compiled(data: Data) -> bool:
    """Whether all concepts of the rules exist: without one no rule can be tried."""
    table = data.table("phrases")
    return all(_named(row) <= table["concepts"].keys() for row in table["rules"])


def _named(row: Json) -> set[str]:
    return {part for name in row["says"] for part in name.split("|")} | set(row.get("without", ()))


def _concepts(table: Json) -> Iterator[Finding]:
    used = set()
    for row in table["rules"]:
        named = _named(row)
        used |= named
        for name in sorted(named - table["concepts"].keys()):
            yield Finding(f"{WHERE} {row['id']}", f"concept {name!r} does not exist", "name one of concepts")
    for name in sorted(table["concepts"].keys() - used):
        yield Finding(f"{WHERE} {name}", "no rule uses the concept", "use it or take it out")


def _groups(table: Json, registry: Registry) -> Iterator[Finding]:
    """Firm codes and those of groups are registered, and every group is used."""
    lists = {"firm": table["firm"], **{f"groups/{name}": codes for name, codes in table["groups"].items()}}
    for name, codes in lists.items():
        for code in codes:
            if not _is_known(code, PROVIDERS, registry):
                yield Finding(f"{WHERE} {name}", f"code {code!r} is not registered", "name a code of an entry")
    used = {name for row in table["rules"] for name in row.get("codes", ())}
    for name in sorted(table["groups"].keys() - used):
        yield Finding(f"{WHERE} groups/{name}", "no rule uses the group", "use it or take it out")


def _codes(table: Json, registry: Registry) -> Iterator[Finding]:
    """A rule names groups and codes that exist, and none whose meaning no sentence changes."""
    for row in table["rules"]:
        where, providers = f"{WHERE} {row['id']}", row.get("providers") or PROVIDERS
        for name in row.get("codes", ()):
            if name not in table["groups"] and not _is_known(name, providers, registry):
                what = f"{name!r} is no group, and no code of {_list(providers)}"
                yield Finding(where, what, "name a code of an entry, or a group of codes")
        for code in sorted(set(_expanded(row, table)).intersection(table["firm"])):
            yield Finding(where, f"code {code!r} is firm: no rule applies to it", "take it out of one")


def _is_known(code: str, providers: tuple[str, ...] | list[str], registry: Registry) -> bool:
    """Whether a provider sends a code: as its own, as one of OAuth's, or as the name of a status."""
    return code in _STATUS_NAMES or any(registry.has_code(provider, code) for provider in {*providers, "oauth"})


def _surfaces(table: Json, data: Data) -> Iterator[Finding]:
    """Surfaces of rules exist: one by its id, or all of a provider."""
    known = {row["id"] for row in data.table("surfaces")["surfaces"]}
    known |= {name.partition(".")[0] + "." for name in known}
    for row in table["rules"]:
        for name in row.get("surfaces", ()):
            if name not in known:
                fix = "use an id of surfaces.json, or a provider's name and a dot"
                yield Finding(f"{WHERE} {row['id']}", f"surface {name!r} does not exist", fix)


def _vocabulary(table: Json) -> Iterator[Finding]:
    """Words that carry nothing vanish: a phrase must not shrink to fewer words than it seems to have."""
    skipped = set(table["skip"])
    for name, texts in table["concepts"].items():
        for text in texts:
            lost = skipped.intersection(text.split())
            if lost:
                what = f"{text!r} has words that are skipped: {', '.join(sorted(lost))}"
                yield Finding(f"{WHERE} {name}", what, "leave them out, and see that the rest still says it")
        for text in texts:
            for other in texts:
                if other != text and f" {other} " in f" {text} ":
                    yield Finding(f"{WHERE} {name}", f"{text!r} contains {other!r}", "take the longer one out")
    for form in sorted(form for forms in table["irregular"].values() for form in forms if not form.isalpha()):
        yield Finding(f"{WHERE} irregular", f"{form!r} is no word", "phrases belong to concepts")
    for word in sorted(skipped & (table["rewrites"].keys() | table["irregular"].keys())):
        yield Finding(WHERE, f"{word!r} is skipped and rewritten", "leave it in one of the two")


def _rules(table: Json) -> Iterator[Finding]:
    """Check that each rule can apply to some response, whatever other rules say."""
    excluded = _exclusions(table)
    to = {slug for row in table["refinements"].values() for slug in row["to"]} | set(table["refinements"])
    allowed = to | {slug for row in table["refinements"].values() for slug in _chosen(row)}
    for row in table["rules"]:
        where = f"{WHERE} {row['id']}"
        if row["type"] not in allowed:
            fix = "add it to refinements, or take the rule out"
            yield Finding(where, f"nothing may be refined to {row['type']}", fix)
        shapes = row.get("shapes", ())
        if row["type"] in allowed - to and shapes and not SIGN_IN_SHAPES.intersection(shapes):
            yield Finding(where, f"{row['type']} may be chosen at sign-in only", "change shapes or refinements")
        statuses = row.get("status", ())
        if statuses and not set(statuses) & set(table["statuses"].get(row["type"], statuses)):
            yield Finding(where, f"{row['type']} never comes with these statuses", "change status or statuses")
        if not row["says"] and not (row.get("codes") and row.get("without")):
            yield Finding(where, "says nothing", "name concepts; only codes together with `without` need none")
        for name in excluded(row):
            yield Finding(where, f"{name!r} never fits: what it says is ruled out", "take it out of says or without")
        yield from _contradictions(row)


def _contradictions(row: Json) -> Iterator[Finding]:
    """Conditions of which each has a meaning, but that no response meets together."""
    where, providers, shapes = f"{WHERE} {row['id']}", set(row.get("providers", ())), row.get("shapes", ())
    vendors = [{shape.partition("_")[0]} & set(PROVIDERS) - {"oauth"} for shape in shapes]
    if providers and vendors and all(vendor and not vendor & providers for vendor in vendors):
        yield Finding(where, f"{_list(providers)} never sends these shapes", "change providers or shapes")
    owners = {name.partition(".")[0] for name in row.get("surfaces", ())}
    if providers and owners and not owners & providers:
        yield Finding(where, f"{_list(providers)} has none of these surfaces", "change providers or surfaces")
    if set(shapes) == {"html"} and not row.get("pages"):
        yield Finding(where, "a rule for pages alone does not say so", "add pages")


def _exclusions(table: Json) -> Callable[[Json], Iterator[str]]:
    """A function that yields the concepts of a rule that cannot occur without one that the rule excludes."""
    bits = {name: 1 << number for number, name in enumerate(table["concepts"])}
    automaton = ConceptAutomaton(table, bits)
    found = {name: [sum(automaton.read((text,))) for text in texts] for name, texts in table["concepts"].items()}

    def excluded(row: Json) -> Iterator[str]:
        without = sum(bits.get(name, 0) for name in row.get("without", ()))
        for name in (part for says in row["says"] for part in says.split("|")):
            if found.get(name) and all(concepts & without for concepts in found[name]):
                yield name

    return excluded


def _order(table: Json) -> Iterator[Finding]:
    """Rules are ordered from the specific to the general: none fits only where an earlier one does."""
    ids: set[str] = set()
    for number, row in enumerate(table["rules"]):
        where = f"{WHERE} {row['id']}"
        if row["id"] in ids:
            yield Finding(where, "the id stands twice", "choose another")
        ids.add(row["id"])
        first = next((other["id"] for other in table["rules"][:number] if _includes(other, row, table)), None)
        if first is not None:
            yield Finding(where, f"{first} comes first and fits wherever it does", "take it out, or change the order")


def _includes(earlier: Json, row: Json, table: Json) -> bool:
    """Whether an earlier rule fits every sentence and response that a rule fits."""
    says = [set(name.split("|")) for name in row["says"]]
    return (
        all(any(named <= set(name.split("|")) for named in says) for name in earlier["says"])
        and set(earlier.get("without", ())) <= set(row.get("without", ()))
        and all(_is_wider(_values(earlier, name, table), _values(row, name, table)) for name in _CONDITIONS)
        and (earlier.get("pages", False) or not row.get("pages", False))
    )


def _is_wider(earlier: set[str], later: set[str]) -> bool:
    """Whether a condition allows what another one allows; an empty one allows everything."""
    return not earlier or (bool(later) and later <= earlier)


def _values(row: Json, name: str, table: Json) -> set[str]:
    return set(_expanded(row, table) if name == "codes" else row.get(name, ()))


def _expanded(row: Json, table: Mapping[str, Json]) -> list[str]:
    """The codes of a rule, groups replaced by theirs."""
    return [code for name in row.get("codes", ()) for code in table["groups"].get(name, (name,))]


def _chosen(row: Json) -> list[str]:
    """The types that a general one may be refined to, with those that only documents of a sign-in may choose."""
    return [*row["to"], *row.get("at_sign_in", ())]


def _list(names: set[str] | tuple[str, ...] | list[str]) -> str:
    return ", ".join(sorted(names))
