"""Works on blocks in several processes, keeping their order and a fixed number of them in memory."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.context import BaseContext

from authproblem.logs._command._input import BLOCK, Block, Part
from authproblem.logs._command._work import Result, Settings, Worker

_AHEAD = 3
"""Blocks that are given to each process before the first is waited for."""
_worker: list[Worker] = []
"""The worker of a process of the pool; a list, since it is filled once by the pool's initializer."""


def work(blocks: Iterable[Block], settings: Settings, jobs: int) -> Iterator[tuple[Block, Result]]:
    """Yield each block with its result, in the order of the blocks.

    Args:
        blocks: what to work on; read only as far ahead as the processes need.
        settings: what to do with each.
        jobs: the number of processes; 1 works in this one.
    """
    if jobs == 1:
        worker = Worker(settings)
        yield from ((block, worker(block.data)) for block in blocks)
        return
    with ProcessPoolExecutor(jobs, _context(), initializer=_start, initargs=(settings,)) as pool:
        waiting: deque[tuple[Block, Future[Result]]] = deque()
        for block in blocks:
            waiting.append((block, pool.submit(_run, block.data)))
            # A short read means a slow stream: what is there is given out at once, not when the window is full.
            short = isinstance(block.data, bytes) and block.size < BLOCK // 16
            most = 0 if short else jobs * _AHEAD
            while len(waiting) > most:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)


def _context() -> BaseContext:
    """Return a way to start processes that does not copy threads: the progress bar is one."""
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


def _first(waiting: deque[tuple[Block, Future[Result]]]) -> tuple[Block, Result]:
    block, future = waiting.popleft()
    return block, future.result()


def _start(settings: Settings) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then ends the pool
    _worker.append(Worker(settings))


def _run(data: bytes | Part) -> Result:
    return _worker[0](data)
