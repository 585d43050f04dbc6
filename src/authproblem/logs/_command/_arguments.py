"""The arguments of `logs`, checked before anything is read. Bad ones are named, with what would be right."""

from __future__ import annotations

import argparse
import os
import re
from datetime import datetime, timedelta, timezone
from difflib import get_close_matches

from authproblem._registry.registry import Registry
from authproblem.logs._command._fields import NAMES
from authproblem.logs._command._filters import CHECKED, FIELDS, Where
from authproblem.logs._data import read

_SPAN = re.compile(r"(\d{1,6})(s|m|h|d|w)\Z")
_SMALL = 16 << 20
"""Bytes of files that one process reads in about 0.1 seconds."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="what to read; standard input without any, or as -")
    parser.add_argument("--only-failures", action="store_true", help="write only the lines that report a failure")
    parser.add_argument("--names", choices=list(NAMES), default="authproblem", help="names of the added fields")
    parser.add_argument("--summary", action="store_true", help="count by reason, owner, client and time instead")
    parser.add_argument("--plot", metavar="FILE.svg", help="draw the summary into a file; implies --summary")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="only events from this time on: ISO 8601, or a span such as 24h"
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="only events before this time")
    parser.add_argument(
        "--where", type=where, action="append", default=[], metavar="FIELD=VALUE[,VALUE]",
        help=f"only failures with these values; again for a further condition. FIELD: {', '.join(FIELDS)}",
    )  # fmt: skip
    parser.add_argument("--state", metavar="FILE", help="remember how far each file was read, and continue from there")
    parser.add_argument(
        "--jobs",
        type=jobs,
        default=None,
        metavar="N",
        help="processes (default: one for each core; one for small files)",
    )
    parser.add_argument("--no-progress", action="store_true", help="no progress bar, also on a terminal")


def jobs(text: str) -> int:
    """A number of processes, at least 1."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"invalid number of processes: {text!r}; expected 1 to 256")
    return int(text)


def default_jobs(files: list[str]) -> int:
    """One process for each core that this process may use, but one alone for files that take less than their start."""
    if "-" not in files and sum(os.path.getsize(name) for name in files if os.path.isfile(name)) < _SMALL:
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)


def moment(text: str) -> str:
    """A time as `2026-01-31T12:00:00` in UTC: from ISO 8601 (UTC without an offset), or a span back from now."""
    span = _SPAN.match(text)
    now = datetime.now(timezone.utc)
    if span:
        found = now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    else:
        try:
            found = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"invalid time: {text!r}; expected such as 2026-01-31T12:00:00Z, 2026-01-31 or 24h"
            ) from None
        found = found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found.astimezone(timezone.utc)
    return found.strftime("%Y-%m-%dT%H:%M:%S")


def where(text: str) -> Where:
    """A condition such as `reason=invalid-credentials,account-locked`, or `attack=any`."""
    field, sign, given = text.partition("=")
    field = {"event": "event_type", "problem": "reason"}.get(field, field)
    values = tuple(value for value in given.split(",") if value)
    if not sign or not values:
        raise argparse.ArgumentTypeError(f"invalid condition: {text!r}; expected FIELD=VALUE")
    if field not in FIELDS:
        raise argparse.ArgumentTypeError(
            f"unknown field: {field!r}{_near(field, FIELDS)}; expected {', '.join(FIELDS)}"
        )
    known = _vocabulary(field)
    for value in values:
        if known and value != "any" and value not in known:
            raise argparse.ArgumentTypeError(f"unknown {field}: {value!r}{_near(value, known)}")
    return Where(field, values)


def _vocabulary(field: str) -> list[str]:
    if field not in CHECKED:
        return []
    if field in {"attack", "severity"}:
        rows = read("attacks")["attacks"]
        return [row["id"] for row in rows] if field == "attack" else ["low", "medium", "high", "critical"]
    types = Registry.builtin().types.values()
    return sorted({getattr(kind, {"reason": "slug"}.get(field, field)) for kind in types})


def _near(value: str, known: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(value, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
