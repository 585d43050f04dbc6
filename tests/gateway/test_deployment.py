"""The files for a container and for systemd: their form, and their steps as far as no engine is needed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from authproblem.gateway import load_config
from tests.gateway.processes import ROOT, process
from tests.support.ports import free_port

EXAMPLES = ROOT / "examples" / "gateway"
UNIT = EXAMPLES / "authproblem-gateway.service"
KNOWN = frozenset(("FROM", "COPY", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"))


class Instruction(NamedTuple):
    """One instruction of a Containerfile."""

    name: str
    rest: str


def instructions() -> list[Instruction]:
    """The instructions, comments and continued lines taken care of (Containerfile(5))."""
    text = (EXAMPLES / "Containerfile").read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    return [Instruction(*line.split(maxsplit=1)) for line in lines]


def named(name: str) -> list[str]:
    """What follows an instruction, each time that it stands in the file."""
    return [each.rest for each in instructions() if each.name == name]


def environment() -> dict[str, str]:
    """The variables that the image sets."""
    return dict(pair.split("=", 1) for rest in named("ENV") for pair in shlex.split(rest))


def as_user(numbers: str, interpreter: str) -> list[str]:
    """What runs a command as a user; nothing where this one may not, or where the other may not read Python."""
    user, group = numbers.split(":")
    command = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return []
    return command if subprocess.run([*command, "env", interpreter, "-c", ""], check=False).returncode == 0 else []


class TestContainerfile:
    def test_has_known_instructions_alone(self) -> None:
        """And begins with the image that it is made from."""
        found = instructions()

        assert found[0].name == "FROM"
        assert {each.name for each in found} - KNOWN == set()

    def test_copies_from_a_stage_that_there_is(self) -> None:
        """By its name."""
        stages = {rest.split(" AS ")[1] for rest in named("FROM") if " AS " in rest}
        sources = {word.removeprefix("--from=") for rest in named("COPY") for word in rest.split() if "--from" in word}

        assert sources == stages == {"build"}

    def test_runs_without_rights(self) -> None:
        """By number, so that Kubernetes can check `runAsNonRoot`."""
        user, group = named("USER")[0].split(":")

        assert int(user) > 0
        assert int(group) > 0

    def test_sets_only_what_the_gateway_reads(self) -> None:
        """Its variables are a configuration."""
        config = load_config({}, {**environment(), "AUTHPROBLEM_UPSTREAM": "https://tenant.auth0.com"})

        ports = f"{config.settings['port']} {config.settings['admin_port']}"
        assert (config.settings["host"], config.settings["log_format"]) == ("0.0.0.0", "json")
        assert named("EXPOSE") == [ports]

    def test_probes_the_admin_port(self) -> None:
        """The command is in the form that needs no shell."""
        command = json.loads(named("HEALTHCHECK")[0].removeprefix("CMD "))

        assert f":{environment()['AUTHPROBLEM_ADMIN_PORT']}/healthz" in command[-1]
        assert isinstance(json.loads(named("ENTRYPOINT")[0]), list)

    @pytest.mark.slow
    @pytest.mark.timeout(600)  # it installs the wheel with all that it needs
    def test_its_steps_give_a_gateway_that_runs(self) -> None:
        """Its RUN lines in a folder of their own, then its entry point as the user that it names."""
        with tempfile.TemporaryDirectory() as name:
            inside = Path(name)
            inside.chmod(0o755)
            self.run_steps(inside)
            self.check_entry_point(inside)

    def run_steps(self, inside: Path) -> None:
        """What an engine would do to make the image."""
        wheels = inside / "tmp" / "wheels"
        build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(wheels), str(ROOT)]
        subprocess.run(build, check=True)
        moved = {"/opt/": f"{inside}/opt/", "/tmp/": f"{inside}/tmp/", "python -m venv": f"{sys.executable} -m venv"}
        pattern = re.compile("|".join(map(re.escape, moved)))
        for step in named("RUN"):
            command = pattern.sub(lambda found: moved[found[0]], step)
            subprocess.run(["sh", "-euc", command], check=True, cwd=inside, env={**os.environ, "PYTHONPATH": ""})

    def check_entry_point(self, inside: Path) -> None:
        """What an engine would do to run it."""
        port, admin = free_port(), free_port()
        ports = {"AUTHPROBLEM_PORT": str(port), "AUTHPROBLEM_ADMIN_PORT": str(admin)}
        variables = {**environment(), **ports, "AUTHPROBLEM_UPSTREAM": "https://tenant.auth0.com"}
        entry = [word.replace("/opt/", f"{inside}/opt/") for word in json.loads(named("ENTRYPOINT")[0])]
        prefix = ["env", "-u", "PYTHONPATH", *(f"{name}={value}" for name, value in variables.items())]
        with process(*as_user(named("USER")[0], entry[0]), *prefix, *entry, port=port):
            ready = httpx.get(f"http://127.0.0.1:{admin}/readyz")

        assert ready.json() == {"status": "ready"}


class TestUnit:
    def settings(self) -> dict[str, list[str]]:
        """The unit's settings by name."""
        found: dict[str, list[str]] = {}
        for line in UNIT.read_text(encoding="utf-8").splitlines():
            if "=" in line and not line.startswith("#"):
                name, _, value = line.partition("=")
                found.setdefault(name, []).append(value)
        return found

    @pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
    def test_is_valid(self, tmp_path: Path) -> None:
        """As systemd reads it, with an interpreter that is there."""
        unit = tmp_path / UNIT.name
        text = UNIT.read_text(encoding="utf-8").replace("/opt/authproblem/bin/python", sys.executable)
        unit.write_text(text, encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr) == (0, "")

    def test_waits_longer_than_the_gateway_does(self) -> None:
        """Requests under way have 30 seconds; systemd must not kill before that."""
        assert int(self.settings()["TimeoutStopSec"][0]) > 30

    def test_runs_without_rights(self) -> None:
        """A user of its own, and no capability."""
        settings = self.settings()

        assert (settings["DynamicUser"], settings["CapabilityBoundingSet"]) == (["yes"], [""])

    def test_starts_the_gateway_with_flags_that_there_are(self) -> None:
        """The flags of its command line are known."""
        from tests.gateway.test_command import parsed

        words = shlex.split(self.settings()["ExecStart"][0])

        assert words[1:4] == ["-m", "authproblem", "gateway"]
        assert parsed(*words[4:]).admin_port == "8081"
