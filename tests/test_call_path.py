"""The path of one error: each step happens once, however many modules it leads through."""

from __future__ import annotations

import pytest

from tools.call_path import CallPath, measure

STEPS = {
    "request_of": "the request is read",
    "load_object": "the body is parsed",
    "parse_key": "codes and texts are read from it",
    "effective_sender": "the sender is identified",
    "classify_response": "the rules decide what it means",
    "build_problem": "the problem is built",
    "retry_hint": "the wait is computed",
    "report_outcome": "the event is emitted",
}


@pytest.fixture(scope="module")
def paths() -> list[CallPath]:
    """Four equal responses through a new middleware."""
    return measure()


def times(path: CallPath, step: str) -> int:
    """How often a function was called; by its name alone, since Python 3.10 has no other."""
    return sum(count for name, count in path.functions.items() if name.rpartition(":")[2].rpartition(".")[2] == step)


@pytest.mark.parametrize("step", STEPS, ids=STEPS.get)
def test_each_step_of_the_first_error_happens_once(paths: list[CallPath], step: str) -> None:
    """No serialized problem is parsed again, and no decision is made twice."""
    assert times(paths[0], step) == 1
    assert (paths[0].parses, paths[0].writes) == (1, 1)


@pytest.mark.parametrize("step", ["classify_response", "build_problem"])
def test_a_known_error_is_neither_classified_nor_built(paths: list[CallPath], step: str) -> None:
    """From the third on a template is filled in: its body is parsed, retry hint and varying members are written."""
    assert times(paths[3], step) == 0
    assert (paths[3].parses, paths[3].writes) == (1, 2)
    assert paths[2:] == [paths[3]] * 2
