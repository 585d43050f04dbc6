"""What the tests of the command line share: a runner and recorded responses."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

LIMITED = {
    "errorCode": "E0000047",
    "errorSummary": "API call exceeded rate limit due to too many requests.",
    "errorLink": "E0000047",
    "errorId": "oaeVectorExample00000000",
    "errorCauses": [],
}
GENERIC = {"error": "invalid_grant"}


class Result(NamedTuple):
    """What a run left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Result]


def joined(text: str) -> str:
    """Return a text without its line breaks and indents."""
    return " ".join(text.split())


def response(status_line: str, headers: list[str], body: object, end: str = "\r\n") -> bytes:
    """Return a response as it is saved in a file."""
    content = body if isinstance(body, str) else json.dumps(body)
    return end.join([status_line, *headers, "", content]).encode()


def schema(name: str) -> Any:
    """Return a JSON Schema of the package."""
    return json.loads(files("authproblem").joinpath(f"_registry/data/{name}.json").read_bytes())


def own(tmp_path: Path, row: dict[str, object]) -> str:
    """Write a registry file with one entry and return its path."""
    path = tmp_path / "ours.json"
    path.write_text(json.dumps({"entries": [row]}))
    return str(path)
