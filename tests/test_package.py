"""The package as PyPI and a newcomer see it: links, extras, commands and workflows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = CONFIG["project"]
EXTRAS = PROJECT["optional-dependencies"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(((?![a-z]+:|#)[^)\s]+)\)")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SETS = {"all", "demo"}
"""Extras that are made of others."""
MODULES = {
    "fastapi": "starlette",
    "flask": "flask",
    "django": "django",
    "litestar": "litestar",
    "quart": "quart",
    "httpx2": "httpx2",
    "requests": "requests",
    "authlib": "authlib",
    "redis": "redis",
    "otel": "opentelemetry",
    "gateway": "aiohttp",
    "extproc": "grpc",
}
"""The integrations, and the module that each needs."""


def pypi_readme() -> str:
    """README.md with the substitutions that the build makes."""
    text = README
    for rule in CONFIG["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(rule["pattern"], rule["replacement"], text)
    return text


def test_every_link_of_the_readme_is_absolute_on_pypi() -> None:
    """PyPI shows the page without the files beside it."""
    assert LINK.findall(README) != []
    assert LINK.findall(pypi_readme()) == []


def test_pictures_come_from_the_repository_itself() -> None:
    """A page of the repository is no picture."""
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", pypi_readme())
    assert [picture for picture in pictures if not picture.startswith("https://raw.githubusercontent.com/")] == []


@pytest.mark.parametrize("target", sorted(set(LINK.findall(README))))
def test_a_link_of_the_readme_leads_to_a_file_of_the_source_distribution(target: str) -> None:
    """The file exists, and is in what the build packs."""
    path = target.partition("#")[0]
    assert (ROOT / path).exists()
    packed = CONFIG["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert any(f"/{path}" == entry or f"/{path}".startswith(f"{entry}/") for entry in packed)


def test_all_contains_every_extra() -> None:
    """But the demo, which is for the repository alone."""
    named = {name for line in EXTRAS["all"] for name in re.findall(r"\[(.+?)\]", line)[0].split(",")}
    assert named == set(EXTRAS) - SETS


@pytest.mark.parametrize("extra", sorted(set(EXTRAS) - {"demo"}))
def test_every_extra_has_a_row_in_the_readme(extra: str) -> None:
    """So that nothing that is promised depends on one that is not named."""
    assert f"| `{extra}` |" in README


@pytest.mark.parametrize("module", MODULES)
def test_an_integration_without_its_framework_names_the_extra(module: str) -> None:
    """In a process in which the framework cannot be imported."""
    code = f"import sys; sys.modules[{MODULES[module]!r}] = None; import authproblem.{module}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    last = run.stderr.splitlines()[-1]
    extra = {"extproc": "envoy"}.get(module, module)
    expected = f'authproblem.{module} needs an optional dependency: pip install "authproblem[{extra}]"'
    assert last == f"authproblem.errors.MissingExtraError: {expected}"


def test_starlettes_integration_names_its_extra() -> None:
    """Not that of FastAPI, which is made of it."""
    code = "import sys; sys.modules['starlette'] = None; import authproblem.starlette"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert 'pip install "authproblem[starlette]"' in run.stderr.splitlines()[-1]


def test_the_command_is_the_module() -> None:
    """`authproblem` and `python -m authproblem` are one."""
    assert PROJECT["scripts"] == {"authproblem": "authproblem.__main__:main"}


def test_the_address_of_the_project_is_everywhere_the_same() -> None:
    """In the metadata, the templates and the links on PyPI."""
    home = PROJECT["urls"]["Homepage"]
    assert [url for url in PROJECT["urls"].values() if not url.startswith(home)] == []
    assert home in pypi_readme()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_hash(workflow: Path) -> None:
    """A tag can be moved; the version stands beside the hash, for Dependabot and for people."""
    uses = re.findall(r"uses: (.+)", workflow.read_text(encoding="utf-8"))
    assert uses != []
    assert [line for line in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+.*", line)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_workflow_limits_its_permissions(workflow: Path) -> None:
    """At the top, to read or to nothing; no step expands an event's text in a shell."""
    text = workflow.read_text(encoding="utf-8")
    assert re.search(r"^permissions:( \{\}|\n  contents: read)$", text, re.MULTILINE)
    assert re.findall(r"run:.*\$\{\{ github\.(?:event|head_ref).*", text) == []
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


def test_the_gate_waits_for_every_job() -> None:
    """`required-checks-pass` is the one that protects the branch."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    jobs = re.findall(r"^  ([a-z-]+):$", text.partition("\njobs:\n")[2], re.MULTILINE)
    (needs,) = re.findall(r"needs: \[(.+)\]", text)
    assert needs.split(", ") == [job for job in jobs if job != "required-checks-pass"]
