"""Every registry entry comes out of the kit as its vendor sends it, whichever way it is requested."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

import httpx
import pytest
import requests

from authproblem import Entry, Problem, Registry, normalize
from authproblem.testing import FakeAuth0, FakeOAuth, FakeOkta, FakeProvider, Response
from authproblem.testing._catalog import Catalog
from tests.support.vectors import FILES, Vector, load

CATALOG = Catalog()
FAKES: dict[str, type[FakeProvider]] = {"auth0": FakeAuth0, "okta": FakeOkta, "oauth": FakeOAuth}
HOSTS = {"auth0": "https://example.auth0.com", "okta": "https://example.okta.com", "oauth": "https://as.example.com"}
CONCURRENCY = "okta:E0000047/concurrency"
FORMS = {"content-type", "location", "www-authenticate", "retry-after", "dpop-nonce"}

SLOWLY = partial(pytest.param, marks=pytest.mark.slow)
Ask = Callable[[FakeProvider, str, str], Response]


def by_send(fake: FakeProvider, host: str, path: str) -> Response:
    return fake.send("POST", host + path)


def by_asgi(fake: FakeProvider, host: str, path: str) -> Response:
    """The ASGI app, called as a server calls it."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "scheme": "https"}
    call = fake.asgi(scope, receive, send)
    with pytest.raises(StopIteration):
        call.send(None)
    headers = tuple((name.decode(), value.decode()) for name, value in sent[0]["headers"])
    return Response(sent[0]["status"], headers, sent[1]["body"])


def by_wsgi(fake: FakeProvider, host: str, path: str) -> Response:
    """The WSGI app, called as a server calls it."""
    started: list[Any] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "443",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
    }
    body = b"".join(fake.wsgi(environ, lambda *args: started.append(args)))
    status, headers = started[0][0], started[0][1]
    return Response(int(status.split()[0]), tuple(headers), body)


def by_httpx(fake: FakeProvider, host: str, path: str) -> Response:
    with httpx.Client(transport=fake.transport()) as client:
        response = client.post(host + path)
    return decoded(response)


def decoded(response: Any) -> Response:
    """What a client shows: it has undone the coding, and kept the header that named it."""
    headers = tuple((name, value) for name, value in response.headers.items() if name.lower() != "content-encoding")
    return Response(response.status_code, headers, response.content)


def by_requests(fake: FakeProvider, host: str, path: str) -> Response:
    with requests.Session() as session:
        session.mount(host, fake.adapter())
        response = session.post(host + path, allow_redirects=False)
    return decoded(response)


def by_socket(fake: FakeProvider, host: str, path: str) -> Response:
    """A real server, and a client on a connection that stays open."""
    served = CONNECTIONS.get(id(fake))
    if served is None:
        stack = ExitStack()
        client = httpx.Client(base_url=stack.enter_context(fake.serve()), trust_env=False)
        served = CONNECTIONS[id(fake)] = stack.enter_context(client)
        STACKS.append(stack)
    response = served.post(path)
    return decoded(response)


CONNECTIONS: dict[int, httpx.Client] = {}
STACKS: list[ExitStack] = []


@pytest.fixture(autouse=True)
def _connections_are_closed() -> Iterator[None]:
    yield
    CONNECTIONS.clear()
    while STACKS:
        STACKS.pop().close()


@cache
def vectors() -> dict[str, list[Vector]]:
    found: dict[str, list[Vector]] = {}
    for vector in (vector for stem in FILES for vector in load(stem)):
        if vector.entry is not None:
            found.setdefault(vector.entry, []).append(vector)
    return found


def read(entry: Entry, response: Response) -> Problem | None:
    """What becomes of a response of the entry's provider, as the vectors are run."""
    return normalize(
        response.status,
        list(response.headers),
        response.body,
        provider=entry.provider,
        endpoint=CATALOG.endpoint(entry),
        flow_control=True,
        transaction_states=True,
    )


def outline(status: int, headers: Any, body: bytes) -> tuple[Any, ...]:
    """What a response and its vector have in common: all but ids, tokens and moments."""
    lines = {name.lower(): value for name, value in headers}
    members = sorted(json.loads(body)) if body[:1] == b"{" else []
    media = lines.get("content-type", "").partition(";")[0]
    return status, media, members, FORMS & set(lines), bool(body)


def entries(provider: str) -> list[Entry]:
    return list(CATALOG.entries(provider))


def test_every_entry_that_is_sent_can_be_armed() -> None:
    """All entries but the names that only the vendors' logs use."""
    sent = {entry.id for entry in CATALOG.entries()}
    assert {entry.id for entry in Registry.builtin() if not entry.lookup_only} == sent - {CONCURRENCY}


@pytest.mark.parametrize("ask", [by_send, by_asgi, by_wsgi, by_httpx, SLOWLY(by_requests), SLOWLY(by_socket)])
@pytest.mark.parametrize("provider", list(FAKES))
def test_every_entry_comes_back_as_itself(provider: str, ask: Ask) -> None:
    """`normalize` of each response returns the entry."""
    fake = FAKES[provider]()
    wrong = {}
    for entry in entries(provider):
        with fake.fail(entry.id):
            problem = read(entry, ask(fake, HOSTS[provider], CATALOG.endpoint(entry)))
        got = None if problem is None else problem.entry
        if got != entry.id:
            wrong[entry.id] = got
    assert wrong == {}


@pytest.mark.parametrize("provider", list(FAKES))
def test_every_entry_is_like_its_vector(provider: str) -> None:
    """Status, media type, members and telling headers are those of a vector of the entry."""
    fake = FAKES[provider]()
    wrong = {}
    for entry in entries(provider):
        if entry.id == CONCURRENCY:
            continue
        with fake.fail(entry.id):
            response = fake.send("POST", HOSTS[provider] + CATALOG.endpoint(entry))
        got = outline(response.status, response.headers, response.body)
        known = [outline(v.response.status, v.response.headers, v.response.body) for v in vectors()[entry.id]]
        if not any(_alike(got, one) for one in known):
            wrong[entry.id] = (got, known)
    assert wrong == {}


def _alike(got: tuple[Any, ...], vector: tuple[Any, ...]) -> bool:
    """A continuation (`mfa_token`) that not every recorded body shows does not count."""
    mine, theirs = ({*row[2]} - {"mfa_token", "mfa_requirements"} for row in (got, vector))
    return (got[0], got[1], mine, got[4]) == (vector[0], vector[1], theirs, vector[4]) and vector[3] <= got[3]
