"""Shell completion: what is offered, and the scripts in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from authproblem._cli.commands import COMMANDS
from authproblem._cli.completion import SCRIPTS, candidates
from tests.cli.support import Run

_ASK = {
    "bash": 'COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; read -ra COMP_WORDS <<<"$COMP_LINE"; '
    '[[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); '
    '_authproblem; printf "%s\\n" "${{COMPREPLY[@]}}"',
    "fish": 'complete -C "{line}"',
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["expla"], ["explain"]),
        (["list", "--pro"], ["--provider"]),
        (["list", "--provider", "o"], ["okta", "oauth"]),
        (["list", "--type", "mfa-req"], ["mfa-required"]),
        (["list", "--code", "E000004"], [f"E000004{digit}" for digit in "0123456789"]),
        (["explain", "okta:E0000047"], ["okta:E0000047", "okta:E0000047/concurrency"]),
        (["completion", "z"], ["zsh"]),
        (["classify", "somefil"], []),
        (["nonsense", "x"], []),
    ],
)
def test_candidates_are_commands_options_and_names_of_the_registry(words: list[str], expected: list[str]) -> None:
    """The last word is completed by what may stand there; files are left to the shell."""
    assert sorted(candidates(words)) == sorted(expected)


def test_all_commands_are_candidates_of_an_empty_line() -> None:
    """So that two tabs show them."""
    assert set(COMMANDS) <= set(candidates([""]))


def test_completion_without_a_shell_names_the_shells(run: Run) -> None:
    """A usage error."""
    got = run("completion")

    assert (got.status, got.err) == (2, "authproblem completion: invalid shell ''; expected one of bash, zsh, fish\n")


def test_candidates_are_printed_one_a_line(run: Run) -> None:
    """What the scripts call."""
    assert run("completion", "--candidates", "--", "explain", "mfa-requ").out == "mfa-required\n"


@pytest.mark.parametrize("shell", list(_ASK))
@pytest.mark.parametrize(
    ("line", "expected"), [("authproblem expla", "explain"), ("authproblem list --type mfa-req", "mfa-required")]
)
def test_the_script_completes_in_a_real_shell(shell: str, line: str, expected: str, tmp_path: Path) -> None:
    """The shell offers the word."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    program = tmp_path / "authproblem"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m authproblem "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    script = SCRIPTS[shell] + "\n" + _ASK[shell].format(line=line)

    done = subprocess.run([shell, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == [expected]
