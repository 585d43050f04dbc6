"""Rules on the tables beside the entries: shared limits and verdicts on credentials. Each yields findings.

They need nothing but the data; the form of the tables is in `tables.schema.json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.registry_data import REGISTRY, Data, Finding, Rule

_NEVER_DEAD = frozenset(("limit", "upstream", "flow", "tenant"))
"""Owners whose errors say nothing against a credential."""


def limits(data: Data) -> Iterator[Finding]:
    """Every shared limit is at a surface that exists, once."""
    where = f"{REGISTRY}/limits.json"
    surfaces = {row["id"] for row in data.table("surfaces")["surfaces"]}
    seen: set[str] = set()
    for row in data.table("limits")["shared"]:
        if row["surface"] not in surfaces:
            yield Finding(where, f"surface {row['surface']!r} does not exist", "use an id of surfaces.json")
        if row["surface"] in seen:
            yield Finding(where, f"surface {row['surface']!r} is listed twice", "keep one row")
        seen.add(row["surface"])


def credentials(data: Data) -> Iterator[Finding]:
    """Every problem type has a verdict, entries differ from their type, and no limit or outage says `dead`."""
    where = f"{REGISTRY}/credentials.json"
    table = data.table("credentials")
    types = {row["slug"]: row for row in data.table("problem_types")["types"]}
    entries = {row.id: row.entry["type"] for row in data.rows}
    for slug in sorted(types.keys() ^ table["types"].keys()):
        yield Finding(where, f"types: {slug!r} is missing or no problem type", "name every slug of problem_types.json")
    for name, verdict in table["entries"].items():
        if name not in entries:
            yield Finding(where, f"entries: {name!r} does not exist", "use the id of an entry")
        elif verdict == table["types"].get(entries[name]):
            yield Finding(where, f"entries: {name!r} says what its type says", "remove the row")
    for name, verdict in (*table["types"].items(), *table["entries"].items()):
        owner = types.get(entries.get(name, name), {}).get("owner")
        if verdict[0] == "dead" and owner in _NEVER_DEAD:
            yield Finding(where, f"{name!r} says dead, but its owner is {owner!r}", "say keep")
        if verdict[1:] and verdict[1] not in table["kinds"]:
            yield Finding(where, f"{name!r} has the unknown kind {verdict[1]!r}", "use one of `kinds`")


TABLES: tuple[Rule, ...] = (limits, credentials)
