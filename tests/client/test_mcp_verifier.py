"""Token verifiers behind real servers with the real MCP client: an outage is no invalid token."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import anyio
import httpx2
import pytest

pytest.importorskip("fastmcp")

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.introspection import IntrospectionTokenVerifier
from fastmcp.server.auth.providers.jwt import JWTVerifier
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from pydantic import AnyHttpUrl

from authproblem._core.challenges import Challenge, read_challenges
from authproblem.mcp import VerifierErrors
from tests.client.authorization_server import AuthorizationServer
from tests.client.mcp_client import headless, works
from tests.client.proxied import Provider, proxied
from tests.client.served import served
from tests.client.upstream import running
from tests.support.events import Events
from tests.support.responses import Response, json_response

PAGE = Response(200, [("content-type", "text/html")], b"<html>Maintenance</html>")
LIMIT = json_response(429, {"error": "too_many_requests"}, ("retry-after", "17"))
OUTAGE = Response(503, [("content-type", "text/html"), ("retry-after", "30")], b"<html>Unavailable</html>")
NO_KEEPALIVE = httpx2.Limits(max_keepalive_connections=0)  # nobody closes the client of a verifier in a test
REDIRECT = Response(302, [("location", "/maintenance")], b"")
INTERVAL = 1.0
WRONG_CLIENT = json_response(401, {"error": "invalid_client"})


def hang_up(_: Any) -> None:
    """A connection that ends without a response."""


class Site(NamedTuple):
    """A running MCP server, and the authorization server that its verifier asks."""

    url: str
    server: AuthorizationServer


def work() -> str:
    """A tool."""
    return "done"


def fastmcp_app(verifier: Any, origin: str, authorization_server: str) -> Any:
    """A FastMCP server that checks the scopes itself."""
    issuer = [AnyHttpUrl(authorization_server)]
    auth = RemoteAuthProvider(verifier, issuer, base_url=origin, required_scopes=["files:read"])
    server = FastMCP("test", auth=auth)
    server.tool(work)
    return server.http_app(stateless_http=True)


def by_introspection(origin: str, issuer: str, errors: VerifierErrors, _: float) -> Any:
    """FastMCP's verifier by introspection."""
    verifier = IntrospectionTokenVerifier(
        introspection_url=issuer + "/introspect",
        client_id="s",
        client_secret="canary",
        http_client=errors.client(limits=NO_KEEPALIVE),
    )
    return fastmcp_app(verifier, origin, issuer)


def by_keys(origin: str, issuer: str, errors: VerifierErrors, interval: float) -> Any:
    """FastMCP's verifier of JWTs."""
    verifier = JWTVerifier(
        jwks_uri=issuer + "/jwks",
        issuer=issuer,
        audience="mcp",
        http_client=errors.client(limits=NO_KEEPALIVE),
        jwks_refresh_interval=interval,
    )
    return fastmcp_app(verifier, origin, issuer)


def by_sdk(origin: str, issuer: str, errors: VerifierErrors, _: float) -> Any:
    """A server of the official SDK, with the verifier of the guide; it raises what it does not expect."""

    class Verifier:
        async def verify_token(self, token: str) -> AccessToken | None:
            async with errors.client() as client:
                response = await client.post(issuer + "/introspect", data={"token": token})
            found: Any = response.json() if response.is_success else {"active": False}
            return AccessToken(token=token, client_id="c", scopes=found["scope"].split()) if found["active"] else None

    settings = AuthSettings(
        issuer_url=AnyHttpUrl(issuer),
        resource_server_url=AnyHttpUrl(origin + "/mcp"),
        required_scopes=["files:read"],
        validate_token_resource=False,
    )
    server = MCPServer("test", token_verifier=Verifier(), auth=settings)
    server.add_tool(work)
    return server.streamable_http_app(stateless_http=True)


Make = Callable[[str, str, VerifierErrors, float], Any]
KINDS = [by_introspection, by_keys, by_sdk]


@contextlib.contextmanager
def site(
    make: Make, *, installed: bool = True, scope: str = "files:read", interval: float = INTERVAL
) -> Iterator[Site]:
    """An MCP server behind uvicorn, with our middleware or without."""
    authorization, holder = AuthorizationServer(scope), list[Any]()
    errors = VerifierErrors(scope="files:read", jwks_refresh_interval=interval)

    async def app(asgi: Any, receive: Any, send: Any) -> None:
        while not holder:  # noqa: ASYNC110 - filled by another thread, once the server knows its address
            await anyio.sleep(0.01)
        await holder[0](asgi, receive, send)

    with running(authorization) as upstream, served(app) as origin:
        authorization.url = upstream.url
        made = make(origin, upstream.url, errors, interval)
        if installed:
            made.add_middleware(errors.middleware)
        holder.append(made)
        yield Site(origin + "/mcp", authorization)


async def posted(url: str, token: str | None) -> httpx2.Response:
    """The response to a request with a token."""
    headers = {"Accept": "application/json, text/event-stream"} | (
        {"Authorization": f"Bearer {token}"} if token else {}
    )
    async with httpx2.AsyncClient(verify=False) as client:
        response: httpx2.Response = await client.post(
            url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers
        )
        return response


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
class TestClient:
    @pytest.mark.parametrize("installed", [True, False], ids=["with the middleware", "by itself"])
    def test_an_outage_causes_no_sign_in(self, make: Make, installed: bool) -> None:
        """Calls fail; once the authorization server is back, the same token works."""

        async def main(site: Site) -> list[bool]:
            oauth = headless(site.url)
            site.server.trouble = OUTAGE
            failed = [await works(site.url, oauth) for _ in range(2)]
            site.server.trouble = None
            await anyio.sleep(INTERVAL * 1.1)
            return [*failed, await works(site.url, oauth)]

        with site(make, installed=installed) as running_site:
            results = anyio.run(main, running_site)

        assert results == [False, False, True]
        assert (running_site.server.authorizations == 1) is installed

    def test_a_missing_scope_is_named_in_the_challenge(self, make: Make) -> None:
        """The client goes through authorization once more, for the scope that the 403 names."""

        async def main(site: Site) -> bool:
            return await works(site.url, headless(site.url))

        with site(make, scope="other") as running_site:
            worked = anyio.run(main, running_site)

        assert (worked, running_site.server.authorizations) == (True, 2)


@pytest.mark.slow
@pytest.mark.parametrize("installed", [True, False], ids=["with the middleware", "by itself"])
def test_an_outage_behind_a_proxy_causes_no_sign_in(installed: bool) -> None:
    """An `OAuthProxy` verifies the upstream's token for each request."""
    errors, provider = VerifierErrors(), Provider()

    async def main(url: str) -> list[bool]:
        oauth = headless(url)
        results = []
        for introspection in (None, OUTAGE, None):
            provider.introspection = introspection
            results.append(await works(url, oauth))
        return results

    with running(provider) as upstream:
        verifier = IntrospectionTokenVerifier(
            introspection_url=upstream.url + "/introspect",
            client_id="s",
            client_secret="canary",
            http_client=errors.client(limits=NO_KEEPALIVE),
        )
        middleware = errors.middleware if installed else None
        with proxied(upstream, verifier=verifier, middleware=middleware) as proxy:
            results = anyio.run(main, proxy.url)

    assert results == [True, False, True]
    assert (provider.authorizations == 1) is installed


TROUBLES: list[tuple[Any, int, str, str]] = [
    (LIMIT, 503, "rate-limited", "17"),
    (OUTAGE, 503, "upstream-unavailable", "30"),
    (PAGE, 503, "upstream-error", "10"),
    (REDIRECT, 503, "upstream-error", "10"),
    (hang_up, 503, "upstream-error", "10"),
    (WRONG_CLIENT, 502, "invalid-client", ""),
]


@pytest.mark.parametrize(
    "make", [by_keys, *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS if kind is not by_keys)]
)
def test_a_token_that_could_not_be_checked_is_no_401(make: Make, events: Events) -> None:
    """By a limit, an outage, a page, a redirect, no response, or a wrong client secret: with the wait, and an event."""
    seen: list[tuple[int, str, str]] = []

    async def main(site: Site) -> None:
        for trouble, *_ in TROUBLES:
            site.server.trouble = trouble
            response = await posted(site.url, site.server.token())
            assert "www-authenticate" not in response.headers
            seen.append((response.status_code, response.json()["reason"], response.headers.get("retry-after", "")))

    with site(make, interval=0) as running_site:
        anyio.run(main, running_site)

    assert seen == [tuple(expected) for _, *expected in TROUBLES]
    assert [event["problem"] for event in events] == [reason for _, reason, _ in seen]


@pytest.mark.parametrize("make", KINDS)
def test_a_token_that_was_refused_is_challenged(make: Make) -> None:
    """401 with `invalid_token`, 401 without a code for a request without a token, 403 with the scope."""

    async def main(site: Site) -> list[tuple[int, Challenge]]:
        site.server.active = False
        refused = [await posted(site.url, token) for token in ("made-up", None)]
        site.server.active = True
        refused.append(await posted(site.url, site.server.token("other")))
        return [(each.status_code, read_challenges(each.headers.multi_items())[0]) for each in refused]

    with site(make) as running_site:
        found = anyio.run(main, running_site)

    metadata = running_site.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
    assert [(status, each.error) for status, each in found] == [
        (401, "invalid_token"),
        (401, None),
        (403, "insufficient_scope"),
    ]
    assert {(each.resource_metadata, each.scope) for _, each in found} == {(metadata, ("files:read",))}
