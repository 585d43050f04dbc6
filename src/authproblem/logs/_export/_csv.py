"""The rules as CSV (RFC 4180): one header line, then one rule a line, in the order in which they are tried."""

from __future__ import annotations

import csv
import io

from authproblem.logs._export._rules import Rule, rules

COLUMNS = Rule._fields
"""The header."""


def to_csv() -> str:
    """The table as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rules())
    return out.getvalue()
