"""The program for Vector, run by VRL's own compiler and runtime; Vector itself is in no package registry."""

from __future__ import annotations

import json

import pytest

from authproblem.logs._export import to_vrl
from tests.logs.cases import OKTA
from tests.logs.test_lookups import EXAMPLES, ORDINARY, answer, expected


def test_the_program_for_vector_agrees_with_classify_event() -> None:
    """Run by VRL's own compiler and runtime, which is what Vector runs."""
    runtime = pytest.importorskip("vrl_python").VRLRuntime()
    program = to_vrl()

    wrong = []
    for event in ORDINARY:
        result = runtime.execute(program, event).processed_event
        if answer(result.get("authproblem")) != expected(event):
            wrong.append((event, result.get("authproblem"), expected(event)))

    assert wrong == []


def test_the_program_for_vector_leaves_the_rest_of_an_event_as_it_is() -> None:
    """It adds one member."""
    runtime = pytest.importorskip("vrl_python").VRLRuntime()

    result = runtime.execute(to_vrl(), OKTA).processed_event
    added = result.pop("authproblem")

    assert result == OKTA
    assert added == {
        "provider": "okta",
        "event_type": "user.session.start",
        "reason": "invalid-credentials",
        "owner": "user",
        "remedy": "check_credentials",
    }


def test_the_configuration_for_vector_parses_lines_and_names_the_program() -> None:
    """Its one line of VRL is run; Vector itself cannot be had here."""
    runtime = pytest.importorskip("vrl_python").VRLRuntime()
    document = pytest.importorskip("yaml").safe_load((EXAMPLES / "vector.yaml").read_text("utf-8"))
    transforms = document["transforms"]

    assert runtime.execute(transforms["parsed"]["source"], {"message": json.dumps(OKTA)}).processed_event == OKTA
    assert transforms["classified"]["file"].endswith("authproblem.vrl")
    assert [step["inputs"] for step in transforms.values()] == [["events"], ["parsed"]]
    assert document["sinks"]["failures"]["inputs"] == ["classified"]
