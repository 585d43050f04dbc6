"""Mutation testing of the decision rules: changes them one spot at a time and counts the changes that no test notices.

    python tools/mutate.py 600                     a random sample, for 600 seconds
    python tools/mutate.py --all -m _core.retry    every mutant of one module

Works on a copy of the tree. For each module one process collects the tests, then forks for every mutant: the child puts
the changed code in place and runs the tests until one fails, the module's own first. A mutant that the tests notice is
killed; one that makes them run without end is killed too. POSIX only.
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
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.mutation_targets import MODULES, source_of, tests_of  # noqa: E402 - after the path is set

_MAX_CPU = 60
"""Seconds of processor time after which a mutant counts as hanging; without a mutant all tests take about twenty."""
_PYTEST = (
    *("-x", "-q", "--no-header", "-p", "no:randomly", "-p", "no:faker", "-p", "no:cacheprovider", "-W", "ignore"),
    *("-c", "pyproject.toml", "--hypothesis-profile", "mutants"),
)
_RESULTS = {0: "survived", 1: "killed"}


class Verdict(NamedTuple):
    """What became of one mutant."""

    module: str
    place: str
    result: str


def main() -> int:
    """Run mutants until they or the seconds are used up, and report; 1 if the tests fail without any mutant."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", nargs="?", type=int, default=600, help="for all modules together (600)")
    parser.add_argument("-m", "--module", action="append", choices=MODULES, help="this one alone; may be repeated")
    parser.add_argument("--all", action="store_true", help="every mutant, however long it takes")
    parser.add_argument("--only", default="", help="mutants whose description holds this")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--share", type=float, default=0.0, help="fail if fewer are killed, such as 0.95")
    given = parser.parse_args()
    if not hasattr(os, "fork"):
        print("mutation testing needs fork: skipped")
        return 0
    modules: tuple[str, ...] = tuple(given.module or MODULES)
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        _copy_tree(Path(folder))
        _prepare(Path(folder))
        for module in modules:
            seconds = None if given.all else given.seconds / len(modules)
            log = Path(folder) / f"{module}.verdicts"
            if not _run_module(module, log, given.only, seconds, given.seed):
                print(
                    f"{module}: its tests fail without a mutant", log.with_suffix(".out").read_text()[-4000:], sep="\n"
                )
                return 1
            verdicts += [Verdict(*line.split("\t")) for line in log.read_text(encoding="utf-8").splitlines()]
    return report(verdicts, given.share)


def report(verdicts: list[Verdict], share: float) -> int:
    """Print the share that was killed as a table, module by module; 1 if it is too small."""
    print("| module | mutants | killed | share |", "|-|-|-|-|", sep="\n")
    for module in sorted({verdict.module for verdict in verdicts}):
        _print_row(f"`{module}`", [verdict for verdict in verdicts if verdict.module == module])
    return int(_print_row("all", verdicts) < share)


def _print_row(name: str, verdicts: list[Verdict]) -> float:
    killed = sum(verdict.result != "survived" for verdict in verdicts)
    share = killed / len(verdicts) if verdicts else 1.0
    print(f"| {name} | {len(verdicts)} | {killed} | {share:.1%} |")
    return share


def _copy_tree(copy: Path) -> None:
    """The files of the tree that tests read: whoever edits it meanwhile changes nothing here."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*", "node_modules", "build", "dist")
    shutil.copytree(ROOT, copy, dirs_exist_ok=True, ignore=unwanted)


def _prepare(copy: Path) -> None:
    """What all runs share: the copy's package first on the path, and hypothesis in a hurry."""
    from hypothesis import HealthCheck, settings

    os.chdir(copy)
    sys.path[0:0] = [str(copy), str(copy / "src")]
    settings.register_profile(
        "mutants",
        deadline=None,
        max_examples=25,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def _run_module(module: str, log: Path, only: str, seconds: float | None, seed: int) -> bool:
    """Fork the process that collects the tests of one module and then forks for each of its mutants."""
    child = os.fork()
    if child == 0:
        code: Any = 70
        try:
            import pytest

            tests = [path for path in tests_of(module) if Path(path).exists()]
            plugin = MutationRun(module, log, only, seconds, seed)
            os.dup2(os.open(log.with_suffix(".out"), os.O_WRONLY | os.O_CREAT), 1)
            os.dup2(1, 2)
            code = pytest.main([*_PYTEST, *tests], plugins=[plugin])
        finally:
            os._exit(int(code))
    return os.waitpid(child, 0)[1] == 0


class MutationRun:
    """A pytest plugin that runs the collected tests once for each mutant, each time in a child."""

    def __init__(self, module: str, log: Path, only: str, seconds: float | None, seed: int) -> None:
        """Take what `main` was given."""
        self.module, self.log, self.only, self.seconds, self.seed = module, log, only, seconds, seed
        self.stdout = os.dup(1)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Of the vectors, one implementation is enough: the adapters add no decision rules."""
        items[:] = [item for item in items if "test_vectors.py" not in item.nodeid or "core" in item.name]

    def pytest_runtestloop(self, session: Any) -> bool:
        """Run every mutant and log its result; first run without a mutant, and with one that changes nothing."""
        from tools.mutants import mutants

        source = Path(source_of(self.module)).read_text(encoding="utf-8")
        unchanged = compile(source, source_of(self.module), "exec", dont_inherit=True)
        # Put in place like a mutant as well: if that alone made tests fail, every mutant would count as killed.
        if not all(_run_mutant(session, self.module, code) == "survived" for code in (None, unchanged)):
            session.shouldfail = "the tests fail without a mutant"
            raise session.Failed(session.shouldfail)
        places = [mutant.place for mutant in mutants(source)]
        chosen = [number for number, place in enumerate(places) if self.only in place]
        if self.seconds is not None:
            random.Random(self.seed).shuffle(chosen)  # noqa: S311 - a sample, not a secret
        self._say(f"{self.module}: {len(chosen)} mutants")
        deadline = time.monotonic() + (self.seconds or float("inf"))
        with self.log.open("w", encoding="utf-8") as log:
            for number in chosen:
                if time.monotonic() > deadline:
                    break
                tree = next(mutant.tree for found, mutant in enumerate(mutants(source)) if found == number)
                result = _run_mutant(
                    session, self.module, compile(tree, source_of(self.module), "exec", dont_inherit=True)
                )
                log.write("\t".join((self.module, places[number], result)) + "\n")
                if result == "survived":
                    self._say(f"survived: {self.module}: {places[number]}")
        return True

    def _say(self, text: str) -> None:
        os.write(self.stdout, f"{text}\n".encode())


def _run_mutant(session: Any, module: str, code: Any) -> str:
    """Run the tests in a child: `killed`, `hung` or `survived`."""
    child = os.fork()
    if child == 0:
        result = 1
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (_MAX_CPU, _MAX_CPU))
            if code is not None:
                put_in_place(import_module(f"authproblem.{module}"), code)
            result = int(_fails(session))
        finally:
            os._exit(result)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "hung" if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else "killed"
    return _RESULTS.get(os.WEXITSTATUS(status), "killed")


def _fails(session: Any) -> bool:
    """Whether one of the collected tests fails."""
    for item, following in zip(session.items, [*session.items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return True
    return False


def put_in_place(module: ModuleType, code: Any) -> None:
    """Give the functions of a loaded module the code of a changed one, and everybody the changed constants."""
    changed = ModuleType(module.__name__)
    changed.__dict__.update({"__file__": module.__file__, "__package__": module.__package__})
    exec(code, changed.__dict__)  # noqa: S102 - our own module, changed in one spot
    users = [used.__dict__ for name, used in sys.modules.items() if name.partition(".")[0] in {"authproblem", "tests"}]
    for name, new in list(changed.__dict__.items()):
        old = module.__dict__.get(name)
        if getattr(new, "__module__", None) == module.__name__ and _graft(old, new):
            continue
        if name.startswith("__") or isinstance(new, (type, ModuleType)):
            continue
        for user in users:
            if old is not None and user.get(name) is old:
                user[name] = new
    _forget()


def _forget() -> None:
    """Forget what the unchanged code has built: everything that is cached, and the built-in registry."""
    loaded = [
        vars(used) for name, used in list(sys.modules.items()) if name.partition(".")[0] in {"authproblem", "tests"}
    ]
    for names in loaded:
        for kept in list(names.values()):
            getattr(kept, "cache_clear", lambda: None)()
    registry = sys.modules["authproblem._registry.registry"]
    old = registry._builtin.pop("builtin", None)  # noqa: SLF001 - where the built-in registry is kept
    new = registry.Registry.builtin()
    for names in loaded:
        for name, value in list(names.items()):
            if value is old and old is not None:
                names[name] = new


def _graft(old: Any, new: Any) -> bool:
    """Change a function, or a class and what is in it, without a new identity; False if it is neither."""
    if isinstance(new, type) and isinstance(old, type):
        for name, part in list(vars(new).items()):
            _graft(vars(old).get(name), part)
        return True
    if isinstance(new, property) and isinstance(old, property):
        return _graft(old.fget, new.fget)
    old, new = getattr(old, "__wrapped__", old), getattr(new, "__wrapped__", new)
    old, new = getattr(old, "__func__", old), getattr(new, "__func__", new)
    if not (isinstance(old, FunctionType) and isinstance(new, FunctionType)):
        return False
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    return True


if __name__ == "__main__":
    sys.exit(main())
