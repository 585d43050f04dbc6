"""Print the whole registry as one JSON document, for other tools. Entries include what they inherit from their type.

`--schema` prints a JSON Schema instead: of this document (`document`), of the problem documents (`wire`), or of a file
of entries (`entries`). `--format` prints the lookup tables of log events for programs that cannot run Python: as CSV,
as a Splunk app (written into the folder `--output`), or as a program in Vector's VRL.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from authproblem._cli.screen import (
    Json,
    Screen,
    add_registry,
    attempt,
    families_of,
    glossary,
    known_of,
    read_data,
    registry_of,
    row_of,
)
from authproblem._model import Entry
from authproblem._registry.registry import Registry

SCHEMA = "urn:authproblem:registry-document"
_SCHEMAS = {"document": "document.schema", "wire": "wire.schema", "entries": "schema"}
_MEMBERS = (
    "id", "provider", "code", "shapes", "status", "name", "texts", "causes", "reasons", "surfaces", "known",
    "usual_status", "type", "owner", "remedy", "retry", "default_wait", "detail", "hint", "evidence", "sign_in",
    "lookup_only", "retired", "text", "internal", "aliases", "since", "sources",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "--schema", nargs="?", const="document", choices=list(_SCHEMAS), help="print a JSON Schema instead"
    )
    parser.add_argument(
        "--format",
        choices=["json", "csv", "splunk", "vrl"],
        default="json",
        help="what to print; all but json: log events",
    )
    parser.add_argument("--output", metavar="DIR", help="the folder of the app that --format splunk writes")
    parser.add_argument("--compact", action="store_true", help="print without line breaks")
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Print the document or a schema."""
    screen = Screen()
    if args.format != "json":
        return _lookup(args, screen)
    if args.schema is not None:
        screen.line(read_data(_SCHEMAS[args.schema]).decode().rstrip("\n"))
    else:
        screen.line(json.dumps(document(registry_of(args)), indent=None if args.compact else 1, default=dict))
    return 0


def _lookup(args: argparse.Namespace, screen: Screen) -> int:
    from authproblem.logs import _export

    if args.schema is not None or args.registry is not None:
        sys.stderr.write(f"authproblem registry: --format {args.format} goes with neither --schema nor --registry\n")
        return 2
    if args.format == "splunk":
        if args.output is None:
            sys.stderr.write("authproblem registry: --format splunk needs --output DIR, the folder of the app\n")
            return 2
        for name in attempt(lambda: _export.splunk_app(args.output)):
            screen.line(name)
        return 0
    screen.line((_export.to_csv() if args.format == "csv" else _export.to_vrl()).rstrip("\n"))
    return 0


def document(registry: Registry) -> Json:
    """Return the whole registry as one document; its JSON Schema is `_registry/data/document.schema.json`.

    Tables of the registry are read-only mappings in it, which `json.dumps` takes with `default=dict`.
    """
    from authproblem import __version__

    words, tables = glossary(), registry.data
    types, folds = tables["problem_types"], tables["folds"]
    vocabulary = {name: value for name, value in words.items() if name not in {"about", "left_alone"}}
    shapes = {name: value for name, value in tables["shapes"].items() if name not in {"about", "known"}}
    return {
        "$schema": SCHEMA,
        "version": registry.version,
        "package": __version__,
        "vocabulary": {**vocabulary, "levels": types["levels"]},
        "types": types["types"],
        "entries": [resolved(registry, entry) for entry in registry],
        "families": families_of(registry),
        "known": known_of(registry),
        "surfaces": tables["surfaces"]["surfaces"],
        "shapes": shapes,
        "folds": {**types["folds"], "responses": folds["responses"]},
    }


def resolved(registry: Registry, entry: Entry) -> Json:
    """Return an entry with everything that it inherits from its problem type; members without a value are left out."""
    row: dict[str, Any] = {
        **row_of(registry, entry.id),
        "provider": entry.provider,
        "owner": entry.owner,
        "remedy": entry.remedy,
        "retry": entry.retry,
        "detail": entry.detail,
        "hint": entry.hint,
        "text": "pass" if entry.pass_text else "known",
    }
    return {
        name: row[name]
        for name in _MEMBERS
        if row.get(name) not in (None, [], "") and (row[name] is not False or name == "evidence")
    }
