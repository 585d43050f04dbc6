"""The language-neutral vectors of `tests/vectors`, loaded: a response, and the problem that it has to become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.responses import Pairs, Response

FOLDER = Path(__file__).parent.parent / "vectors"
FILES = tuple(sorted(path.stem for path in FOLDER.glob("*.jsonl")))


class Vector(NamedTuple):
    """One row of a vector file; `place` is its file and line."""

    place: str
    response: Response
    entry: str | None
    reason: str | None
    provider: Any
    endpoint: str | None
    transaction_states: bool = False
    after: int | None = None
    matched_by: str | None = None
    known: bool | None = None


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def load(stem: str) -> list[Vector]:
    """All vectors of one file."""
    return [_vector(f"{stem}:{number}", row) for number, row in enumerate(rows(FOLDER / f"{stem}.jsonl"), 1)]


def _vector(place: str, row: dict[str, Any]) -> Vector:
    body = row["body"]
    content = body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
    headers: Pairs = [(name, value) for name, value in row["headers"]]
    return Vector(
        place=place,
        response=Response(row["status"], headers, content),
        entry=row["entry"],
        reason=row["reason"],
        provider=row["provider"],
        endpoint=row["endpoint"],
        transaction_states=row.get("transaction_states", False),
        after=row.get("after"),
        matched_by=row.get("matched_by"),
        known=row.get("known"),
    )
