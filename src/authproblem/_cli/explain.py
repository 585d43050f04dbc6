"""Explain an entry, a code, an Okta i18n key, an error sentence or a problem type: its meaning, and who has to act."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

from authproblem._cli.screen import Json, Screen, add_registry, close, families_of, glossary, registry_of, row_of
from authproblem._model import PROVIDERS, Entry, ProblemType
from authproblem._registry.registry import Registry
from authproblem._registry.texts import fold

_MAX_OTHERS = 12
_MAX_TEXTS = 8
_SURELY = 0.9
"""Likeness from which a name is more likely misspelled than new."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "name",
        nargs="+",
        help="okta:E0000047, E0000047, too_many_attempts, mfa-required, 'Wrong email or password.' ...",
    )
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Print what the name means; 1 if nobody knows it."""
    registry, name = registry_of(args), " ".join(args.name).strip()
    screen = Screen()
    entries, kind = find(registry, name), find_type(registry, name)
    family = next((row for row in families_of(registry) if _holds(row, name)), None)
    if entries:
        _entry(screen, registry, entries[0], others(registry, entries))
    elif kind is not None:
        _type(screen, registry, kind)
    elif family is not None:
        _family(screen, registry, family, name)
    else:
        _unknown(screen, registry, name)
        return 1
    return 0


def find_type(registry: Registry, name: str) -> ProblemType | None:
    """The problem type that a slug, or a type URI that ends with one, stands for."""
    provider, _, rest = name.rpartition(":")
    slug = name if provider in PROVIDERS else rest.rpartition("/")[2].rpartition("#")[2]
    return registry.types.get(slug.lower())


def find(registry: Registry, name: str) -> list[Entry]:
    """The entries that a name stands for, the best first: by name, by code, then by one of their sentences."""
    found = registry.lookup(name)
    if found is not None:
        return [found]
    provider, _, rest = name.rpartition(":")
    wanted, folded = rest.lower() if provider in PROVIDERS else name.lower(), fold(name)
    entries = [entry for entry in registry if provider not in PROVIDERS or entry.provider == provider]
    by_code = [e for e in entries if e.code is not None and wanted in {e.code.lower(), f"errors.{e.code}".lower()}]
    by_code.sort(key=lambda entry: (PROVIDERS.index(entry.provider), bool(entry.texts), len(entry.id)))
    return by_code or [e for e in entries if any(fold(text) == folded for text in (*e.texts, *e.causes, *e.known))]


def others(registry: Registry, entries: list[Entry]) -> list[Entry]:
    """Further entries that the same name, or the same code, can stand for."""
    first = entries[0]
    same = [e for e in registry if first.code is not None and e.code == first.code]
    same.sort(key=lambda entry: entry.provider != first.provider)
    return list(dict.fromkeys(e for e in (*entries[1:], *same) if e.id != first.id))


def _entry(screen: Screen, registry: Registry, entry: Entry, rest: list[Entry]) -> None:
    words, row = glossary(), row_of(registry, entry.id)
    state = "retired: no longer sent" if entry.retired else "found by name only" if entry.lookup_only else ""
    screen.heading(entry.id, screen.paint(state, "yellow"))
    screen.field("problem type", f"{entry.reason}: {entry.title}")
    screen.line()
    screen.field("what it means", entry.hint)
    _action(screen, words, entry, entry.default_wait)
    screen.field("the user reads", f'"{entry.detail}"')
    sent = ", ".join(map(str, row.get("usual_status", ()))) or "not documented"
    screen.field("HTTP status", f"{entry.type.status} is the type's; the provider sends: {sent}")
    screen.line()
    screen.field("told by", *_told_by(entry, words))
    proof = (
        "yes: a match proves that the provider sent it"
        if entry.evidence
        else "no: counts where the app knows the sender"
    )
    screen.field("evidence", proof)
    if row.get("internal"):
        screen.field("known there as", ", ".join(row["internal"]))
    if entry.aliases:
        screen.field("also called", ", ".join(entry.aliases))
    screen.line()
    if rest:
        _list(screen, f"other entries with {'this code' if entry.code else 'this text'}", rest)
    screen.items("sources", (f"{source.at} ({source.strength})" for source in entry.sources))
    screen.line(f"  since {entry.since}, registry {registry.version}")


def _action(screen: Screen, words: Json, rule: Entry | ProblemType, wait: int | None = None) -> None:
    screen.field("who must act", f"{rule.owner}: {words['owners'][rule.owner]}")
    screen.field("remedy", f"{rule.remedy}: {words['remedies'][rule.remedy]['means']}")
    default = f" Where the response says nothing: {wait} seconds." if wait is not None else ""
    screen.field("retry", f"{rule.retry}: {words['retries'][rule.retry]}{default}")


def _told_by(entry: Entry, words: Json) -> Iterator[str]:
    yield f"code {entry.code}" if entry.code is not None else "its text alone, with any code"
    demands: dict[str, Sequence[object]] = {
        "HTTP status": sorted(entry.status),
        "name": [entry.name] if entry.name else [],
        "at": sorted(entry.surfaces),
        "cause reason": entry.reasons,
        "in": [words["shapes"][shape] for shape in sorted(entry.shapes)],
    }
    for label, values in demands.items():
        if values:
            yield f"{label} {' or '.join(map(str, values))}"
    for label, texts in (("text", entry.texts), ("cause", entry.causes)):
        for text in texts[:_MAX_TEXTS]:
            yield f'{label} "{text}"'
        if len(texts) > _MAX_TEXTS:
            yield f"and {len(texts) - _MAX_TEXTS} more"


def _type(screen: Screen, registry: Registry, kind: ProblemType) -> None:
    words = glossary()
    screen.heading(kind.slug, "a problem type")
    screen.field("title", kind.title)
    screen.line()
    screen.field("what it means", kind.hint)
    _action(screen, words, kind)
    screen.field("front end", words["remedies"][kind.remedy]["front_end"])
    screen.field("the user reads", f'"{kind.detail}"')
    screen.field("HTTP status", f"{kind.status} (canonical)")
    screen.field("log level", registry.data["problem_types"]["levels"][kind.owner])
    for level, folds in registry.data["problem_types"]["folds"].items():
        if kind.slug in folds:
            screen.field(f"{level} disclosure", f"strangers are told {folds[kind.slug]}")
    screen.line()
    entries = [entry for entry in registry if entry.type is kind]
    counts = Counter(entry.provider for entry in entries)
    told = (
        ", ".join(f"{count} of {provider}" for provider, count in sorted(counts.items()))
        or "none: only the status tells"
    )
    _list(screen, f"entries: {told}", entries)


def _family(screen: Screen, registry: Registry, family: Json, name: str) -> None:
    kind, words = registry.types[family["type"]], glossary()
    screen.heading(name, f"no entry, but a code of the family {family['pattern']}")
    screen.field("problem type", f"{kind.slug}: {kind.title}")
    screen.field("provider", f"{family['provider']}, where the app knows that it answered")
    screen.line()
    screen.field("what it means", kind.hint)
    _action(screen, words, kind)
    screen.line()
    if near := close(name, _all_names(registry), least=_SURELY):
        screen.items("did you mean", near)
    screen.items("sources", (f"{row['at']} ({row['strength']})" for row in family["sources"]))


def _holds(family: Json, name: str) -> bool:
    provider, _, code = name.rpartition(":")
    if provider not in {"", family["provider"]}:
        return False
    pattern: str = family["pattern"]
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code.endswith(pattern[1:])


def _list(screen: Screen, label: str, entries: list[Entry]) -> None:
    rows = [f"{entry.id} -> {entry.reason}" for entry in entries[:_MAX_OTHERS]]
    if len(entries) > _MAX_OTHERS:
        rows.append(f"and {len(entries) - _MAX_OTHERS} more: python -m authproblem list")
    screen.items(label, rows)


def _unknown(screen: Screen, registry: Registry, name: str) -> None:
    screen.line(f"Nothing here is called {name!r}.")
    if near := close(name, _all_names(registry)):
        screen.items("did you mean", near)
    else:
        screen.line("`python -m authproblem list` shows what there is.")


def _all_names(registry: Registry) -> list[str]:
    """Everything that somebody may have meant, each spelling once."""
    codes = sorted({entry.code for entry in registry if entry.code is not None})
    return list(dict.fromkeys((*registry.types, *(entry.id for entry in registry), *codes)))
