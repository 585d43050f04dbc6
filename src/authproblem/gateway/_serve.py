"""Running the gateway in uvicorn or granian: processes, their logs, the admin port. What the app does is `_app`'s."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from authproblem.gateway import _logs as logs
from authproblem.gateway._admin import admin_server
from authproblem.gateway._app import Gateway
from authproblem.gateway._config import PREFIX, GatewayConfig, load_config
from authproblem.gateway._listen import listening_sockets
from authproblem.gateway._record import Record

FLAGS_VARIABLE = PREFIX + "GATEWAY_FLAGS"
"""How the flags reach worker processes, which read the rest of the configuration themselves."""


def serve(config: GatewayConfig) -> int:
    """Serve until the process is stopped.

    Args:
        config: a checked configuration whose ports can be used.

    Returns:
        The exit status.
    """
    settings = config.settings
    server = _granian if settings["server"] == "granian" else _uvicorn
    _raise_file_limit()
    signal.signal(signal.SIGTERM, _exit)  # uvicorn raises the signal again when it has stopped
    logs.configure(settings["log_level"], settings["log_format"])
    logs.banner(config)
    if settings["admin_port"] is None:
        return server(config)
    with admin_server(config):
        return server(config)


def _exit(_number: int, _frame: object) -> None:
    """End the process in good order: a graceful stop is no failure."""
    sys.exit(0)


def make_worker() -> Gateway:
    """Return the app of a worker process: the configuration as the command read it, with logs and metrics."""
    given = json.loads(os.environ[FLAGS_VARIABLE])
    config = load_config(given["flags"], file=given["file"])
    settings = config.settings
    logs.configure(settings["log_level"], settings["log_format"])
    _collect_seldom()
    observers: list[Callable[[Record], None]] = []
    if settings["access_log"]:
        observers.append(logs.access_log)
    if settings["admin_port"] is not None:
        from authproblem.gateway._metrics import Metrics

        observers.append(Metrics().count)
    return Gateway(config, on_finished=_all(observers))


_TARGET = f"{make_worker.__module__}:{make_worker.__name__}"


def _all(observers: list[Callable[[Record], None]]) -> Callable[[Record], None] | None:
    if len(observers) < 2:
        return observers[0] if observers else None

    def observe(record: Record) -> None:
        for observer in observers:
            observer(record)

    return observe


def _collect_seldom() -> None:
    """Let the garbage collector of a worker run less often.

    By default it walks through the objects of all connections every few requests: with 256 connections it took a third
    of the CPU time. A request leaves nothing in cycles, apart from rare failures; 50,000 objects are about 5 MB.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _raise_file_limit() -> None:
    """Allow as many open files as the system lets this process have; each client and each upstream needs one."""
    if os.name == "nt":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _uvicorn(config: GatewayConfig) -> int:
    import uvicorn

    from authproblem.gateway._protocol import GatewayProtocol

    settings = config.settings
    options: dict[str, Any] = {
        "factory": True,
        "log_config": None,  # `logs` has configured it
        "log_level": settings["log_level"],
        "http": GatewayProtocol,
        "ws": "none",  # neither provider uses it, and uvicorn's own refusal would log the query
        "access_log": False,  # it would write queries, and with them codes and states
        "proxy_headers": False,  # by default it takes X-Forwarded-For from the local host for the peer's address
        "server_header": False,
        "date_header": False,  # the provider's stays
        "timeout_graceful_shutdown": 30,
    }
    host, port, workers = settings["host"], settings["port"], settings["workers"]
    if workers > 1:  # uvicorn's supervisor opens one socket, and each worker accepts from it
        uvicorn.run(_TARGET, host=host, port=port, workers=workers, **options)
        return 0
    try:
        sockets = listening_sockets(host, port)
    except OSError as error:  # the command has tried the first address of a name, and here are all
        sys.stderr.write(f"authproblem gateway: cannot listen on {host}:{port}: {error.strerror}\n")
        return 1
    server = uvicorn.Server(uvicorn.Config(_TARGET, **options))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped by then
        server.run(sockets)
    return 0 if server.started else 1


def _granian(config: GatewayConfig) -> int:
    try:
        from granian import Granian
        from granian.constants import Interfaces
        from granian.log import LogLevels
    except ImportError:
        sys.stderr.write("authproblem gateway: --server granian: granian is not installed\n")
        return 2
    settings = config.settings
    Granian(
        _TARGET,
        factory=True,
        interface=Interfaces.ASGI,
        address=settings["host"],
        port=settings["port"],
        workers=settings["workers"],
        log_level=LogLevels(settings["log_level"]),
        log_access=False,
        websockets=False,
    ).serve()
    return 0
