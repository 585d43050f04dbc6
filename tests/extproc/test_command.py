"""The command `extproc`: its settings, its health service, its workers, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("grpc_health", reason="pip install 'authproblem[envoy]'")

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from authproblem.extproc import ExtProcConfig, load_config
from authproblem.extproc.server import SERVICE
from tests.extproc.stand import end, extproc
from tests.support.ports import free_ports

Started = tuple["subprocess.Popen[str]", int]
SERVING = health_pb2.HealthCheckResponse.SERVING


def health(port: int, service: str = SERVICE) -> int:
    """The status that the health service of a worker returns."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        response = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=10, wait_for_ready=True)
        return int(response.status)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Two workers; the number is the first one's port."""
    port = free_ports(2)
    process, _ = extproc(tmp_path, "", port, 2)
    yield process, port
    end(process)


@pytest.mark.servers
def test_health_service_reports_each_worker(started: Started) -> None:
    """For the whole server and for the service by its name."""
    _, port = started

    assert [health(at, name) for at in (port, port + 1) for name in ("", SERVICE)] == [SERVING] * 4


@pytest.mark.servers
@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers as Linux lists them")
def test_a_killed_worker_is_replaced(started: Started) -> None:
    """The port of a worker that died is served again by a new process."""
    process, port = started
    listing = subprocess.run(
        ["ps", "-ww", "--ppid", str(process.pid), "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    workers = [int(line.split()[0]) for line in listing.stdout.splitlines() if "spawn_main" in line]

    for worker in workers:
        os.kill(worker, signal.SIGKILL)

    assert [health(at) for at in (port, port + 1)] == [SERVING] * 2
    assert len(workers) == 2


@pytest.mark.servers
def test_sigterm_ends_all_workers(started: Started) -> None:
    """With exit status 0, and the ports are free afterwards."""
    process, port = started

    process.terminate()

    assert process.wait(10) == 0
    for at in (port, port + 1):
        socket.create_server(("127.0.0.1", at)).close()


@pytest.mark.servers
def test_workers_end_with_their_parent(started: Started) -> None:
    """A parent that was killed leaves no worker behind that keeps its port."""
    process, port = started

    process.kill()
    process.wait()

    until = time.monotonic() + 10
    while is_served(port):
        assert time.monotonic() < until, "the worker goes on without its parent"
        time.sleep(0.1)


def is_served(port: int) -> bool:
    """Whether anybody listens on a port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    """Run the command with flags that it does not accept."""
    command = [sys.executable, "-m", "authproblem", "extproc", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.servers
def test_a_taken_address_is_named() -> None:
    """One line, and exit status 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("--listen", address, "--log-level", "error")

    lines = [line for line in done.stderr.splitlines() if line.startswith("authproblem")]
    assert (done.returncode, len(lines)) == (1, 1)
    assert address in lines[0]


@pytest.mark.servers
def test_a_taken_address_of_a_worker_ends_the_command() -> None:
    """It must not run with fewer workers than Envoy is configured for, unnoticed."""
    first = free_ports(2)
    with socket.create_server(("127.0.0.1", first + 1)):
        done = run("--listen", f"127.0.0.1:{first}", "--workers", "2")

    assert (done.returncode, f"cannot listen on 127.0.0.1:{first + 1}" in done.stderr) == (1, True)
    assert not is_served(first)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('listne = "x:1"', "did you mean 'listen'?"),
        ('listen = "127.0.0.1:99999"', "invalid listen: '127.0.0.1:99999'; expected a text such as '127.0.0.1:18094'"),
        ("workers = 0", "invalid workers: 0; expected a whole number from 1 to 64"),
        ("workers = true", "invalid workers: True; expected a whole number from 1 to 64"),
        ('log_level = "loud"', "invalid log_level: 'loud'; expected one of debug, info, warning, error"),
        ("otel = 1", "invalid otel: 1; expected true or false"),
        ("grace = -1", "invalid grace: -1; expected a number of seconds from 0 to 3600"),
        ("listen = ", "is not valid TOML"),
        ('[options]\nmode = "dry-run"', "dry-run"),
        ("[options]\nno_such = 1", "no_such"),
        ('[options]\nregistry = "/no/such.json"', "/no/such.json"),
        ('[options.providers]\n"/a" = {vendor = "okta"}', "vendor"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: str, message: str) -> None:
    """The error says what is wrong and what is expected."""
    (tmp_path / "x.toml").write_text(settings, encoding="utf-8")

    with pytest.raises(ValueError, match=re.escape(message)):
        load_config(file=str(tmp_path / "x.toml"))


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    """A flag that is not given leaves the file's value."""
    (tmp_path / "x.toml").write_text("workers = 3\ngrace = 1", encoding="utf-8")

    config = load_config({"workers": 2, "grace": None}, str(tmp_path / "x.toml"))

    assert ExtProcConfig(workers=2, grace=1) == config


def test_each_worker_has_a_port_of_its_own() -> None:
    """Envoy opens few connections: it has to spread its streams over addresses."""
    assert ExtProcConfig(listen="[::1]:80", workers=2).addresses() == ["[::1]:80", "[::1]:81"]


def test_ports_beyond_the_last_are_refused() -> None:
    """Not only the first worker's port has to exist."""
    with pytest.raises(ValueError, match="workers"):
        load_config({"listen": "127.0.0.1:65535", "workers": 2})
