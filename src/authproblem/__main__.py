"""`python -m authproblem`: the registry at hand, and one response tried out.

A dispatch table and nothing more: each subcommand is a module with `add_arguments(parser)` and `run(args) -> int`, and
is imported only when it is asked for, so that none waits for the dependencies of another.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Any

COMMANDS = {
    "explain": ("authproblem._cli.explain", "what an entry, a code or a problem type means, and who has to act"),
    "classify": ("authproblem._cli.classify", "read one HTTP response and print the problem that it becomes"),
    "list": ("authproblem._cli.list", "the entries, one a line"),
    "registry": ("authproblem._cli.registry", "the whole registry as one JSON document"),
    "fake": ("authproblem._cli.fake", "fakes of Auth0 and Okta that send every error on demand"),
    "check": (
        "authproblem._cli.check",
        "send errors through a running app in front of a fake, and report what arrives",
    ),
    "logs": ("authproblem.logs._command", "classify log events of Okta and Auth0 in files and streams"),
    "gateway": ("authproblem.gateway", "a reverse proxy that normalizes what a provider answers"),
    "extproc": ("authproblem.extproc", "an external processor for Envoy: normalizes error responses behind it"),
}
"""Name to module and summary."""


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        argv: the arguments; those of the process if None.

    Returns:
        The exit status: 0, 1 where there is nothing to show (unknown name, response left alone), 2 for wrong usage.
    """
    arguments = sys.argv[1:] if argv is None else argv
    overview = _overview()
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        overview.parse_args(arguments)  # answers -h, --version and what is wrong, and exits
        overview.print_help()
        return 2
    module, summary = COMMANDS[name]
    try:
        command: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:  # a dependency of this subcommand alone
        sys.stderr.write(f"authproblem {name}: {error.name} is not installed\n")
        return 2
    parser = argparse.ArgumentParser(f"python -m authproblem {name}", description=command.__doc__ or summary)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    command.add_arguments(parser)
    try:
        status: int = command.run(parser.parse_args(arguments[1:]))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _overview() -> argparse.ArgumentParser:
    from authproblem import __version__

    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name.ljust(width)}  {summary}" for name, (_, summary) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "python -m authproblem",
        description="The errors of Auth0 and Okta: look one up, or try one out.",
        epilog=f"commands:\n{commands}\n\n`python -m authproblem COMMAND -h` tells about each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"authproblem {__version__}")
    parser.add_argument("command", nargs="?", choices=list(COMMANDS), metavar="COMMAND", help="see below")
    return parser


if __name__ == "__main__":
    sys.exit(main())
