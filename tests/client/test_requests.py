"""The requests adapter, over real HTTP: urllib3's raw responses are what it has to get right."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import requests

from authproblem import Problem
from authproblem.errors import AuthProblemError
from authproblem.requests import MemoryCooldown, ProblemAdapter, Retry, problem_of, raise_for_problem
from tests.client import samples
from tests.client.upstream import Seen, Upstream, running
from tests.support.responses import Response, json_response

EAGER = Retry(attempts=3, jitter=0.0)
PATH = "/api/v1/users"


@contextlib.contextmanager
def asking(*answers: Response, **options: Any) -> Iterator[tuple[requests.Session, Upstream]]:
    """A session with the adapter, and a provider whose responses come from a list, the last one for ever."""

    def answer(_: Seen) -> Response:
        return answers[min(len(upstream.seen), len(answers)) - 1]

    with running(answer) as upstream, requests.Session() as session:
        session.trust_env = False
        session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}, **options))
        yield session, upstream


def read(response: requests.Response) -> Problem:
    """The problem that a response carries."""
    problem = Problem.from_response(response)
    assert problem is not None
    return problem


class TestProblemAdapter:
    def test_makes_a_raw_response_a_problem_document(self) -> None:
        """Status, headers and body of a response that works like any other."""
        with asking(samples.DENIED) as (session, upstream):
            response = session.get(upstream.url + PATH, timeout=5)

        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["reason"] == response.headers["auth-problem"] == "invalid-credentials"
        assert (response.status_code, response.url, response.encoding) == (401, upstream.url + PATH, "utf-8")

    def test_undoes_the_coding_of_an_error(self) -> None:
        """And the header that named it."""
        coded = samples.DENIED._replace(
            headers=[*samples.DENIED.headers, ("content-encoding", "gzip")], body=gzip.compress(samples.DENIED.body)
        )

        with asking(coded) as (session, upstream):
            response = session.get(upstream.url + PATH, timeout=5)

        assert response.json()["reason"] == "invalid-credentials"
        assert "content-encoding" not in response.headers

    def test_keeps_cookies(self) -> None:
        """Requests reads them from a response that has been replaced by then."""
        cookies = samples.DENIED._replace(
            headers=[*samples.DENIED.headers, ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/")]
        )

        with asking(cookies) as (session, upstream):
            response = session.get(upstream.url + PATH, timeout=5)

            assert dict(session.cookies) == dict(response.cookies) == {"a": "1", "b": "2"}

    def test_changes_the_status_on_request(self) -> None:
        """`status="canonical"`: the reason phrase of the old one goes with it."""
        exists = json_response(
            400, {"name": "BadRequestError", "code": "user_exists", "description": "The user exists."}
        )
        with running(exists) as upstream, requests.Session() as session:
            session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "auth0"}, status="canonical"))
            response = session.post(upstream.url + "/dbconnections/signup", timeout=5)

        assert (response.status_code, response.reason, response.json()["status"]) == (409, "", 409)

    def test_passes_a_large_error_in_chunks(self) -> None:
        """Their framing is undone once, not twice."""
        parts = [b'{"x": "', *[b"y" * 30_000] * 6, b'"}']

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 500 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            file.writelines(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])

        with running(lambda _: speak) as upstream, requests.Session() as session:
            session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}, max_body=100_000))

            assert session.get(upstream.url, timeout=5).content == b"".join(parts)

    @pytest.mark.parametrize("coding", ["identity", "gzip"])
    def test_passes_a_large_error_in_one_piece(self, coding: str) -> None:
        """Beyond `max_body`: what was held comes first, and requests decodes it as ever."""
        text = b'{"x": "' + bytes(range(97, 123)) * 9000 + b'"}'
        body = gzip.compress(text, 0) if coding == "gzip" else text
        large = Response(500, [("content-type", "application/json"), ("content-encoding", coding)], body)

        with asking(large, max_body=100_000) as (session, upstream):
            response = session.get(upstream.url + PATH, timeout=5)

        assert response.content == text

    def test_does_not_read_a_healthy_stream(self) -> None:
        """The app reads it, chunk by chunk."""
        arrived = threading.Event()

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            file.flush()
            arrived.wait(10)
            file.write(b"3\r\ntwo\r\n0\r\n\r\n")

        with running(lambda _: speak) as upstream, requests.Session() as session:
            session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}))
            chunks = session.get(upstream.url, stream=True, timeout=5).iter_content(None)
            first = next(chunks)
            arrived.set()

            assert [first, *chunks] == [b"one", b"two"]

    def test_leaves_other_hosts_alone(self) -> None:
        """By name, not by look."""
        with running(samples.DENIED) as upstream, requests.Session() as session:
            session.mount("http://", ProblemAdapter())

            assert session.get(upstream.url, timeout=5).content == samples.DENIED.body

    def test_gives_connections_back(self) -> None:
        """Replaced, passed and large errors: one connection is enough for all."""
        answers = [samples.DENIED, samples.STRANGER, json_response(500, {"x": "y" * 2000})]
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=1, pool_block=True)

        with (
            running(lambda seen: answers[int(seen.header("X-Number") or 0)]) as upstream,
            requests.Session() as session,
        ):
            session.mount("http://", ProblemAdapter(adapter, hosts={"127.0.0.1": "okta"}, max_body=1000))
            statuses = [
                session.get(upstream.url, headers={"X-Number": str(number % 3)}, timeout=5).status_code
                for number in range(9)
            ]

        assert statuses == [401, 404, 500] * 3

    def test_lets_a_broken_response_be_the_error_that_it_is(self) -> None:
        """The provider stops in the middle of an error: the exception of requests."""

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 401 X\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")

        with running(lambda _: speak) as upstream, requests.Session() as session:
            session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}))

            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                session.get(upstream.url, timeout=5)

    def test_a_provider_that_is_too_slow_is_the_error_that_it_is(self) -> None:
        """In the middle of an error: the exception that requests has for it."""
        release = threading.Event()

        def speak(file: Any) -> None:
            file.write(b"HTTP/1.1 401 X\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
            file.flush()
            release.wait(10)

        with running(lambda _: speak) as upstream, requests.Session() as session:
            session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}))
            with pytest.raises(requests.exceptions.ConnectionError):
                session.get(upstream.url, timeout=0.2)
            release.set()

    def test_responds_to_head_without_a_body(self) -> None:
        """No `Content-Length` that would promise one."""
        with asking(samples.DENIED) as (session, upstream):
            response = session.head(upstream.url + PATH, timeout=5)

        assert (response.status_code, response.content) == (401, b"")

    def test_refuses_a_wrong_option_at_once(self) -> None:
        """When it is made."""
        with pytest.raises(TypeError, match="unknown option 'wrong'"):
            ProblemAdapter(wrong=1)  # type: ignore[call-arg]


class TestObeying:
    def test_repeats_what_the_hint_allows(self) -> None:
        """The limit first, then the response."""
        with asking(samples.limited(("retry-after", "0")), samples.TOKEN, retry=EAGER) as (session, upstream):
            assert session.get(upstream.url + PATH, timeout=5).status_code == 200
            assert len(upstream.seen) == 2

    def test_gives_up_after_so_many_attempts(self) -> None:
        """The last response is what the app gets."""
        with asking(samples.limited(("retry-after", "0")), retry=EAGER) as (session, upstream):
            response = session.get(upstream.url + PATH, timeout=5)

            assert (read(response).reason, len(upstream.seen)) == ("rate-limited", 3)

    @pytest.mark.parametrize("path", ["/oauth2/v1/token", "/oauth2/default/v1/token"])
    def test_repeats_no_request_with_credentials_at_stake(self, path: str) -> None:
        """A person decides."""
        with asking(samples.limited(("retry-after", "0")), retry=EAGER) as (session, upstream):
            session.post(upstream.url + path, data={"grant_type": "password"}, timeout=5)

            assert len(upstream.seen) == 1

    def test_cannot_repeat_a_stream(self) -> None:
        """A generator can be sent once."""
        with asking(samples.limited(("retry-after", "0")), retry=EAGER) as (session, upstream):
            response = session.post(upstream.url + PATH, data=iter([b"{}"]), timeout=5)

            assert (response.status_code, [seen.body for seen in upstream.seen]) == (429, [b"{}"])

    def test_suppresses_requests_while_the_provider_requires_a_wait(self) -> None:
        """The same problem, a fresh instance, and nothing is sent."""
        with asking(samples.LIMITED, cooldown=MemoryCooldown()) as (session, upstream):
            first, second = (session.get(upstream.url + PATH, timeout=5) for _ in range(2))

            assert len(upstream.seen) == 1
        assert (second.status_code, read(second).reason) == (429, "rate-limited")
        assert read(first).instance != read(second).instance
        assert int(second.headers["retry-after"]) >= 30

    def test_repeats_once_with_a_nonce_where_the_app_can_sign(self) -> None:
        """The app's callback gives the request that is sent then."""

        def sign(request: requests.PreparedRequest, nonce: str) -> requests.PreparedRequest:
            again = request.copy()
            again.headers["DPoP"] = f"proof-with-{nonce}"
            return again

        with asking(samples.NONCE, samples.TOKEN, on_nonce=sign) as (session, upstream):
            response = session.post(upstream.url + "/oauth2/v1/token", data="a=b", timeout=5)

            assert response.status_code == 200
            assert upstream.seen[1].header("DPoP") == "proof-with-eyJ7S_zG.eyJH0-Z.HX4w-7v"
            assert upstream.seen[1].body == b"a=b"

    @pytest.mark.parametrize("options", [{}, {"on_nonce": lambda *_: None}])
    def test_leaves_a_nonce_to_the_auth_layer(self, options: dict[str, Any]) -> None:
        """Byte for byte."""
        with asking(samples.NONCE, **options) as (session, upstream):
            assert session.post(upstream.url + "/oauth2/v1/token", timeout=5).content == samples.NONCE.body


class TestRaiseForProblem:
    @pytest.mark.parametrize("adapted", [True, False])
    def test_raises_as_a_hook(self, adapted: bool) -> None:
        """With the adapter, and for raw responses without it."""
        hook = partial(raise_for_problem, hosts={"127.0.0.1": "okta"})
        with running(samples.DENIED) as upstream, requests.Session() as session:
            if adapted:
                session.mount("http://", ProblemAdapter(hosts={"127.0.0.1": "okta"}))
            session.hooks["response"].append(hook)

            with pytest.raises(AuthProblemError, match="invalid-credentials") as caught:
                session.get(upstream.url, timeout=5)

        assert caught.value.response.status_code == 401

    @pytest.mark.parametrize("answer", [samples.TOKEN, samples.STRANGER])
    def test_leaves_all_else_to_the_app(self, answer: Response) -> None:
        """Healthy responses and errors without a sign of their sender."""
        with running(answer) as upstream:
            response = requests.get(upstream.url, timeout=5)
            raise_for_problem(response)

            assert problem_of(response) is None
