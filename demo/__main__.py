"""`python -m demo [CASE]`: the overview, one case in full, or (with `?`) the list of cases."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from demo.cases import CASES
from demo.model import Case
from demo.servers import start_servers
from demo.show import block, introduce, summarize
from demo.show_case import show_case


def main(arguments: Sequence[str]) -> int:
    """Run the demo.

    Args:
        arguments: the name of a case, or none.

    Returns:
        The exit status: 0 if every case is as expected, 1 if not, 2 for an unknown case.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot draw boxes gets question marks, no traceback
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False)
    if not arguments:
        return _overview(console)
    chosen = [case for case in CASES if case.name == arguments[0]]
    if chosen:
        with start_servers() as servers:
            return show_case(console, servers.run(chosen[0]))
    if arguments[0] != "?":
        console.print(Text(f"There is no case {arguments[0]!r}.", style="bold red"))
    _list(console, CASES)
    return 0 if arguments[0] == "?" else 2


def _overview(console: Console) -> int:
    start = time.monotonic()
    introduce(console)
    results = []
    with start_servers() as servers:
        for case in CASES:
            results.append(servers.run(case))
            console.print(block(results[-1]))
    return summarize(console, results, time.monotonic() - start)


def _list(console: Console, cases: Sequence[Case]) -> None:
    for case in cases:
        console.print(Text.assemble((f"{case.name:<14}", "bold"), case.title))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
