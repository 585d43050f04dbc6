"""The dispatch of commands, usage errors, and output that cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from authproblem.__main__ import COMMANDS, main
from authproblem._cli.commands import Command, load
from tests.cli.support import Run


def test_without_a_command_the_overview_is_printed(run: Run) -> None:
    """It lists all commands; the exit status is that of a usage error."""
    got = run()

    assert (got.status, [name for name in COMMANDS if name not in got.out]) == (2, [])


def test_help_and_version_end_well(run: Run) -> None:
    """Status 0, on standard output."""
    from authproblem import __version__

    assert [run("--help").status, run("--version").out.strip()] == [0, f"authproblem {__version__}"]


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(run: Run) -> None:
    """The message names the similar command."""
    got = run("explian")

    assert (got.status, "invalid value 'explian'; did you mean explain?" in got.err) == (2, True)


@pytest.mark.parametrize("name", ["explain", "classify", "list", "registry"])
def test_every_command_has_help(run: Run, name: str) -> None:
    """`-h` prints its options."""
    got = run(name, "-h")

    assert (got.status, f"authproblem {name}" in got.out, "--registry" in got.out) == (0, True, True)


def test_a_missing_package_is_named_with_its_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command is imported when it is run; its extra may not be installed."""
    monkeypatch.setitem(COMMANDS, "gateway", Command("no_such_package", "x", "gateway"))

    got = run("gateway")

    assert (got.status, got.out, got.err.splitlines()) == (
        2,
        "",
        [
            "authproblem gateway: the package no_such_package is not installed",
            "Install it with: pip install 'authproblem[gateway]'",
        ],
    )


def test_a_closed_pipe_ends_the_run_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m authproblem registry | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "w", encoding="utf-8") as pipe, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", pipe)
        status = main(["registry"])

    assert status == 0


def test_runs_as_a_module() -> None:
    """`python -m authproblem`."""
    command = [sys.executable, "-m", "authproblem", "explain", "E0000047"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout.splitlines()[0].rstrip()) == (0, "okta:E0000047")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("registry",), ("explain", "E0000047"), ("--help",), ("list", "--json")])
def test_a_full_disk_is_an_error_message_without_a_traceback(arguments: tuple[str, ...]) -> None:
    """`authproblem registry > file` on a full disk: one line on standard error, exit status 2."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "authproblem", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (
        2,
        "authproblem: cannot write the output: No space left on device\n",
    )


def test_options_cannot_be_shortened(run: Run) -> None:
    """A shortened option would change its meaning when another option with the same beginning is added."""
    assert run("list", "--prov", "okta").status == 2


def test_every_command_is_importable_and_has_a_description() -> None:
    """Each row of the table leads to a module with a docstring."""
    modules = [(name, load(name).__doc__) for name in COMMANDS]

    assert [name for name, doc in modules if not doc] == []


def test_the_console_script_is_the_same_program() -> None:
    """`authproblem` and `python -m authproblem` run the same function."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]

    assert project["scripts"] == {"authproblem": "authproblem.__main__:main"}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_help_is_wrapped_at_the_width_of_the_terminal(run: Run, name: str) -> None:
    """Descriptions are written for 120 columns; a terminal may have 80."""
    text = run(name, "--help").out

    assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "x", "--no\x1b[2Jpe"],
        ["list", "\x1b[31mred\u009b31m"],
        ["\x1b[31mred"],
        ["registry", "--registry", "/no/such/\x1b[31mfile"],
        ["logs", "/no/such/\x1b[31mfile"],
        ["gateway", "--port", "\x1b[31m"],
        ["gateway", "--okta", "https://x.okta.com", "--config", "/no/such/\x1b[31mfile"],
        ["extproc", "--listen", "\x1b[31m"],
    ],
)
def test_a_usage_error_shows_no_escape_sequence(run: Run, arguments: list[str]) -> None:
    """What was typed, or comes from a file name, must not control the terminal."""
    got = run(*arguments)

    assert (got.status, got.out) == (2, "")
    assert [c for c in got.err if not c.isprintable() and c != "\n"] == []
    assert "\\x1b" in got.err
