"""The four gateways as processes: each runs its example, which is changed in nothing but the ports."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.ports import free_port

EXAMPLES = Path(__file__).parents[2] / "examples" / "gateways"
LIMIT = 10
"""Seconds that anything here may take: the machine may be busy."""
NAMES = ("nginx", "haproxy", "caddy", "envoy")
_PLACES = (str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")


def binary(name: str) -> str | None:
    """Where a gateway's program is, or None."""
    return shutil.which(name, path=os.pathsep.join(_PLACES))


class Entry(NamedTuple):
    """What an access log says of one request, with the same names for all gateways; None where it says nothing.

    Attributes:
        status: the status that the client got.
        problem: `Auth-Problem`.
        owner: `Auth-Problem-Owner`.
        retry: `Auth-Problem-Retry`.
        retry_after: `Retry-After`.
    """

    status: int
    problem: str | None
    owner: str | None
    retry: str | None
    retry_after: str | None


NO_PROBLEM = (None, None, None, None)


class Output:
    """The lines that a process has written, and those that it is still to write."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout:
            for line in process.stdout:
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()

    def wait_for(self, wanted: Callable[[str], bool], number: int = 0) -> str:
        """The line of this number (from 0) among those that are wanted, as soon as there is one."""

        def find() -> str | None:
            return next(itertools.islice(filter(wanted, self._lines), number, None), None)

        with self._news:
            found = self._news.wait_for(find, LIMIT)
            assert found is not None, "no such line, but:\n" + "".join(self._lines[-20:])
            return found

    def everything(self) -> str:
        """All lines, when the process has ended."""
        self._thread.join(LIMIT)
        return "".join(self._lines)


class Gateway:
    """A running gateway.

    Attributes:
        name: which one.
        port: where it listens on 127.0.0.1.
    """

    def __init__(self, name: str, port: int, output: Output) -> None:
        self.name, self.port, self._output = name, port, output

    def line(self, client: str, number: int = 0) -> str:
        """The access log's line of the request of this number (from 0) that came from an address."""
        return self.logged(lambda line: _client(line) == client, number)

    def logged(self, wanted: Callable[[dict[str, Any]], bool], number: int = 0) -> str:
        """The line of this number (from 0) among those of the log, read as JSON, that are wanted."""
        return self._output.wait_for(lambda line: line.startswith("{") and wanted(json.loads(line)), number)

    def entry(self, client: str, number: int = 0) -> Entry:
        """The fields of that line."""
        line = json.loads(self.line(client, number))
        if "resp_headers" in line:
            headers = {name.lower(): values[0] for name, values in line["resp_headers"].items() if values}
            names = ("auth-problem", "auth-problem-owner", "auth-problem-retry", "retry-after")
            return Entry(line["status"], *(headers.get(name) for name in names))
        empty = ("", "-", None)
        found = (line[name] for name in ("problem", "owner", "retry", "retry_after"))
        return Entry(line["status"], *(None if value in empty else value for value in found))


def _client(line: dict[str, Any]) -> object:
    return line.get("client") or line.get("request", {}).get("remote_ip")


class Setup(NamedTuple):
    """How to run a gateway in a folder: its command, and what its environment has in addition."""

    command: list[str]
    environment: dict[str, str]


def configured(name: str, folder: Path, port: int, app: int) -> Setup:
    """Put a gateway's example into a folder and return how to run it there."""
    program = binary(name) or name
    if name == "nginx":
        conf = _with_ports("nginx.conf", folder, {"127.0.0.1:18090": port, "127.0.0.1:8000": app})
        worker = (
            ["-g", "user root;"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        )  # the folder is root's own
        return Setup([program, "-e", "stderr", "-p", f"{folder}/", "-c", str(conf), *worker], {})
    if name == "haproxy":
        addresses = {"LISTEN": f"127.0.0.1:{port}", "APP": f"127.0.0.1:{app}"}
        return Setup([program, "-f", str(EXAMPLES / "haproxy.cfg")], addresses)
    if name == "caddy":
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(folder))
        command = [program, "run", "--config", str(EXAMPLES / "Caddyfile"), "--adapter", "caddyfile"]
        return Setup(command, {**homes, "PORT": str(port), "APP": f"127.0.0.1:{app}"})
    conf = _with_ports("envoy.yaml", folder, {"port_value: 18093": port, "port_value: 8000": app})
    shutil.copy(EXAMPLES / "envoy.lua", folder)
    one = ["--disable-hot-restart", "--concurrency", "1", "--file-flush-interval-msec", "50"]
    return Setup([program, "-c", str(conf), *one], {})


def _with_ports(example: str, folder: Path, ports: dict[str, int]) -> Path:
    """Copy an example, and replace the ports that it names."""
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    for named, port in ports.items():
        assert named in text, f"{example} no longer names {named}"
        text = text.replace(named, re.sub(r"\d+$", str(port), named))
    (folder / example).write_text(text, encoding="utf-8")
    return folder / example


@contextlib.contextmanager
def running(name: str, folder: Path, app: int, stdout: int = subprocess.PIPE) -> Iterator[Gateway]:
    """Run a gateway in front of the app at a port, as long as the block runs; its log is read only from a pipe."""
    for _ in range(3):
        port = free_port()
        setup = configured(name, folder, port, app)
        process = subprocess.Popen(
            setup.command,
            cwd=folder,
            env={**os.environ, **setup.environment},
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        output = Output(process)
        try:
            if _listens(process, port):
                yield Gateway(name, port, output)
                return
        finally:
            _end(process)
            printed = output.everything()
    raise RuntimeError(f"{name} did not start:\n{printed}")


def _listens(process: subprocess.Popen[str], port: int) -> bool:
    """Whether a gateway starts to listen."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process.poll() is None
        time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[str]) -> None:
    """End a gateway and its workers."""
    process.terminate()
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT)
