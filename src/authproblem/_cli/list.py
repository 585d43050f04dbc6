"""List the entries of the registry, one a line: id, problem type, and the HTTP statuses that the provider sends.

All filters have to match. Exit status 1 if no entry matches.
"""

from __future__ import annotations

import argparse
import json
import sys
from fnmatch import fnmatchcase

from authproblem._cli.registry import resolved
from authproblem._cli.screen import Screen, add_registry, registry_of, row_of
from authproblem._cli.similar import did_you_mean
from authproblem._model import PROVIDERS, Entry
from authproblem._registry.registry import Registry


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--provider", choices=PROVIDERS, help="only entries of this provider")
    parser.add_argument("--type", metavar="SLUG", help="only entries of this problem type, such as mfa-required")
    parser.add_argument("--code", help="only entries with this code; * matches any characters, as in 'E00001*'")
    parser.add_argument("--grep", metavar="TEXT", help="only entries with this text in id, meaning, message or source")
    parser.add_argument("--json", action="store_true", help="print a JSON array of complete entries")
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Print the matching entries; return 1 if there are none."""
    registry, screen = registry_of(args), Screen()
    if args.type is not None and args.type not in registry.types:
        return _refuse("problem type", args.type, list(registry.types))
    entries = [entry for entry in registry if _matches(registry, entry, args)]
    if not entries and args.code is not None and "*" not in args.code:
        codes = {entry.code for entry in registry if entry.code is not None}
        if args.code.lower() not in {code.lower() for code in codes}:
            return _refuse("code", args.code, sorted(codes))
    if args.json:
        screen.line(json.dumps([resolved(registry, entry) for entry in entries], indent=2))
    elif entries:
        screen.columns([_row(registry, entry) for entry in entries])
    return 0 if entries else 1


def _matches(registry: Registry, entry: Entry, args: argparse.Namespace) -> bool:
    return (
        args.provider in {None, entry.provider}
        and args.type in {None, entry.reason}
        and (args.code is None or (entry.code is not None and fnmatchcase(entry.code.lower(), args.code.lower())))
        and (args.grep is None or args.grep.lower() in _searched(registry, entry))
    )


def _searched(registry: Registry, entry: Entry) -> str:
    internal = row_of(registry, entry.id).get("internal", ())
    sources = (source.at for source in entry.sources)
    parts = (entry.id, entry.title, entry.hint, entry.detail, *entry.texts, *entry.causes, *entry.known)
    return "\n".join((*parts, *entry.aliases, *internal, *sources)).lower()


def _row(registry: Registry, entry: Entry) -> tuple[str, str, str]:
    return entry.id, entry.reason, "/".join(map(str, row_of(registry, entry.id).get("usual_status", ())))


def _refuse(what: str, name: str, names: list[str]) -> int:
    sys.stderr.write(f"authproblem: unknown {what} {name!r}{did_you_mean(name, names)}\n")
    return 1
