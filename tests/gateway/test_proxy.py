"""The gateway as a reverse proxy, over real HTTP: what becomes of responses, and of scopes that are no requests."""

from __future__ import annotations

import gzip
import threading
from typing import Any

import anyio
import pytest

from tests.client.upstream import running
from tests.gateway.support import before, made, raw_request
from tests.support.responses import Response, json_response

OK = json_response(200, {"ok": True})


class TestResponses:
    def test_are_returned_with_their_header_lines(self) -> None:
        """In order, with repeated names and validators; only hop-by-hop headers are removed."""
        sent = Response(
            200,
            [
                ("Set-Cookie", "a=1; Path=/"),
                ("X-Own", "1"),
                ("Set-Cookie", "b=2; Path=/"),
                ("ETag", '"x"'),
                ("Date", "Mon, 23 Nov 2026 12:00:00 GMT"),
                ("Connection", "keep-alive, X-Hop"),
                ("X-Hop", "1"),
                ("Keep-Alive", "timeout=5"),
            ],
            b"{}",
        )

        with running(sent) as upstream, before(upstream.url) as client:
            got = raw_request(client.base_url, "GET / HTTP/1.1\nHost: x\n\n")

        assert got.headers == [
            ("set-cookie", "a=1; Path=/"),
            ("x-own", "1"),
            ("set-cookie", "b=2; Path=/"),
            ("etag", '"x"'),
            ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
            ("content-length", "2"),
        ]

    def test_get_a_date_where_it_is_missing(self) -> None:
        """A recipient with a clock adds it (RFC 9110 section 6.6.1)."""
        with running(OK) as upstream, before(upstream.url) as client:
            assert client.get("/").headers["date"].endswith(" GMT")

    def test_keep_their_content_coding(self) -> None:
        """Bytes and header are unchanged."""
        coded = Response(200, [("content-encoding", "gzip")], gzip.compress(b"hello"))

        accept = {"Accept-Encoding": "gzip, x-own"}
        with (
            running(coded) as upstream,
            before(upstream.url) as client,
            client.stream("GET", "/", headers=accept) as got,
        ):
            raw = b"".join(got.iter_raw())

        assert (raw, got.headers["content-encoding"]) == (coded.body, "gzip")
        assert upstream.seen[0].header("accept-encoding") == "gzip"

    def test_of_an_event_stream_are_streamed(self) -> None:
        """The client has the first event before the provider sends the second."""
        first = threading.Event()

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            file.flush()
            first.wait(10)
            file.write(b"data: 2\n\n")

        with running(lambda _: speak) as upstream, before(upstream.url) as client, client.stream("GET", "/") as got:
            chunks = got.iter_raw()
            one = next(chunks)
            first.set()
            assert (one, b"".join(chunks)) == (b"data: 1\n\n", b"data: 2\n\n")

    def test_begin_before_their_first_byte(self) -> None:
        """The client has the headers of an event stream that has no event yet."""
        release = threading.Event()

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n")
            file.flush()
            release.wait(10)

        with running(lambda _: speak) as upstream, before(upstream.url) as client, client.stream("GET", "/") as got:
            kind = got.headers["content-type"]
            release.set()

        assert kind == "text/event-stream"

    def test_that_redirect_are_returned(self) -> None:
        """The redirect is not followed, and its `Location` is unchanged."""
        redirect = Response(302, [("location", "https://app.example.com/cb?code=1&state=2")], b"")

        with running(redirect) as upstream, before(upstream.url) as client:
            got = client.get("/authorize")

        assert (got.status_code, got.headers["location"]) == (302, "https://app.example.com/cb?code=1&state=2")

    def test_leave_no_cookie_in_the_gateway(self) -> None:
        """One caller's session is not another's."""
        with (
            running(OK._replace(headers=[("set-cookie", "sid=1; Path=/")])) as upstream,
            before(upstream.url) as client,
        ):
            for _ in range(2):
                raw_request(client.base_url, "GET / HTTP/1.1\nHost: x\n\n")

        assert [seen.header("cookie") for seen in upstream.seen] == [None, None]

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
    def test_without_a_body_are_returned_without_one(self, method: str, status: int) -> None:
        """And the connection serves the next request."""
        responses = iter([Response(status, [("etag", '"x"')], b"body"), OK])

        with running(lambda _: next(responses)) as upstream, before(upstream.url) as client:
            first, second = client.request(method, "/"), client.get("/")

        assert (first.status_code, first.content, second.json()) == (status, b"", {"ok": True})

    def test_of_success_that_look_like_errors_are_unchanged(self) -> None:
        """The status decides."""
        odd = json_response(200, {"errorCode": "E0000004", "errorSummary": "Authentication failed"})

        with running(odd) as upstream, before(upstream.url) as client:
            assert client.get("/").content == odd.body


class TestOtherScopes:
    def test_starts_and_stops(self) -> None:
        """Lifespan."""
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        assert lifecycle({"type": "lifespan"}, messages) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    def test_closes_websockets(self) -> None:
        """Neither provider speaks them."""
        assert lifecycle({"type": "websocket", "path": "/"}, [{"type": "websocket.connect"}]) == ["websocket.close"]


def lifecycle(scope: dict[str, Any], messages: list[dict[str, Any]]) -> list[str]:
    """The types of the messages that the app sends."""
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    anyio.run(made(("okta", "https://org.okta.com", "")), scope, receive, send)
    return sent
