"""Every vector over real HTTP: through both httpx transports, the requests adapter and the gateway, as by `normalize`.

The host tells the provider, so here it is always certain; whether it is without that is the other vector tests' business.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
import requests

from authproblem import normalize
from authproblem.gateway import Gateway, load_config
from authproblem.httpx import AsyncProblemTransport, ProblemTransport
from authproblem.requests import ProblemAdapter
from tests.support.responses import Response
from tests.support.served import served
from tests.support.upstream import running
from tests.support.vectors import FILES, Vector, load

DATE = ("date", "Mon, 23 Nov 2026 12:00:00 GMT")
NO_PATH = "/somewhere/at/the/provider"
PROVIDERS = ("auth0", "okta", "oauth")
FRAMING = frozenset(("connection", "content-length", "date", "server", "transfer-encoding"))

Ask = Callable[["Case"], Response]


class Case(NamedTuple):
    """A vector, sent by a certain provider to a POST at a path."""

    vector: Vector
    provider: str
    path: str
    response: Response

    @property
    def key(self) -> str:
        """What the stub upstream knows it by."""
        return self.vector.place

    @property
    def mount(self) -> str:
        """Which of the doors it goes through: one for each provider, with and without transaction states."""
        return self.provider + ("-states" if self.vector.transaction_states else "")


def case_of(vector: Vector) -> Case:
    """The case of a vector; without a `Date` the local clock would tell the wait."""
    named = (vector.entry or vector.place).partition(":")[0].partition("-")[0]
    provider = vector.provider or (named if named in PROVIDERS else "okta")
    sent = vector.response
    dated = any(name.lower() == "date" for name, _ in sent.headers)
    headers = [(name, value) for name, value in sent.headers if name.lower() not in {"content-length", "connection"}]
    response = sent._replace(headers=headers if dated else [*headers, DATE])
    return Case(vector, provider, vector.endpoint or NO_PATH, response)


CASES = {stem: [case_of(vector) for vector in load(stem)] for stem in FILES}
BY_KEY = {case.key: case.response for cases in CASES.values() for case in cases}
STATE_PATHS = tuple(
    sorted({case.path for cases in CASES.values() for case in cases if case.vector.transaction_states})
)
MOUNTS = [(provider, states) for provider in PROVIDERS for states in ((), STATE_PATHS)]


def mount_name(provider: str, states: tuple[str, ...]) -> str:
    """As `Case.mount`."""
    return provider + ("-states" if states else "")


def options(provider: str, states: tuple[str, ...]) -> dict[str, Any]:
    """A reader for the stub upstream."""
    return {"hosts": {"127.0.0.1": provider}, "flow_control": True, "transaction_states": states}


@contextlib.contextmanager
def by_httpx(upstream: str) -> Iterator[Ask]:
    """`ProblemTransport`."""
    with contextlib.ExitStack() as stack:
        clients = {
            mount_name(*mount): stack.enter_context(httpx.Client(transport=ProblemTransport(**options(*mount))))
            for mount in MOUNTS
        }

        def ask(case: Case) -> Response:
            answer = clients[case.mount].post(upstream + case.path, headers={"X-Vector": case.key})
            return Response(answer.status_code, answer.headers.multi_items(), answer.content)

        yield ask


@contextlib.contextmanager
def by_async_httpx(upstream: str) -> Iterator[Ask]:
    """`AsyncProblemTransport`."""

    async def one(case: Case) -> Response:
        mount = (case.provider, STATE_PATHS if case.vector.transaction_states else ())
        async with httpx.AsyncClient(transport=AsyncProblemTransport(**options(*mount)), verify=False) as client:
            answer = await client.post(upstream + case.path, headers={"X-Vector": case.key})
            return Response(answer.status_code, answer.headers.multi_items(), answer.content)

    yield lambda case: anyio.run(one, case)


@contextlib.contextmanager
def by_requests(upstream: str) -> Iterator[Ask]:
    """`ProblemAdapter`."""
    with contextlib.ExitStack() as stack:
        sessions = {mount_name(*mount): stack.enter_context(requests.Session()) for mount in MOUNTS}
        for mount in MOUNTS:
            sessions[mount_name(*mount)].mount("http://", ProblemAdapter(**options(*mount)))
            sessions[mount_name(*mount)].trust_env = False

        def ask(case: Case) -> Response:
            answer = sessions[case.mount].post(
                upstream + case.path, headers={"X-Vector": case.key}, allow_redirects=False, timeout=10
            )
            return Response(answer.status_code, list(answer.raw.headers.items()), answer.content)

        yield ask


@contextlib.contextmanager
def by_gateway(upstream: str) -> Iterator[Ask]:
    """The gateway, behind a real server."""
    routes = [(provider, upstream, f"/{provider}") for provider in PROVIDERS]
    config = load_config({"routes": routes, "disclosure": "off", "flow_control": True, "cooldown": False}, {})
    stateful = config._replace(options={**config.options, "transaction_states": STATE_PATHS})
    with served(Gateway(config)) as plain, served(Gateway(stateful)) as states, httpx.Client() as client:

        def ask(case: Case) -> Response:
            origin = states if case.vector.transaction_states else plain
            answer = client.post(f"{origin}/{case.provider}{case.path}", headers={"X-Vector": case.key})
            return Response(answer.status_code, answer.headers.multi_items(), answer.content)

        yield ask


DOORS = {"httpx": by_httpx, "requests": by_requests, "gateway": by_gateway}


def faults(case: Case, got: Response) -> Iterator[str]:
    """Where an answer is not what `normalize` makes of the vector."""
    sent = case.response
    expected = normalize(
        sent.status,
        sent.headers,
        sent.body,
        provider=case.provider,
        endpoint=case.path,
        method="POST",
        flow_control=True,
        transaction_states=case.vector.transaction_states,
    )
    if expected is None or 300 <= sent.status < 400:
        if (got.status, got.body, ends(got)) != (sent.status, sent.body, ends(sent)):
            yield f"{case.key}: not as it came: {got}"
        return
    document = got.document()
    document.pop("instance")
    if (got.status, document) != (expected.status, expected.to_dict()):
        yield f"{case.key}: {got.status} {document}, not {expected.to_dict()}"


def ends(response: Response) -> list[tuple[str, str]]:
    """The headers that describe the response itself, not the connection."""
    return sorted((name.lower(), value) for name, value in response.headers if name.lower() not in FRAMING)


def sample(stem: str) -> list[Case]:
    """One case for each entry, and every third that has none."""
    first = {case.vector.entry: case for case in reversed(CASES[stem]) if case.vector.entry is not None}
    return [*first.values(), *[case for case in CASES[stem] if case.vector.entry is None][::3]]


def all_faults(door: Callable[[str], Any], cases: list[Case]) -> list[str]:
    """The faults of many cases through one door."""
    with running(lambda seen: BY_KEY[seen.header("X-Vector") or ""]) as upstream, door(upstream.url) as ask:
        return [fault for case in cases for fault in faults(case, ask(case))]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("stem", FILES)
def test_gives_the_problem_of_normalize(door: str, stem: str) -> None:
    """A vector of every entry, member for member; what is no problem comes as it was sent."""
    assert all_faults(DOORS[door], sample(stem)) == []


def test_the_async_transport_gives_it_too() -> None:
    """It has its own reading of bytes, and nothing else of its own: a few vectors of each file are enough."""
    assert all_faults(by_async_httpx, [case for stem in FILES for case in sample(stem)[::15]]) == []


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("stem", FILES)
def test_gives_the_problem_of_normalize_for_all(door: str, stem: str) -> None:
    """Every vector that there is."""
    assert all_faults(DOORS[door], CASES[stem]) == []
