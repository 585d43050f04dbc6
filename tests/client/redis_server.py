"""A real `redis-server` for the tests: started, stopped, killed and started again at the same port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis

from tests.support.ports import free_port

PROGRAM = shutil.which("redis-server", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin"]))
LIMIT = 10
"""Seconds that anything here may take: the machine may be busy."""


class RedisServer:
    """One server.

    Attributes:
        port: where it listens on 127.0.0.1.
        url: its URL.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder, self._flags = folder, flags
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, empty, and wait until it responds."""
        port = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command = [PROGRAM or "redis-server", *port, "--save", "", "--appendonly", "no", *self._flags]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + LIMIT
        while True:
            with contextlib.suppress(redis.ConnectionError), self.client() as client:
                with contextlib.suppress(redis.AuthenticationError):
                    client.ping()
                return
            assert time.monotonic() < until, "redis-server did not come up"
            time.sleep(0.02)

    def client(self) -> redis.Redis:
        """A client of the test's own."""
        return redis.Redis(port=self.port, socket_timeout=LIMIT)

    def signal(self, number: int) -> None:
        """Send it a signal: SIGSTOP makes it hang, SIGCONT continue."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it, as by `kill -9`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(LIMIT)
            self._process = None


def wait_for(condition: Callable[[], object], what: str, limit: float = LIMIT) -> None:
    """Wait until a callable gives something true."""
    until = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < until, f"it never came: {what}"
        time.sleep(0.005)
