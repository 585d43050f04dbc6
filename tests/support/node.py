"""The Node clients: installed below `build/` by the first run, in the exact versions of `tests/sdks/node`."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "sdks" / "node"
CACHE = Path(__file__).parents[2] / "build" / "node-clients"
OLDEST = (20, 19)
INSTALL_SECONDS, RUN_SECONDS = 300, 60


def node_clients() -> Path:
    """The folder with the runners and the clients; skips the test where Node is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node clients need node and npm on the PATH")
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=True, timeout=RUN_SECONDS
    ).stdout
    if tuple(map(int, version.strip().lstrip("v").split(".")[:2])) < OLDEST:
        pytest.skip(f"Node clients need Node {OLDEST[0]}.{OLDEST[1]} or newer; this is {version.strip()}")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir()))).hexdigest()[:16]
    ready = CACHE / digest
    if not ready.exists():
        _install(npm, ready)
    return ready


def _install(npm: str, ready: Path) -> None:
    """Install beside the place and move there: two runs at once do not find half of it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        fresh = Path(temporary) / "fresh"
        shutil.copytree(SOURCES, fresh)
        quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
        done = subprocess.run(
            [npm, "install", *quiet], cwd=fresh, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        assert (done.returncode, done.stderr if done.returncode else "") == (0, "")
        if not ready.exists():
            fresh.rename(ready)
