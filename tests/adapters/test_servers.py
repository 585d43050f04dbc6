"""Real servers on real sockets: framing survives keep-alive and pipelining, streams flow, and nothing is mixed up."""

from __future__ import annotations

import contextlib
import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import h11
import pytest

from tests.adapters.fleet import KEEPS_ALIVE, Fleet, available
from tests.adapters.site import PAGES, PROBLEMS
from tests.adapters.support import assert_problem
from tests.support.responses import Response

LIMIT = 20
DEFAULT = [
    "uvicorn-h11",
    "uvicorn-httptools",
    "gunicorn-sync",
    "gunicorn-gthread",
    "gunicorn-uvicorn",
    "waitress",
    "wsgiref",
]
FURTHER = ["hypercorn-asgi", "hypercorn-wsgi", "granian-asgi", "granian-wsgi", "gunicorn-asgi"]
SINGLE = frozenset(("gunicorn-sync", "wsgiref"))
"""Servers that serve one request at a time."""
SEQUENCE = [
    ("GET", "/okta"),
    ("GET", "/healthy"),
    ("HEAD", "/okta"),
    ("GET", "/healthy"),
    ("GET", "/stream"),
    ("GET", "/mfa"),
    ("HEAD", "/mfa"),
    ("GET", "/large"),
    ("GET", "/limited"),
    ("HEAD", "/healthy"),
    ("GET", "/gzip"),
    ("GET", "/empty"),
    ("GET", "/injection"),
    ("GET", "/foreign"),
    ("GET", "/page"),
    ("HEAD", "/page"),
    ("GET", "/okta"),
]
SIZED = [step for step in SEQUENCE if step[1] in {"/okta", "/healthy", "/limited", "/gzip", "/injection", "/foreign"}]
"""Waitress closes a connection after what it has to send in chunks."""


def sequence(server: str) -> list[tuple[str, str]]:
    """What a server sends on one connection."""
    return SIZED if server == "waitress" else SEQUENCE


def servers(names: list[str]) -> list[object]:
    """The servers as parameters; those beyond the default run are marked."""
    return [
        pytest.param(
            name,
            marks=[
                *([pytest.mark.servers] if name in FURTHER else []),
                pytest.mark.skipif(not available(name), reason=f"{name} does not run here"),
            ],
        )
        for name in names
    ]


each = pytest.mark.parametrize("server", servers([*DEFAULT, *FURTHER]))
parallel = pytest.mark.parametrize("server", servers([name for name in (*DEFAULT, *FURTHER) if name not in SINGLE]))


def connected(port: int) -> contextlib.closing[http.client.HTTPConnection]:
    """A connection that is closed whatever happens."""
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT))


def fetch(connection: http.client.HTTPConnection, method: str, path: str, number: int) -> Response:
    """Send a request and read its response."""
    connection.request(method, f"{path}?n={number}")
    response = connection.getresponse()
    return Response(response.status, response.getheaders(), response.read())


def check(response: Response, method: str, path: str, number: int) -> None:
    """The response is the one that this request has to get."""
    sent = PAGES[path][0]
    assert response.lines("x-number") == [str(number)]
    assert response.lines("set-cookie") == [f"a={number}", "b=2"]
    assert response.status == sent.status
    assert response.lines("auth-problem-upstream") == []
    if method == "HEAD":
        assert response.body == b""
    elif path in PROBLEMS:
        framing = {"transfer-encoding", "connection", "keep-alive"}
        own = Response(
            response.status, [pair for pair in response.headers if pair[0].lower() not in framing], response.body
        )
        assert assert_problem(own)["reason"] == PROBLEMS[path]
    else:
        assert response.body == sent.body
        assert response.lines("content-type") == sent.lines("content-type")
        assert response.lines("auth-problem") == []


@each
def test_a_connection_stays_in_step(server: str, fleet: Fleet) -> None:
    """Lengths are right, so the next response begins where it should."""
    sockets = set()
    with connected(fleet.port(server)) as connection:
        for number, (method, path) in enumerate(sequence(server) * 2):
            check(fetch(connection, method, path, number), method, path, number)
            sockets.add(connection.sock)
    if server in KEEPS_ALIVE:
        assert len(sockets) == 1


@pytest.mark.parametrize("server", servers(sorted(KEEPS_ALIVE)))
def test_pipelined_requests_get_their_responses_in_order(server: str, fleet: Fleet) -> None:
    """HTTP/1.1, all requests at once."""
    wanted = [(method, path) for method, path in sequence(server) if path != "/large"]
    requests = [
        f"{method} {path}?n={number} HTTP/1.1\r\nHost: x\r\n"
        + ("Connection: close\r\n\r\n" if number == len(wanted) - 1 else "\r\n")
        for number, (method, path) in enumerate(wanted)
    ]
    with socket.create_connection(("127.0.0.1", fleet.port(server)), timeout=LIMIT) as wire:
        wire.sendall("".join(requests).encode())
        received = b"".join(iter(lambda: wire.recv(65_536), b""))
    for number, ((method, path), response) in enumerate(zip(wanted, parsed(received, wanted), strict=True)):
        check(response, method, path, number)


def parsed(received: bytes, wanted: list[tuple[str, str]]) -> list[Response]:
    """The responses in a stream of bytes, by a strict parser of its own."""
    client, responses = h11.Connection(h11.CLIENT), []
    client.receive_data(received)
    client.receive_data(b"")
    for method, path in wanted:
        client.send(h11.Request(method=method, target=path, headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        head, body = client.next_event(), b""
        assert isinstance(head, h11.Response)
        while isinstance(part := client.next_event(), h11.Data):
            body += part.data
        assert isinstance(part, h11.EndOfMessage)
        headers = [(name.decode(), value.decode("latin-1")) for name, value in head.headers]
        responses.append(Response(head.status_code, headers, body))
        if len(responses) < len(wanted):
            client.start_next_cycle()
    return responses


@parallel
def test_a_stream_flows_while_it_is_made(server: str, fleet: Fleet) -> None:
    """The second half is made only after the client has the first one."""
    port = fleet.port(server)
    with connected(port) as stream, connected(port) as other:
        stream.request("GET", "/gated?n=41")
        response = stream.getresponse()
        first = response.read(5)
        opened = fetch(other, "GET", "/open", 41).body
        assert (first, opened, response.read()) == (b"first", b"open", b"second")


@parallel
def test_clients_that_disconnect_during_a_response_do_not_disturb_others(server: str, fleet: Fleet) -> None:
    """They reset the connection."""
    port = fleet.port(server)
    for path in ("/large", "/stream", "/okta", "/mfa") * 3:
        with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as wire:
            wire.sendall(f"GET {path}?n=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    with connected(port) as connection:
        for number, path in enumerate(PROBLEMS):
            check(fetch(connection, "GET", path, number), "GET", path, number)


@parallel
def test_many_clients_at_once_get_their_own_responses(server: str, fleet: Fleet) -> None:
    """Eight connections, mixed traffic."""
    port = fleet.port(server)

    def client(start: int) -> None:
        with connected(port) as connection:
            for place, (method, path) in enumerate(SEQUENCE):
                check(fetch(connection, method, path, start + place), method, path, start + place)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client, range(1000, 9000, 1000)))
