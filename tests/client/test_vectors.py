"""Every vector over real HTTP: through both httpx transports, the requests adapter and the gateway, as by `normalize`.

The host names the provider, so here it is always certain; evidence is tested by the other vector tests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import httpx
import httpx2
import pytest
import requests
from anyio.from_thread import start_blocking_portal

from authproblem import httpx2 as httpx2_adapter
from authproblem import normalize
from authproblem._model import as_provider
from authproblem.gateway import Gateway, load_config
from authproblem.httpx import AsyncProblemTransport, ProblemTransport
from authproblem.requests import ProblemAdapter
from tests.client.served import served
from tests.client.upstream import running
from tests.support.responses import Response
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
        """The name by which the stub upstream finds it."""
        return self.vector.place

    @property
    def mount(self) -> str:
        """Which client it goes through: one for each provider, with and without transaction states."""
        return self.provider + ("-states" if self.vector.transaction_states else "")


def case_of(vector: Vector) -> Case:
    """The case of a vector; without a `Date` the local clock would decide the wait."""
    named = (vector.entry or vector.place).partition(":")[0].partition("-")[0]
    provider = vector.provider or (named if named in PROVIDERS else "okta")
    sent = vector.response
    dated = any(name.lower() == "date" for name, _ in sent.headers)
    headers = [(name, value) for name, value in sent.headers if name.lower() not in {"content-length", "connection"}]
    response = sent._replace(headers=headers if dated else [*headers, DATE])
    return Case(vector, provider, vector.endpoint or NO_PATH, response)


OWN_FILES = tuple(stem for stem in FILES if stem != "foreign")
"""Not those that no provider sends: a host that is certain never does."""
CASES = {stem: [case_of(vector) for vector in load(stem)] for stem in OWN_FILES}
BY_KEY = {case.key: case.response for cases in CASES.values() for case in cases}
STATE_PATHS = tuple(sorted({case.path for cases in CASES.values() for case in cases if case.vector.transaction_states}))
MOUNTS = [(provider, states) for provider in PROVIDERS for states in ((), STATE_PATHS)]


def mount_name(provider: str, states: tuple[str, ...]) -> str:
    """As `Case.mount`."""
    return provider + ("-states" if states else "")


def options(provider: str, states: tuple[str, ...]) -> dict[str, Any]:
    """A reader for the stub upstream."""
    return {"hosts": {"127.0.0.1": provider}, "flow_control": True, "transaction_states": states}


@contextlib.contextmanager
def by_httpx(upstream: str, library: Any = httpx, transport: Any = ProblemTransport) -> Iterator[Ask]:
    """`ProblemTransport`."""
    with contextlib.ExitStack() as stack:
        clients = {
            mount_name(*mount): stack.enter_context(
                library.Client(transport=transport(library.HTTPTransport(verify=False), **options(*mount)))
            )
            for mount in MOUNTS
        }

        def ask(case: Case) -> Response:
            answer = clients[case.mount].post(upstream + case.path, headers={"X-Vector": case.key})
            return Response(answer.status_code, answer.headers.multi_items(), answer.content)

        yield ask


@contextlib.contextmanager
def by_async_httpx(upstream: str) -> Iterator[Ask]:
    """`AsyncProblemTransport`."""
    with start_blocking_portal() as portal, contextlib.ExitStack() as stack:
        clients = {}
        for mount in MOUNTS:
            inner = httpx.AsyncHTTPTransport(verify=False)  # there is no TLS here, and certificates take time to load
            client = httpx.AsyncClient(transport=AsyncProblemTransport(inner, **options(*mount)))
            clients[mount_name(*mount)] = stack.enter_context(portal.wrap_async_context_manager(client))

        async def one(case: Case) -> Response:
            answer = await clients[case.mount].post(upstream + case.path, headers={"X-Vector": case.key})
            return Response(answer.status_code, answer.headers.multi_items(), answer.content)

        yield lambda case: portal.call(one, case)


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
    gateways = [Gateway(each) for each in (config, stateful)]
    with served(gateways[0]) as plain, served(gateways[1]) as states, httpx.Client(verify=False) as client:

        def ask(case: Case) -> Response:
            origin = states if case.vector.transaction_states else plain
            answer = client.post(f"{origin}/{case.provider}{case.path}", headers={"X-Vector": case.key})
            return Response(answer.status_code, answer.headers.multi_items(), answer.content)

        yield ask


by_httpx2 = partial(by_httpx, library=httpx2, transport=httpx2_adapter.ProblemTransport)
ADAPTERS: dict[str, Callable[[str], Any]] = {
    "httpx": by_httpx,
    "httpx2": by_httpx2,
    "requests": by_requests,
    "gateway": by_gateway,
}


def faults(case: Case, got: Response) -> Iterator[str]:
    """Where a response is not what `normalize` makes of the vector."""
    sent = case.response
    expected = normalize(
        sent.status,
        sent.headers,
        sent.body,
        provider=as_provider(case.provider),
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


def all_faults(adapter: Callable[[str], Any], cases: list[Case]) -> list[str]:
    """The faults of many cases through one adapter."""
    with running(lambda seen: BY_KEY[seen.header("X-Vector") or ""]) as upstream, adapter(upstream.url) as ask:
        return [fault for case in cases for fault in faults(case, ask(case))]


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("stem", OWN_FILES)
def test_gives_the_problem_of_normalize(adapter: str, stem: str) -> None:
    """Member for member; what is no problem comes as it was sent. Every entry by one adapter, some by the others."""
    assert all_faults(ADAPTERS[adapter], sample(stem)[:: 1 if adapter == "httpx" else 4]) == []


def test_the_async_transport_gives_it_too() -> None:
    """It has its own reading of bytes, and nothing else of its own: a few vectors of each file are enough."""
    assert all_faults(by_async_httpx, [case for stem in OWN_FILES for case in sample(stem)[::10]]) == []


@pytest.mark.slow
@pytest.mark.parametrize("adapter", [*ADAPTERS, "async httpx"])
@pytest.mark.parametrize("stem", OWN_FILES)
def test_gives_the_problem_of_normalize_for_all(adapter: str, stem: str) -> None:
    """Every vector that there is, through every adapter."""
    assert all_faults(ADAPTERS.get(adapter, by_async_httpx), CASES[stem]) == []


def test_leaves_what_other_hosts_send_as_it_came() -> None:
    """Through the same transport, the errors of everybody else."""
    foreign = {vector.place: vector.response for vector in load("foreign") if vector.response.status >= 200}
    with running(lambda seen: foreign[seen.header("X-Vector") or ""]) as upstream:
        client = httpx.Client(transport=ProblemTransport(httpx.HTTPTransport(verify=False)))
        with client:
            answers = {key: client.get(upstream.url, headers={"X-Vector": key}) for key in foreign}

    changed = [
        key for key, got in answers.items() if (got.status_code, got.content) != (foreign[key][0], foreign[key][2])
    ]
    assert changed == []
