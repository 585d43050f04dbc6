"""`python -m authproblem logs` over time: its state file, live streams, interrupts, and what it leaves in memory."""

from __future__ import annotations

import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from authproblem.logs._command._work import Settings, Worker
from tests.logs.commands import EVENTS, REASONS, REUSED, Run, ndjson


def test_the_state_file_lets_the_next_run_go_on(run: Run, tmp_path: Path) -> None:
    """A line that a program is still writing waits for its end; a rotated file is read from its start."""
    file, state = tmp_path / "events", tmp_path / "state.json"
    whole = ndjson(EVENTS)
    cut = len(ndjson(EVENTS[:3])) + 10

    file.write_bytes(whole[:cut])
    first = run("--state", state, file)
    file.write_bytes(whole)
    second = run("--state", state, file)
    third = run("--state", state, file)
    file.write_bytes(ndjson([{**REUSED, "log_id": "2"}]))
    rotated = run("--state", state, file)

    assert first.reasons + second.reasons == REASONS
    assert third.out == ""
    assert rotated.reasons == ["invalid-refresh-token"]


def test_line_numbers_go_on_from_the_state(run: Run, tmp_path: Path) -> None:
    """A bad line is named by its number in the file."""
    file, state = tmp_path / "events.gz", tmp_path / "state.json"
    file.write_bytes(gzip.compress(ndjson(EVENTS)))
    run("--state", state, file)
    file.write_bytes(gzip.compress(ndjson(EVENTS) + b"x\n"))

    assert f"{file}:6: not JSON" in run("--state", state, file).err


def test_a_file_that_is_no_state_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    """A mistyped name must not destroy a file."""
    file, state = tmp_path / "events", tmp_path / "precious.json"
    file.write_bytes(ndjson(EVENTS))
    state.write_text("[1, 2]")

    result = run("--state", state, file)

    assert (result.status, result.out) == (2, "")
    assert state.read_text() == "[1, 2]"


def test_what_would_fail_at_the_end_fails_at_the_start(run: Run, tmp_path: Path) -> None:
    """Nothing is read for hours and then lost."""
    nowhere = tmp_path / "missing" / "x.svg"

    assert "cannot write" in run("--plot", nowhere, stdin=ndjson(EVENTS)).err
    assert "--state needs a FILE" in run("--state", tmp_path / "state", stdin=ndjson(EVENTS)).err


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")
@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="SIGINT is ignored in the background")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_shows_what_it_counted(jobs: str, tmp_path: Path) -> None:
    """Ctrl-C is the usual end of a live stream."""
    pytest.importorskip("rich")
    command = [
        sys.executable,
        "-m",
        "authproblem",
        "logs",
        "--summary",
        "--jobs",
        jobs,
        "--plot",
        str(tmp_path / "x.svg"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(ndjson(EVENTS) + b"x\n")
        process.stdin.flush()
        assert process.stderr is not None
        assert process.stderr.readline() == b"standard input:6: not JSON\n"  # the lines were read
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert out.startswith(b"4 failures in 6 lines\n")
    assert b"Traceback" not in err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_live_stream_is_classified_line_by_line(jobs: str) -> None:
    """A line is written before the next one comes."""
    command = [sys.executable, "-m", "authproblem", "logs", "--jobs", jobs]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for event, reason in zip(EVENTS, REASONS, strict=True):
            process.stdin.write(ndjson([event]))
            process.stdin.flush()
            assert reason == json.loads(process.stdout.readline()).get("authproblem", {}).get("reason")
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_closed_pipe_ends_the_run_quietly(tmp_path: Path) -> None:
    """`| head` has seen enough."""
    file = tmp_path / "events"
    file.write_bytes(ndjson(EVENTS) * 5000)
    command = f"{sys.executable} -m authproblem logs --jobs 2 {file} | head -n 1"

    done = subprocess.run(command, shell=True, capture_output=True, timeout=60, check=False)

    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


@pytest.mark.parametrize("summary", [False, True])
def test_a_block_leaves_nothing_behind(summary: bool) -> None:
    """Memory stays flat over any number of lines, also between two runs of the garbage collector."""
    worker = Worker(Settings("authproblem", False, summary, [], None, None))
    block = ndjson(EVENTS) * 300
    worker(block)
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(5):
            worker(block)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()

    assert kept < len(block) / 2
