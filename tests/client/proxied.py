"""A real FastMCP `OAuthProxy` behind a real server, with our client of the upstream token endpoint or FastMCP's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import anyio

from authproblem.mcp import UpstreamClient
from authproblem.refresh import AsyncRefreshGuard
from tests.client.refreshing import Failure
from tests.client.served import served
from tests.client.upstream import Seen, Upstream
from tests.support.responses import Response, json_response

GRANTED = {"access_token": "up-at", "refresh_token": "up-rt-canary", "token_type": "Bearer", "expires_in": 3600}


class Provider:
    """A fake provider: it signs everybody in, and answers refreshes as a test wants.

    Attributes:
        failure: what refreshes come to; None = new tokens.
        introspection: what introspection comes to; None = active tokens.
        refreshes: how often a refresh token was sent.
        authorizations: how often a user was sent here to sign in.
    """

    def __init__(self, failure: Failure | None = None) -> None:
        self.failure = failure
        self.introspection: Response | None = None
        self.refreshes = self.authorizations = 0

    def __call__(self, seen: Seen) -> Response:
        url = urlsplit(seen.target)
        if url.path == "/authorize":
            self.authorizations += 1
            given = {name: values[0] for name, values in parse_qs(url.query).items()}
            return Response(302, [("location", f"{given['redirect_uri']}?code=c&state={given['state']}")], b"")
        if url.path == "/introspect":
            return self.introspection or json_response(200, {"active": True, "client_id": "c", "scope": ""})
        if b"grant_type=refresh_token" not in seen.body:
            return json_response(200, GRANTED)
        self.refreshes += 1
        return self.failure.response if self.failure is not None else json_response(200, GRANTED)


class Site(NamedTuple):
    """A running MCP server: its URL, and the class of its proxy, whose guard a test may replace."""

    url: str
    proxy: Any


def work() -> str:
    """A tool."""
    return "done"


def _guarded(base: Any, provider: Any) -> Any:
    class Proxy(base):  # type: ignore[misc] # FastMCP ships no types that mypy reads here
        guard = AsyncRefreshGuard(provider, attempts=1)

        def _create_upstream_oauth_client(self) -> Any:
            return UpstreamClient(super()._create_upstream_oauth_client(), guard=self.guard)

    return Proxy


@contextlib.contextmanager
def proxied(
    upstream: Upstream,
    provider: Any = "oauth",
    *,
    guarded: bool = True,
    lifetime: int = 3600,
    verifier: Any = None,
    middleware: Any = None,
) -> Iterator[Site]:
    """An MCP server with an `OAuthProxy`, behind uvicorn.

    Args:
        upstream: the provider's server.
        provider: whose errors the guard reads.
        guarded: False = FastMCP by itself.
        lifetime: seconds after which the access tokens of the proxy expire.
        verifier: verifies upstream tokens; None = any token will do.
        middleware: goes around the server's app.
    """
    from fastmcp import FastMCP
    from fastmcp.server.auth import AccessToken, TokenVerifier
    from fastmcp.server.auth.oauth_proxy import OAuthProxy
    from key_value.aio.stores.memory import MemoryStore

    class Anybody(TokenVerifier):
        async def verify_token(self, token: str) -> AccessToken:
            return AccessToken(token=token, client_id="c", scopes=[])

    kind, holder = _guarded(OAuthProxy, provider) if guarded else OAuthProxy, list[Any]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while not holder:  # noqa: ASYNC110 - filled by another thread, once the server knows its address
            await anyio.sleep(0.01)
        await holder[0](scope, receive, send)

    with served(app) as origin:
        proxy = kind(
            upstream_authorization_endpoint=upstream.url + "/authorize",
            upstream_token_endpoint=upstream.url + "/token",
            upstream_client_id="client",
            upstream_client_secret="a-client-secret-of-some-length",
            token_verifier=verifier or Anybody(),
            base_url=origin,
            client_storage=MemoryStore(),
            require_authorization_consent=False,
            fastmcp_access_token_expiry_seconds=lifetime,
        )
        server = FastMCP("test", auth=proxy)
        server.tool(work)
        made = server.http_app(stateless_http=True)
        if middleware is not None:
            made.add_middleware(middleware)
        holder.append(made)
        yield Site(origin + "/mcp", kind)
