"""Builds what a `Registry` looks things up in, from the rows and tables of the data files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from authproblem._model import PROVIDERS, Entry, Json, ProblemType
from authproblem._registry.copies import read_only
from authproblem._registry.domains import VendorDomains
from authproblem._registry.entries import bare_entry, entry_of, problem_type_of
from authproblem._registry.index import Family, ProviderIndex
from authproblem._registry.surfaces import Surfaces
from authproblem._upstream.shapes import Shapes


def build_lookups(
    tables: Mapping[str, Json],
    rows: Mapping[str, Json],
    families: Mapping[str, list[Json]],
    known: Mapping[str, list[str]],
) -> dict[str, Any]:
    """Return the attributes of a registry, by their names."""
    shapes = tables["shapes"]
    types = {row["slug"]: problem_type_of(row) for row in tables["problem_types"]["types"]}
    sentences = tables["problem_types"]["sentences"]
    entries = {entry_id: entry_of(row, types, sentences) for entry_id, row in sorted(rows.items())}
    names = _names(entries.values())
    return {
        "types": MappingProxyType(types),
        "data": read_only(tables),
        "families": read_only(families),
        "known": read_only(known),
        "shapes": Shapes(shapes),
        "surfaces": Surfaces(tables["surfaces"]["surfaces"]),
        "provider_headers": MappingProxyType(shapes["provider_headers"]),
        "member_kinds": MappingProxyType(shapes["members"]),
        "link_members": tuple(shapes["links"]["members"]),
        "link_details": MappingProxyType(shapes["links"]["types"]),
        "step_challenges": frozenset(shapes["step_challenges"]),
        "flow_types": frozenset(shapes["flow_types"]),
        "levels": MappingProxyType(tables["problem_types"]["levels"]),
        "vendor_domains": VendorDomains(shapes["vendor_domains"]),
        "concurrency": names.get(shapes["concurrency_entry"]),
        "_rows": rows,
        "_entries": entries,
        "_names": names,
        "_phrases": {},
        "_bare": {slug: bare_entry(kind) for slug, kind in types.items()},
        "_by_status": shapes["by_status"],
        "_codes": frozenset(entry.code for entry in entries.values() if not entry.lookup_only),
        "_indexes": _indexes(entries.values(), families, known, types),
    }


def _indexes(
    entries: Collection[Entry],
    families: Mapping[str, list[Json]],
    known: Mapping[str, list[str]],
    types: Mapping[str, ProblemType],
) -> dict[str, ProviderIndex]:
    """Return the index of each provider; OAuth's is made first, since its texts are known from every provider."""
    indexes: dict[str, ProviderIndex] = {}
    for name in sorted(PROVIDERS, key="oauth".__ne__):
        own = (entry for entry in entries if entry.provider == name)
        groups = [_family(row, types) for row in families.get(name, ())]
        indexes[name] = ProviderIndex(name, own, groups, known.get(name, ()), indexes.get("oauth"))
    return indexes


def _family(row: Json, types: Mapping[str, ProblemType]) -> Family:
    shapes, status = frozenset(row.get("shapes", ())), frozenset(row.get("status", ()))
    return Family(row["pattern"], shapes, status, types[row["type"]], frozenset(row.get("words", ())))


def _names(entries: Iterable[Entry]) -> dict[str, Entry]:
    names: dict[str, Entry] = {}
    for entry in entries:
        for alias in entry.aliases:
            names.setdefault(alias if ":" in alias else f"{entry.provider}:{alias}", entry)
    names.update((entry.id, entry) for entry in entries)
    return names
