"""Rules on form: every file has its schema and its layout, and names only what exists. Each yields findings.

What the entries say and claim is in `registry_rules`, what has to be tried out in `registry_vectors`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry as Schemas
from referencing import Resource

from tools.registry_data import REGISTRY, UNLISTED, VECTORS, Data, Finding, Rule, canonical

FIX = "run `python tools/check_registry.py --fix`"


def schemas(data: Data) -> Iterator[Finding]:
    """Every file against its JSON Schema; entries one by one, so that the message names the entry."""
    store: Schemas[Any] = Schemas().with_resources(
        (data.table(name)["$id"], Resource.from_contents(data.table(name))) for name in ("schema", "tables.schema")
    )
    entry = Draft202012Validator({"$ref": "urn:authproblem:registry#/$defs/entry"}, registry=store)
    for row in data.rows:
        for fault in entry.iter_errors(row.entry):
            yield row.finding(_message(fault), f"make it fit $defs/entry of {REGISTRY}/schema.json")
    whole = Draft202012Validator({"$ref": "urn:authproblem:registry"}, registry=store)
    for name, document in data.files.items():
        for fault in whole.iter_errors({**document, "entries": [{**_SOUND, "id": "oauth:x"}]}):
            yield Finding(f"{REGISTRY / name}.json", _message(fault), f"make it fit {REGISTRY}/schema.json")
    for name in (*data.manifest["tables"], "manifest", "glossary"):
        form = Draft202012Validator({"$ref": f"urn:authproblem:registry-tables#/$defs/{name}"}, registry=store)
        for fault in form.iter_errors(data.tables.get(name, {})):
            yield Finding(f"{REGISTRY / name}.json", _message(fault), f"make it fit {REGISTRY}/tables.schema.json")
    vector = Draft202012Validator(data.table("vectors.schema"))
    for place in data.vectors:
        for fault in vector.iter_errors(place.row):
            yield Finding(place.where, _message(fault), f"make it fit {VECTORS}/schema.json")


_SOUND = {
    "code": "x",
    "type": "not-found",
    "evidence": False,
    "hint": "A sound entry.",
    "sources": [{"at": "RFC 1 section 1", "strength": "documented"}],
}


def _message(fault: Any) -> str:
    path = "/".join(map(str, fault.absolute_path))
    return f"{path + ': ' if path else ''}{fault.message[:200]}"


def layout(data: Data) -> Iterator[Finding]:
    """One entry a line, sorted by id, members in the schema's order: so that diffs are small and merges easy."""
    for name, document in data.files.items():
        path = data.folder / f"{name}.json"
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
    for path in sorted(data.folder.glob("*.json")):
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


def schema_words(data: Data) -> Iterator[Finding]:
    """The schemas and the glossary list the same owners, remedies, retries and slugs as the problem types."""
    types, glossary, wire = data.table("problem_types"), data.table("glossary"), data.table("wire.schema")
    entry = data.table("schema")["$defs"]["entry"]["properties"]
    words = {
        "owners": ("owner", wire["properties"]["owner"]["enum"]),
        "remedies": ("remedy", wire["properties"]["remedy"]["enum"]),
        "retries": ("retry", wire["$defs"]["retry"]["properties"]["policy"]["enum"]),
    }
    for name, (member, on_wire) in words.items():
        lists = {"schema": entry[member]["enum"], "wire.schema": on_wire, "glossary": list(glossary[name])}
        for where, got in lists.items():
            if got != types[name]:
                what = f"{name} are not those of problem_types.json"
                yield Finding(f"{REGISTRY}/{where}.json", what, f"list {types[name]}")
    if wire["$defs"]["slug"]["enum"] != [row["slug"] for row in types["types"]]:
        what = "the slugs are not those of problem_types.json"
        yield Finding(f"{REGISTRY}/wire.schema.json", what, "list them in that order")


def type_words(data: Data) -> Iterator[Finding]:
    """Problem types use the listed words, each slug and title once; folds name problem types."""
    table, categories = data.table("problem_types"), data.table("glossary")["categories"]
    where = f"{REGISTRY}/problem_types.json"
    if set(table["levels"]) != set(table["owners"]):
        yield Finding(where, "levels and owners differ", "give every owner a level")
    for row in table["types"]:
        for member, allowed in (
            ("owner", table["owners"]),
            ("remedy", table["remedies"]),
            ("retry", table["retries"]),
            ("category", list(categories)),
        ):
            if row[member] not in allowed:
                yield Finding(f"{where} {row['slug']}", f"{member} is {row[member]!r}", f"use one of {allowed}")
    slugs = [row["slug"] for row in table["types"]]
    for level, folds in table["folds"].items():
        for slug in [slug for pair in folds.items() for slug in pair if slug not in slugs]:
            yield Finding(where, f"folds.{level} names {slug!r}", "name problem types")
    for value, count in Counter([*slugs, *(row["title"] for row in table["types"])]).items():
        if count > 1:
            yield Finding(where, f"{value!r} stands twice", "name it otherwise")


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


FORM: tuple[Rule, ...] = (files, references, schema_words, type_words, paths)
