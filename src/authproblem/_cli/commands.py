"""The table of commands, and the parsers made from it.

A command is a module with `add_arguments(parser)` and `run(args) -> int`. It is imported when it is run, so that
no command needs the optional packages of another. To add one, add a line to `COMMANDS`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import textwrap
from typing import Any, NamedTuple, NoReturn, Protocol, cast

from authproblem._cli.similar import did_you_mean
from authproblem.errors import visible


class Command(NamedTuple):
    """Where a command is found.

    Attributes:
        module: The module that implements it.
        summary: One line for the overview.
        extra: The optional dependencies that it needs, as in `pip install 'authproblem[gateway]'`.
    """

    module: str
    summary: str
    extra: str = "all"


class CommandModule(Protocol):
    """The interface of the module of a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the command."""

    def run(self, args: argparse.Namespace) -> int:
        """Run the command and return the exit status."""
        ...


_MAX_WIDTH = 100
COMMANDS: dict[str, Command] = {
    "explain": Command("authproblem._cli.explain", "what a code, an entry or a problem type means, and who has to act"),
    "classify": Command("authproblem._cli.classify", "read recorded responses and print the problems they become"),
    "explore": Command(
        "authproblem._cli.explorer", "open a page where you paste responses and see the problems", "explore"
    ),
    "list": Command("authproblem._cli.list", "list the entries of the registry"),
    "registry": Command("authproblem._cli.registry", "print the whole registry as one JSON document"),
    "fake": Command("authproblem._cli.fake", "run fakes of Auth0 and Okta that send every error on demand", "testing"),
    "check": Command("authproblem._cli.check", "send errors through a running app, and report what arrives", "testing"),
    "logs": Command("authproblem.logs._command", "classify log events of Okta and Auth0 in files and streams", "logs"),
    "gateway": Command("authproblem.gateway", "run a reverse proxy that normalizes a provider's errors", "gateway"),
    "extproc": Command("authproblem.extproc", "run an external processor for Envoy that normalizes errors", "envoy"),
    "completion": Command("authproblem._cli.completion", "print the completion script for bash, zsh or fish"),
}
"""The commands by name, in the order of the overview."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors suggest a similar value for a misspelled one, and which shortens no options."""

    def __init__(self, prog: str, description: str, epilog: str | None = None) -> None:
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(prog, description=description, epilog=epilog, formatter_class=formatter, allow_abbrev=False)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(choice) for choice in action.choices]
        hint = did_you_mean(str(value), names) or f"; expected one of {', '.join(names)}"
        raise argparse.ArgumentError(action, f"invalid value {value!r}{hint}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help and errors without hiding that they cannot be written, as `ArgumentParser` does."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Print a usage error and exit with status 2."""
        self.exit(2, f"{self.prog}: {visible(message)}\nRun `{self.prog} --help` for the usage.\n")


def program() -> str:
    """Return how the program was called: `authproblem`, or `python -m authproblem`."""
    called = os.path.basename(sys.argv[0]) if sys.argv else ""
    return "python -m authproblem" if called == "__main__.py" else "authproblem"


def load(name: str) -> CommandModule:
    """Import the module of a command.

    Raises:
        ModuleNotFoundError: If an optional package is missing.
    """
    return cast("CommandModule", importlib.import_module(COMMANDS[name].module))


def make_parser(name: str, command: CommandModule) -> argparse.ArgumentParser:
    """Return the argument parser of one command; its description is the module's docstring."""
    parser = Parser(f"{program()} {name}", _wrap(command.__doc__ or COMMANDS[name].summary))
    command.add_arguments(parser)
    return parser


def _wrap(text: str) -> str:
    """Wrap the paragraphs of a docstring at the width of the terminal; indented ones stay as they are."""
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH) - 2
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(part if part.startswith(" ") else textwrap.fill(part, width) for part in paragraphs)


def make_overview() -> argparse.ArgumentParser:
    """Return the parser for calls without a command; its help lists the commands."""
    from authproblem import __version__

    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name.ljust(width)}  {command.summary}" for name, command in COMMANDS.items())
    parser = Parser(
        program(),
        description="Look up errors of Auth0 and Okta, and try out what the middleware makes of a response.",
        epilog=f"commands:\n{rows}\n\nRun `{program()} COMMAND --help` for the arguments of a command.",
    )
    parser.add_argument("--version", action="version", version=f"authproblem {__version__}")
    parser.add_argument("command", nargs="?", choices=list(COMMANDS), metavar="COMMAND", help="one of the list below")
    return parser
