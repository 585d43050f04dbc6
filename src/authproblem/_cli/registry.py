"""Print the whole registry as one JSON document, every entry with all that it inherits filled in, for other tools.

`--schema` prints a JSON Schema instead: of this document (`document`), of the problems on the wire (`wire`), of a file
of entries (`entries`).
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from authproblem._cli.screen import (
    Json,
    Screen,
    add_registry,
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
    parser.add_argument("--compact", action="store_true", help="print without line breaks")
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Print the document, or a schema as it is."""
    screen = Screen()
    if args.schema is not None:
        screen.line(read_data(_SCHEMAS[args.schema]).decode().rstrip("\n"))
    else:
        screen.line(json.dumps(document(registry_of(args)), indent=None if args.compact else 1))
    return 0


def document(registry: Registry) -> Json:
    """The whole registry as one document; its JSON Schema is `registry/document.schema.json`."""
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
        "folds": {**types["folds"], "answers": folds["answers"]},
    }


def resolved(registry: Registry, entry: Entry) -> Json:
    """An entry with everything that it inherits from its problem type; members without a value are left out."""
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
