"""The guide of the test kit runs as it stands: its tests in a run of pytest, its scenario, its commands."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from authproblem._cli import check, fake
from authproblem.testing import FakeAuth0, FakeOkta
from authproblem.testing._scenario import play, read_scenario
from tests.testing.test_plugin import RUN

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def run(folder: Path, sources: list[str]) -> str:
    """The output of a run of pytest over these blocks, each a module; it has to pass."""
    modules = [folder / f"test_guide_{number}.py" for number, _ in enumerate(sources)]
    for module, source in zip(modules, sources, strict=True):
        module.write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    done = subprocess.run(
        [sys.executable, *RUN, "-rs", *map(str, modules)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_the_guide_pass(tmp_path: Path) -> None:
    """FastAPI, Flask, armed errors, remedies, limits."""
    output = run(tmp_path, [block for block in blocks("python") if "playwright" not in block])
    count = re.search(r"(\d+) passed", output)
    assert count is not None
    assert int(count[1]) >= 10


@pytest.mark.slow
def test_the_sign_in_page_works_in_a_browser(tmp_path: Path) -> None:
    """A wrong password, a limit that is waited out, a second factor: in the Chromium of the system."""
    pytest.importorskip("playwright")
    if shutil.which("chromium") is None and shutil.which("google-chrome") is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    (block,) = (block for block in blocks("python") if "playwright" in block)
    assert "1 passed" in run(tmp_path, [block])


def test_the_scenario_can_be_played(tmp_path: Path) -> None:
    """The TOML of the guide."""
    (scenario,) = blocks("toml")
    path = tmp_path / "scenario.toml"
    path.write_text(scenario)
    auth0, okta = FakeAuth0(), FakeOkta()
    play(read_scenario(str(path)), {"auth0": auth0, "okta": okta})
    assert (okta.concurrency, [repr(f) for f in okta.failures]) == (10, ["<Failure okta:E0000047, sent 0, left all>"])
    assert (auth0.accounts.users[0].factors, auth0.accounts.clients["app"].secret) == (("otp",), "shh")


def test_the_commands_are_commands() -> None:
    """Their options exist."""
    lines = [line for block in blocks("console") for line in block.splitlines() if "-m authproblem" in line]
    assert len(lines) == 3
    for line in lines:
        name, *arguments = line.split("-m authproblem ")[1].split()
        parser = argparse.ArgumentParser()
        {"fake": fake, "check": check}[name].add_arguments(parser)
        parser.parse_args(arguments)


@pytest.mark.parametrize(
    "name", ["transport", "adapter", "mock_respx", "mock_responses", "serve", "asgi", "wsgi", "send"]
)
def test_every_way_to_a_fake_is_explained(name: str) -> None:
    """And exists."""
    assert f"fake.{name}" in GUIDE
    assert hasattr(FakeOkta(), name)
