"""A cold registry, used by many threads at once: its tables are filled lazily, and no thread may see one half filled.

With a GIL the threads change every few microseconds; without one they run at the same time.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from authproblem import Problem, Registry, normalize
from authproblem._registry import registry as _registry
from tests.adapters.samples import ERRORS
from tests.adapters.support import ADAPTERS, through
from tests.support.responses import Response
from tests.support.vectors import FILES, Vector, load

LIMIT = 30
"""Seconds that the threads may take."""


@pytest.fixture(autouse=True)
def _hasty() -> Iterator[None]:
    """Let threads change as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(threads: int, work: Callable[[int], Any]) -> list[Any]:
    """What `work` gives in each of several threads that begin together; an exception is given as it is."""
    begin = threading.Barrier(threads)
    found: list[Any] = [None] * threads

    def run(number: int) -> None:
        begin.wait(LIMIT)
        try:
            found[number] = work(number)
        except Exception as error:  # noqa: BLE001 - the test compares it, and shows it
            found[number] = error

    running = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(LIMIT)
    return found


def cold() -> Registry:
    """The built-in entries, with no table filled."""
    return Registry.builtin().extend({"entries": []})


def normalized(vectors: list[Vector], registry: Registry) -> dict[str, Problem | None]:
    """What becomes of each vector."""
    return {
        vector.place: normalize(
            vector.response.status,
            vector.response.headers,
            vector.response.body,
            provider=vector.provider,
            endpoint=vector.endpoint,
            transaction_states=vector.transaction_states,
            registry=registry,
        )
        for vector in vectors
    }


def test_every_vector_has_the_response_that_it_has_alone() -> None:
    """The first threads find empty tables at the same codes; the last ones come in another order."""
    vectors = [vector for stem in FILES for vector in load(stem)]
    alone = normalized(vectors, cold())
    registry = cold()
    orders = [vectors] * 3 + [random.Random(0).sample(vectors, len(vectors))]

    responses = at_once(len(orders), lambda number: normalized(orders[number], registry))

    assert [response == alone for response in responses] == [True] * len(orders)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_middleware_that_was_just_built_serves_many_threads(adapter: str) -> None:
    """Cold tables, no warm-up: what a worker sees after its start."""
    samples = list(ERRORS.values()) * 5
    alone = [steady(through(adapter, sample, registry=cold())) for sample in samples]
    registry = cold()

    responses = at_once(len(samples), lambda number: steady(through(adapter, samples[number], registry=registry)))

    assert responses == alone


def steady(response: Response) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    """A response without what is new each time."""
    document = json.loads(response.body)
    document.pop("instance")
    return response.status, list(response.headers), document


def test_there_is_one_builtin_registry_whoever_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that build the first middlewares together share its tables from then on."""
    monkeypatch.setattr(_registry, "_builtin", {})

    found = at_once(4, lambda _: Registry.builtin())

    assert {id(registry) for registry in found} == {id(Registry.builtin())}
