"""The entry point of the command line: `authproblem` and `python -m authproblem`.

The commands themselves are listed in `authproblem._cli.commands`. This module runs one and turns what can go wrong with
its output (a closed pipe, a full disk) into an exit status.
"""

from __future__ import annotations

import errno
import os
import sys

from authproblem._cli.commands import COMMANDS, load, make_overview, make_parser

__all__ = ["COMMANDS", "main"]

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT, errno.EROFS})
_INTERRUPTED = 130
"""128 plus the number of SIGINT, as shells report it."""


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments; those of the process if None.

    Returns:
        The exit status: 0 on success; 1 where nothing was found or the response is left alone; 2 for wrong usage, or a
        file that cannot be read or written; 130 after Ctrl-C.

    Raises:
        SystemExit: For wrong usage, `--help` and `--version`.
    """
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        _discard_output()
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _discard_output()
        sys.stderr.write(f"authproblem: cannot write the output: {error.strerror}\n")
        return 2


def _run(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        overview = make_overview()
        overview.parse_args(arguments)  # prints help, version or a usage error, and exits
        overview.print_help()
        return 2
    try:
        command = load(name)
    except ImportError as error:
        missing = error.__cause__ if isinstance(error.__cause__, ModuleNotFoundError) else error
        sys.stderr.write(f"authproblem {name}: the package {missing.name} is not installed\n")
        sys.stderr.write(f"Install it with: pip install 'authproblem[{COMMANDS[name].extra}]'\n")
        return 2
    return command.run(make_parser(name, command).parse_args(arguments[1:]))


def _discard_output() -> None:
    """Point standard output to the null device, so that the interpreter's last flush cannot fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
