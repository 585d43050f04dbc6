"""Add the explorer to the built site: the page of `authproblem explore`, with Pyodide in place of the server.

`make site` runs it between the build and the check. Pyodide comes from npm, in one version, into `build/pyodide`;
without npm the site is built without this page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import authproblem

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(authproblem.__file__).parent
PAGE = PACKAGE / "_cli" / "explorer" / "static"
SOURCES = ROOT / "docs" / "explorer"
SITE = ROOT / "build" / "site"
PYODIDE = ROOT / "build" / "pyodide"
VERSION = "314.0.7"
_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time of a ZIP archive: the same sources give the same bytes."""


def main() -> int:
    """Run as a script."""
    if available():
        add_explorer(SITE)
    else:
        print("the site has no explorer: Pyodide needs npm")
    return 0


def available() -> bool:
    """Return whether the site gets an explorer: Pyodide is there, or npm can install it."""
    return _modules() is not None or shutil.which("npm") is not None


def add_explorer(site: Path) -> None:
    """Write the page into a built site."""
    modules = _modules() or _install()
    folder = site / "explorer"
    shutil.rmtree(folder, ignore_errors=True)
    static = folder / "static"
    shutil.copytree(PAGE, static)
    (static / "index.html").rename(folder / "index.html")
    for name in ("backend.js", "worker.js"):
        shutil.copy(SOURCES / name, static / name)
    (static / "pyodide").mkdir()
    for name in _FILES:
        shutil.copy(modules / name, static / "pyodide" / name)
    _pack(static / "package.zip")


def _modules() -> Path | None:
    modules = PYODIDE / VERSION / "node_modules" / "pyodide"
    return modules if all((modules / name).is_file() for name in _FILES) else None


def _install() -> Path:
    folder = PYODIDE / VERSION
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    npm = shutil.which("npm") or "npm"
    subprocess.run([npm, "install", *options, "--prefix", str(folder), f"pyodide@{VERSION}"], check=True)
    return folder / "node_modules" / "pyodide"


def _pack(path: Path) -> None:
    """Write the package and the stand-in for orjson into an archive."""
    files = [file for file in sorted(PACKAGE.rglob("*")) if file.suffix in {".py", ".json"}]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            _add(archive, file, file.relative_to(PACKAGE.parent).as_posix())
        _add(archive, SOURCES / "orjson.py", "orjson.py")


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, file.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
