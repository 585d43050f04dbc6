"""No input of others costs more than linear time, counted in executed instructions."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "growth.py"


def instructions(size: int) -> int:
    """Count the instructions of a run with inputs of one size."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, str(SCRIPT), str(size)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=900, env={**os.environ, "PYTHONHASHSEED": "0"}
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found is not None, done.stderr
    return int(found.group(1))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_twice_the_input_takes_at_most_about_twice_the_instructions() -> None:
    """Every header, member, path and text that the core reads, with every pattern; start-up is taken off."""
    start, once, twice = (instructions(size) for size in (0, 2_000, 4_000))

    assert twice - start <= 2.2 * (once - start)
