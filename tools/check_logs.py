"""Checks the tables of log events: form, order, vocabulary, and that no published type is forgotten.

`make lint` runs it; all findings come at once, each with how to fix it. What an event means is tried in `tests/logs`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script

import authproblem
from authproblem import Registry
from tools.registry_data import ROOT, Finding, Json

DATA = Path("src/authproblem/logs/data")
LISTS = Path("tests/logs/data")
NAMES = ("attacks", "auth0-events", "auth0-texts", "okta-events", "okta-reasons")
PUBLISHED = {"auth0": "auth0-log-types", "okta": "okta-event-types"}
"""The vendors' published lists, one type a line."""


def check(root: Path = ROOT) -> list[Finding]:
    """Everything that is wrong in the repository at `root`.

    Args:
        root: a folder with `src/authproblem/logs/data` and `tests/logs/data`.

    Returns:
        The findings; empty if there are none.
    """
    tables: dict[str, Json] = {}
    findings: list[Finding] = []
    for name in (*NAMES, "schema"):
        try:
            tables[name] = _read(root, name)
        except (OSError, ValueError) as error:  # noqa: PERF203 - six files
            findings.append(Finding(_place(name), str(error), "fix the JSON"))
    findings += () if findings else _form(tables)
    if findings:
        return findings
    rules = (_sorted(tables), _vocabulary(tables), _reachable(tables), _layout(tables, root), _complete(tables, root))
    return [finding for rule in rules for finding in rule]


def data_folder(root: Path) -> Path:
    """Return the tables of a repository; of one without `src` (tests of a built wheel), those of the package."""
    folder = root / DATA
    return folder if folder.is_dir() else Path(authproblem.__file__).parent / "logs" / "data"


def counts(root: Path = ROOT) -> dict[str, tuple[int, int]]:
    """By provider, how many types its published list has, and how many of them mean a failure."""
    mapped = {"auth0": _mapped(_read(root, "auth0-events")), "okta": _mapped(_read(root, "okta-events"))}
    lists = {provider: _published(root, provider) for provider in PUBLISHED}
    return {provider: (len(names), len(mapped[provider].intersection(names))) for provider, names in lists.items()}


def _read(root: Path, name: str) -> Json:
    document: Json = json.loads((data_folder(root) / f"{name}.json").read_text("utf-8"))
    return document


def _place(name: str) -> str:
    return str(DATA / f"{name}.json")


def _published(root: Path, provider: str) -> list[str]:
    return (root / LISTS / f"{PUBLISHED[provider]}.txt").read_text("utf-8").split()


def _mapped(table: Json) -> set[str]:
    return {row["id"] for row in table["events"] if "type" in row}


def _form(tables: dict[str, Json]) -> Iterator[Finding]:
    schema = tables["schema"]
    for name in NAMES:
        validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})
        for fault in validator.iter_errors(tables[name]):
            path = "/".join(map(str, fault.absolute_path))
            yield Finding(f"{_place(name)} {path}", fault.message[:200], f"make it fit $defs/{name} of schema.json")


def _sorted(tables: dict[str, Json]) -> Iterator[Finding]:
    keys = (("attacks", "attacks", "id"), ("auth0-events", "events", "id"), ("okta-events", "events", "id"))
    for name, member, key in (*keys, ("okta-reasons", "reasons", "reason"), ("okta-events", "families", "prefix")):
        found = [row[key] for row in tables[name][member]]
        for before, after in pairwise(found):
            if before >= after:
                yield Finding(f"{_place(name)} {after}", f"stands after {before}", "sort the rows, each once")


def _vocabulary(tables: dict[str, Json]) -> Iterator[Finding]:
    types = Registry.builtin().types
    attacks = {row["id"] for row in tables["attacks"]["attacks"]}
    for name in NAMES:
        for row in _rows(tables[name]):
            where = f"{_place(name)} {next(iter(row.values()))}"
            for slug in (row.get("type"), row.get("deny")):
                if slug is not None and slug not in types:
                    yield Finding(where, f"no problem type {slug!r}", "name one of the registry's problem_types.json")
            if "attack" in row and row["attack"] not in attacks:
                yield Finding(where, f"no kind of attack {row['attack']!r}", "name one of attacks.json")
    for slug in tables["auth0-texts"]["names"].values():
        if slug not in types:
            yield Finding(_place("auth0-texts"), f"no problem type {slug!r}", "name one of the registry's")
    known = _mapped(tables["auth0-events"])
    for action, code in tables["auth0-events"]["actions"].items():
        if code not in known:
            yield Finding(f"{_place('auth0-events')} {action}", f"no failure {code!r}", "name a mapped type")


def _rows(table: Json) -> Iterator[Json]:
    for member in table.values():
        if isinstance(member, list):
            yield from (row for row in member if isinstance(row, dict))


def _reachable(tables: dict[str, Json]) -> Iterator[Finding]:
    """A phrase that contains an earlier one is never reached."""
    for name, member in (("okta-reasons", "phrases"), ("auth0-texts", "texts")):
        seen: list[Any] = []
        for row in tables[name][member]:
            where = f"{_place(name)} {row['contains']}"
            if row["contains"] != row["contains"].lower():
                yield Finding(where, "has capitals", "write it in lower case, as texts are searched")
            for before in seen:
                if before["contains"] in row["contains"] and before.get("only") in {None, row.get("only")}:
                    yield Finding(where, f"is never reached: {before['contains']!r} is found first", "move it up")
            seen.append(row)


def _layout(tables: dict[str, Json], root: Path) -> Iterator[Finding]:
    """One row a line, so that diffs are small and merges easy."""
    for name in NAMES:
        lines = (data_folder(root) / f"{name}.json").read_text("utf-8").splitlines()
        stripped = {line.strip().rstrip(",") for line in lines}
        for member, rows in tables[name].items():
            if isinstance(rows, list) and member != "sources":
                for row in rows:
                    if json.dumps(row, ensure_ascii=False) not in stripped:
                        where = f"{_place(name)} {next(iter(row.values()))}"
                        yield Finding(where, "is not one line", "write the row on one line")


def _complete(tables: dict[str, Json], root: Path) -> Iterator[Finding]:
    """Every published type has a row, or belongs to what is left out with a reason."""
    rows = {row["id"] for row in tables["auth0-events"]["events"]}
    for name in _published(root, "auth0"):
        if name not in rows:
            yield Finding(f"{_place('auth0-events')} {name}", "has no row", "map it, or exclude it with a reason")
    okta = tables["okta-events"]
    yield from _families(okta, _published(root, "okta"))
    published = set(_published(root, "okta"))
    for row in okta["events"]:
        if (row["id"] in published) == row.get("retired", False):
            yield Finding(
                f"{_place('okta-events')} {row['id']}", "`retired` and the published list differ", "fix one of them"
            )


def _families(okta: Json, published: Iterable[str]) -> Iterator[Finding]:
    rows = {row["id"] for row in okta["events"]}
    prefixes = tuple(row["prefix"] for row in okta["families"])
    for name in published:
        if name not in rows and not name.startswith(prefixes):
            yield Finding(f"{_place('okta-events')} {name}", "has no row and no family", "add one, with the reason")


def main() -> int:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository to check")
    root = parser.parse_args().root
    findings = check(root)
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        print(f"{len(findings)} findings in the tables of log events", file=sys.stderr)
        return 1
    summary = ", ".join(f"{provider} {mapped} of {all_} types" for provider, (all_, mapped) in counts(root).items())
    print(f"log events that are failures: {summary}; no findings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
