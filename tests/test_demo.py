"""`make demo`: every case is as expected, the overview fits any width, and a case that differs is reported."""

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
from demo.servers import start_servers
from demo.show import block, introduce, summarize

ROOT = Path(__file__).parents[1]
BY_NAME = {case.name: case for case in CASES}


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """The results of all cases."""
    with start_servers() as servers:
        return [servers.run(case) for case in CASES]


def drawn(results: list[Result], width: int) -> tuple[list[str], int]:
    """The lines of the overview, and its exit status."""
    console = Console(file=io.StringIO(), width=width)
    introduce(console)
    for result in results:
        console.print(block(result))
    status = summarize(console, results, 0)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines(), status


def test_every_case_is_as_expected(results: list[Result]) -> None:
    """No differences through either adapter, and the exit status is 0."""
    assert {result.case.name: result.faults for result in results} == {name: [] for name in BY_NAME}
    assert drawn(results, 80)[1] == 0


def test_each_adapter_emits_the_event_of_each_case(results: list[Result]) -> None:
    """One event or none, as the case expects."""
    expected = {name: [0 if case.expected.event is None else 1] * 2 for name, case in BY_NAME.items()}
    assert {result.case.name: [len(run.events) for run in result.runs] for result in results} == expected


@pytest.mark.parametrize("width", [80, 120])
def test_the_overview_fits_the_terminal(results: list[Result], width: int) -> None:
    """No line is longer than the terminal is wide."""
    lines, _ = drawn(results, width)
    assert [line for line in lines if len(line) > width] == []


@pytest.mark.parametrize("width", [80, 120])
def test_the_overview_gives_each_text_one_line(results: list[Result], width: int) -> None:
    """What a case shows is never wrapped: neither what to look at nor a row of the table."""
    lines, _ = drawn(results, width)
    text = "\n".join(lines)
    assert [case.name for case in CASES if case.look not in text or f"\n{case.name} " not in text] == []
    assert [line.split()[-1] for line in lines if line.startswith("sign-up ")] == ["after_action"]


def test_a_case_that_differs_from_what_is_expected_fails() -> None:
    """Its name and the differences are printed, and the exit status is 1."""
    right = BY_NAME["mfa"]
    wrong = right._replace(expected=right.expected._replace(reason="account-locked", after=5))
    with start_servers() as servers:
        result = servers.run(wrong)
    lines, status = drawn([result], 120)
    assert (status, lines[-1]) == (1, "Not as expected: mfa")
    assert "ASGI: reason is 'mfa-required', but should be 'account-locked'" in result.faults


def test_one_case_is_shown_in_full_through_both_adapters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the whole token and the event, once for each adapter."""
    monkeypatch.setenv("COLUMNS", "300")
    status = main(["mfa"])
    shown = capsys.readouterr().out
    (token,) = set(re.findall(r"Fe26\.2\*\w+", shown))
    assert (status, shown.count(token), shown.count("event=authproblem.normalized")) == (0, 4, 2)


@pytest.mark.parametrize(("argument", "status"), [("?", 0), ("no-such-case", 2)])
def test_the_cases_are_listed(capsys: pytest.CaptureFixture[str], argument: str, status: int) -> None:
    """For `?`, and with an error status for an unknown name."""
    assert main([argument]) == status
    shown = capsys.readouterr().out
    assert [name for name in BY_NAME if name not in shown] == []


def test_no_server_keeps_running() -> None:
    """All threads have ended, and all ports are closed."""
    before = set(threading.enumerate())
    with start_servers() as servers:
        urls = [*servers.upstreams.values(), *(url for pair in servers.urls.values() for url in pair)]
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
