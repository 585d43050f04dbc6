"""What gateways leave unchanged: the problem, its headers and cookies, HEAD, streams, and the site under errors."""

from __future__ import annotations

import http.client
import json

import pytest

from authproblem import Problem
from tests.proxies.conftest import Stand, exchange
from tests.proxies.site import EVENTS
from tests.support.responses import Pairs, Response
from tests.support.wire import header_faults

pytestmark = [pytest.mark.servers, pytest.mark.timeout(10, func_only=True)]
KEPT = (
    *("auth-problem", "auth-problem-owner", "auth-problem-retry", "cache-control", "content-type", "content-language"),
    *("content-length", "retry-after", "set-cookie", "vary", "www-authenticate", "x-okta-request-id"),
)
"""The headers that have to arrive as they were sent."""


def straight(port: int, path: str, method: str = "GET") -> Response:
    """What the app itself sends."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        return exchange(connection, path, method)
    finally:
        connection.close()


def kept(response: Response) -> dict[str, list[str]]:
    """The headers that have to arrive as they were sent."""
    return {name: response.lines(name) for name in KEPT}


def document(response: Response) -> dict[str, object]:
    """The problem without what differs from one response to the next."""
    return {name: value for name, value in response.document().items() if name != "instance"}


def test_problem_document_arrives_as_the_app_sent_it(stand: Stand) -> None:
    """Status and members."""
    direct, through = straight(stand.app, "/me"), stand.client.ask("/me")
    assert (direct.status, document(direct)) == (through.status, document(through))


def test_headers_and_both_cookies_arrive_as_the_app_sent_them(stand: Stand) -> None:
    """In order."""
    direct, through = straight(stand.app, "/me"), stand.client.ask("/me")
    assert (kept(direct), 2) == (kept(through), len(through.lines("set-cookie")))


def test_problem_can_be_read_from_the_headers_behind_a_gateway(stand: Stand) -> None:
    """By `Problem.from_headers`."""
    response = stand.client.ask("/me")
    problem = Problem.from_headers(dict(response.headers))
    assert problem is not None
    assert (problem.reason, header_faults(response, response.document())) == ("session-expired", [])


def test_head_has_the_headers_of_get_and_no_body(stand: Stand) -> None:
    """As without the gateway."""
    direct, through = straight(stand.app, "/me", "HEAD"), stand.client.ask("/me", "HEAD")
    assert (kept(direct), b"") == (kept(through), through.body)


def test_limit_sent_to_head_leaves_get_its_document(stand: Stand) -> None:
    """A cache must not serve one for the other."""
    path = f"/flaky/429/9/30/{stand.token}"
    heads = [stand.client.ask(path, "HEAD").body for _ in range(2)]
    assert (heads, stand.client.ask(path).document()["reason"]) == ([b"", b""], "rate-limited")


def test_connection_stays_in_step_after_problems(stand: Stand) -> None:
    """Lengths are right on a kept connection."""
    steps = [("/me", "GET"), ("/me", "HEAD"), ("/sign-in", "POST"), ("/", "GET"), ("/staff", "GET"), ("/me", "GET")]
    with stand.client.connected() as connection:
        statuses = [exchange(connection, path, method).status for path, method in steps]
    assert statuses == [401, 401, 403, 200, 403, 401]


def test_json_clients_get_json_and_others_the_problem_type(stand: Stand) -> None:
    """A cache has to keep what is negotiated apart."""
    path = f"/flaky/429/9/30/{stand.token}"
    accepted = ["application/json", "*/*", "application/json"]
    got = [stand.client.ask(path, headers=[("Accept", accept)]).header("content-type") for accept in accepted]
    assert got == ["application/json", "application/problem+json", "application/json"]


def read_in_step(stand: Stand, headers: Pairs | None = None) -> list[bytes]:
    """Read a stream that sends each event only when we have the one before."""
    path, events = f"/gated/{stand.token}", []
    with stand.client.connected() as connection:
        connection.request("GET", path, headers=dict(headers or []))
        response = connection.getresponse()
        while line := response.readline():
            events.append(line)
            if line == b"\n":
                stand.site.let_on(path)
    return events


@pytest.mark.parametrize("headers", [[], [("Accept", "text/event-stream")]], ids=["plain", "event-source"])
def test_each_event_of_a_stream_arrives_before_the_next_is_sent(stand: Stand, headers: Pairs) -> None:
    """Streams are not buffered."""
    expected = [line for number in range(EVENTS) for line in (b"data: %d\n" % number, b"\n")]
    assert read_in_step(stand, headers) == expected


def test_healthy_page_arrives_as_it_was_sent(stand: Stand) -> None:
    """Status, body and headers."""
    direct, through = straight(stand.app, "/"), stand.client.ask("/")
    assert (200, direct.body, kept(direct)) == (through.status, through.body, kept(through))


@pytest.mark.parametrize("status", [429, 503])
def test_repeated_errors_do_not_stop_the_site(stand: Stand, status: int) -> None:
    """Provider errors do not mean that the app is unhealthy; by default nginx stops using a server after a few."""
    failing = [stand.another().ask(f"/flaky/{status}/99/30/{stand.token}{number}").status for number in range(4)]
    assert (failing, stand.client.ask("/").status, len(read_in_step(stand))) == ([status] * 4, 200, 2 * EVENTS)


def test_document_is_json_whatever_the_gateway_adds(stand: Stand) -> None:
    """Also for a limit of the provider."""
    response = stand.client.ask(f"/flaky/429/9/30/{stand.token}", "POST")
    assert json.loads(response.body)["errorCode"] == "E0000047"
