"""One process that serves, and several under a supervisor that starts a new one where one has died."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import sys
import threading
import time
from multiprocessing.context import SpawnProcess

from authproblem.errors import visible
from authproblem.extproc.config import ExtProcConfig
from authproblem.extproc.server import serve

CANNOT_LISTEN = 1
"""Exit status of a worker whose address is taken."""
_PERIOD = 1.0
"""Seconds between two looks at the workers, and so between two starts of one that ends at once."""
_START = 30.0
"""Seconds in which a worker that cannot listen ends all; later its address may be free again in a moment."""


def work(config: ExtProcConfig, address: str) -> int:
    """Serve one address in this process, until SIGTERM or SIGINT.

    Args:
        config: the settings.
        address: `HOST:PORT`.

    Returns:
        The exit status: 0, or `CANNOT_LISTEN`.
    """
    logging.basicConfig(level=config.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if config.otel:
        from authproblem import otel

        otel.instrument()
    try:
        asyncio.run(serve(config, address))
    except OSError as error:
        sys.stderr.write(f"authproblem extproc: {visible(str(error))}\n")
        return CANNOT_LISTEN
    return 0


def _work_and_exit(config: ExtProcConfig, address: str) -> None:
    sys.exit(work(config, address))


class Supervisor:
    """Runs a process for each address."""

    def __init__(self, config: ExtProcConfig, addresses: list[str]) -> None:
        """Start nothing yet.

        Args:
            config: the settings.
            addresses: `HOST:PORT` of each worker.
        """
        self._config, self._addresses = config, addresses
        self._context = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._workers: dict[str, SpawnProcess] = {}
        self._status = 0

    def run(self) -> int:
        """Run the workers until SIGTERM or SIGINT.

        Returns:
            The exit status: 0, or `CANNOT_LISTEN` if a worker could not start.
        """
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stopping.set())
        started = time.monotonic()
        for address in self._addresses:
            self._start(address)
        while not self._stopping.wait(_PERIOD):
            self._replace_ended(starting=time.monotonic() < started + _START)
        self._stop()
        return self._status

    def _start(self, address: str) -> None:
        self._workers[address] = self._context.Process(target=_work_and_exit, args=(self._config, address))
        self._workers[address].start()

    def _replace_ended(self, *, starting: bool) -> None:
        for address, worker in list(self._workers.items()):
            if worker.is_alive():
                continue
            sys.stderr.write(f"authproblem extproc: the worker on {address} ended ({worker.exitcode})\n")
            if starting and worker.exitcode == CANNOT_LISTEN:
                self._status = CANNOT_LISTEN
                self._stopping.set()
            else:
                self._start(address)

    def _stop(self) -> None:
        """End the workers: by SIGTERM, and after the grace period by SIGKILL."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.terminate()
        until = time.monotonic() + self._config.grace + _PERIOD
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
            if worker.is_alive():
                worker.kill()
                worker.join()
