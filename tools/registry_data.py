"""The data files as the lint sees them: read from any folder, with what a finding needs to say where it is.

Reading must not fail: a broken file is a finding like any other. The rules live in `registry_form`, `registry_rules`
and `registry_vectors`; meanings are not checked here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import authproblem
from authproblem import Problem, Registry, RetryHint
from authproblem._model import PROVIDERS, Entry, ProblemType

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = Path("src/authproblem/_registry/data")
VECTORS = Path("tests/vectors")
SCHEMAS = ("schema", "tables.schema", "document.schema", "wire.schema")
UNLISTED = (*SCHEMAS, "manifest", "glossary")
"""Files beside those that the manifest names."""


class Finding(NamedTuple):
    """One fault: where it is, what it is, and how to fix it."""

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        """Two lines: the finding, and what to do."""
        return f"{self.where}: {self.what}\n    {self.fix}"


class Row(NamedTuple):
    """An entry with the name of its file."""

    file: str
    entry: Json

    @property
    def id(self) -> str:
        """The entry's id, or something to find it by."""
        return str(self.entry.get("id", "an entry without id"))

    @property
    def provider(self) -> str:
        """The provider that the id names."""
        return self.id.partition(":")[0]

    @property
    def where(self) -> str:
        """File and id."""
        return f"{REGISTRY / self.file}.json {self.id}"

    def finding(self, what: str, fix: str) -> Finding:
        """A finding about this entry."""
        return Finding(self.where, what, fix)


class Vector(NamedTuple):
    """A row of a vector file with its place."""

    where: str
    row: Json

    @property
    def body(self) -> bytes:
        """The body as it is sent."""
        body = self.row["body"]
        return (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()


class Data(NamedTuple):
    """Everything that is checked."""

    root: Path
    manifest: Json
    tables: dict[str, Json]
    files: dict[str, Json]
    vectors: list[Vector]
    exclusions: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Where the data files are."""
        return registry_folder(self.root)

    @property
    def rows(self) -> list[Row]:
        """All entries of all files, in order."""
        return [Row(name, entry) for name, document in self.files.items() for entry in document["entries"]]

    def table(self, name: str) -> Json:
        """A file beside the entries."""
        return self.tables[name]


Rule = Callable[[Data], Iterable[Finding]]


def registry_folder(root: Path) -> Path:
    """The data files of a repository; of one without `src` (tests of a built wheel), those of the installed package."""
    folder = root / REGISTRY
    return folder if folder.is_dir() else Path(authproblem.__file__).parent / "_registry" / "data"


def read(root: Path) -> tuple[Data, list[Finding]]:
    """Read everything below `root`; what cannot be read is left out and found."""
    findings: list[Finding] = []
    folder = registry_folder(root)
    manifest = _json(folder / "manifest.json", root, findings) or {"version": "0", "tables": [], "entries": []}
    tables = {name: _json(folder / f"{name}.json", root, findings) for name in (*manifest["tables"], *UNLISTED)}
    tables["vectors.schema"] = _json(root / VECTORS / "schema.json", root, findings)
    files = {name: _json(folder / f"{name}.json", root, findings) for name in manifest["entries"]}
    exclusions = {
        str(path.relative_to(root)): _json(path, root, findings)
        for path in sorted((root / VECTORS / "exclusions").glob("*.json"))
    }
    data = Data(
        root,
        manifest,
        {name: table for name, table in tables.items() if table is not None},
        {name: document for name, document in files.items() if _has_entries(name, document, findings)},
        _vectors(root, findings),
        exclusions,
    )
    return data, findings


def build(data: Data, rows: list[Row]) -> Registry:
    """The registry that these entries make."""
    known: dict[str, list[str]] = {provider: list(data.table("shapes")["known"]) for provider in PROVIDERS}
    families: dict[str, list[Json]] = {}
    for document in data.files.values():
        families.setdefault(document["provider"], []).extend(document.get("families", ()))
        known[document["provider"]] += document.get("known", ())
    entries = {row.id: {"since": data.files[row.file]["since"], **row.entry} for row in rows}
    tables = {name: data.tables[name] for name in data.manifest["tables"]}
    return Registry(tables, entries, families, known, data.manifest["version"])


def example(kind: Entry | ProblemType) -> Problem:
    """A problem with owner, remedy and retry policy of an entry or type: for what its predicates say."""
    return Problem("", "x", "", 400, "", None, kind.owner, kind.remedy, RetryHint(kind.retry), "oauth", {}, {})


def canonical(document: Json, schema: Json) -> str:
    """A file of entries in the one form that it is kept in: sorted by id, one a line, members in the schema's order."""
    lines = []
    for name in schema["properties"]:
        value = document.get(name)
        if not value:
            continue
        if not isinstance(value, list):
            lines.append(f"  {_line(name)}: {_line(value)}")
            continue
        if name == "entries":
            value = [
                _ordered(row, schema["$defs"]["entry"]) for row in sorted(value, key=lambda row: str(row.get("id")))
            ]
        elif name == "families":
            value = [_ordered(row, schema["$defs"]["family"]) for row in value]
        items = ",\n".join(f"    {_line(item)}" for item in value)
        lines.append(f"  {_line(name)}: [\n{items}\n  ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _ordered(row: Json, schema: Json) -> Json:
    known = {name: row[name] for name in schema["properties"] if name in row}
    return {**known, **row}


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json(path: Path, root: Path, findings: list[Finding]) -> Any:
    where = str(path.relative_to(root) if path.is_relative_to(root) else path)
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        findings.append(Finding(where, "is missing", f"write it, or take it out of {REGISTRY}/manifest.json"))
    except ValueError as error:
        findings.append(Finding(where, f"is no JSON: {error}", "fix it at that place"))
    return None


def _has_entries(name: str, document: Any, findings: list[Finding]) -> bool:
    """Whether a document can be read as a file of entries; one that is missing was found already."""
    entries = document.get("entries") if isinstance(document, dict) else None
    sound = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
    if document is not None and not sound:
        fix = f"make it fit {REGISTRY}/schema.json"
        findings.append(Finding(f"{REGISTRY / name}.json", "is no object with a list of entries", fix))
    return sound


def _vectors(root: Path, findings: list[Finding]) -> list[Vector]:
    vectors = []
    for path in sorted((root / VECTORS).glob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            where = f"{path.relative_to(root)}:{number}"
            try:
                vectors.append(Vector(where, json.loads(line)))
            except ValueError as error:
                findings.append(Finding(where, f"is no JSON: {error}", "write one JSON object a line"))
    return vectors
