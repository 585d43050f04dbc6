"""The command `extproc`: its flags. What a process does is in `server`, how several are run in `workers`."""

from __future__ import annotations

import argparse
import os
import sys

from authproblem.errors import ConfigurationError, visible
from authproblem.extproc.config import LOG_LEVELS, ExtProcConfig, load_config
from authproblem.extproc.workers import Supervisor, work


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the command.

    Args:
        parser: the command's parser.
    """
    default = ExtProcConfig()
    config = os.environ.get("AUTHPROBLEM_CONFIG")
    parser.add_argument(
        "--config", metavar="FILE", default=config, help="TOML file; its [options] are those of the middleware"
    )
    parser.add_argument("--listen", metavar="HOST:PORT", help=f"address to listen on (default: {default.listen})")
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help=f"processes; each listens on its own port, from --listen upwards (default: {default.workers})",
    )
    parser.add_argument("--log-level", choices=LOG_LEVELS, help=f"least level to write (default: {default.log_level})")
    parser.add_argument(
        "--otel", action="store_const", const=True, help="record metrics; run under opentelemetry-instrument"
    )
    parser.add_argument(
        "--grace", type=float, metavar="SECONDS", help=f"wait at shutdown at most (default: {default.grace:g})"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Args:
        args: what the parser of `add_arguments` gave.

    Returns:
        The exit status: 0 after a requested shutdown, 1 where an address is taken, 2 for a wrong setting.
    """
    flags = {name: getattr(args, name) for name in ("listen", "workers", "log_level", "grace", "otel")}
    try:
        config = load_config(flags, args.config)
    except ConfigurationError as error:
        sys.stderr.write(f"authproblem extproc: {visible(str(error))}\n")
        return 2
    addresses = config.addresses()
    return work(config, addresses[0]) if len(addresses) == 1 else Supervisor(config, addresses).run()
