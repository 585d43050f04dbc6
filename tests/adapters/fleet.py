"""Real servers on the loopback, started when they are first needed and kept until the end of the run."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import uvicorn
import waitress

from tests.adapters import site

ROOT = Path(__file__).parents[2]
LIMIT = 20
"""Seconds that a server may take to start or to stop: the machine may be busy."""
KEEPS_ALIVE = frozenset(("uvicorn-h11", "uvicorn-httptools", "gunicorn-gthread", "gunicorn-uvicorn", "waitress"))
"""Servers that serve several requests on one connection."""


class Server:
    """A running server.

    Attributes:
        port: where it listens.
        pid: its process; None where it is a thread of the tests.
    """

    def __init__(self, port: int, stop: Callable[[], object], pid: int | None = None) -> None:
        self.port, self.stop, self.pid = port, stop, pid


def listener() -> socket.socket:
    """A listening socket: clients may connect before the server runs, and wait for it."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # TCP by name: else asyncio delays
    bound.bind(("127.0.0.1", 0))
    bound.listen(256)
    return bound


def start(name: str, module: str = "tests.adapters.site") -> Server:
    """Start a server by its name."""
    kind, _, variant = name.partition("-")
    if kind == "uvicorn":
        return _uvicorn(variant)
    if kind == "waitress":
        return _waitress()
    if kind == "wsgiref":
        return _wsgiref()
    if kind == "granian":
        return _granian(variant, module)
    return _process(_COMMANDS[name], module)


def available(name: str) -> bool:
    """Whether a server is installed, and runs on this system."""
    kind, _, variant = name.partition("-")
    if kind == "gunicorn" and sys.platform == "win32":
        return False
    if variant == "asgi" and kind == "gunicorn":
        return importlib.util.find_spec("gunicorn.workers.gasgi") is not None
    return importlib.util.find_spec(kind) is not None


def _uvicorn(http: str) -> Server:
    bound = listener()
    config = uvicorn.Config(site.asgi, http=http, log_config=None, lifespan="auto", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(LIMIT)
        bound.close()

    return Server(bound.getsockname()[1], stop)


def _waitress() -> Server:
    bound = listener()
    channels: dict[int, Any] = {}
    server: Any = waitress.create_server(site.wsgi, map=channels, sockets=[bound], threads=8)
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            server.asyncore.loop(timeout=0.02, map=channels, count=1)  # as its own `run` has it
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(channels)  # on this thread: another would close under a `select`

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join(LIMIT)
        with contextlib.suppress(OSError):
            bound.close()

    return Server(bound.getsockname()[1], stop)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


def _wsgiref() -> Server:
    server = make_server("127.0.0.1", 0, site.wsgi, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(LIMIT)

    return Server(server.server_port, stop)


_GUNICORN = ["gunicorn", "--bind", "fd://{fd}", "--log-level", "error", "--graceful-timeout", "1"]
_COMMANDS = {
    "gunicorn-sync": [*_GUNICORN, "--worker-class", "sync", "{module}:wsgi"],
    "gunicorn-gthread": [*_GUNICORN, "--worker-class", "gthread", "--threads", "8", "{module}:wsgi"],
    "gunicorn-uvicorn": [*_GUNICORN, "--worker-class", "uvicorn.workers.UvicornWorker", "{module}:asgi"],
    "gunicorn-asgi": [*_GUNICORN, "--worker-class", "asgi", "{module}:asgi"],
    "hypercorn-asgi": ["hypercorn", "--bind", "fd://{fd}", "--log-level", "error", "{module}:asgi"],
    "hypercorn-wsgi": ["hypercorn", "--bind", "fd://{fd}", "--log-level", "error", "wsgi:{module}:wsgi"],
}


def _process(command: list[str], module: str) -> Server:
    """A server in a process of its own, which inherits the listening socket."""
    bound = listener()
    bound.set_inheritable(True)
    words = [word.format(fd=bound.fileno(), module=module) for word in command]
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=_environment(), pass_fds=[bound.fileno()], start_new_session=True
    )
    port = bound.getsockname()[1]
    bound.close()
    return Server(port, lambda: _end(process), process.pid)


def _granian(interface: str, module: str) -> Server:
    """Granian binds its port itself: find a free one, and wait until it responds."""
    with listener() as bound:
        port = bound.getsockname()[1]
    words = ["--host", "127.0.0.1", "--port", str(port), "--interface", interface, "--log-level", "error"]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", *words, "--no-ws", f"{module}:{interface}"],
        cwd=ROOT, env=_environment(), start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.05)
    return Server(port, lambda: _end(process), process.pid)


def _environment() -> dict[str, str]:
    """The environment of a server: the tests' own code is importable, whatever the folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and its workers."""
    process.terminate()
    try:
        process.wait(LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT)


class Fleet:
    """The servers of one run."""

    def __init__(self) -> None:
        self._servers: dict[str, Server] = {}

    def port(self, name: str) -> int:
        """Where a server listens; it is started if need be."""
        if name not in self._servers:
            self._servers[name] = start(name)
        return self._servers[name].port

    def stop(self) -> None:
        """End all of them."""
        for server in self._servers.values():
            server.stop()
