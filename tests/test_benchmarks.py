"""The benchmarks run: every case works in its smallest size. No test here looks at how long anything takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("asgi_correlation_id")
pytest.importorskip("fastapi_problem")
pytest.importorskip("sentry_sdk")
pytest.importorskip("starlette_problem")

import orjson

from authproblem import classify
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from benchmarks import budget, instructions, logging_modes, memory, results, served, wrk
from benchmarks.bodies import FILLED, JSON_HEADER, MISSES, SHAPES, VARYING_NAMES
from benchmarks.harness import asgi_app, asgi_scope
from benchmarks.plot import draw
from benchmarks.readme import publish, verdict
from benchmarks.results import Row, Section
from benchmarks.rewriter import AsgiRewriter
from benchmarks.timing import Figure, Samples

ROOT = Path(__file__).parent.parent


@pytest.fixture
def _events_on_again():
    """The operations turn events off for the whole process."""
    yield
    logging_modes.reset()


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


@pytest.mark.slow
def test_every_section_runs_in_its_smallest_size():
    """The whole suite ends without an error and writes nothing to standard error."""
    done = run("--size", "tiny")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("body", [*SHAPES, *MISSES, *FILLED, *VARYING_NAMES], ids=lambda body: body.name)
def test_no_two_bodies_of_a_benchmark_are_the_same(body):
    """Otherwise a cache would be measured."""
    assert max(Counter(body.fresh(300)).values()) == 1


@pytest.mark.parametrize("adapter", [AsgiRewriter, AsgiMiddleware])
@pytest.mark.parametrize("body", [SHAPES[0], SHAPES[4]], ids=lambda body: body.name)
def test_both_rewriters_send_the_same_kind_of_document(body, adapter):
    """Else they would not be comparable."""
    sent = []

    async def send(message):
        sent.append(message)

    running = adapter(asgi_app)(asgi_scope(body.fresh(1)[0], body), None, send)
    with pytest.raises(StopIteration):
        running.send(None)
    document = orjson.loads(sent[1]["body"])

    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]
    assert (document["reason"], document["status"]) == ("invalid-credentials", body.status)


@pytest.mark.parametrize("body", SHAPES, ids=lambda body: body.name)
def test_each_measured_shape_has_a_registry_entry(body):
    """Without any declaration, so that the usual path is what is measured."""
    found = classify(body.status, JSON_HEADER, body.fresh(1)[0])

    assert found is not None
    assert found.entry is not None


def test_every_check_of_the_budget_has_a_ceiling_in_instructions_and_in_time():
    """`budgets.json` lists the same checks twice."""
    ceilings = orjson.loads(budget.BUDGETS.read_bytes())

    assert (set(budget.CHECKS), set(budget.CHECKS)) == (set(ceilings["instructions"]), set(ceilings["time"]))


@pytest.mark.usefixtures("_events_on_again")
def test_every_check_of_the_budget_gives_a_figure():
    """A run with two calls returns a time for each check."""
    found = budget.timed(rounds=1, calls=2)

    assert set(budget.CHECKS) == set(found)


def test_a_figure_above_its_ceiling_is_named():
    """`exceeded` returns the checks that are over and no others."""
    found = dict.fromkeys(budget.CHECKS, 1.0)
    worse = next(iter(budget.CHECKS))

    assert [worse] == budget.exceeded({**found, worse: 1.5}, dict.fromkeys(budget.CHECKS, 1.2))


def test_a_ratio_is_taken_over_the_medians_of_the_rounds():
    """One slow round does not change a ratio."""
    samples = Samples({"ours": [4.0, 6.0, 500.0], "minimum": [2.0, 2.0, 2.0]})

    assert samples.versus("ours", "minimum").value == 3.0


FIGURE = {"value": 900.0, "low": 800.0, "high": 1000.0}
MACHINE = {"python": "CPython", "optimized build": "unknown", "processor": "<any>", "cores": 2, "packages": {}}
RUN = {"date": "2026-11-22", "size": "full", "load average": 0.1, "authproblem": "0.1.0"}


def section(*cases, column="added, ns", **metrics):
    """A section of a kept document."""
    rows = [{"case": case, "figures": {column: FIGURE}} for case in cases]
    return {"title": "a table", "note": "", "run": RUN, "metrics": metrics, "rows": rows}


def test_the_plot_of_a_run_is_well_formed_and_names_every_case_and_the_run(tmp_path):
    """The SVG parses, and its texts are the cases, the figures and the date."""
    sections = {
        "healthy-asgi": section("a & b", "authproblem"),
        "served": section("uvicorn, error, bare app", "gunicorn, error, authproblem, events off", column="CPU, µs"),
    }
    draw({"machine": MACHINE, "sections": sections}, tmp_path / "plot.svg")

    texts = [text.text for text in ET.parse(tmp_path / "plot.svg").iter("{http://www.w3.org/2000/svg}text")]

    assert {"a & b", "authproblem", "bare app", "authproblem, events off", "900 ns", "900 µs"} <= set(texts)
    assert "2026-11-22" in str(texts[-1])


def test_a_section_that_is_measured_again_replaces_its_older_figures_only():
    """Sections that were not measured stay; those that no longer exist go."""
    kept = {"machine": MACHINE, "sections": {"stream": section("old"), "served": section("kept"), "gone": section()}}
    new = {"machine": MACHINE, "sections": {"stream": section("new")}}

    found = results.merged(kept, new, ["served", "stream"])

    assert {"served": section("kept"), "stream": section("new")} == found["sections"]


def test_figures_of_another_machine_are_dropped():
    """Figures of two machines are not mixed in one document."""
    kept = {"machine": {**MACHINE, "cores": 64}, "sections": {"served": section("theirs")}}
    new = {"machine": MACHINE, "sections": {"stream": section("ours")}}

    assert results.merged(kept, new, ["served", "stream"]) == new


def test_what_is_written_is_what_is_read(tmp_path):
    """Results survive writing and reading, rounded to four places."""
    figures = {"added, ns": Figure(1.23456789, 1.0, 2.0)}
    made = Section("title", "note", [Row("case", figures)], {"metric": Figure(1.0, 1.0, 1.0)})
    document = results.as_json({"stream": made}, size="tiny", load=0.5)
    results.write(document, tmp_path / "latest.json")

    assert results.read(tmp_path / "latest.json") == document
    assert document["sections"]["stream"]["rows"][0]["figures"]["added, ns"]["value"] == 1.2346


def test_the_page_lists_each_target_with_its_ceiling_and_result(tmp_path):
    """Only the part between the two comments of the page is replaced."""
    targets = orjson.loads(budget.BUDGETS.read_bytes())["targets"]
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- results: written by `make bench` -->\nold\n<!-- end of results -->\nafter", "utf-8")
    publish({"machine": MACHINE, "sections": {"stream": section(**{targets[0]["metric"]: FIGURE})}}, page)
    text = page.read_text("utf-8")

    assert f"| {targets[0]['metric']} | 900 | 800 to 1,000 |  | 1.1 | 1 | **over** |" in text
    assert len(targets) - 1 == text.count("not measured")
    assert (text.startswith("before"), text.endswith("after"), "old" in text) == (True, True, False)


def test_a_count_decides_whether_a_target_is_met(tmp_path):
    """Times differ from run to run; where instructions were counted, the times are shown only."""
    target = orjson.loads(budget.BUDGETS.read_bytes())["targets"][0]
    page = tmp_path / "README.md"
    page.write_text("<!-- results: written by `make bench` -->\n<!-- end of results -->", "utf-8")
    metrics = {target["metric"]: FIGURE, f"{target['counted']}, counted": {"value": 1.05, "low": 1.05, "high": 1.05}}
    publish({"machine": MACHINE, "sections": {"stream": section(**metrics)}}, page)

    assert f"| {target['metric']} | 900 | 800 to 1,000 | 1.05 | 1.1 | 1 | met |" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("value", "expected"), [(1.0004, "aim reached"), (1.1004, "met"), (1.11, "**over**"), (-1.0, "aim reached")]
)
def test_a_figure_is_compared_with_ceiling_and_aim_to_a_thousandth(value, expected):
    """Below the aim, between aim and ceiling, or over."""
    assert expected == verdict(value, {"at most": 1.1, "aim": 1.0})


def test_every_target_names_a_metric_of_the_kept_run_and_a_check_of_the_budget():
    """A renamed metric or check cannot leave a target without a figure."""
    targets = orjson.loads(budget.BUDGETS.read_bytes())["targets"]
    kept = results.read()
    assert kept is not None

    assert {target["metric"] for target in targets} <= set(results.metrics(kept))
    assert {target["counted"] for target in targets if "counted" in target} <= set(budget.CHECKS)


def test_the_entries_are_measured_at_all_four_sizes():
    """The full run measures registries from 100 to 100,000 entries."""
    assert results.FULL.entries == (100, 1_000, 10_000, 100_000)


WRK = "  {} requests in 1.00s, 1MB read\n{}Requests/sec:   500.50\nTransfer/sec: 1MB\n"


def test_the_output_of_wrk_is_read_with_its_error_responses():
    """Requests, rate, and the number of responses other than 2xx and 3xx."""
    assert wrk.read(WRK.format(500, "")) == wrk.Load(500, 500.5, 0)
    assert wrk.read(WRK.format(500, "  Non-2xx or 3xx responses: 7\n")) == wrk.Load(500, 500.5, 7)


@pytest.mark.parametrize(
    "output", ["", WRK.format(0, ""), WRK.format(500, "  Socket errors: connect 0, read 3, write 0, timeout 0\n")]
)
def test_a_load_with_errors_is_no_measurement(output):
    """Nothing sent, no output, or socket errors raise."""
    with pytest.raises(RuntimeError, match="wrk had errors"):
        wrk.read(output)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_cpu_time_of_a_server_includes_its_workers():
    """The time of a child process counts for its parent."""
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'for _ in range(3_000_000): pass']); input()"
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE) as process:
        until = time.monotonic() + 30
        while wrk.cpu(process.pid) < 0.05 and time.monotonic() < until:
            time.sleep(0.02)
        spent = wrk.cpu(process.pid)
        process.communicate(b"\n")

    assert spent >= 0.05


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_server_that_does_not_start_shows_its_error():
    """The exception carries what the process wrote."""
    with pytest.raises(RuntimeError, match="No module named nothing_at_all"), wrk.server("-m nothing_at_all", "bare"):
        pass


@pytest.mark.slow
@pytest.mark.skipif(not wrk.available(), reason="wrk is not installed")
def test_a_served_run_gives_each_app_a_row():
    """Each app behind a real server has a row with its CPU time."""
    pytest.importorskip("uvicorn")
    wanted = [served.Job("uvicorn", kind, served.ERROR) for kind in (served.BARE, served.OFF)]
    found = served.served(results.TINY, wanted)

    assert [row.case for row in found.rows] == ["uvicorn, error, bare app", "uvicorn, error, authproblem, events off"]
    assert all(row.figures[served.CPU].value > 0 for row in found.rows)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_long_memory_run_has_a_row_for_each_adapter():
    """ASGI, WSGI and `normalize`, and one metric over all."""
    found = memory.million(results.TINY)

    assert [row.case for row in found.rows] == ["ASGI", "WSGI", "normalize"]
    assert list(found.metrics) == ["memory blocks kept per error, after a million"]


@pytest.mark.slow
@pytest.mark.skipif(not instructions.available(), reason="valgrind is not installed")
def test_instructions_are_the_same_on_every_run():
    """Two counts by valgrind differ by at most two percent."""
    name = "^minimum: auth0"
    first, second = (instructions.count(name, turns=10) for _ in range(2))

    assert first.keys() == second.keys()
    assert all(abs(first[key] - second[key]) <= 0.02 * first[key] for key in first)
