"""A progress bar on a terminal, over the bytes of all files; nothing elsewhere."""

from __future__ import annotations

import os
import sys
from typing import Any

from authproblem.logs._command._input import Block


class Progress:
    """The bar, where standard error is a terminal, rich is installed and the sizes are known."""

    def __init__(self, files: list[str], *, shown: bool) -> None:
        """Look at the files' sizes; of compressed ones the bar is an estimate."""
        self._bar: Any = None
        self._task: Any = None
        if shown and sys.stderr.isatty() and "-" not in files:
            self._bar, self._task = _bar(sum(os.path.getsize(name) for name in files if os.path.isfile(name)))

    def start(self) -> None:
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def advance(self, block: Block) -> None:
        """Move on by a block."""
        if self._bar is not None:
            self._bar.advance(self._task, block.size)

    def say(self, message: str) -> None:
        """A line on standard error, above the bar."""
        if self._bar is not None:
            self._bar.console.print(message, markup=False, highlight=False)
        else:
            sys.stderr.write(message + "\n")


def _bar(size: int) -> tuple[Any, Any]:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
        from rich.progress import Progress as Bar
    except ImportError:
        return None, None
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    return bar, bar.add_task("", total=size or None)
