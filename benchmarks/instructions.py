"""Instruction counts by callgrind: the figure that no other process on the machine changes.

One process under valgrind runs all operations. Before and after each loop it calls `getppid`, at which callgrind writes
what it has counted so far and starts again: every other part of its output is one loop.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_TURNS = 60
_WARM = 20
_TIMEOUT = 900


def available() -> bool:
    """Whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def count(wanted: str = "", turns: int = _TURNS) -> dict[str, float]:
    """Instructions of one turn of each operation.

    Args:
        wanted: only operations in whose name this expression is found.
        turns: turns of each loop.

    Returns:
        Instructions by the operation's name.

    Raises:
        subprocess.CalledProcessError: if the process under valgrind fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--dump-before=getppid", "--quiet"]
        command += [sys.executable, "-m", "benchmarks.instructions", str(turns), wanted]
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=True,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
        )
        totals = [line.partition(" ") for line in done.stdout.splitlines()]
        return {name: _total(Path(f"{out}.{2 * at + 2}")) / int(turn) for at, (turn, _, name) in enumerate(totals)}


def _total(part: Path) -> int:
    with part.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith(("totals:", "summary:")):
                return int(line.split()[1])
    msg = f"{part.name}: no totals"
    raise ValueError(msg)


def _run(turns: int, wanted: re.Pattern[str]) -> None:
    """What runs under valgrind: prints the names in the order of the parts."""
    from benchmarks.operations import operations

    for name, (prepare, loop, share, logs) in operations().items():
        if not wanted.search(name):
            continue
        logs()
        loop(prepare(max(round(_WARM * share), 4)))
        inputs = prepare(max(round(turns * share), 2))
        gc.collect()
        gc.disable()
        os.getppid()
        loop(inputs)
        os.getppid()
        gc.enable()
        print(len(inputs), name)


if __name__ == "__main__":
    _run(int(sys.argv[1]), re.compile(sys.argv[2]))
