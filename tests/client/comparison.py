"""The mistakes of each OAuth library over all refresh failures, with the guard and without.

`python -m tests.client.comparison` prints the table of `docs/refresh.md`; it takes about two minutes.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import NamedTuple

from tests.client.refreshing import CANARY, FAILURES, NO_HTTPS, WITH, WITHOUT, Seen, observe

PROXY = "FastMCP's `OAuthProxy` with the MCP client"
COLUMNS = "errors taken for a token", "live tokens dropped", "dead tokens sent twice", "waits lost", "secrets shown"


class Score(NamedTuple):
    """The mistakes of one library: the ids of the failures."""

    taken_for_tokens: list[str]
    dropped_alive: list[str]
    dead_sent_twice: list[str]
    waits_lost: list[str]
    secrets_shown: list[str]


def score(seen: dict[str, Seen]) -> Score:
    """Count the mistakes over the failures that were seen."""
    rows = [(failure, seen[failure.id]) for failure in FAILURES if failure.id in seen]
    return Score(
        [f.id for f, s in rows if s.kind == "token"],
        [f.id for f, s in rows if s.kind == "dropped" and not f.is_dead],
        [f.id for f, s in rows if f.is_dead and s.sent > 1],
        [f.id for f, s in rows if f.after is not None and (s.after is None or s.after < f.after - 2)],
        [f.id for f, s in rows if CANARY in s.shown or "canary" in s.shown],
    )


def seen_without(name: str) -> dict[str, Seen]:
    """What an application of a library does with every failure."""
    if name == PROXY:
        return _seen_by_proxy(guarded=False)
    return {failure.id: observe(failure, WITHOUT[name]) for failure in FAILURES}


def seen_with(name: str) -> dict[str, Seen]:
    """The same with the guard; somebody insists on the token, dropped or not."""
    if name == PROXY:
        return _seen_by_proxy(guarded=True)
    return {failure.id: observe(failure, WITH[name](failure), insists=True) for failure in FAILURES}


def _seen_by_proxy(*, guarded: bool) -> dict[str, Seen]:
    from tests.client.proxying import seen_by_proxy  # FastMCP is not installed everywhere

    return seen_by_proxy(guarded=guarded)


def row(name: str, how: str, seen: dict[str, Seen]) -> str:
    """One line of the table."""
    return f"| {name} | {how} | " + " | ".join(str(len(each)) for each in score(seen)[: len(COLUMNS)]) + " |"


def table() -> str:
    """The comparison as Markdown."""
    lines = [row(name, "by itself", seen_without(name)) for name in (*WITHOUT, PROXY)]
    lines += [row(name, "with the guard", seen_with(name)) for name in (*WITH, PROXY)]
    return "\n".join([f"| library | | {' | '.join(COLUMNS)} |", "|---|---" + "|---" * len(COLUMNS) + "|", *lines])


if __name__ == "__main__":
    os.environ[NO_HTTPS] = "1"
    warnings.simplefilter("ignore")
    sys.stdout.write(table() + "\n")
