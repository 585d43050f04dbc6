"""The gateway as a reverse proxy, over real HTTP: what becomes of requests."""

from __future__ import annotations

import socket
import threading
from typing import Any

import httpx
import pytest

from tests.client.served import served
from tests.client.upstream import running
from tests.gateway.support import asked, before, connected, made, raw_request
from tests.support.responses import json_response

OK = json_response(200, {"ok": True})


class TestRequests:
    def test_are_forwarded_unchanged(self) -> None:
        """Target and headers as the client sent them; a library's own are not added."""
        with running(OK) as upstream, before(upstream.url) as client:
            raw_request(
                client.base_url,
                "GET /a%2Fb/../c//d?q=%20&r=| HTTP/1.1\nHost: gateway.example.com\nX-Own: 1\nX-Own: 2\n\n",
            )

        seen = upstream.seen[0]
        assert (seen.method, seen.target) == ("GET", "/a%2Fb/../c//d?q=%20&r=|")
        assert [(name.lower(), value) for name, value in seen.headers] == [
            ("host", f"127.0.0.1:{upstream.port}"),
            ("x-own", "1"),
            ("x-own", "2"),
            ("accept-encoding", "identity"),
            ("via", "1.1 authproblem"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "http"),
        ]

    def test_lose_hop_by_hop_headers(self) -> None:
        """The fixed ones, and those that the client's `Connection` names."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.get("/", headers={"Connection": "keep-alive, X-Hop", "X-Hop": "1", "TE": "trailers", "X-Own": "1"})

        names = {name.lower() for name, _ in upstream.seen[0].headers}
        assert names & {"connection", "x-hop", "te", "keep-alive"} == set()
        assert "x-own" in names

    def test_do_not_forward_addresses_that_a_caller_claims(self) -> None:
        """Neither the gateway nor its server takes a header for the peer's address."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.get("/", headers={"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"})

        seen = upstream.seen[0]
        assert seen.lines("x-forwarded-for") == ["127.0.0.1"]
        assert [value for _, value in seen.headers if "6.6.6.6" in value] == []

    @pytest.mark.parametrize("chunked", [False, True])
    def test_are_forwarded_with_their_bodies(self, chunked: bool) -> None:
        """Both framings, 300 KB."""
        body = bytes(range(256)) * 1200
        parts = (body[start : start + 10_000] for start in range(0, len(body), 10_000))

        with running(OK) as upstream, before(upstream.url) as client:
            client.post("/", content=parts if chunked else body)

        seen = upstream.seen[0]
        assert seen.body == body
        assert seen.header("content-length") == (None if chunked else str(len(body)))

    def test_with_two_framings_are_sent_with_one(self) -> None:
        """A request with both `Content-Length` and chunks is refused by the server, or sent with chunks alone."""
        smuggled = "POST / HTTP/1.1\nHost: x\nContent-Length: 4\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n"

        with running(OK) as upstream, before(upstream.url) as client:
            raw_request(client.base_url, smuggled, "POST")

        assert [(seen.body, seen.header("content-length")) for seen in upstream.seen] in ([], [(b"abc", None)])

    def test_without_a_body_are_forwarded_without_one(self) -> None:
        """POST with `Content-Length: 0`, and GET with nothing."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.post("/")
            client.get("/")

        assert [(seen.method, seen.header("content-length"), seen.body) for seen in upstream.seen] == [
            ("POST", "0", b""),
            ("GET", None, b""),
        ]

    def test_are_streamed(self) -> None:
        """The provider has the first half before the client has sent the second."""
        halves: list[bytes] = []
        half, done = threading.Event(), threading.Event()

        def listen(listening: Any) -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as file:
                while file.readline().strip():
                    pass
                halves.append(file.read(5))
                half.set()
                halves.append(file.read(5))
                connection.sendall(b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n")
            done.set()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=listen, args=(listening,), daemon=True)
            thread.start()
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with before(url) as client, connected(client.base_url) as connection:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst")
                assert half.wait(10)
                connection.sendall(b"secnd")
                assert done.wait(10)
            thread.join(10)

        assert halves == [b"first", b"secnd"]

    def test_are_routed_by_the_longest_prefix(self) -> None:
        """By whole segments; the prefix is removed, and a path in the upstream's URL is put before the rest."""
        with running(OK) as root, running(OK) as okta:
            gateway = made(("auth0", root.url + "/tenant", ""), ("okta", okta.url, "/okta"))
            with served(gateway) as origin, httpx.Client(base_url=origin, verify=False) as client:
                for path in ("/okta/api/v1/users?a=b", "/okta", "/oktapus", "/x"):
                    client.get(path)

        assert [seen.target for seen in okta.seen] == ["/api/v1/users?a=b", "/"]
        assert [seen.target for seen in root.seen] == ["/tenant/oktapus", "/tenant/x"]

    def test_without_a_route_are_refused(self) -> None:
        """404 with type `about:blank`: no provider was involved."""
        response = asked(made(("okta", "https://org.okta.com", "/okta")), "/other")

        assert (response.status, response.header("content-type")) == (404, "application/problem+json")

    @pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
    def test_with_trace_or_connect_are_refused(self, method: str) -> None:
        """TRACE would show what the gateway sends, CONNECT is for another kind of proxy."""
        assert asked(made(("okta", "https://org.okta.com", "")), "/", method).status == 405

    def test_below_a_mount_are_routed_by_the_rest_of_the_path(self) -> None:
        """The app may be mounted in another."""
        with running(OK) as upstream:
            asked(made(("okta", upstream.url, "")), "/gw/api/v1/users", root="/gw")

        assert upstream.seen[0].target == "/api/v1/users"

    def test_are_forwarded_where_the_server_gives_no_raw_path(self) -> None:
        """`raw_path` is optional in ASGI."""
        with running(OK) as upstream:
            asked(made(("okta", upstream.url, "")), "/a%20b/%C3%BC", raw_path=None)

        assert upstream.seen[0].target == "/a%20b/%C3%BC"

    def test_use_no_proxy_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It would see every credential."""
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        with running(OK) as upstream:
            assert asked(made(("okta", upstream.url, ""))).status == 200
