"""List the entries, one a line: id, problem type, and the HTTP status that the provider sends it with."""

from __future__ import annotations

import argparse
import json
import sys

from authproblem._cli.registry import resolved
from authproblem._cli.screen import Screen, add_registry, close, registry_of, row_of
from authproblem._model import PROVIDERS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("--provider", choices=PROVIDERS, help="only the entries of one provider")
    parser.add_argument("--type", metavar="SLUG", help="only the entries of one problem type, such as mfa-required")
    parser.add_argument("--json", action="store_true", help="print a JSON array of whole entries")
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Print the entries; 1 if there are none."""
    registry, screen = registry_of(args), Screen()
    if args.type is not None and args.type not in registry.types:
        near = close(args.type, registry.types)
        sys.stderr.write(f"authproblem: no problem type is called {args.type!r}\n")
        sys.stderr.write(f"did you mean {', '.join(near)}?\n" if near else "")
        return 1
    entries = [
        entry for entry in registry if args.provider in {None, entry.provider} and args.type in {None, entry.reason}
    ]
    if args.json:
        screen.line(json.dumps([resolved(registry, entry) for entry in entries], indent=2))
    elif entries:
        screen.columns(
            [
                (entry.id, entry.reason, "/".join(map(str, row_of(registry, entry.id).get("usual_status", ()))))
                for entry in entries
            ]
        )
    return 0 if entries else 1
