"""Checks the registry's data: form, words, claims, evidence, vectors. All findings at once, each with how to fix it.

`make lint` runs it. `--fix` writes the files of entries in their one form (sorted by id, one entry a line); `--root`
checks a copy of the repository.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it runs as a script

from tools.registry_data import REGISTRY, ROOT, UNLISTED, Data, Finding, Row, build, canonical, read
from tools.registry_form import FORM, layout, schemas
from tools.registry_phrases import can_be_compiled, phrases
from tools.registry_refinements import refinements
from tools.registry_rules import RULES, templates
from tools.registry_sentences import links, sentences
from tools.registry_tables import TABLES
from tools.registry_vectors import TRIED


def check(root: Path = ROOT) -> list[Finding]:
    """All faults in the repository at `root`.

    Args:
        root: a folder with `src/authproblem/_registry/data` and `tests/vectors`.

    Returns:
        The findings, in the order of the rules; empty if there are none.
    """
    data, findings = read(root)
    needed = {*data.manifest["tables"], *UNLISTED, "vectors.schema"}
    if not needed <= data.tables.keys():
        return findings
    malformed = list(schemas(data))
    findings += [*malformed, *layout(data)]
    sound = _sound(data, {finding.where for finding in malformed})
    for rule in (*FORM, *RULES, *TABLES):
        findings += rule(sound)
    if any(finding.where.endswith(".json") for finding in malformed):
        return findings  # a table is invalid: the checks that use it would report that again
    registry = build(sound, [row for row in sound.rows if _usable(row, sound)])
    for rule_of_texts in (sentences, links, phrases, refinements):
        findings += rule_of_texts(sound, registry)
    for tried in TRIED if can_be_compiled(sound) else ():
        findings += tried(sound, registry)
    return findings


def _sound(data: Data, wrong: set[str]) -> Data:
    """The data without the rows and vectors that do not even have the form of one."""
    files = {name: {**document, "entries": []} for name, document in data.files.items()}
    for row in data.rows:
        if row.where not in wrong:
            files[row.file]["entries"].append(row.entry)
    return data._replace(files=files, vectors=[vector for vector in data.vectors if vector.where not in wrong])


def _usable(row: Row, data: Data) -> bool:
    """Whether a registry can be built with the entry."""
    slugs = {kind["slug"] for kind in data.table("problem_types")["types"]}
    surfaces = {surface["id"] for surface in data.table("surfaces")["surfaces"]}
    sound = not any(templates(data._replace(files={row.file: {**data.files[row.file], "entries": [row.entry]}})))
    return sound and row.entry["type"] in slugs and surfaces.issuperset(row.entry.get("surfaces", ()))


def fix(root: Path = ROOT) -> None:
    """Write every file of entries in its one form."""
    data, _ = read(root)
    for name, document in data.files.items():
        text = canonical({"$schema": "schema.json", **document}, data.table("schema"))
        (root / REGISTRY / f"{name}.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository to check")
    parser.add_argument("--fix", action="store_true", help="write the files of entries in their one form first")
    options = parser.parse_args()
    if options.fix:
        fix(options.root)
    findings = check(options.root)
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        print(f"{len(findings)} findings in the registry", file=sys.stderr)
        return 1
    data, _ = read(options.root)
    print(f"registry {data.manifest['version']}: {len(data.rows)} entries, {len(data.vectors)} vectors, no findings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
