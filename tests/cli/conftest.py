"""A fixture that runs the command line in this process."""

from __future__ import annotations

import sys
from io import BytesIO, TextIOWrapper

import pytest

from authproblem.__main__ import main
from tests.cli.support import Result, Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")

    def command(*arguments: str, stdin: bytes | None = None) -> Result:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
        try:
            status = main(list(arguments))
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return command
