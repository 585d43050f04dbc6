"""A provider that limits by user, address, client, org or endpoint: a limit of one caller suppresses no other caller's.

Through the gateway, whose clients have addresses, and through the httpx transport, where the process is the caller.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import anyio
import httpx
import pytest

from authproblem.gateway import Gateway, load_config
from authproblem.gateway._upstream import UpstreamRequest
from authproblem.httpx import MemoryCooldown, ProblemTransport

ORG, TENANT = "https://org.okta.com", "https://tenant.auth0.com"
LIMIT = {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit due to too many requests."}


class Call(NamedTuple):
    """A request of a test: what a limit may be put on."""

    path: str = "/api/v1/authn"
    user: str = "alice"
    peer: str = "192.0.2.1"
    client: str = "app-1"
    token: str | None = None
    method: str = "POST"

    @property
    def headers(self) -> dict[str, str]:
        """A token, or a client id with a wrong secret."""
        basic = "Basic " + base64.b64encode(f"{self.client}:wrong".encode()).decode()
        return {"authorization": basic if self.token is None else f"Bearer {self.token}", "content-type": "a/b"}

    @property
    def body(self) -> bytes:
        """The user is named where the provider alone reads it."""
        return b"username=" + self.user.encode()


Key = Callable[[httpx.Request], str]
"""What a provider counts requests by."""


def basic(request: httpx.Request) -> str:
    """The credentials of the client."""
    return request.headers["authorization"]


LIMITS: dict[str, Key] = {
    "user": lambda request: parse_qs(request.content.decode())["username"][0],
    "address": lambda request: request.headers.get("x-forwarded-for", "the process"),
    "client": basic,
    "org": lambda request: request.url.host,
    "endpoint": lambda request: request.url.path,
}


class Provider:
    """Sends 429 to every second request of one key, and says what it has seen."""

    def __init__(self, key: Key, *headers: tuple[str, str]) -> None:
        self.key, self.headers = key, headers
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self.answer(request)

    async def aware(self, request: httpx.Request) -> httpx.Response:
        """The same, for the gateway's transport."""
        await request.aread()
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """`remaining: 0`, as Okta sends it for a limit of one user name as well."""
        key = self.key(request)
        self.seen.append(key)
        if self.seen.count(key) < 2:
            return httpx.Response(200, json={"ok": True})
        headers = {"retry-after": "30", "x-rate-limit-remaining": "0", "x-rate-limit-limit": "600"}
        return httpx.Response(429, headers=[*headers.items(), *self.headers], json=LIMIT)


class Answered:
    """A response of the provider, as the gateway's client returns it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = [(name.lower(), value) for name, value in response.headers.raw]
        self._content = response.content

    async def read(self) -> tuple[bytes, bool]:
        """Return the whole body."""
        return self._content, False

    def close(self) -> None:
        """Do nothing: there is no connection."""


class Upstream:
    """The gateway's client: calls the provider in this process."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def send(self, request: UpstreamRequest) -> Answered:
        """Send one request."""
        body = b"".join([chunk async for chunk in request.body]) if request.body is not None else b""
        url = request.origin + request.target.decode()
        return Answered(
            await self._provider.aware(httpx.Request(request.method, url, headers=request.headers, content=body))
        )

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""


def statuses(provider: Provider, calls: list[Call], origin: str = ORG) -> list[tuple[int, bool]]:
    """The status of each call through one gateway, and whether it was sent to the provider."""
    vendor = "auth0" if origin == TENANT else "okta"
    config = load_config({"routes": [(vendor, origin, "")]}, {})
    gateway = Gateway(config, client=Upstream(provider))
    return [_through(gateway, provider, call) for call in calls]


def _through(gateway: Gateway, provider: Provider, call: Call) -> tuple[int, bool]:
    before = len(provider.seen)

    async def main() -> int:
        transport = httpx.ASGITransport(gateway, client=(call.peer, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return (await client.request(call.method, call.path, content=call.body, headers=call.headers)).status_code

    status = anyio.run(main)
    return status, len(provider.seen) > before


CALLER = Call()
OTHERS = {
    "another user at another address": Call(user="bob", peer="192.0.2.2"),
    "another client at another address": Call(client="app-2", peer="192.0.2.2"),
    "the same client id from elsewhere": Call(peer="203.0.113.9"),
    "a token": Call(token="t-1"),
    "another endpoint": Call(path="/api/v1/authn/recovery/password"),
}


class TestGateway:
    @pytest.mark.parametrize("limited", sorted(LIMITS))
    @pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
    def test_a_limit_of_one_caller_suppresses_no_other_callers_requests(self, limited: str, other: Call) -> None:
        """Whatever the provider counts by, another caller's request is sent, and the provider decides."""
        got = statuses(Provider(LIMITS[limited]), [CALLER, CALLER, other])

        assert got[2][1] is True

    @pytest.mark.parametrize("limited", sorted(LIMITS))
    def test_a_limited_caller_gets_a_problem_without_being_sent(self, limited: str) -> None:
        """The cool-down itself: the third request of the same caller is not sent."""
        got = statuses(Provider(LIMITS[limited]), [CALLER] * 3)

        assert got == [(200, True), (429, True), (429, False)]

    def test_a_token_is_one_caller_wherever_it_comes_from(self) -> None:
        """A caller with a token is known by it alone."""
        calls = [Call("/api/v1/users", token="t-1", peer=f"192.0.2.{number}", method="GET") for number in range(3)]

        got = statuses(Provider(lambda request: request.headers["authorization"]), calls)

        assert got[2] == (429, False)

    def test_a_limit_that_is_documented_as_shared_suppresses_everybody(self) -> None:
        """Auth0 counts every dynamic registration of a tenant."""
        calls = [Call("/oidc/register", peer=f"192.0.2.{number}") for number in range(3)]

        got = statuses(Provider(LIMITS["org"]), calls, TENANT)

        assert got[2] == (429, False)

    @pytest.mark.parametrize(("headers", "sent"), [((), True), ((("x-auth0-error-kind", "global-rate-limit"),), False)])
    def test_a_limit_that_may_be_one_users_needs_a_proof(self, headers: tuple[Any, ...], sent: bool) -> None:
        """Auth0's My Account API marks it in a header."""
        calls = [Call("/me/v1/factors", token=f"t-{number}", method="GET") for number in range(3)]

        got = statuses(Provider(LIMITS["org"], *headers), calls, TENANT)

        assert got[2] == (429, sent)


class TestTransport:
    def answers(self, provider: Provider, calls: list[Call]) -> list[bool]:
        """Whether each call of one process was sent."""
        sent = []
        with httpx.Client(
            transport=ProblemTransport(httpx.MockTransport(provider), cooldown=MemoryCooldown()), base_url=ORG
        ) as client:
            for call in calls:
                before = len(provider.seen)
                client.request(call.method, call.path, content=call.body, headers=call.headers)
                sent.append(len(provider.seen) > before)
        return sent

    @pytest.mark.parametrize("limited", sorted(LIMITS))
    @pytest.mark.parametrize("token", [None, "api-token"])
    def test_a_process_that_signs_in_many_users_suppresses_none(self, limited: str, token: str | None) -> None:
        """The body names the user, so that the limit of one must not stop the sign-in of the others."""
        alice, bob = Call(token=token), Call(token=token, user="bob")

        assert self.answers(Provider(LIMITS[limited]), [alice, alice, bob]) == [True, True, True]

    def test_a_limit_of_one_resource_suppresses_no_other(self) -> None:
        """One API token reads many users; each has an id in the path."""
        alice, bob = (Call(f"/api/v1/users/{user}", token="t", method="GET") for user in ("alice", "bob"))

        assert self.answers(Provider(LIMITS["endpoint"]), [alice, alice, bob]) == [True, True, True]

    def test_a_token_suppresses_its_own_requests_alone(self) -> None:
        """The requests of another token are sent."""
        one, two = (Call("/api/v1/users", token=token, method="GET") for token in ("t-1", "t-2"))

        assert self.answers(Provider(basic), [one, one, one, two]) == [True, True, False, True]


def test_the_response_of_a_cool_down_names_no_other_caller() -> None:
    """What is kept is the document of a limit, without the address, token or user of the one that reached it."""
    store = MemoryCooldown()
    transport = ProblemTransport(httpx.MockTransport(Provider(basic)), cooldown=store)
    call = Call("/api/v1/users", user="alice@example.com", token="canary-token", method="GET")
    with httpx.Client(transport=transport, base_url=ORG) as client:
        for _ in range(3):
            response = client.request("GET", call.path, content=call.body, headers=call.headers)

    kept = json.dumps(list(store._table.entries)) + response.text

    assert [part for part in ("alice", "canary") if part in kept] == []
