"""The two outputs of `explain`: text for people (`show`) and JSON for programs (`describe`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from authproblem._cli.commands import program
from authproblem._cli.find import Found, related
from authproblem._cli.registry import resolved
from authproblem._cli.screen import Json, Screen, glossary, row_of
from authproblem._model import Entry, ProblemType
from authproblem._registry.registry import Registry

_MOST_ENTRIES = 12
_MOST_TEXTS = 8


def describe(registry: Registry, name: str, found: Found) -> Json:
    """Return what a name means as JSON; the member `kind` is `entry`, `type`, `family` or `unknown`."""
    if found.entries:
        entry = found.entries[0]
        others = [other.id for other in related(registry, found.entries)]
        known = {"title": entry.title, "entry": resolved(registry, entry), "related": others}
        return {"name": name, "kind": "entry", **known, "meaning": _meaning(entry)}
    if found.kind is not None:
        kind = found.kind
        folds = registry.data["problem_types"]["folds"]
        return {
            "name": name,
            "kind": "type",
            "type": {name: getattr(kind, name) for name in kind.__slots__},
            "meaning": _meaning(kind),
            "log_level": registry.data["problem_types"]["levels"][kind.owner],
            "disclosed_as": {level: rows[kind.slug] for level, rows in folds.items() if kind.slug in rows},
            "entries": [entry.id for entry in registry if entry.type is kind],
        }
    if found.family is not None:
        return {"name": name, "kind": "family", "family": found.family, "similar": [*found.similar]}
    return {"name": name, "kind": "unknown", "similar": [*found.similar]}


def show(screen: Screen, registry: Registry, name: str, found: Found) -> None:
    """Write what a name means."""
    if found.entries:
        _show_entry(screen, registry, found.entries[0], related(registry, found.entries))
    elif found.kind is not None:
        _show_type(screen, registry, found.kind)
    elif found.family is not None:
        _show_family(screen, registry, found, name)
    else:
        _show_unknown(screen, name, found.similar)


def _meaning(rule: Entry | ProblemType) -> Json:
    words = glossary()
    remedy = words["remedies"][rule.remedy]
    return {
        "owner": words["owners"][rule.owner],
        "remedy": remedy["means"],
        "retry": words["retries"][rule.retry],
        "front_end": remedy["front_end"],
    }


def _show_entry(screen: Screen, registry: Registry, entry: Entry, others: list[Entry]) -> None:
    row = row_of(registry, entry.id)
    state = "retired: no longer sent" if entry.retired else "found by name only" if entry.lookup_only else ""
    screen.heading(entry.id, screen.paint(state, "yellow"))
    screen.field("problem type", f"{entry.reason}: {entry.title}")
    screen.line()
    screen.field("meaning", entry.hint)
    _show_action(screen, entry, entry.default_wait)
    screen.field("user reads", f'"{entry.detail}"')
    sent = ", ".join(map(str, row.get("usual_status", ()))) or "not documented"
    screen.field("HTTP status", f"{entry.type.status} for the problem type; the provider sends: {sent}")
    screen.line()
    screen.field("identified by", *_criteria(entry))
    proof = "yes: a match proves who sent it" if entry.evidence else "no: it counts only where the sender is known"
    screen.field("evidence", proof)
    if row.get("internal"):
        screen.field("internal name", ", ".join(row["internal"]))
    if entry.aliases:
        screen.field("aliases", ", ".join(entry.aliases))
    screen.line()
    if others:
        _show_list(screen, f"other entries with the same {'code' if entry.code else 'text'}", others)
    screen.items("sources", (f"{source.at} ({source.strength})" for source in entry.sources))
    screen.line(f"  since {entry.since}, registry {registry.version}")


def _show_action(screen: Screen, rule: Entry | ProblemType, wait: int | None = None) -> None:
    means = _meaning(rule)
    default = f" If the response gives no time: {wait} seconds." if wait is not None else ""
    screen.field("owner", f"{rule.owner}: {means['owner']}")
    screen.field("remedy", f"{rule.remedy}: {means['remedy']}")
    screen.field("retry", f"{rule.retry}: {means['retry']}{default}")


def _criteria(entry: Entry) -> Iterator[str]:
    shapes = glossary()["shapes"]
    yield f"code {entry.code}" if entry.code is not None else "its text, with any code"
    criteria: dict[str, Sequence[object]] = {
        "HTTP status": sorted(entry.status),
        "name": [entry.name] if entry.name else [],
        "sent by": sorted(entry.surfaces),
        "reason of a cause": entry.reasons,
        "form:": [shapes[shape] for shape in sorted(entry.shapes)],
    }
    for label, values in criteria.items():
        if values:
            yield f"{label} {' or '.join(map(str, values))}"
    for label, texts in (("text", entry.texts), ("cause", entry.causes)):
        for text in texts[:_MOST_TEXTS]:
            yield f'{label} "{text}"'
        if len(texts) > _MOST_TEXTS:
            yield f"and {len(texts) - _MOST_TEXTS} more"


def _show_type(screen: Screen, registry: Registry, kind: ProblemType) -> None:
    screen.heading(kind.slug, "a problem type")
    screen.field("title", kind.title)
    screen.line()
    screen.field("meaning", kind.hint)
    _show_action(screen, kind)
    screen.field("front end", _meaning(kind)["front_end"])
    screen.field("user reads", f'"{kind.detail}"')
    screen.field("HTTP status", f"{kind.status} (canonical)")
    screen.field("log level", registry.data["problem_types"]["levels"][kind.owner])
    for level, folds in registry.data["problem_types"]["folds"].items():
        if kind.slug in folds:
            screen.field(f"{level} disclosure", f"sent as {folds[kind.slug]} to unauthenticated callers")
    screen.line()
    entries = [entry for entry in registry if entry.type is kind]
    counts = Counter(entry.provider for entry in entries)
    by_provider = ", ".join(f"{count} of {provider}" for provider, count in sorted(counts.items()))
    _show_list(screen, f"entries: {by_provider or 'none; chosen by the HTTP status'}", entries)


def _show_family(screen: Screen, registry: Registry, found: Found, name: str) -> None:
    family = found.family or {}
    kind = registry.types[family["type"]]
    screen.heading(name, f"not registered, but a code of the family {family['pattern']}")
    screen.field("problem type", f"{kind.slug}: {kind.title}")
    screen.field("provider", f"{family['provider']}, where the app declares that it sent the response")
    screen.line()
    screen.field("meaning", kind.hint)
    _show_action(screen, kind)
    screen.line()
    if found.similar:
        screen.items("did you mean", found.similar)
    screen.items("sources", (f"{row['at']} ({row['strength']})" for row in family["sources"]))


def _show_list(screen: Screen, label: str, entries: list[Entry]) -> None:
    rows = [f"{entry.id} -> {entry.reason}" for entry in entries[:_MOST_ENTRIES]]
    if len(entries) > _MOST_ENTRIES:
        narrowed = (
            f"--type {entries[0].reason}"
            if len({entry.reason for entry in entries}) == 1
            else f"--code {entries[0].code}"
        )
        rows.append(f"and {len(entries) - _MOST_ENTRIES} more: {program()} list {narrowed}")
    screen.items(label, rows)


def _show_unknown(screen: Screen, name: str, similar: Sequence[str]) -> None:
    screen.line(f"{name!r} is not in the registry.")
    if similar:
        screen.items("did you mean", similar)
    else:
        screen.line(f"`{program()} list` prints all entries; add --grep to search in them.")
