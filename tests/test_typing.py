"""The types that users see: strict mypy accepts every right use, and finds every wrong one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api", reason="mypy is in the group `lint`")

FOLDER = Path(__file__).parent / "typing"
CONFIG = Path(__file__).parent.parent / "pyproject.toml"
IGNORE = re.compile(r"  # type: ignore\[[a-z-]+\]$", re.MULTILINE)


def faults(file: Path, cache: Path) -> set[int]:
    """The lines in which strict mypy finds a fault."""
    options = ["--config-file", str(CONFIG), "--no-pretty", "--no-error-summary", "--cache-dir", str(cache)]
    report, problems, _ = api.run([*options, str(file)])
    assert problems == ""
    return {int(number) for number in re.findall(rf"{file.name}:(\d+): error: ", report)}


def pyright_faults(folder: Path, *files: Path) -> dict[str, set[int]]:
    """Return the lines in which strict pyright finds a fault, by file."""
    config = {"typeCheckingMode": "strict", "enableTypeIgnoreComments": False, "pythonVersion": "3.10"}
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    for file in files:
        (folder / file.name).write_text(IGNORE.sub("", file.read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    found: dict[str, set[int]] = {file.name: set() for file in files}
    for fault in json.loads(done.stdout)["generalDiagnostics"]:
        if fault["severity"] == "error":
            found[Path(fault["file"]).name].add(fault["range"]["start"]["line"] + 1)
    return found


@pytest.mark.slow
def test_pyright_finds_the_same_mistakes(tmp_path: Path) -> None:
    """Every line that is marked as a mistake, in strict mode."""
    pytest.importorskip("pyright", reason="pyright is in the group `lint`")
    marked = (FOLDER / "misuse.py").read_text(encoding="utf-8")
    lines = {number for number, line in enumerate(marked.splitlines(), 1) if IGNORE.search(line)}

    assert lines - pyright_faults(tmp_path, FOLDER / "misuse.py")["misuse.py"] == set()


def test_every_public_name_can_be_used_as_documented(tmp_path: Path) -> None:
    """Under strict mypy, for the oldest Python that is supported."""
    assert faults(FOLDER / "api.py", tmp_path) == set()


@pytest.mark.slow
def test_every_integration_can_be_used_as_documented(tmp_path: Path) -> None:
    """In and around the apps of every framework, whose types for an ASGI app differ."""
    assert faults(FOLDER / "frameworks.py", tmp_path) == set()


def test_mistakes_are_found(tmp_path: Path) -> None:
    """Exactly the lines that say `type: ignore` have a fault, once that is taken off."""
    marked = (FOLDER / "misuse.py").read_text(encoding="utf-8")
    bare = tmp_path / "misuse.py"
    bare.write_text(IGNORE.sub("", marked), encoding="utf-8")
    lines = {number for number, line in enumerate(marked.splitlines(), 1) if IGNORE.search(line)}

    assert len(lines) == 24
    assert faults(bare, tmp_path / "cache") == lines
