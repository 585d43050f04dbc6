"""Runs the command: opens each input, works on its blocks, writes the results, and keeps count."""

from __future__ import annotations

import argparse
import importlib.util
import os
import stat
import sys
import time
from collections import Counter
from typing import IO, Any

from authproblem.logs._command._arguments import default_jobs
from authproblem.logs._command._input import InputError, blocks, opened
from authproblem.logs._command._pool import work
from authproblem.logs._command._progress import Progress
from authproblem.logs._command._state import State
from authproblem.logs._command._work import Result, Settings

_INTERRUPTED = 130
"""The exit status that shells give programs that Ctrl-C ended."""
_SAVE_EVERY = 2.0
"""Seconds between two saves of the state."""
_MAX_NAMED = 20
"""Bad lines that are named; all are counted."""
_MAX_CLIENTS = 10_000
"""Clients that are counted apart; further ones are counted together, so that memory stays flat."""


def run(args: argparse.Namespace) -> int:
    """Read every input; the exit status is 0, 2 where an input could not be read, or 130 after Ctrl-C."""
    summary = args.summary or args.plot is not None
    settings = Settings(args.names, args.only_failures, summary, args.where, args.since, args.until)
    files = args.files or ["-"]
    try:
        check(args, files, summary=summary)
        state = State(args.state)
    except InputError as error:
        sys.stderr.write(f"authproblem logs: {error}\n")
        return 2
    progress = Progress(files, shown=not args.no_progress)
    job = Job(settings, args.jobs or default_jobs(files), state, progress)
    progress.start()
    try:
        status = max([job.read(name) for name in files])
    except KeyboardInterrupt:  # the usual end of a live stream: what was counted so far is shown
        status = _INTERRUPTED
    finally:
        progress.stop()
    state.save()
    job.total.report()
    if summary:
        from authproblem.logs._command._summary import show

        show(job.total, args.plot)
    return status


def check(args: argparse.Namespace, files: list[str], *, summary: bool) -> None:
    """Find before a long run what would fail after it.

    Raises:
        InputError: where the arguments do not fit together, or something is missing.
    """
    if args.state is not None and files == ["-"]:
        raise InputError("--state needs a FILE: standard input has no position to continue from")
    if summary and importlib.util.find_spec("rich") is None:
        raise InputError("--summary and --plot need an optional dependency: pip install authproblem[logs]")
    folder = os.path.dirname(os.path.abspath(args.plot or "."))
    if args.plot is not None and not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
        raise InputError(f"cannot write {args.plot}: no such folder, or no right to write into it")


class Total:
    """The totals of all inputs so far."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.lines = self.failures = self.bad = self.named = 0
        self.counts: dict[str, Counter[Any]] = {}

    def add(self, result: Result) -> None:
        """Add the result of a block."""
        self.lines += result.lines
        self.failures += result.failures
        self.bad += result.bad
        for name, counter in result.counts.items():
            counts = self.counts.setdefault(name, Counter())
            for key, count in counter.items():
                known = key in counts or name != "client" or len(counts) < _MAX_CLIENTS
                counts[key if known else "(others)"] += count

    def report(self) -> None:
        """Say how many lines could not be read, where there are any."""
        if self.bad:
            unnamed = self.bad - self.named
            more = f" ({unnamed} of them not named above)" if unnamed else ""
            sys.stderr.write(f"authproblem logs: {self.bad} of {self.lines} lines could not be read{more}\n")


class Job:
    """The inputs of one run, read one after the other."""

    def __init__(self, settings: Settings, jobs: int, state: State, progress: Progress) -> None:
        """Take what every input needs."""
        self._settings, self._jobs, self._state, self._progress = settings, jobs, state, progress
        self.total = Total()

    def read(self, name: str) -> int:
        """Read one input; 2 where that is not possible, else 0."""
        try:
            self._read(name)
        except InputError as error:
            self._progress.say(f"authproblem logs: {error}")
            return 2
        return 0

    def _read(self, name: str) -> None:
        keep = self._state.kept and name != "-"
        skip, lines = self._state.position(name)
        out = sys.stdout.buffer
        file, saved = _is_file(out), time.monotonic()
        with opened(name) as stream:
            made = blocks(stream, name, skip=skip, whole_lines=keep)
            for block, result in work(made, self._settings, self._jobs):
                out.write(result.output)
                self.total.add(result)
                self._name_bad(name, lines, result)
                lines += result.lines
                self._state.advance(name, block.offset, lines)
                self._progress.advance(block)
                if not file or time.monotonic() - saved > _SAVE_EVERY:
                    out.flush()
                    self._state.save()
                    saved = time.monotonic()
        out.flush()

    def _name_bad(self, name: str, lines: int, result: Result) -> None:
        """Name bad lines by number and kind, never by their content."""
        shown = "standard input" if name == "-" else name
        for number, why in result.named:
            if self.total.named < _MAX_NAMED:
                self.total.named += 1
                self._progress.say(f"{shown}:{lines + number}: {why}")


def _is_file(out: IO[bytes]) -> bool:
    """Whether the output goes to a file, where no program waits for it; a pipe gets every block at once."""
    try:
        return stat.S_ISREG(os.fstat(out.fileno()).st_mode)
    except (OSError, ValueError):
        return False
