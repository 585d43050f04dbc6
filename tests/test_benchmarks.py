"""The benchmarks run: every case works in its smallest size. No test here looks at how long anything takes."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("asgi_correlation_id")
pytest.importorskip("starlette_problem")

import orjson

from authproblem import classify
from benchmarks import budget, instructions
from benchmarks.bodies import FILLED, JSON_HEADER, MISSES, SHAPES
from benchmarks.plot import draw
from benchmarks.timing import Samples

ROOT = Path(__file__).parent.parent


@pytest.fixture
def _events_on_again():
    """The operations turn events off for the whole process."""
    yield
    logging.getLogger("authproblem").setLevel(logging.NOTSET)


def run(*arguments):
    """A part of the suite in a process of its own: it silences logging and configures structlog."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_section_runs_in_its_smallest_size():
    done = run("--size", "tiny")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("body", [*SHAPES, *MISSES, *FILLED], ids=lambda body: body.name)
def test_no_two_bodies_are_alike(body):
    assert max(Counter(body.fresh(300)).values()) == 1


@pytest.mark.parametrize("body", SHAPES, ids=lambda body: body.name)
def test_a_measured_shape_is_known_to_the_registry_by_its_own_evidence(body):
    found = classify(body.status, JSON_HEADER, body.fresh(1)[0])

    assert found is not None
    assert found.entry is not None


def test_every_check_of_the_budget_has_a_ceiling_of_either_kind():
    ceilings = orjson.loads(budget.BUDGETS.read_bytes())

    assert (set(budget.CHECKS), set(budget.CHECKS)) == (set(ceilings["instructions"]), set(ceilings["time"]))


@pytest.mark.usefixtures("_events_on_again")
def test_every_check_of_the_budget_gives_a_figure():
    found = budget.timed(rounds=1, calls=2)

    assert set(budget.CHECKS) == set(found)


def test_a_figure_above_its_ceiling_is_named():
    found = dict.fromkeys(budget.CHECKS, 1.0)
    worse = next(iter(budget.CHECKS))

    assert [worse] == budget.exceeded({**found, worse: 1.5}, dict.fromkeys(budget.CHECKS, 1.2))


def test_a_ratio_is_taken_over_the_medians_of_the_rounds():
    samples = Samples({"ours": [4.0, 6.0, 500.0], "floor": [2.0, 2.0, 2.0]})

    assert samples.versus("ours", "floor").value == 3.0


def test_the_plot_of_a_run_is_well_formed_and_names_every_case(tmp_path):
    figure = {"value": 900.0, "low": 800.0, "high": 1000.0}
    rows = [{"case": name, "time": figure, "ratio": None} for name in ("bare app", "floor: a & b", "authproblem")]
    machine = {"python": "CPython", "optimized build": "unknown", "processor": "<any>"}
    draw({"machine": machine, "sections": [{"title": "ASGI, a healthy response", "rows": rows}]}, tmp_path / "plot.svg")

    texts = [text.text for text in ET.parse(tmp_path / "plot.svg").iter("{http://www.w3.org/2000/svg}text")]

    assert {"floor: a & b", "authproblem"} <= set(texts)


@pytest.mark.slow
@pytest.mark.skipif(not instructions.available(), reason="valgrind is not installed")
def test_instructions_are_the_same_on_every_run():
    name = "limit: auth0"
    first, second = (instructions.count(name, turns=10) for _ in range(2))

    assert first.keys() == second.keys()
    assert all(abs(first[key] - second[key]) <= 0.02 * first[key] for key in first)
