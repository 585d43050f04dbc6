"""Runs of the command for the tests: events, and what a run leaves behind."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from authproblem.__main__ import main
from tests.logs.cases import AUTH0, AUTH0_STREAM, OKTA, Json

SUCCESS: Json = {**OKTA, "outcome": {"result": "SUCCESS"}, "published": "2026-02-15T00:00:00.000Z"}
DENIED: Json = {**OKTA, "eventType": "policy.evaluate_sign_on", "outcome": {"result": "DENY"}}
REUSED: Json = {**AUTH0, "type": "ferrt", "description": "Unsuccessful exchange, reused refresh token detected"}
EVENTS = [OKTA, SUCCESS, DENIED, AUTH0_STREAM, REUSED]
REASONS = ["invalid-credentials", None, "access-denied", "invalid-credentials", "invalid-refresh-token"]
FAILED = [reason for reason in REASONS if reason]


class Result(NamedTuple):
    """What a run left behind."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def reasons(self) -> list[str | None]:
        return [line.get("authproblem", {}).get("reason") for line in self.lines]


Run = Callable[..., Result]
Write = Callable[[], bytes]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process, with one job unless another number is given."""

    def command(*arguments: object, stdin: bytes = b"", jobs: int = 1) -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin))))
        try:
            status = main(["logs", "--jobs", str(jobs), *map(str, arguments)])
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capfdbinary.readouterr()
        return Result(status, out.decode(), err.decode())

    return command


def ndjson(events: list[Json]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
