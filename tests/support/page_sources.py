"""The generated pages from both sources, and what `normalize` makes of the vectors that they are compared with."""

from __future__ import annotations

import pytest

from authproblem import Problem, Registry, normalize
from tests.support.reference_pages import read_pages
from tools.generate_docs import pages
from tools.registry_data import ROOT, Vector, read

Pages = dict[str, str]

REGISTRY = Registry.builtin()
DATA, _ = read(ROOT)
COMMITTED: Pages = read_pages(ROOT)
GENERATED: Pages = {path: text for path, text in pages(DATA, REGISTRY).items() if path in COMMITTED}
WITHOUT_RESPONSE = {"upstream-unreachable"}
"""Types of which no provider sends anything."""

by_source = pytest.mark.parametrize("source", [COMMITTED, GENERATED], ids=["committed", "generated"])


def of_vector(vector: Vector) -> Problem | None:
    """`normalize` as the README of the vectors says: flow control asked for, disclosure off, no clock."""
    row = vector.row
    return normalize(
        row["status"],
        [(name, value) for name, value in row["headers"]],
        vector.body,
        provider=row["provider"],
        endpoint=row["endpoint"],
        method=row.get("method"),
        flow_control=True,
        transaction_states=row.get("transaction_states", False),
    )


PROBLEMS = [problem for vector in DATA.vectors if (problem := of_vector(vector)) is not None]
