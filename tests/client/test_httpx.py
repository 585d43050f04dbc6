"""The httpx adapter: hooks that raise, and transports that normalize, wait, repeat and suppress."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import anyio
import httpx
import pytest

from authproblem import Problem
from authproblem.errors import AuthProblemError
from authproblem.httpx import (
    AsyncProblemTransport,
    MemoryCooldown,
    ProblemTransport,
    Retry,
    araise_for_problem,
    problem_of,
    raise_for_problem,
)
from tests.client import samples
from tests.client.upstream import Seen, running
from tests.support.events import Events
from tests.support.responses import Response, json_response, text_response

ORG = "https://org.okta.com"
USERS = ORG + "/api/v1/users"
EAGER = Retry(attempts=3, jitter=0.0)


FOREIGN = json_response(409, {"type": "https://shop.example/out-of-stock", "reason": "out of stock"})
"""A problem document of another library, with a member that ours have, too."""


class Provider:
    """A transport of httpx whose responses come from a list, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: Response) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self.answer(request)

    async def aware(self, request: httpx.Request) -> httpx.Response:
        """The same, for asynchronous clients."""
        await request.aread()
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The next response, unread as from a socket."""
        self.requests.append(request)
        status, headers, body = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return httpx.Response(status, headers=headers, stream=Chunks([body]))


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in chunks, and whether it was closed and how far it was read."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.left = list(chunks)
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            yield self.left.pop(0)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left:
            yield self.left.pop(0)

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def client_of(provider: Callable[[httpx.Request], httpx.Response], **options: Any) -> httpx.Client:
    """A client whose requests a stub provider receives."""
    return httpx.Client(transport=ProblemTransport(httpx.MockTransport(provider), **options))


async def get_async(provider: Provider, url: str = USERS, **options: Any) -> httpx.Response:
    """A GET by an asynchronous client."""
    transport = AsyncProblemTransport(httpx.MockTransport(provider.aware), **options)
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.get(url)


def read(response: httpx.Response) -> Problem:
    """The problem that a response carries."""
    problem = Problem.from_response(response)
    assert problem is not None
    return problem


class TestRaiseForProblem:
    def hooked(self, answer: Response, hook: Any = raise_for_problem) -> httpx.Client:
        """A client with the hook, and nothing that normalizes before it."""
        return httpx.Client(transport=httpx.MockTransport(Provider(answer)), event_hooks={"response": [hook]})

    def test_raises_for_a_raw_response_of_a_vendor(self) -> None:
        """The host names the provider; no other set-up is needed."""
        with self.hooked(samples.DENIED) as client, pytest.raises(AuthProblemError) as caught:
            client.get(USERS)

        assert (caught.value.problem.reason, caught.value.problem.provider) == ("invalid-credentials", "okta")
        assert caught.value.response.status_code == 401

    def test_raises_for_a_problem_document(self) -> None:
        """Whoever normalized it."""
        made = httpx.Client(transport=ProblemTransport(httpx.MockTransport(Provider(samples.LIMITED)))).get(USERS)
        answer = Response(made.status_code, made.headers.multi_items(), made.content)

        with self.hooked(answer) as client, pytest.raises(AuthProblemError) as caught:
            client.get("https://api.example.com/users")

        assert caught.value.problem.retry.after == 30

    def test_reads_the_header_twin_where_there_is_no_body(self) -> None:
        """HEAD."""
        headers_alone = Response(429, [("auth-problem", "rate-limited"), ("auth-problem-owner", "limit")], b"")

        with self.hooked(headers_alone) as client, pytest.raises(AuthProblemError) as caught:
            client.head("https://api.example.com/users")

        assert (caught.value.problem.reason, caught.value.problem.status) == ("rate-limited", 429)

    @pytest.mark.parametrize("answer", [samples.TOKEN, samples.STRANGER, text_response(500, "oops"), FOREIGN])
    def test_leaves_all_else_to_the_app(self, answer: Response) -> None:
        """Healthy responses and errors without a sign of their sender."""
        with self.hooked(answer) as client:
            assert client.get("https://api.example.com/users").status_code == answer.status

    def test_leaves_flow_control_to_the_app(self) -> None:
        """Polling is no error."""
        with self.hooked(samples.PENDING) as client:
            assert client.post("https://tenant.auth0.com/oauth/token").status_code == 400

    def test_knows_a_custom_domain_that_is_named(self) -> None:
        """By `functools.partial`, since httpx gives a hook the response alone."""
        hook = partial(raise_for_problem, hosts={"login.example.com": "auth0"})
        answer = json_response(403, {"error": "invalid_grant", "error_description": "Wrong email or password."})

        with self.hooked(answer, hook) as client, pytest.raises(AuthProblemError, match="invalid-credentials"):
            client.post("https://login.example.com/oauth/token")

    def test_reads_what_httpx_has_decoded(self) -> None:
        """The coding's header is still there; the coding is not."""
        answer = samples.DENIED._replace(
            headers=[*samples.DENIED.headers, ("content-encoding", "gzip")], body=gzip.compress(samples.DENIED.body)
        )

        with self.hooked(answer) as client, pytest.raises(AuthProblemError, match="invalid-credentials"):
            client.get(USERS)

    def test_has_a_twin_for_asynchronous_clients(self) -> None:
        """The same exception."""

        async def main() -> None:
            transport = httpx.MockTransport(Provider(samples.DENIED).aware)
            hooks = {"response": [araise_for_problem]}
            async with httpx.AsyncClient(transport=transport, event_hooks=hooks) as client:
                await client.get(USERS)

        with pytest.raises(AuthProblemError, match="invalid-credentials"):
            anyio.run(main)

    def test_problem_of_gives_it_without_raising(self) -> None:
        """For callers that branch on values."""
        response = httpx.Client(transport=httpx.MockTransport(Provider(samples.DENIED))).get(USERS)

        problem = problem_of(response)

        assert problem is not None
        assert problem.needs_user


class TestAuthProblemError:
    def error(self) -> AuthProblemError:
        """An exception whose problem holds what must not be shown."""
        problem = read(client_of(Provider(samples.DENIED)).get(USERS))
        return AuthProblemError(problem.replace(detail="s3cr3t", extensions={"mfa_token": "s3cr3t"}))

    def test_shows_reason_and_status_only(self) -> None:
        """It ends up in logs."""
        assert str(self.error()) == "invalid-credentials (HTTP 401)"
        assert "s3cr3t" not in repr(self.error())

    def test_can_be_pickled(self) -> None:
        """Task queues send exceptions on."""
        error = self.error()

        assert pickle.loads(pickle.dumps(error)).problem.reason == error.problem.reason


class TestProblemTransport:
    def test_makes_a_raw_response_a_problem_document(self) -> None:
        """Status, document and problem headers, as through the middleware."""
        response = client_of(Provider(samples.DENIED)).get(USERS)

        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["auth-problem"] == read(response).reason == "invalid-credentials"
        assert int(response.headers["content-length"]) == len(response.content)

    def test_asks_for_json_get_json(self) -> None:
        """SDKs that accept no other type keep working."""
        response = client_of(Provider(samples.DENIED)).get(USERS, headers={"Accept": "application/json"})

        assert response.headers["content-type"] == "application/json"

    def test_emits_an_event(self, events: Events) -> None:
        """As every adapter."""
        client_of(Provider(samples.DENIED)).get(USERS + "?filter=jane")

        event = events.only()
        assert (event["event"], event["problem"], event["path"]) == (
            "authproblem.normalized",
            "invalid-credentials",
            "/api/v1/users",
        )

    @pytest.mark.parametrize("url", ["https://api.example.com/users", "https://okta.com.example.com/", "http://okta/"])
    def test_leaves_other_hosts_alone(self, url: str) -> None:
        """Not even the header that only this library's middleware takes off is looked for."""
        response = client_of(Provider(samples.DENIED)).get(url)

        assert response.content == samples.DENIED.body

    def test_knows_a_custom_domain(self) -> None:
        """`hosts`."""
        answer = json_response(403, {"error": "invalid_grant", "error_description": "Wrong email or password."})

        response = client_of(Provider(answer), hosts={"Login.Example.com": "auth0"}).post(
            "https://login.example.com/oauth/token"
        )

        assert read(response).reason == "invalid-credentials"

    def test_does_not_touch_a_healthy_stream(self) -> None:
        """Nothing of it is read before the app reads it."""
        stream = Chunks([b"data: 1\n\n", b"data: 2\n\n"])
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))

        response = ProblemTransport(transport).handle_request(httpx.Request("GET", USERS))

        assert response.stream is stream
        assert len(stream.left) == 2

    def test_passes_a_large_error_without_reading_it_to_its_end(self) -> None:
        """Byte for byte, and what was held is not lost."""
        stream = Chunks([b"{" + b" " * 600, b" " * 600, b" " * 600, b"}"])
        headers = {"content-type": "application/json"}
        transport = httpx.MockTransport(lambda _: httpx.Response(500, headers=headers, stream=stream))

        client = httpx.Client(transport=ProblemTransport(transport, max_body=1000))
        with client, client.stream("GET", USERS) as response:
            left = len(stream.left)
            body = response.read()

        assert (left, body) == (2, b"{" + b" " * 1800 + b"}")
        assert stream.closed

    def test_passes_a_large_error_of_an_asynchronous_stream(self) -> None:
        """The same by the asynchronous transport."""
        stream = Chunks([b"{" + b" " * 600, b" " * 600, b"}"])
        headers = {"content-type": "application/json"}

        async def main() -> bytes:
            transport = httpx.MockTransport(lambda _: httpx.Response(500, headers=headers, stream=stream))
            async with httpx.AsyncClient(transport=AsyncProblemTransport(transport, max_body=1000)) as client:
                return (await client.get(USERS)).content

        assert anyio.run(main) == b"{" + b" " * 1200 + b"}"
        assert stream.closed

    def test_passes_an_unread_coding_as_it_is(self) -> None:
        """A coding that cannot be undone here: the bytes and their header stay together."""
        answer = Response(401, [("content-type", "application/json"), ("content-encoding", "x-own")], b"\x00\x01")

        with client_of(Provider(answer)).stream("GET", USERS) as response:
            assert (b"".join(response.iter_raw()), response.headers["content-encoding"]) == (b"\x00\x01", "x-own")

    def test_keeps_header_lines_apart(self) -> None:
        """Cookies."""
        answer = samples.DENIED._replace(
            headers=[*samples.DENIED.headers, ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/")]
        )

        with client_of(Provider(answer)) as client:
            response = client.get(USERS)

        assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
        assert dict(client.cookies) == {"a": "1", "b": "2"}

    def test_gives_connections_back(self) -> None:
        """Errors that are replaced, passed and repeated leave nothing open: one connection is enough for all."""
        answers = [
            samples.DENIED,
            samples.STRANGER,
            json_response(500, {"x": "y" * 2000}),
            samples.limited(("retry-after", "0")),
        ]
        limits = httpx.Limits(max_connections=1)

        def answer(seen: Seen) -> Response:
            return answers[int(seen.header("X-Number") or 0)]

        with running(answer) as upstream:
            options: dict[str, Any] = {"hosts": {"127.0.0.1": "okta"}, "retry": EAGER, "max_body": 1000}
            transport = ProblemTransport(httpx.HTTPTransport(limits=limits), **options)
            with httpx.Client(transport=transport, timeout=httpx.Timeout(5, pool=5)) as client:
                statuses = [
                    client.get(upstream.url + "/api/v1/users", headers={"X-Number": str(number % 4)}).status_code
                    for number in range(12)
                ]

        assert statuses == [401, 404, 500, 429] * 3

    def test_lets_a_broken_response_be_the_error_that_it_is(self) -> None:
        """The provider stops in the middle of an error: httpx's own exception, and the pool is free again."""

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 401 X\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")

        with running(lambda _: speak) as upstream:
            transport = ProblemTransport(
                httpx.HTTPTransport(limits=httpx.Limits(max_connections=1)), hosts={"127.0.0.1": "okta"}
            )
            with httpx.Client(transport=transport, timeout=5) as client:
                for _ in range(3):
                    with pytest.raises(httpx.RemoteProtocolError):
                        client.get(upstream.url)

    def test_lets_a_broken_asynchronous_response_be_the_error_that_it_is(self) -> None:
        """The same, and the pool is free again."""

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 401 X\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")

        async def main(url: str) -> None:
            inner = httpx.AsyncHTTPTransport(verify=False, limits=httpx.Limits(max_connections=1))
            transport = AsyncProblemTransport(inner, hosts={"127.0.0.1": "okta"})
            async with httpx.AsyncClient(transport=transport, timeout=5) as client:
                for _ in range(3):
                    with pytest.raises(httpx.RemoteProtocolError):
                        await client.get(url)

        with running(lambda _: speak) as upstream:
            anyio.run(main, upstream.url)

    def test_leaves_other_hosts_alone_in_asynchronous_clients(self) -> None:
        """By name."""
        response = anyio.run(partial(get_async, Provider(samples.DENIED), "https://api.example.com/users"))

        assert response.content == samples.DENIED.body

    def test_does_not_repeat_an_old_status(self) -> None:
        """`status="canonical"`: httpx gives the phrase of the new one."""
        exists = json_response(
            400, {"name": "BadRequestError", "code": "user_exists", "description": "The user exists."}
        )

        response = client_of(Provider(exists), status="canonical").post("https://tenant.auth0.com/dbconnections/signup")

        assert (response.status_code, response.reason_phrase) == (409, "Conflict")

    def test_closes_the_transport_that_it_wraps(self) -> None:
        """A client's `close` reaches the pool."""
        inner = httpx.HTTPTransport()
        with httpx.Client(transport=ProblemTransport(inner)) as client, running(samples.TOKEN) as upstream:
            client.get(upstream.url)
            before = len(inner._pool.connections)

        assert (before, len(inner._pool.connections)) == (1, 0)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"hosts": {"https://a": "auth0"}}, ValueError, "bare host name"),
            ({"hosts": {"a": "ping"}}, ValueError, "'ping'; expected"),
            ({"provider": "auth0"}, TypeError, "`hosts`"),
            ({"wrong": 1}, TypeError, "unknown option 'wrong'"),
            ({"hoists": {}}, TypeError, "did you mean 'hosts'"),
            ({"retry": True}, ValueError, r"Retry\(attempts=3\)"),
            ({"retry": Retry(attempts=0)}, ValueError, "attempts: 0"),
            ({"retry": Retry(jitter=-1)}, ValueError, "jitter: -1"),
            ({"max_body": 0}, ValueError, "max_body: 0"),
        ],
    )
    def test_refuses_a_wrong_option_at_once(
        self, options: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        """When it is made, with a message that says what is expected."""
        with pytest.raises(error, match=message):
            ProblemTransport(**options)


class TestRetry:
    def test_is_off_by_default(self) -> None:
        """Waiting is the app's decision."""
        provider = Provider(samples.limited(("retry-after", "0")), samples.TOKEN)

        assert client_of(provider).get(USERS).status_code == 429
        assert len(provider.requests) == 1

    def test_repeats_what_the_hint_allows(self) -> None:
        """The limit first, then the response."""
        provider = Provider(samples.limited(("retry-after", "0")), samples.TOKEN)

        assert client_of(provider, retry=EAGER).get(USERS).status_code == 200
        assert len(provider.requests) == 2

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_repeats_in_every_event_loop(self, backend: str) -> None:
        """Httpx's asynchronous clients run under both."""
        provider = Provider(samples.limited(("retry-after", "0")), samples.TOKEN)

        response = anyio.run(partial(get_async, provider, retry=EAGER), backend=backend)

        assert (response.status_code, len(provider.requests)) == (200, 2)

    def test_waits_at_least_as_long_as_the_hint(self) -> None:
        """Jitter is added, never taken off. The stub provider notes the moments of arrival."""
        import time

        moments: list[float] = []
        provider = Provider(samples.limited(("retry-after", "1")), samples.TOKEN)

        def answer(request: httpx.Request) -> httpx.Response:
            moments.append(time.monotonic())
            return provider(request)

        client_of(answer, retry=Retry(jitter=0.01)).get(USERS)

        assert moments[1] - moments[0] >= 1.0

    def test_gives_up_after_so_many_attempts(self) -> None:
        """The last response is what the app gets."""
        provider = Provider(samples.limited(("retry-after", "0")))

        response = client_of(provider, retry=Retry(attempts=4, jitter=0.0)).get(USERS)

        assert (read(response).reason, len(provider.requests)) == ("rate-limited", 4)

    def test_does_not_begin_a_wait_that_is_too_long(self) -> None:
        """30 seconds do not fit into 20: the app gets the response at once."""
        provider = Provider(samples.LIMITED)

        response = client_of(provider, retry=Retry(total=20)).get(USERS)

        assert (read(response).retry.after, len(provider.requests)) == (30, 1)

    @pytest.mark.parametrize(
        ("method", "url", "answer"),
        [
            ("POST", ORG + "/oauth2/v1/token", samples.limited(("retry-after", "0"))),
            ("GET", USERS, samples.DENIED),
            ("GET", USERS, samples.DOWN._replace(headers=[("content-type", "text/plain"), ("retry-after", "0")])),
            ("POST", "https://tenant.auth0.com/oauth/token", samples.BRUTE_FORCE),
        ],
        ids=["credentials at stake", "user error", "failure of the provider", "attack protection"],
    )
    def test_repeats_nothing_else(self, method: str, url: str, answer: Response) -> None:
        """What is not `automatic` is the app's."""
        provider = Provider(answer)

        client_of(provider, retry=EAGER).request(method, url)

        assert len(provider.requests) == 1

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_gives_up_in_every_event_loop(self, backend: str) -> None:
        """The last response is what the app gets."""
        provider = Provider(samples.limited(("retry-after", "0")))

        response = anyio.run(partial(get_async, provider, retry=EAGER), backend=backend)

        assert (response.status_code, len(provider.requests)) == (429, 3)

    def test_repeats_a_body_of_bytes(self) -> None:
        """A limit on a management endpoint refuses before it does anything."""
        provider = Provider(samples.limited(("retry-after", "0")), samples.TOKEN)

        response = client_of(provider, retry=EAGER).post(USERS, content=b"{}")

        assert (response.status_code, [request.content for request in provider.requests]) == (
            200,
            [b"{}"] * 2,
        )

    def test_cannot_repeat_a_stream(self) -> None:
        """A generator can be sent once; the app gets the response."""
        provider = Provider(samples.limited(("retry-after", "0")), samples.TOKEN)

        response = client_of(provider, retry=EAGER).post(USERS, content=iter([b"{}"]))

        assert (response.status_code, len(provider.requests)) == (429, 1)


class TestNonce:
    URL = "https://tenant.auth0.com/oauth/token"

    @staticmethod
    def sign(request: httpx.Request, nonce: str) -> httpx.Request:
        """What an app's DPoP code does."""
        headers = {**request.headers, "DPoP": f"proof-with-{nonce}"}
        return httpx.Request(request.method, request.url, headers=headers, content=request.content)

    def test_is_left_to_the_auth_layer(self) -> None:
        """Byte for byte, so that a client that supports DPoP repeats it."""
        response = client_of(Provider(samples.NONCE)).post(self.URL)

        assert response.content == samples.NONCE.body

    def test_repeats_once_where_the_app_can_sign(self) -> None:
        """The proof contains the nonce, and the app sees only the second response."""
        provider = Provider(samples.NONCE, samples.TOKEN)

        response = client_of(provider, on_nonce=self.sign).post(self.URL, data={"grant_type": "client_credentials"})

        assert response.status_code == 200
        assert provider.requests[1].headers["dpop"] == "proof-with-eyJ7S_zG.eyJH0-Z.HX4w-7v"
        assert provider.requests[1].content == b"grant_type=client_credentials"

    def test_repeats_in_an_asynchronous_client(self) -> None:
        """By the same callback."""
        provider = Provider(samples.NONCE, samples.TOKEN)

        response = anyio.run(partial(get_async, provider, self.URL, on_nonce=self.sign))

        assert (response.status_code, len(provider.requests)) == (200, 2)

    def test_reads_a_nonce_from_a_challenge(self) -> None:
        """A resource sends 401 with `WWW-Authenticate: DPoP` and no body (RFC 9449 section 9)."""
        challenge = Response(401, [("www-authenticate", 'DPoP error="use_dpop_nonce"'), ("dpop-nonce", "n-1")], b"")
        provider = Provider(challenge, samples.TOKEN)

        assert client_of(provider, on_nonce=self.sign).get("https://tenant.auth0.com/userinfo").status_code == 200

    def test_asks_once_only(self) -> None:
        """A second refusal is the app's."""
        provider = Provider(samples.NONCE)

        response = client_of(provider, on_nonce=self.sign, retry=EAGER).post(self.URL)

        assert (response.content, len(provider.requests)) == (samples.NONCE.body, 2)

    def test_passes_where_the_app_cannot_sign(self) -> None:
        """The callback gives None."""
        provider = Provider(samples.NONCE)

        response = client_of(provider, on_nonce=lambda *_: None).post(self.URL)

        assert (response.content, len(provider.requests)) == (samples.NONCE.body, 1)

    def test_is_not_required_by_any_response_with_the_header(self) -> None:
        """Every response may have the next nonce."""
        denied = samples.DENIED._replace(headers=[*samples.DENIED.headers, ("dpop-nonce", "n-2")])
        provider = Provider(denied)

        response = client_of(provider, on_nonce=self.sign).get(USERS)

        assert (read(response).reason, len(provider.requests)) == ("invalid-credentials", 1)


class TestCooldown:
    def test_responds_at_once_until_the_cool_down_ends(self) -> None:
        """The same problem, a fresh instance, no sooner than the provider's wait."""
        provider = Provider(samples.LIMITED, samples.TOKEN)

        with client_of(provider, cooldown=MemoryCooldown()) as client:
            first, second = (client.get(USERS) for _ in range(2))

        assert len(provider.requests) == 1
        assert (read(second).reason, second.status_code) == (read(first).reason, 429)
        assert read(second).instance not in {None, read(first).instance}
        assert 30 <= int(second.headers["retry-after"]) == (read(second).retry.after or 0) <= 33

    def test_sends_again_when_the_time_has_come(self) -> None:
        """By the clock of the store."""
        now = [0.0]
        provider = Provider(samples.LIMITED, samples.TOKEN)

        with client_of(provider, cooldown=MemoryCooldown(clock=lambda: now[0])) as client:
            client.get(USERS)
            now[0] = 29.9
            early = client.get(USERS)
            now[0] = 30.0
            late = client.get(USERS)

        assert (early.status_code, late.status_code) == (429, 200)

    def test_spreads_those_who_wait(self) -> None:
        """They do not all come back in one instant."""
        with client_of(Provider(samples.LIMITED), cooldown=MemoryCooldown()) as client:
            waits = {client.get(USERS).headers["retry-after"] for _ in range(60)}

        assert len(waits) > 1

    def test_suppresses_requests_of_one_limit_only(self) -> None:
        """Other endpoints, orgs and callers are sent."""
        provider = Provider(samples.LIMITED)
        others: list[dict[str, Any]] = [
            {"url": ORG + "/api/v1/logs"},
            {"url": "https://other.okta.com/api/v1/users"},
            {"url": USERS, "headers": {"Authorization": "SSWS 00abc"}},
        ]

        with client_of(provider, cooldown=MemoryCooldown()) as client:
            client.get(USERS)
            for other in others:
                client.get(**other)

        assert len(provider.requests) == 4

    def test_has_an_event_of_its_own_instance(self, events: Events) -> None:
        """Body and event carry the same instance; the event's name says that nothing was sent."""
        with client_of(Provider(samples.LIMITED), cooldown=MemoryCooldown()) as client:
            client.get(USERS)
            response = client.get(USERS)

        event = events[-1]
        assert (event["event"], event["instance"]) == ("authproblem.suppressed", read(response).instance)

    def test_each_request_has_its_own_hint_for_programs(self) -> None:
        """A GET tripped it; a request with credentials at stake waits for a person."""
        limit = json_response(429, {"error": "too_many_requests"}, ("retry-after", "30"))
        with client_of(Provider(limit), cooldown=MemoryCooldown()) as client:
            for _ in range(2):
                register = client.post("https://tenant.auth0.com/oidc/register")
                users = client.get("https://tenant.auth0.com/api/v2/users")

        assert [answer.headers["auth-problem-retry"] for answer in (register, users)] == ["manual", "after_delay"]

    def test_responds_to_head_without_a_body(self) -> None:
        """Headers alone."""
        with client_of(Provider(samples.LIMITED), cooldown=MemoryCooldown()) as client:
            client.get(USERS)
            response = client.head(USERS)

        assert (response.content, response.headers["auth-problem"]) == (b"", "rate-limited")
        assert "content-length" not in response.headers

    def test_is_shared_by_what_shares_a_store(self) -> None:
        """Two transports of one process."""
        store, provider = MemoryCooldown(), Provider(samples.LIMITED)

        client_of(provider, cooldown=store).get(USERS)
        response = client_of(provider, cooldown=store).get(USERS)

        assert (response.status_code, len(provider.requests)) == (429, 1)

    def test_suppresses_asynchronous_requests(self) -> None:
        """By the same rules."""
        store, provider = MemoryCooldown(), Provider(samples.LIMITED)

        for _ in range(2):
            response = anyio.run(partial(get_async, provider, cooldown=store))

        assert (response.status_code, len(provider.requests)) == (429, 1)

    def test_trips_for_everybody_where_the_provider_is_down(self) -> None:
        """An outage with an end."""
        provider = Provider(samples.DOWN)

        with client_of(provider, cooldown=MemoryCooldown()) as client:
            client.get(USERS)
            response = client.get(USERS, headers={"Authorization": "SSWS 00abc"})

        assert (response.status_code, len(provider.requests)) == (503, 1)

    def test_is_waited_for_where_a_program_may(self) -> None:
        """Both together: the retry waits until the cool-down is over."""
        provider = Provider(samples.limited(("retry-after", "1")), samples.TOKEN)

        with client_of(provider, cooldown=MemoryCooldown(), retry=Retry(jitter=0.0)) as client:
            assert client.get(USERS).status_code == 200
