"""Fuzzes the targets of `tests/fuzz`, for a given number of seconds in all: `python tools/fuzz.py 60`.

Coverage-guided by atheris (libFuzzer) where that is installed, each target in a process of its own; otherwise by the
mutation loop of the tests, which runs anywhere but is blind. What was found lies in `build/fuzz/`; the corpus too, so
that the next run continues where this one ended.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "fuzz"
TARGETS = ("normalize", "asgi", "wsgi")
_MAX_LENGTH = 16_384
_SPARE = 60
"""Seconds that a target may take beyond its share: to start, to read its corpus, to write what it found."""
_EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_NO_ATHERIS = (
    "atheris is not installed, so this run is not guided by coverage: the mutation loop of the tests takes its place.\n"
    "It has wheels for Linux and CPython 3.11 to 3.13: python -m pip install --group fuzz"
)


def main() -> int:
    """Fuzz every target for its share of the time; 1 if something was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for all targets together (60)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="this one alone; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="0 = another one each time")
    parser.add_argument("--blind", action="store_true", help="without atheris, also where it is installed")
    parser.add_argument("--guided", choices=TARGETS, help=argparse.SUPPRESS)  # the child process
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if given.guided:
        guide(given.guided, given.seconds, given.seed)
        return 0
    targets: list[str] = given.target or list(TARGETS)
    share = max(given.seconds // len(targets), 1)
    if given.blind or find_spec("atheris") is None:
        if not given.blind:
            print(_NO_ATHERIS)
        return max([blind(name, share, given.seed) for name in targets])
    return max([guided(name, share, given.seed) for name in targets])


def guided(name: str, seconds: int, seed: int) -> int:
    """Run one target under atheris in a process of its own, for libFuzzer ends the process."""
    corpus = FOLDER / name
    _write_seeds(corpus)
    command = [sys.executable, __file__, str(seconds), "--guided", name, "--seed", str(seed)]
    begun = time.monotonic()
    try:
        run = subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, timeout=seconds + _SPARE, env=os.environ, text=True
        )
    except subprocess.TimeoutExpired:
        print(f"{name}: did not end within {seconds + _SPARE} s")
        return 1
    took = time.monotonic() - begun
    runs = _EXECUTIONS.search(run.stderr)
    kept = sum(1 for _ in corpus.iterdir())
    covered = re.findall(r"cov: (\d+)", run.stderr)
    failed = "FOUND SOMETHING" if "Test unit written to" in run.stderr else "DID NOT RUN TO ITS END"
    print(
        f"{name}: {runs.group(1) if runs else '?'} executions in {took:.0f} s, guided; {kept} inputs in the corpus, "
        f"{covered[-1] if covered else '?'} edges; {'nothing found' if run.returncode == 0 else failed}"
    )
    if run.returncode:
        print(run.stdout[-4000:], run.stderr[-4000:], sep="\n")
    return int(run.returncode != 0)


def guide(name: str, seconds: int, seed: int) -> None:
    """The child: instrument the package, and hand over to libFuzzer. It does not return."""
    import atheris

    with atheris.instrument_imports(include=["authproblem"]):
        from tests.fuzz.targets import TARGETS as targets  # noqa: N811 - a name of this function
    from tests.fuzz.mutation import WORDS
    from tests.support.events import Events, capture

    words = FOLDER / f"{name}.dict"  # one each: several targets may run side by side
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in WORDS), encoding="ascii")
    with capture() as log:
        events: Events = log
        arguments = [
            *(
                sys.argv[0],
                f"-max_total_time={seconds}",
                f"-max_len={_MAX_LENGTH}",
                "-timeout=20",
                "-rss_limit_mb=2048",
            ),
            *(f"-dict={words}", f"-artifact_prefix={FOLDER}/{name}-", f"-seed={seed}", "-print_final_stats=1"),
            *("-len_control=0", "-verbosity=1", str(FOLDER / name)),
        ]
        atheris.Setup(arguments, lambda data: targets[name].run(bytes(data), events), enable_python_coverage=True)
        atheris.Fuzz()


def blind(name: str, seconds: int, seed: int) -> int:
    """Run one target by the mutation loop, and keep the first input that finds something."""
    from tests.fuzz.cases import seeds
    from tests.fuzz.mutation import loop
    from tests.fuzz.targets import TARGETS as targets  # noqa: N811 - a name of this function
    from tests.support.events import capture

    last = b""

    def run(data: bytes) -> None:
        nonlocal last
        last = data
        targets[name].run(data, events)

    seed = seed or time.time_ns() % 2**32
    with capture() as events:
        try:
            tried = loop(run, seeds(), seed=seed, seconds=seconds, times=None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
            FOLDER.mkdir(parents=True, exist_ok=True)
            place = FOLDER / f"{name}-found"
            place.write_bytes(last)
            print(f"{name}: FOUND SOMETHING with seed {seed}: {type(error).__name__}: {error}\nThe input: {place}")
            return 1
    print(f"{name}: {tried} executions in {seconds} s, not guided, seed {seed}; nothing found")
    return 0


def _write_seeds(corpus: Path) -> None:
    """The vectors as files, beside what earlier runs have kept."""
    from hashlib import sha256

    from tests.fuzz.cases import seeds

    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds():
        (corpus / f"vector-{sha256(data).hexdigest()[:24]}").write_bytes(data)


def _quoted(word: bytes) -> str:
    """A word as libFuzzer's dictionaries have it."""
    return "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else f"\\x{c:02X}" for c in word)


if __name__ == "__main__":
    sys.exit(main())
