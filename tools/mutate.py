"""Mutation testing of the decision rules: changes them one spot at a time and counts the changes that no test notices.

    python tools/mutate.py 600                     a random sample, for 600 seconds
    python tools/mutate.py --all -m _retry         every mutant of one module

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

MODULES: dict[str, tuple[str, ...]] = {
    "_answers": ("test_ready", "test_normalize", "test_disclose", "test_intercept", "test_members"),
    "_challenge": ("test_classify", "test_problem", "test_normalize"),
    "_classify": (
        "test_classify_verdicts",
        "test_express",
        "test_vectors",
        "test_seeds",
        "test_normalize",
        "test_intercept",
    ),
    "_cooldown": ("readers/test_cooldown", "test_privacy"),
    "_decode": ("test_normalize", "test_intercept"),
    "_disclose": ("test_normalize", "test_ready", "test_intercept", "doors/test_rewrite"),
    "_express": ("test_classify", "test_classify_verdicts", "test_vectors"),
    "_fields": ("test_headers", "test_problem", "test_classify", "test_intercept", "test_retry"),
    "_headers": ("test_intercept", "test_ready", "test_retry", "doors/test_rewrite"),
    "_index": ("test_registry", "test_express", "test_classify", "test_vectors", "test_normalize"),
    "_intercept": (
        *("test_ready", "test_report", "test_scope", "test_negotiate", "test_retry", "test_disclose"),
        *("doors/test_rewrite", "doors/test_events", "doors/test_scope", "doors/test_wsgi"),
    ),
    "_location": ("test_classify", "test_problem", "test_intercept"),
    "_lossless": ("test_members", "test_problem", "test_vectors"),
    "_mask": ("test_report", "test_privacy"),
    "_members": ("test_vectors", "test_normalize", "test_problem", "test_privacy"),
    "_negotiate": ("test_intercept", "doors/test_rewrite"),
    "_normalize": ("test_answers", "test_disclose", "test_intercept", "test_vectors"),
    "_options": ("test_normalize", "test_intercept", "doors/test_scope"),
    "_parse": ("test_classify", "test_vectors", "test_seeds", "test_normalize"),
    "_problem": (
        *("test_normalize", "test_members", "test_registry"),
        *("test_vectors", "test_intercept", "readers/test_predicates"),
    ),
    "_registry": (
        "test_index",
        "test_classify",
        "test_vectors",
        "test_normalize",
        "test_disclose",
        "test_registry_lint",
        "test_express",
    ),
    "_report": ("test_events", "test_intercept", "doors/test_events"),
    "_retry": ("test_normalize", "test_intercept", "test_vectors"),
    "_rows": ("test_registry", "test_registry_lint"),
    "_scope": ("doors/test_scope", "test_intercept", "test_classify", "test_report"),
    "_text": ("test_index", "test_registry", "test_members", "test_vectors", "test_normalize"),
    "_wire": ("test_problem", "test_normalize", "test_vectors", "readers/test_predicates"),
}
"""Where it is decided what a response means, what is sent, and when to try again; and the tests after a module's
own ones, as long as none has failed."""
_PATIENCE = 60
"""Seconds of processor time after which a mutant counts as one that hangs; all tests together take about ten."""
_PYTEST = (
    *("-x", "-q", "--no-header", "-p", "no:randomly", "-p", "no:faker", "-p", "no:cacheprovider", "-W", "ignore"),
    *("-c", "pyproject.toml", "--hypothesis-profile", "mutants"),
)
_FATES = {0: "survived", 1: "killed"}


class Verdict(NamedTuple):
    """What became of one mutant."""

    module: str
    place: str
    fate: str


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
            if not _in_a_nest(module, log, given.only, seconds, given.seed):
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
    killed = sum(verdict.fate != "survived" for verdict in verdicts)
    share = killed / len(verdicts) if verdicts else 1.0
    print(f"| {name} | {len(verdicts)} | {killed} | {share:.1%} |")
    return share


def _copy_tree(copy: Path) -> None:
    """The files of the tree that tests read: whoever edits it meanwhile changes nothing here."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*", "node_modules", "build", "dist")
    shutil.copytree(ROOT, copy, dirs_exist_ok=True, ignore=unwanted)


def _prepare(copy: Path) -> None:
    """What all nests share: the copy's package first on the path, and hypothesis in a hurry."""
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


def _in_a_nest(module: str, log: Path, only: str, seconds: float | None, seed: int) -> bool:
    """Fork the process that collects the tests of one module and then forks for each of its mutants."""
    child = os.fork()
    if child == 0:
        code: Any = 70
        try:
            import pytest

            tests = [f"tests/{name}.py" for name in (f"test_{module.lstrip('_')}", *MODULES[module])]
            nest = Nest(module, log, only, seconds, seed)
            os.dup2(os.open(log.with_suffix(".out"), os.O_WRONLY | os.O_CREAT), 1)
            os.dup2(1, 2)
            code = pytest.main([*_PYTEST, *(t for t in dict.fromkeys(tests) if Path(t).exists())], plugins=[nest])
        finally:
            os._exit(int(code))
    return os.waitpid(child, 0)[1] == 0


class Nest:
    """A pytest plugin that runs the collected tests once for each mutant, each time in a child."""

    def __init__(self, module: str, log: Path, only: str, seconds: float | None, seed: int) -> None:
        """Take what `main` was given."""
        self.module, self.log, self.only, self.seconds, self.seed = module, log, only, seconds, seed
        self.told = os.dup(1)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Of the vectors, one implementation is enough: the doors add nothing to the decision rules."""
        items[:] = [item for item in items if "test_vectors" not in item.nodeid or "core" in item.nodeid]

    def pytest_runtestloop(self, session: Any) -> bool:
        """Tell the fate of each mutant; first of none at all, and of one that changes nothing."""
        from tools.mutants import mutants

        source = Path(f"src/authproblem/{self.module}.py").read_text(encoding="utf-8")
        unchanged = compile(source, f"{self.module}.py", "exec", dont_inherit=True)
        # Put in place like a mutant as well: if that alone made tests fail, every mutant would count as killed.
        if not all(_fate(session, self.module, code) == "survived" for code in (None, unchanged)):
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
                fate = _fate(session, self.module, compile(tree, f"{self.module}.py", "exec", dont_inherit=True))
                log.write("\t".join((self.module, places[number], fate)) + "\n")
                if fate == "survived":
                    self._say(f"survived: {self.module}: {places[number]}")
        return True

    def _say(self, text: str) -> None:
        os.write(self.told, f"{text}\n".encode())


def _fate(session: Any, module: str, code: Any) -> str:
    """Run the tests in a child: `killed`, `hung` or `survived`."""
    child = os.fork()
    if child == 0:
        fate = 1
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE, _PATIENCE))
            if code is not None:
                put_in_place(import_module(f"authproblem.{module}"), code)
            fate = int(_fails(session))
        finally:
            os._exit(fate)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return "hung" if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else "killed"
    return _FATES.get(os.WEXITSTATUS(status), "killed")


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
    """Forget what the unchanged code has built: the registry with its tables, and whatever else is kept."""
    for name, used in list(sys.modules.items()):
        if name.partition(".")[0] == "authproblem":
            for kept in list(vars(used).values()):
                getattr(kept, "cache_clear", lambda: None)()
    for name, table in (("_registry", "_builtin"), ("_fields", "_layouts")):
        vars(sys.modules[f"authproblem.{name}"])[table].clear()


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
