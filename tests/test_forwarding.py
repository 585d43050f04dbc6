"""Passing a provider's response on: every client library against a real server, every coding, every kind of header."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli
import httpx
import httpx2
import pytest
import requests

from authproblem.forwarding import accept_encoding, request_headers, response_parts
from tests.support.codings import zstd_compress

BODY = json.dumps(
    {"error": "invalid_grant", "error_description": "Wrong email or password.", "pad": "x" * 300}
).encode()
COOKIES = ["a=1; Path=/; Partitioned", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"]


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd_compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "made-up": bytes,
}


class Server:
    """A server whose response the path chooses: `/<status>/<coding>`."""

    def __init__(self) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                _, status, coding = self.path.replace("%20", " ").split("/")
                body = CODERS[coding](BODY)
                self.send_response(int(status))
                for cookie in COOKIES:
                    self.send_header("Set-Cookie", cookie)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Digest", "sha-256=:made-up:")
                self.send_header("Connection", "X-Hop")
                self.send_header("X-Hop", "1")
                if coding != "identity":
                    self.send_header("Content-Encoding", coding)
                if status != "204":
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD" and status not in {"204", "304"}:
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - http.server's name

            def log_message(self, *_args: Any) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where the server listens."""
    server = Server()
    yield server.url
    server.close()


def by_httpx(method: str, url: str) -> Any:
    with httpx.Client(trust_env=False) as client:
        return client.request(method, url)


def by_httpx_async(method: str, url: str) -> Any:
    async def ask() -> Any:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.request(method, url)

    return asyncio.run(ask())


def by_httpx2(method: str, url: str) -> Any:
    with httpx2.Client(trust_env=False) as client:
        return client.request(method, url)


def by_requests(method: str, url: str) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=10)


CLIENTS = {"httpx": by_httpx, "httpx-async": by_httpx_async, "httpx2": by_httpx2, "requests": by_requests}
each = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)


def values(lines: list[tuple[bytes, bytes]], wanted: str) -> list[str]:
    return [value.decode() for name, value in lines if name == wanted.encode()]


@each
@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "br", "gzip, gzip"])
def test_a_coding_that_the_client_has_undone_is_gone(client: Any, coding: str, url: str) -> None:
    """Body, length and header agree, and digests of the coded body are gone."""
    status, lines, body = response_parts(client("GET", f"{url}/403/{coding}"))
    assert (status, body) == (403, BODY)
    assert values(lines, "content-length") == [str(len(BODY))]
    assert values(lines, "content-encoding") == []
    assert values(lines, "content-digest") == (["sha-256=:made-up:"] if coding == "identity" else [])


@each
@pytest.mark.parametrize("coding", ["zstd", "made-up"])
def test_a_coding_that_the_client_cannot_undo_stays(client: Any, coding: str, url: str) -> None:
    """Whether a library supports zstd depends on what is installed: the header has to agree with the body."""
    _, lines, body = response_parts(client("GET", f"{url}/403/{coding}"))
    plain = values(lines, "content-encoding") == []
    assert body == (BODY if plain else CODERS[coding](BODY))
    assert plain == (coding != "made-up" and body == BODY)
    assert values(lines, "content-length") == [str(len(body))]


@each
def test_cookies_stay_apart_and_hop_by_hop_headers_go(client: Any, url: str) -> None:
    """Each line as it was sent."""
    _, lines, _ = response_parts(client("GET", f"{url}/403/gzip"))
    assert values(lines, "set-cookie") == COOKIES
    assert [name for name in ("connection", "x-hop", "transfer-encoding") if values(lines, name)] == []


@each
@pytest.mark.parametrize(("method", "status"), [("HEAD", 403), ("GET", 304)])
def test_a_response_without_a_body_keeps_the_length_of_what_it_describes(
    client: Any, method: str, status: int, url: str
) -> None:
    """HEAD and 304 (RFC 9110 section 8.6)."""
    found, lines, body = response_parts(client(method, f"{url}/{status}/gzip"))
    assert (found, body) == (status, b"")
    assert values(lines, "content-length") == [str(len(gzip.compress(BODY)))]
    assert values(lines, "content-encoding") == ["gzip"]


@each
def test_a_204_has_no_length(client: Any, url: str) -> None:
    """RFC 9110 section 8.6 forbids it."""
    _, lines, body = response_parts(client("GET", f"{url}/204/identity"))
    assert (values(lines, "content-length"), body) == ([], b"")


def test_a_streamed_response_has_to_be_read_first(url: str) -> None:
    """With the error of httpx."""
    with httpx.Client(trust_env=False) as client, client.stream("GET", f"{url}/403/gzip") as streamed:
        with pytest.raises(httpx.ResponseNotRead):
            response_parts(streamed)
        streamed.read()
        assert response_parts(streamed)[2] == BODY


def test_a_response_made_by_hand_is_accepted() -> None:
    """Httpx has no request for it."""
    assert response_parts(httpx.Response(400, content=b"{}"))[::2] == (400, b"{}")


@pytest.mark.parametrize("wrong", [None, b"{}", {"status_code": 400}, object()])
def test_anything_else_is_an_error_that_names_it(wrong: object) -> None:
    """And says what is expected."""
    with pytest.raises(TypeError, match=f"cannot forward '{type(wrong).__name__}'; expected a response of httpx"):
        response_parts(wrong)


@pytest.mark.parametrize("value", [None, "compress", "compress;q=1.0, made-up"])
def test_accept_encoding_without_a_known_coding_is_identity(value: str | None) -> None:
    """Then the provider's error comes uncoded, and can be read."""
    assert accept_encoding(value) == "identity"


def test_accept_encoding_keeps_what_the_middleware_can_decode() -> None:
    """In the client's order, with its weights."""
    assert accept_encoding("made-up, gzip;q=0.8, deflate;q=0.5") == "gzip;q=0.8, deflate;q=0.5"


def test_request_headers_are_safe_to_send_on() -> None:
    """Framing and connection are the client library's; the rest stays in order, repeated lines too."""
    given = [
        ("Host", "shop.example"),
        ("Content-Length", "3"),
        ("Connection", "X-Hop"),
        ("X-Hop", "1"),
        ("Expect", "100-continue"),
        ("Accept-Encoding", "gzip, made-up"),
        ("Authorization", "Bearer made-up"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
    ]
    expected = [("authorization", "Bearer made-up"), ("x-twice", "1"), ("x-twice", "2"), ("accept-encoding", "gzip")]
    assert request_headers(given) == expected
    assert request_headers([(name.encode(), value.encode()) for name, value in given]) == expected


def test_request_headers_always_name_a_coding() -> None:
    """A client library would add all that it supports."""
    assert request_headers({"accept": "*/*"}) == [("accept", "*/*"), ("accept-encoding", "identity")]
