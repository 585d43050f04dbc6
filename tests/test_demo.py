"""`make demo`: every case comes out as it should, it reads well at any width, and it says so when a case does not."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from demo.__main__ import main
from demo.cases import CASES
from demo.model import Result
from demo.show import block, introduce, summarize
from demo.stage import set_stage

ROOT = Path(__file__).parents[1]
BY_NAME = {case.name: case for case in CASES}


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """What comes of every case."""
    with set_stage() as stage:
        return [stage.play(case) for case in CASES]


def drawn(results: list[Result], width: int) -> tuple[list[str], int]:
    """The lines of the overview, and its exit status."""
    console = Console(file=io.StringIO(), width=width)
    introduce(console)
    for result in results:
        console.print(block(result))
    status = summarize(console, results, 0)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines(), status


def test_every_case_comes_out_as_it_should(results: list[Result]) -> None:
    assert {result.case.name: result.faults for result in results} == {name: [] for name in BY_NAME}
    assert drawn(results, 80)[1] == 0


def test_both_adapters_are_played_and_write_their_events(results: list[Result]) -> None:
    expected = {name: [0 if case.expected.event is None else 1] * 2 for name, case in BY_NAME.items()}
    assert {result.case.name: [len(take.events) for take in result.takes] for result in results} == expected


@pytest.mark.parametrize("width", [80, 120])
def test_the_overview_fits_the_terminal(results: list[Result], width: int) -> None:
    lines, _ = drawn(results, width)
    assert [line for line in lines if len(line) > width] == []


@pytest.mark.parametrize("width", [80, 120])
def test_the_overview_gives_each_text_one_line(results: list[Result], width: int) -> None:
    """What a case shows is never wrapped: neither what to look at nor a row of the table."""
    lines, _ = drawn(results, width)
    text = "\n".join(lines)
    assert [case.name for case in CASES if case.look not in text or f"\n{case.name} " not in text] == []
    assert [line.split()[-1] for line in lines if line.startswith("sign-up ")] == ["after_action"]


def test_a_case_that_comes_out_otherwise_is_named_and_fails() -> None:
    right = BY_NAME["mfa"]
    wrong = right._replace(expected=right.expected._replace(reason="account-locked", after=5))
    with set_stage() as stage:
        result = stage.play(wrong)
    lines, status = drawn([result], 120)
    assert (status, lines[-1]) == (1, "Not as it should be: mfa")
    assert "ASGI: reason is 'mfa-required', but should be 'account-locked'" in result.faults


def test_one_case_is_shown_in_full_through_both_adapters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    status = main(["mfa"])
    shown = capsys.readouterr().out
    (token,) = set(re.findall(r"Fe26\.2\*\w+", shown))
    assert (status, shown.count(token), shown.count("event=authproblem.normalized")) == (0, 4, 2)


@pytest.mark.parametrize(("argument", "status"), [("?", 0), ("no-such-case", 2)])
def test_the_cases_are_listed(capsys: pytest.CaptureFixture[str], argument: str, status: int) -> None:
    assert main([argument]) == status
    shown = capsys.readouterr().out
    assert [name for name in BY_NAME if name not in shown] == []


def test_nothing_runs_on_afterwards() -> None:
    before = set(threading.enumerate())
    with set_stage() as stage:
        urls = [*stage.upstreams.values(), *(url for pair in stage.urls.values() for url in pair)]
    assert set(threading.enumerate()) - before == set()
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)


def test_without_a_terminal_it_is_plain_text() -> None:
    """As `make demo` runs it; in a pipe there are no control codes, whatever the pipe's encoding can hold."""
    colorless = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "COLUMNS"}}
    run = subprocess.run(
        [sys.executable, "-m", "demo", "mfa"],
        cwd=ROOT,
        env={**colorless, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr, b"\x1b" in run.stdout, run.stdout.isascii()) == (0, b"", False, True)
