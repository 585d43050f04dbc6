"""The guide's examples run, and it names every setting, predicate and extra that there is."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

from authproblem import Problem
from authproblem.gateway import load_config

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0] for block in BLOCKS])
def test_an_example_runs(block: str) -> None:
    """As it stands; none of them needs a network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Authlib's own
        exec(compile(block, "docs/readers.md", "exec"), {})


def test_every_predicate_is_explained() -> None:
    """A row of the table each."""
    names = [name for name in vars(Problem) if name.startswith(("is_", "needs_"))]

    assert [name for name in names if f"| `{name}` |" not in GUIDE] == []


def test_every_test_that_the_page_on_reliability_names_is_there() -> None:
    """Functions and files."""
    page = (ROOT / "docs" / "project" / "reliability.md").read_text(encoding="utf-8")
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    code = "".join(sources.values())

    assert [name for name in set(re.findall(r"`(test_\w+)`", page)) if f"def {name}(" not in code] == []
    assert set(re.findall(r"\b(test_\w+\.py)", page)) <= sources.keys()


def test_every_extra_is_there() -> None:
    """The extras that the guide names are those of the distribution."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert [name for name in re.findall(r"authproblem\[(\w+)\]", GUIDE) if f"\n{name} = [" not in project] == []


def test_the_commands_flags_are_used() -> None:
    """The example of the gateway's section is a configuration."""
    routes = [("upstream", "https://tenant.auth0.com", ""), ("okta", "https://login.example.com", "/okta")]

    assert len(load_config({"routes": routes}, {}).routes) == 2
