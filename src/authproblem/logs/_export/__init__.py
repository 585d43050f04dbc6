"""Lookup tables for programs that cannot run Python: the rules of `classify_event`, as CSV, a Splunk app, or VRL.

They agree with `classify_event` on type, outcome, reason and text. What needs more than these is left out: the
factor of a multi-factor event, the prompts and API responses of Auth0, the registry's own texts, and types that are in
no list and whose name alone shows that they failed.
"""

from __future__ import annotations

from authproblem.logs._export._csv import COLUMNS, to_csv
from authproblem.logs._export._rules import Rule, first_match, rules
from authproblem.logs._export._splunk import splunk_app
from authproblem.logs._export._vrl import to_vrl

__all__ = ["COLUMNS", "Rule", "first_match", "rules", "splunk_app", "to_csv", "to_vrl"]
