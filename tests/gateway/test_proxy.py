"""The gateway as a reverse proxy, over real HTTP: what goes through it untouched, and what becomes a problem."""

from __future__ import annotations

import gzip
import socket
import threading
from typing import Any

import anyio
import httpx
import pytest

from tests.client import samples
from tests.client.served import served
from tests.client.upstream import running
from tests.gateway.support import asked, before, connected, made, said
from tests.support.responses import Response, json_response

OK = json_response(200, {"ok": True})


class TestRequests:
    def test_go_on_byte_for_byte(self) -> None:
        """Target and headers as the client sent them; a library's own are not added."""
        with running(OK) as upstream, before(upstream.url) as client:
            said(
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

    def test_lose_what_belongs_to_one_connection(self) -> None:
        """The client's `Connection` names it."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.get("/", headers={"Connection": "keep-alive, X-Hop", "X-Hop": "1", "TE": "trailers", "X-Own": "1"})

        names = {name.lower() for name, _ in upstream.seen[0].headers}
        assert names & {"connection", "x-hop", "te", "keep-alive"} == set()
        assert "x-own" in names

    def test_do_not_say_what_a_caller_makes_up(self) -> None:
        """Neither the gateway nor its server believes where a request says that it came from."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.get("/", headers={"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"})

        seen = upstream.seen[0]
        assert seen.lines("x-forwarded-for") == ["127.0.0.1"]
        assert [value for _, value in seen.headers if "6.6.6.6" in value] == []

    @pytest.mark.parametrize("chunked", [False, True])
    def test_bring_their_bodies(self, chunked: bool) -> None:
        """Both framings, 300 KB."""
        body = bytes(range(256)) * 1200
        parts = (body[start : start + 10_000] for start in range(0, len(body), 10_000))

        with running(OK) as upstream, before(upstream.url) as client:
            client.post("/", content=parts if chunked else body)

        seen = upstream.seen[0]
        assert seen.body == body
        assert seen.header("content-length") == (None if chunked else str(len(body)))

    def test_with_two_framings_are_sent_with_one(self) -> None:
        """A request that could be read in two ways does not reach the provider as such, if the server lets it in."""
        smuggled = "POST / HTTP/1.1\nHost: x\nContent-Length: 4\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n"

        with running(OK) as upstream, before(upstream.url) as client:
            said(client.base_url, smuggled, "POST")

        assert [(seen.body, seen.header("content-length")) for seen in upstream.seen] in ([], [(b"abc", None)])

    def test_without_a_body_get_none(self) -> None:
        """POST with `Content-Length: 0`, and GET with nothing."""
        with running(OK) as upstream, before(upstream.url) as client:
            client.post("/")
            client.get("/")

        assert [(seen.method, seen.header("content-length"), seen.body) for seen in upstream.seen] == [
            ("POST", "0", b""),
            ("GET", None, b""),
        ]

    def test_are_passed_on_while_they_come(self) -> None:
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

    def test_go_to_the_provider_of_the_longest_prefix(self) -> None:
        """By whole segments; the prefix goes, and a path in the URL comes before."""
        with running(OK) as root, running(OK) as okta:
            gateway = made(("auth0", root.url + "/tenant", ""), ("okta", okta.url, "/okta"))
            with served(gateway) as origin, httpx.Client(base_url=origin, verify=False) as client:
                for path in ("/okta/api/v1/users?a=b", "/okta", "/oktapus", "/x"):
                    client.get(path)

        assert [seen.target for seen in okta.seen] == ["/api/v1/users?a=b", "/"]
        assert [seen.target for seen in root.seen] == ["/tenant/oktapus", "/tenant/x"]

    def test_below_no_prefix_are_refused(self) -> None:
        """404, and no problem: it is nobody's error but the caller's or the operator's."""
        response = asked(made(("okta", "https://org.okta.com", "/okta")), "/other")

        assert (response.status, response.header("content-type")) == (404, "text/plain; charset=utf-8")

    @pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
    def test_of_two_methods_are_refused(self, method: str) -> None:
        """TRACE would show what the gateway sends, CONNECT is for another kind of proxy."""
        assert asked(made(("okta", "https://org.okta.com", "")), "/", method).status == 405

    def test_below_a_mount_are_told_by_the_rest_of_the_path(self) -> None:
        """The app may be mounted in another."""
        with running(OK) as upstream:
            asked(made(("okta", upstream.url, "")), "/gw/api/v1/users", root="/gw")

        assert upstream.seen[0].target == "/api/v1/users"

    def test_are_passed_on_where_the_server_gives_no_raw_path(self) -> None:
        """ASGI leaves it to the server."""
        with running(OK) as upstream:
            asked(made(("okta", upstream.url, "")), "/a%20b/%C3%BC", raw_path=None)

        assert upstream.seen[0].target == "/a%20b/%C3%BC"

    def test_use_no_proxy_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """They would get every credential."""
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")

        with running(OK) as upstream:
            assert asked(made(("okta", upstream.url, ""))).status == 200


class TestResponses:
    def test_come_back_line_by_line(self) -> None:
        """Order, repeated names and validators; only what belongs to the connection goes."""
        answer = Response(
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

        with running(answer) as upstream, before(upstream.url) as client:
            got = said(client.base_url, "GET / HTTP/1.1\nHost: x\n\n")

        assert got.headers == [
            ("set-cookie", "a=1; Path=/"),
            ("x-own", "1"),
            ("set-cookie", "b=2; Path=/"),
            ("etag", '"x"'),
            ("date", "Mon, 23 Nov 2026 12:00:00 GMT"),
            ("content-length", "2"),
        ]

    def test_get_a_date_where_there_is_none(self) -> None:
        """A recipient with a clock adds it."""
        with running(OK) as upstream, before(upstream.url) as client:
            assert client.get("/").headers["date"].endswith(" GMT")

    def test_keep_the_coding_that_they_have(self) -> None:
        """Bytes and header, whatever the client made of it."""
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

    def test_of_an_event_stream_are_not_delayed(self) -> None:
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

    def test_that_redirect_are_not_followed(self) -> None:
        """Neither is their `Location` changed."""
        redirect = Response(302, [("location", "https://app.example.com/cb?code=1&state=2")], b"")

        with running(redirect) as upstream, before(upstream.url) as client:
            got = client.get("/authorize")

        assert (got.status_code, got.headers["location"]) == (302, "https://app.example.com/cb?code=1&state=2")

    def test_leave_no_cookie_for_the_next_caller(self) -> None:
        """One caller's session is not another's."""
        with (
            running(OK._replace(headers=[("set-cookie", "sid=1; Path=/")])) as upstream,
            before(upstream.url) as client,
        ):
            for _ in range(2):
                said(client.base_url, "GET / HTTP/1.1\nHost: x\n\n")

        assert [seen.header("cookie") for seen in upstream.seen] == [None, None]

    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
    def test_without_a_body_have_none(self, method: str, status: int) -> None:
        """And the connection serves the next request."""
        answers = iter([Response(status, [("etag", '"x"')], b"body"), OK])

        with running(lambda _: next(answers)) as upstream, before(upstream.url) as client:
            first, second = client.request(method, "/"), client.get("/")

        assert (first.status_code, first.content, second.json()) == (status, b"", {"ok": True})

    def test_of_success_that_look_like_errors_are_not_touched(self) -> None:
        """Only the status tells."""
        odd = json_response(200, {"errorCode": "E0000004", "errorSummary": "Authentication failed"})

        with running(odd) as upstream, before(upstream.url) as client:
            assert client.get("/").content == odd.body


class TestErrors:
    def test_become_problems(self) -> None:
        """With the headers that the provider sent."""
        with running(samples.DENIED) as upstream, before(upstream.url) as client:
            got = client.post("/api/v1/authn", json={})

        assert got.headers["content-type"] == "application/problem+json"
        assert got.headers["x-okta-request-id"] == got.json()["upstream"]["request_id"]
        assert got.json()["reason"] == got.headers["auth-problem"] == "invalid-credentials"

    def test_in_a_coding_become_problems(self) -> None:
        """The coding that the gateway let the client ask for."""
        coded = samples.DENIED._replace(
            headers=[*samples.DENIED.headers, ("content-encoding", "gzip")], body=gzip.compress(samples.DENIED.body)
        )

        with running(coded) as upstream, before(upstream.url) as client:
            got = client.get("/", headers={"Accept-Encoding": "gzip"})

        assert (got.json()["reason"], got.headers.get("content-encoding")) == ("invalid-credentials", None)

    @pytest.mark.parametrize(
        ("flags", "reason"), [({}, "invalid-credentials"), ({"disclosure": "off"}, "account-inactive")]
    )
    def test_tell_a_stranger_no_more_than_the_operator_wants(self, flags: dict[str, Any], reason: str) -> None:
        """`safe` unless something else is said: who has no access looks like who has the wrong password."""
        inactive = json_response(403, {"error": "access_denied", "error_description": "User status is invalid."})

        with running(inactive) as upstream, before(upstream.url, **flags) as client:
            assert client.post("/oauth2/v1/token").json()["reason"] == reason

    @pytest.mark.parametrize(("respected", "kind"), [(True, "application/json"), (False, "application/problem+json")])
    def test_that_forbid_it_are_left_alone_if_the_operator_says_so(self, respected: bool, kind: str) -> None:
        """Auth0's token endpoint sends `no-transform` on its errors."""
        answer = samples.DENIED._replace(headers=[*samples.DENIED.headers, ("cache-control", "no-store, no-transform")])

        with running(answer) as upstream, before(upstream.url, respect_no_transform=str(respected)) as client:
            assert client.get("/").headers["content-type"] == kind

    def test_are_only_watched_in_observe_mode(self) -> None:
        """Byte for byte, and no cool-down, either."""
        with running(samples.LIMITED) as upstream, before(upstream.url, mode="observe") as client:
            got = [client.get("/").content for _ in range(2)]

        assert (got, len(upstream.seen)) == ([samples.LIMITED.body] * 2, 2)

    def test_that_are_too_large_go_through(self) -> None:
        """Beyond `max_body`, byte for byte."""
        large = json_response(500, {"x": "y" * 5000})

        with running(large) as upstream, before(upstream.url, max_body="1000") as client:
            assert client.get("/").content == large.body


class TestCooldown:
    def test_holds_requests_back(self) -> None:
        """The same problem at once; the provider gets one request."""
        with running(samples.LIMITED) as upstream, before(upstream.url) as client:
            first, *others = [client.get("/api/v1/users") for _ in range(5)]

        assert len(upstream.seen) == 1
        assert {got.json()["reason"] for got in others} == {first.json()["reason"]} == {"rate-limited"}
        assert len({got.json()["instance"] for got in (first, *others)}) == 5
        assert [got for got in others if not 30 <= int(got.headers["retry-after"]) <= 33] == []

    def test_holds_back_a_request_with_its_body(self) -> None:
        """The body is not waited for, and the connection serves the next request."""
        answers = iter([samples.LIMITED, OK])
        with running(lambda _: next(answers)) as upstream, before(upstream.url) as client:
            statuses = [client.post("/api/v1/users", content=b"x" * 100_000).status_code for _ in range(3)]
            statuses.append(client.get("/api/v1/logs").status_code)

        assert statuses == [429, 429, 429, 200]

    def test_holds_back_nobody_else(self) -> None:
        """Another caller, another endpoint, another prefix."""
        limit = samples.limited(("retry-after", "30"))
        with running(limit) as upstream:
            gateway = made(("okta", upstream.url, ""), ("auth0", upstream.url, "/auth0"))
            with served(gateway) as origin, httpx.Client(base_url=origin, verify=False) as client:
                client.get("/api/v1/users")
                client.get("/api/v1/users", headers={"Authorization": "SSWS 1"})
                client.get("/api/v1/users", params={"client_id": "0oa1"})
                client.get("/api/v1/logs")
                client.get("/auth0/api/v1/users")

        assert len(upstream.seen) == 4  # a client id proves nothing about the caller

    @pytest.mark.parametrize("answer", [samples.BRUTE_FORCE, samples.DENIED, samples.NOT_NAMED])
    def test_is_not_tripped_by_users(self, answer: Response) -> None:
        """One visitor's failed attempts lock out no other."""
        with running(answer) as upstream:
            gateway = served(made(("auth0", upstream.url, "")))
            with gateway as origin, httpx.Client(base_url=origin, verify=False) as client:
                for _ in range(3):
                    client.post("/oauth/token", data={"username": "jane"})

        assert len(upstream.seen) == 3

    def test_may_be_turned_off(self) -> None:
        """By the operator."""
        with running(samples.LIMITED) as upstream, before(upstream.url, cooldown="off") as client:
            for _ in range(3):
                client.get("/api/v1/users")

        assert len(upstream.seen) == 3

    @pytest.mark.parametrize(("origin", "allowed"), [("https://app.example", True), ("https://evil.example", False)])
    def test_lets_scripts_of_named_origins_read_its_answer(self, origin: str, allowed: bool) -> None:
        """The provider's own CORS headers are not there where nothing was sent."""
        flags = {"cors_origins": "https://app.example https://other.example"}
        with running(samples.LIMITED) as upstream, before(upstream.url, **flags) as client:
            client.get("/api/v1/users")
            headers = client.get("/api/v1/users", headers={"Origin": origin}).headers

        assert headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert ("Auth-Problem" in headers.get("access-control-expose-headers", "")) is allowed

    def test_is_bounded_by_the_operator(self) -> None:
        """A provider that says a day is asked again after `max_cooldown`."""
        held: list[float] = []

        class Store:
            def look(self, key: str) -> None:
                return None

            def hold(self, key: str, seconds: float, document: bytes) -> None:
                held.append(seconds)

        with running(samples.limited(("retry-after", "80000"))) as upstream:
            asked(made(("okta", upstream.url, ""), cooldown_store=Store(), max_cooldown="60"), "/api/v1/users")

        assert held == [60.0]


class TestOtherScopes:
    def test_starts_and_stops(self) -> None:
        """Lifespan."""
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        assert spoken({"type": "lifespan"}, messages) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    def test_closes_websockets(self) -> None:
        """Neither provider speaks them."""
        assert spoken({"type": "websocket", "path": "/"}, [{"type": "websocket.connect"}]) == ["websocket.close"]


def spoken(scope: dict[str, Any], messages: list[dict[str, Any]]) -> list[str]:
    """The types of what the app says to these messages."""
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    anyio.run(made(("okta", "https://org.okta.com", "")), scope, receive, send)
    return sent
