"""Mutation testing of the decision rules: changes them one spot at a time and counts the changes that no test notices.

    python tools/mutate.py 600                     a random sample, for 600 seconds
    python tools/mutate.py --all -m _retry         every mutant of one module

Works on a copy of the tree, in forked processes: the parent has the libraries loaded, a child loads the package with
one function changed and runs the module's own tests, then, if they pass, the wider ones. A mutant that the tests notice
is killed; one that makes them hang is killed too. POSIX only.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MODULES = (
    *("_challenge", "_classify", "_disclose", "_headers", "_location", "_members"),
    *("_negotiate", "_parse", "_problem", "_retry", "_scope"),
)
"""Where it is decided what a response means, what is sent, and when to try again."""
_LOADED = (
    *("pytest", "_pytest.terminal", "_pytest.assertion.rewrite", "pytest_timeout", "anyio.pytest_plugin", "coverage"),
    *("hypothesis", "hypothesis.strategies", "_hypothesis_pytestplugin", "jsonschema", "orjson", "structlog", "http_sf"),
    *("asyncio", "difflib", "email.utils", "importlib.resources", "unittest.mock", "urllib.parse", "wsgiref.validate"),
)
"""What the tests import besides the package: loaded once, in the parent."""
_WIDE = (
    *("test_members", "test_normalize", "test_classify", "test_parse", "test_problem", "test_express", "test_intercept"),
    *("test_index", "test_report", "test_seeds", "doors/test_rewrite", "doors/test_scope"),
)
_STAGES = (
    (("{own}", "mutants"), ()),
    (("vectors",), ("-k", "core")),
    (_WIDE, ()),
)
_PATIENCE = 60
"""Seconds of processor time after which a mutant counts as one that hangs; the wide tests take about ten."""
_PYTEST = (
    *("-x", "-q", "--no-header", "-p", "no:randomly", "-p", "no:faker", "-p", "no:cacheprovider", "-W", "ignore"),
    *("-c", "pyproject.toml", "--hypothesis-profile", "mutants"),
)


class Verdict(NamedTuple):
    """What became of one mutant."""

    module: str
    place: str
    fate: str


class _Changed(MetaPathFinder, Loader):
    """Loads one module from code instead of its file."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name, self.code = name, code

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        return ModuleSpec(fullname, self, origin=self.code.co_filename) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # noqa: S102 - our own module, changed in one spot


def main() -> int:
    """Run mutants until they or the seconds are used up, and report; 1 if the tests fail without any mutant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", nargs="?", type=int, default=600)
    parser.add_argument("-m", "--module", action="append", choices=MODULES, help="this one alone; may be repeated")
    parser.add_argument("--all", action="store_true", help="every mutant, however long it takes")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--share", type=float, default=0.0, help="fail if fewer are killed, such as 0.95")
    given = parser.parse_args()
    if not hasattr(os, "fork"):
        print("mutation testing needs fork: skipped")
        return 0
    modules: tuple[str, ...] = tuple(given.module or MODULES)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        _copy_tree(copy)
        verdicts = run(copy, modules, None if given.all else given.seconds, given.seed)
    return 1 if verdicts is None else report(verdicts, given.share)


def run(copy: Path, modules: tuple[str, ...], seconds: int | None, seed: int) -> list[Verdict] | None:
    """The verdicts on as many mutants as the time allows; None where the tests fail by themselves."""
    from tools.mutants import mutants

    os.chdir(copy)
    sys.path.insert(0, str(copy / "src"))
    for name in _LOADED:
        __import__(name)
    for module in modules:
        if _fate(None, module) != "survived":
            print(f"{module}: its tests fail without a mutant")
            return None
    begun = time.monotonic()
    places = [(module, number) for module in modules for number, _ in enumerate(mutants(_source(copy, module)))]
    if seconds is not None:
        random.Random(seed).shuffle(places)
    chosen: Counter[str] = Counter()
    verdicts = []
    print(f"{len(places)} mutants of {len(modules)} modules")
    for module, number in places:
        if seconds is not None and time.monotonic() - begun > seconds:
            break
        chosen[module] += 1
        code, place = _mutant(copy, module, number)
        verdicts.append(Verdict(module, place, _fate(_Changed(f"authproblem.{module}", code), module)))
        if verdicts[-1].fate == "survived":
            print(f"survived: {module}: {place}", flush=True)
    return verdicts


def report(verdicts: list[Verdict], share: float) -> int:
    """Print the share that was killed, module by module; 1 if it is too small."""
    for module in sorted({verdict.module for verdict in verdicts}):
        fates = Counter(verdict.fate for verdict in verdicts if verdict.module == module)
        print(f"{module:12} {_share(fates)}")
    fates = Counter(verdict.fate for verdict in verdicts)
    print(f"{'all':12} {_share(fates)}")
    return int(bool(verdicts) and (len(verdicts) - fates["survived"]) / len(verdicts) < share)


def _share(fates: Counter[str]) -> str:
    total = sum(fates.values())
    killed = total - fates["survived"]
    return f"{killed} of {total} killed ({100 * killed / total:.1f} %), {fates['hung']} of them by hanging"


def _copy_tree(copy: Path) -> None:
    """The files of the tree that tests read: whoever edits it meanwhile changes nothing here."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*", "node_modules", "build", "dist")
    shutil.copytree(ROOT, copy, dirs_exist_ok=True, ignore=unwanted)


def _source(copy: Path, module: str) -> str:
    return (copy / "src" / "authproblem" / f"{module}.py").read_text(encoding="utf-8")


def _mutant(copy: Path, module: str, number: int) -> tuple[CodeType, str]:
    from tools.mutants import mutants

    path = f"src/authproblem/{module}.py"
    for found, mutant in enumerate(mutants(_source(copy, module))):
        if found == number:
            return compile(mutant.tree, path, "exec", dont_inherit=True), mutant.place
    raise IndexError(number)


def _fate(changed: _Changed | None, module: str) -> str:
    """Run the tests in a child: `killed`, `hung` or `survived`."""
    own = [f"tests/test_{module.lstrip('_')}.py", "tests/test_mutants.py"]
    wide = [f"tests/{name}.py" for name in _WIDE]
    for tests in (own, wide):
        fate = _forked(changed, [test for test in tests if Path(test).exists()])
        if fate != "survived":
            return fate
    return "survived"


def _forked(changed: _Changed | None, tests: list[str]) -> str:
    child = os.fork()
    if child == 0:
        _be_child(changed, tests)
    deadline = time.monotonic() + _PATIENCE
    for status in _statuses(child):
        if status is not None:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "killed"
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hung"
    raise AssertionError


def _statuses(child: int) -> Iterator[int | None]:
    """The exit status of a child, again and again: None while it runs."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        yield status if ended else None
        time.sleep(0.01)


def _be_child(changed: _Changed | None, tests: list[str]) -> None:
    """Run pytest on the changed package, silently, and end with its exit code; whatever else happens is no zero."""
    code: Any = 70
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        if not os.environ.get("MUTATE_LOUD"):
            os.dup2(silence, 1)
            os.dup2(silence, 2)
        if changed is not None:
            sys.meta_path.insert(0, changed)
        import pytest

        code = pytest.main([*_PYTEST, "-c", "pyproject.toml", *tests])
    finally:
        os._exit(int(code))


if __name__ == "__main__":
    sys.exit(main())
