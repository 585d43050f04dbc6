"""Rules that need nothing but the data: form, words, claims and evidence. Each is a function that yields findings.

What has to be tried out (does an entry's vector hit it?) is in `registry_vectors`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry as Schemas
from referencing import Resource

from authproblem._text import Template, fold, is_constant
from tools.registry_data import REGISTRY, UNLISTED, VECTORS, Data, Finding, Json, Row, canonical

FIX = "run `python tools/check_registry.py --fix`"
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

Rule = Callable[[Data], Iterable[Finding]]


def schemas(data: Data) -> Iterator[Finding]:
    """Every file against its JSON Schema; entries one by one, so that the message names the entry."""
    store: Schemas[Any] = Schemas().with_resources(
        (data.table(name)["$id"], Resource.from_contents(data.table(name))) for name in ("schema", "tables.schema")
    )
    entry = Draft202012Validator({"$ref": "urn:authproblem:registry#/$defs/entry"}, registry=store)
    for row in data.rows:
        for fault in entry.iter_errors(row.entry):
            yield row.finding(_told(fault), f"make it fit $defs/entry of {REGISTRY}/schema.json")
    whole = Draft202012Validator({"$ref": "urn:authproblem:registry"}, registry=store)
    for name, document in data.files.items():
        for fault in whole.iter_errors({**document, "entries": [{**_SOUND, "id": "oauth:x"}]}):
            yield Finding(f"{REGISTRY / name}.json", _told(fault), f"make it fit {REGISTRY}/schema.json")
    for name in (*data.manifest["tables"], "manifest", "glossary"):
        form = Draft202012Validator({"$ref": f"urn:authproblem:registry-tables#/$defs/{name}"}, registry=store)
        for fault in form.iter_errors(data.tables.get(name, {})):
            yield Finding(f"{REGISTRY / name}.json", _told(fault), f"make it fit {REGISTRY}/tables.schema.json")
    vector = Draft202012Validator(data.table("vectors.schema"))
    for place in data.vectors:
        for fault in vector.iter_errors(place.row):
            yield Finding(place.where, _told(fault), f"make it fit {VECTORS}/schema.json")


_SOUND = {
    "code": "x",
    "type": "not-found",
    "evidence": False,
    "hint": "A sound entry.",
    "sources": [{"at": "RFC 1 section 1", "strength": "documented"}],
}


def _told(fault: Any) -> str:
    path = "/".join(map(str, fault.absolute_path))
    return f"{path + ': ' if path else ''}{fault.message[:200]}"


def layout(data: Data) -> Iterator[Finding]:
    """One entry a line, sorted by id, members in the schema's order: so that diffs are small and merges easy."""
    for name, document in data.files.items():
        path = data.root / REGISTRY / f"{name}.json"
        wanted, got = canonical(document, data.table("schema")), path.read_text("utf-8")
        if wanted != got:
            line = next(
                (n for n, (a, b) in enumerate(zip(wanted.splitlines(), got.splitlines(), strict=False), 1) if a != b), 1
            )
            what = f"is not sorted by id, one entry a line (first at line {line})"
            yield Finding(f"{REGISTRY / name}.json", what, FIX)


def files(data: Data) -> Iterator[Finding]:
    """The manifest names every file and no other, and every file holds its own provider's entries, each id once."""
    named = {*data.manifest["tables"], *data.manifest["entries"], *UNLISTED}
    for path in sorted((data.root / REGISTRY).glob("*.json")):
        if path.stem not in named:
            yield Finding(f"{REGISTRY / path.name}", "is not read by anybody", f"name it in {REGISTRY}/manifest.json")
    first: dict[str, str] = {}
    for row in data.rows:
        if row.id in first:
            yield row.finding(f"stands in {first[row.id]}.json too", "keep one of the two, with the sources of both")
        first.setdefault(row.id, row.file)
        if row.provider != data.files[row.file]["provider"]:
            yield row.finding(
                f"is in a file of {data.files[row.file]['provider']}", f"move it to a file of {row.provider}"
            )


def references(data: Data) -> Iterator[Finding]:
    """Types, surfaces and entries that others name exist."""
    types = {row["slug"]: row for row in data.table("problem_types")["types"]}
    surfaces = {row["id"]: row["provider"] for row in data.table("surfaces")["surfaces"]}
    ids = {row.id for row in data.rows}
    for row in data.rows:
        if row.entry.get("type") not in types:
            yield row.finding(
                f"type {row.entry.get('type')!r} does not exist", "use a slug of problem_types.json (docs/problems)"
            )
        for surface in row.entry.get("surfaces", ()):
            if surfaces.get(surface) != row.provider:
                yield row.finding(
                    f"surface {surface!r} is none of {row.provider}", "use an id of surfaces.json, or add it there"
                )
    for name, document in data.files.items():
        for family in document.get("families", ()):
            if family["type"] not in types:
                yield Finding(
                    f"{REGISTRY / name}.json {family['pattern']}",
                    f"type {family['type']!r} does not exist",
                    "use a slug of problem_types.json",
                )
    shapes = data.table("shapes")
    slugs = [*shapes["flow_types"], *shapes["by_status"].values()]
    for slug in [slug for slug in slugs if slug not in types]:
        yield Finding(f"{REGISTRY}/shapes.json", f"type {slug!r} does not exist", "use a slug of problem_types.json")
    if shapes["concurrency_entry"] not in ids:
        yield Finding(f"{REGISTRY}/shapes.json", "concurrency_entry names no entry", "name the id of an entry")


def vocabulary(data: Data) -> Iterator[Finding]:
    """The schemas, the glossary and the problem types speak of the same owners, remedies, retries and slugs."""
    types, glossary, wire = data.table("problem_types"), data.table("glossary"), data.table("wire.schema")
    entry = data.table("schema")["$defs"]["entry"]["properties"]
    slugs = [row["slug"] for row in types["types"]]
    words = {
        "owners": ("owner", wire["properties"]["owner"]["enum"]),
        "remedies": ("remedy", wire["properties"]["remedy"]["enum"]),
        "retries": ("retry", wire["$defs"]["retry"]["properties"]["policy"]["enum"]),
    }
    for name, (member, on_wire) in words.items():
        for where, got in (
            ("schema.json", entry[member]["enum"]),
            ("wire.schema.json", on_wire),
            ("glossary.json", list(glossary[name])),
        ):
            if got != types[name]:
                yield Finding(f"{REGISTRY}/{where}", f"{name} are not those of problem_types.json", f"list {types[name]}")
    if wire["$defs"]["slug"]["enum"] != slugs:
        yield Finding(
            f"{REGISTRY}/wire.schema.json", "the slugs are not those of problem_types.json", "list them in that order"
        )
    if set(types["levels"]) != set(types["owners"]):
        yield Finding(f"{REGISTRY}/problem_types.json", "levels and owners differ", "give every owner a level")
    for row in types["types"]:
        named = {"owner": "owners", "remedy": "remedies", "retry": "retries"}
        for member, name in named.items():
            if row[member] not in types[name]:
                yield _of_type(row, f"{member} {row[member]!r} is none of {name}", f"use one of {types[name]}")
        if row["category"] not in glossary["categories"]:
            yield _of_type(row, f"category {row['category']!r} is not in glossary.json", "add it to its categories")
    for level, folds in types["folds"].items():
        for slug in [slug for pair in folds.items() for slug in pair if slug not in slugs]:
            yield Finding(f"{REGISTRY}/problem_types.json", f"folds.{level} names {slug!r}", "name problem types")
    for what, values in (("slug", slugs), ("title", [row["title"] for row in types["types"]])):
        for value, count in Counter(values).items():
            if count > 1:
                yield Finding(f"{REGISTRY}/problem_types.json", f"{what} {value!r} stands twice", "name it otherwise")


def _of_type(row: Json, what: str, mend: str) -> Finding:
    return Finding(f"{REGISTRY}/problem_types.json {row['slug']}", what, mend)


def paths(data: Data) -> Iterator[Finding]:
    """A path belongs to one surface, and a surface has one row."""
    owners: dict[tuple[str, str], str] = {}
    for row in data.table("surfaces")["surfaces"]:
        where = f"{REGISTRY}/surfaces.json {row['id']}"
        if not row["id"].startswith(row["provider"] + "."):
            yield Finding(where, f"belongs to {row['provider']}", "begin the id with the provider")
        for path in row["paths"]:
            key = row["provider"], re.sub(r"\{[a-z]+\}", "{x}", path)
            first = owners.setdefault(key, row["id"])
            if first != row["id"]:
                yield Finding(where, f"path {path} is one of {first} already", "leave it in one of the two")


def words(data: Data) -> Iterator[Finding]:
    """Our own sentences: American spelling, no code names where an end user reads, nothing that the type says already."""
    types = {row["slug"]: row for row in data.table("problem_types")["types"]}
    for row in data.rows:
        kind = types.get(row.entry.get("type"), {})
        for member in ("detail", "hint", "note"):
            yield from _spelling(row.finding, member, row.entry.get(member, ""))
        if code := _CODE_NAME.search(row.entry.get("detail", "")):
            yield row.finding(
                f"detail says {code.group()!r}, which no end user understands", "say it in plain words; codes go to hint"
            )
        for member in ("owner", "remedy", "retry", "detail", "hint"):
            if member in row.entry and row.entry[member] == kind.get(member):
                yield row.finding(f"{member} is that of its type {row.entry['type']}", f"leave {member} out")
    for slug, kind in types.items():
        for member in ("detail", "hint"):
            yield from _spelling(lambda what, mend, kind=kind: _of_type(kind, what, mend), member, kind[member])
        if code := _CODE_NAME.search(kind["detail"]):
            yield _of_type(kind, f"detail of {slug} says {code.group()!r}", "say it in plain words")


def _spelling(finding: Callable[[str, str], Finding], member: str, text: str) -> Iterator[Finding]:
    if british := _BRITISH.search(_NAMED.sub("", text)):
        yield finding(f"{member} says {british.group()!r}", "write the American form (email, canceled, authorize ...)")


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
    """No two entries claim the same responses, and no name stands for two entries."""
    tiers: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in data.rows:
        entry = row.entry
        if not entry.get("lookup_only"):
            for text in entry.get("texts") or (*entry.get("causes", ()), *entry.get("reasons", ())) or (None,):
                tiers[row.provider, entry.get("code"), fold(text) if text else None, bool(entry.get("texts"))].append(row)
    for key, rivals in tiers.items():
        for number, row in enumerate(rivals):
            for other in rivals[:number]:
                if other.id != row.id and _overlap(row.entry, other.entry):
                    what = f"claims the same responses as {other.id} (code {key[1]!r}, text {key[2]!r})"
                    yield row.finding(what, "merge the two, or tell them apart by shapes, status, surfaces or name")
    ids = {row.id for row in data.rows}
    taken: dict[str, str] = {}
    for row in data.rows:
        for alias in row.entry.get("aliases", ()):
            name = alias if ":" in alias else f"{row.provider}:{alias}"
            first = name if name in ids else taken.setdefault(name, row.id)
            if first != row.id:
                yield row.finding(f"alias {alias!r} is a name of {first} already", "choose another, or leave it out")


def _overlap(one: Json, other: Json) -> bool:
    """Whether a response can fit both, and neither demands more than the other (then that one would be asked first)."""
    if _rank(one) != _rank(other) or one.get("name") != other.get("name"):
        return False
    return all(
        not (one.get(field) and other.get(field)) or set(one[field]) & set(other[field])
        for field in ("shapes", "status", "surfaces")
    )


def _rank(entry: Json) -> int:
    return 4 * ("surfaces" in entry) + 3 * ("status" in entry) + 2 * ("shapes" in entry) + ("name" in entry)


def evidence(data: Data) -> Iterator[Finding]:
    """What proves a sender is one vendor's alone: its code, or a long constant text that nobody else has."""
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
            yield row.finding("evidence: OAuth is spoken by everybody", "say evidence: false")
            continue
        rivals = [provider for provider in codes if provider != row.provider]
        generic = "code" not in entry or any(entry["code"] in codes[rival] for rival in rivals)
        if not generic or (entry.get("shapes") and _PROVING_SHAPES.issuperset(entry["shapes"]) and "code" in entry):
            continue
        weak = [t for t in entry.get("texts", ()) if len(t) < _LONG_ENOUGH or not is_constant(t)]
        shared = [t for t in entry.get("texts", ()) if any(fold(t) in texts[rival] for rival in rivals)]
        if not entry.get("texts") or weak or shared:
            what = f"evidence: others send {entry.get('code', 'no code')!r} too" + "".join(
                f", and {text!r} is no proof" for text in (weak + shared)[:1]
            )
            yield row.finding(
                what, f"say evidence: false, or keep only constant texts of {_LONG_ENOUGH} characters that no other has"
            )


RULES: tuple[Rule, ...] = (layout, files, references, vocabulary, paths, words, templates, claims, evidence)
