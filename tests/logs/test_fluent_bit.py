"""Fluent Bit itself, with the example's configuration and script: what `make fluent-bit` has built."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from authproblem.logs._export import to_csv
from tests.logs.cases import Json
from tests.logs.test_lookups import EXAMPLES, ORDINARY, Answer, expected
from tools.fluent_bit import program

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the example, whose input is a file in it."""
    text = (EXAMPLES / "fluent-bit.conf").read_text("utf-8")
    start, _, rest = text.partition("    Path   ")
    paths, _, rest = rest.partition("\n")
    assert paths == "/var/log/okta/*.ndjson,/var/log/auth0/*.ndjson"
    (tmp_path / "fluent-bit.conf").write_text(f"{start}    Path   {tmp_path}/*.ndjson\n{rest}", "utf-8")
    (tmp_path / "parsers.conf").write_text("[PARSER]\n    Name   json\n    Format json\n", "utf-8")
    (tmp_path / "authproblem.csv").write_text(to_csv(), "utf-8")
    (tmp_path / "events.ndjson").touch()
    shutil.copy(EXAMPLES / "authproblem.lua", tmp_path)
    return tmp_path


def run(fluent_bit: Path, folder: Path, events: list[Json]) -> list[Json]:
    """What Fluent Bit makes of events that a program appends to its input."""
    out = folder / "out"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [fluent_bit, "-c", "fluent-bit.conf"],
            cwd=folder,
            env={"AUTHPROBLEM_CSV": "authproblem.csv"},
            stdout=file,
            stderr=subprocess.DEVNULL,
        )
    try:
        time.sleep(2)  # lines that are there at the start are not read
        with (folder / "events.ndjson").open("ab") as log:
            log.writelines(json.dumps(event).encode() + b"\n" for event in events)
        deadline = time.monotonic() + 60
        while out.read_bytes().count(b"\n") < len(events) and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        process.terminate()
        process.wait(30)
    return [json.loads(line) for line in out.read_bytes().splitlines()]


def added(record: Json) -> Answer:
    if "authproblem_reason" not in record:
        return None
    return record["authproblem_reason"], record.get("authproblem_attack"), record.get("authproblem_severity")


def test_fluent_bit_agrees_with_classify_event(folder: Path) -> None:
    """Every event that the table can decide, through its own tail, JSON parser, filter and output."""
    fluent_bit = program() or pytest.skip("no Fluent Bit: `make fluent-bit` builds it")

    records = run(fluent_bit, folder, ORDINARY)

    assert [expected(event) for event in ORDINARY] == [added(record) for record in records]


def test_fluent_bit_leaves_the_rest_of_an_event_as_it_is(folder: Path) -> None:
    """It adds members at the top; `date` is Fluent Bit's own, and `null` gets lost in its Lua filter."""
    fluent_bit = program() or pytest.skip("no Fluent Bit: `make fluent-bit` builds it")
    kept = {"uuid": "x", "version": "0", "numbers": [1, 1.5, 64496], "mixed": [None, True, {"deep": "y"}], "empty": {}}
    failure = {**kept, "eventType": "user.account.lock", "outcome": {"result": "FAILURE"}, "device": None}
    success = {**kept, "eventType": "user.session.start", "outcome": {"result": "SUCCESS", "reason": None}}

    changed, same = run(fluent_bit, folder, [failure, success])

    assert changed.pop("date") > 0
    assert same.pop("date") > 0
    assert success == same
    assert changed.pop("authproblem_owner") == "user"
    assert changed.pop("authproblem_remedy") == "unlock_account"
    others = {name: value for name, value in changed.items() if not name.startswith("authproblem_")}
    assert {name: value for name, value in failure.items() if value is not None} == others
