"""One request to a provider as steps, without I/O: what is sent, read, replaced, closed and sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from authproblem._client.exchange import ExchangeResult, Read, Rules, Send, Step, drive, exchange, read
from authproblem._client.reader import ProviderRequest, Reader
from authproblem._client.stores import MemoryCooldown
from authproblem._middleware.messages import Reply
from authproblem.errors import AuthProblemError

JSON_TYPE = (b"content-type", b"application/json")
LIMIT = b'{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests."}'
NONCE = b'{"error":"use_dpop_nonce","error_description":"Authorization server requires nonce in DPoP proof."}'


class Request(NamedTuple):
    """A request of a made-up HTTP library."""

    host: str = "acme.okta.com"
    proof: str | None = None
    is_stream: bool = False


class Response(NamedTuple):
    """A response of that library, its body unread."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


class MadeUpLibrary:
    """The library, as `exchange` needs it."""

    def provider_request(self, request: Request) -> ProviderRequest:
        return ProviderRequest(request.host, "/api/v1/users", "GET", None, None, proof=request.proof)

    def status_and_headers(self, response: Response) -> tuple[int, list[tuple[bytes, bytes]]]:
        return response.status, list(response.headers)

    def chunks(self, response: Response) -> Iterator[bytes]:
        return iter([response.body[:10], response.body[10:]])

    def to_response(self, reply: Reply, response: Any) -> Response:
        return Response(reply.status, list(reply.headers), reply.body)

    def with_rest(self, response: Response, headers: Any, kept: list[bytes], chunks: Any) -> Response:
        return Response(response.status, headers, b"".join((*kept, *chunks)))

    def is_repeatable(self, request: Request) -> bool:
        return not request.is_stream


class Server:
    """Performs steps: sends responses in order, and records what was done."""

    def __init__(self, *responses: Response) -> None:
        self.responses = list(responses)
        self.done: list[str] = []

    def __call__(self, step: Step) -> Any:
        self.done.append(type(step).__name__)
        if isinstance(step, Send):
            return self.responses.pop(0)
        return read(step.interception, step.chunks) if isinstance(step, Read) else None


def run(server: Server, request: Request | None = None, **rules: Any) -> ExchangeResult:
    """Run one exchange."""
    reader = Reader(None, rules.pop("cooldown", None), rules.pop("options", {}))
    return drive(exchange(Rules(reader, **rules), MadeUpLibrary(), request or Request()), server)


def test_a_healthy_response_is_not_read() -> None:
    """It is the library's own, with its stream untouched."""
    server = Server(Response(200, [JSON_TYPE], b"{}"))

    assert run(server).response == Response(200, [JSON_TYPE], b"{}")
    assert server.done == ["Send"]


def test_a_response_of_another_host_is_not_read() -> None:
    """Whatever it is."""
    server = Server(Response(429, [JSON_TYPE], LIMIT))

    assert run(server, Request("api.example.com")).problem is None
    assert server.done == ["Send"]


def test_an_error_is_read_closed_and_replaced() -> None:
    """The result carries the problem, and the response its document."""
    server = Server(Response(429, [JSON_TYPE], LIMIT))
    result = run(server)

    assert result.problem is not None
    assert result.problem.reason == "rate-limited"
    assert (result.response.status, result.response.body) == (429, result.problem.to_bytes())
    assert server.done == ["Send", "Read", "Close"]


def test_a_body_that_is_no_providers_error_passes_whole() -> None:
    """The bytes that were read come first, then the rest."""
    server = Server(Response(404, [JSON_TYPE], b'{"detail": "Not Found"}'))

    assert run(server).response == Response(404, [JSON_TYPE], b'{"detail": "Not Found"}')
    assert server.done == ["Send", "Read"]


def test_a_body_above_the_limit_passes_whole() -> None:
    """The chunk that was refused is not lost."""
    server = Server(Response(429, [JSON_TYPE], LIMIT))

    assert run(server, options={"max_body": 20}).response.body == LIMIT


def test_a_response_that_fails_while_it_is_read_is_closed() -> None:
    """And the exception reaches the caller."""
    server = Server(Response(429, [JSON_TYPE], LIMIT))

    def failing(step: Step) -> Any:
        if isinstance(step, Read):
            raise ConnectionResetError
        return server(step)

    with pytest.raises(ConnectionResetError):
        drive(exchange(Rules(Reader(None, None, {})), MadeUpLibrary(), Request()), failing)
    assert server.done == ["Send", "Close"]


def test_while_a_cool_down_lasts_nothing_is_sent() -> None:
    """The second request gets the problem of the first one."""
    cooldown = MemoryCooldown()
    server = Server(Response(429, [JSON_TYPE, (b"retry-after", b"30")], LIMIT))
    first, second = run(server, cooldown=cooldown), run(server, cooldown=cooldown)

    assert first.problem is not None
    assert second.problem is not None
    assert (first.problem.reason, second.problem.reason) == ("rate-limited", "rate-limited")
    assert server.done == ["Send", "Read", "Close"]


def required() -> Response:
    """A response that requires a DPoP nonce."""
    return Response(400, [JSON_TYPE, (b"dpop-nonce", b"n1")], NONCE)


def test_a_request_is_signed_again_with_the_required_nonce() -> None:
    """Once; the first response is closed."""
    server = Server(required(), Response(200, [JSON_TYPE], b"{}"))
    result = run(server, Request(proof="first"), on_nonce=lambda request, nonce: request._replace(proof=nonce))

    assert result.response.status == 200
    assert server.done == ["Send", "Read", "Close", "Send"]


@pytest.mark.parametrize(
    ("request_", "signed"),
    [
        (Request(proof="first"), lambda request, _nonce: request),
        (Request(proof="first"), lambda _request, _nonce: None),
        (Request(proof="first", is_stream=True), lambda request, nonce: request._replace(proof=nonce)),
    ],
    ids=["the same proof", "not signed", "a stream"],
)
def test_a_proof_or_a_stream_is_never_sent_twice(request_: Request, signed: Any) -> None:
    """RFC 9449 section 11.1; the response that requires the nonce is the result."""
    server = Server(required())

    assert run(server, request_, on_nonce=signed).response.status == 400
    assert server.done.count("Send") == 1


def test_response_or_raise_raises_a_problem() -> None:
    """So that a retry loop sees it; any other response is returned."""
    with pytest.raises(AuthProblemError, match=r"rate-limited \(HTTP 429\)"):
        run(Server(Response(429, [JSON_TYPE], LIMIT))).response_or_raise()
    assert run(Server(Response(204, []))).response_or_raise().status == 204
