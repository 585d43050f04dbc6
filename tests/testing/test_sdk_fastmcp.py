"""FastMCP's Auth0 provider signs in against the fake: an MCP server whose users come from Auth0."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from authproblem.testing import FakeAuth0

pytest.importorskip("fastmcp")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 48


@contextmanager
def mcp_server(auth0: str) -> Iterator[str]:
    """A FastMCP server with one tool, protected by Auth0."""
    from fastmcp import FastMCP
    from fastmcp.server.auth.providers.auth0 import Auth0Provider
    from key_value.aio.stores.memory import MemoryStore

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        auth = Auth0Provider(
            config_url=f"{auth0}/.well-known/openid-configuration",
            client_id="app",
            client_secret="shh",
            audience="https://api.example.com",
            base_url=url,
            client_storage=MemoryStore(),
            require_authorization_consent=False,
        )
        server = FastMCP("fake", auth=auth)
        server.tool(lambda: "pong", name="ping")
        runner = uvicorn.Server(uvicorn.Config(server.http_app(), log_config=None, log_level="critical"))
        thread = threading.Thread(target=runner.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield url
        finally:
            runner.should_exit = True
            thread.join(10)


def sign_in(client: httpx.Client, mcp: str) -> dict[str, Any]:
    """What an MCP client does: register, authorize with PKCE by way of Auth0, and ask for tokens."""
    registered = client.post(f"{mcp}/register", json={"redirect_uris": [CALLBACK], "client_name": "test"}).json()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    query = {"client_id": registered["client_id"], "redirect_uri": CALLBACK, "response_type": "code", "state": "s1"}
    response = client.get(
        f"{mcp}/authorize", params={**query, "code_challenge": challenge, "code_challenge_method": "S256"}
    )
    while not (there := response.headers.get("location", "")).startswith(CALLBACK):
        assert there, f"no way on: {response.status_code}"
        response = client.get(there)
    code = parse_qs(urlsplit(there).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    form |= {"client_id": registered["client_id"], "client_secret": registered.get("client_secret", "")}
    tokens: dict[str, Any] = client.post(f"{mcp}/token", data=form).json()
    return {**tokens, "client": {name: form[name] for name in ("client_id", "client_secret")}}


def ping(mcp: str, token: str) -> Any:
    from fastmcp import Client

    async def call() -> Any:
        async with Client(f"{mcp}/mcp", auth=token) as client:
            return (await client.call_tool("ping")).content[0].text

    return asyncio.run(call())


def test_a_user_of_auth0_calls_a_tool() -> None:
    """Discovery, keys, code, tokens and their verification: all of it against the fake."""
    auth0 = FakeAuth0()
    auth0.signed_in = auth0.add_user()
    auth0.add_client("app", "shh")
    with auth0.serve() as url, mcp_server(url) as mcp, httpx.Client(trust_env=False) as client:
        tokens = sign_in(client, mcp)
        assert ping(mcp, tokens["access_token"]) == "pong"
        assert [e.request.path for e in auth0.exchanges if e.request.method == "POST"] == ["/oauth/token"]


def test_a_code_that_auth0_refuses_ends_the_sign_in() -> None:
    """FastMCP's proxy passes the failure on."""
    auth0 = FakeAuth0()
    auth0.signed_in = auth0.add_user()
    auth0.fail("auth0:invalid_grant/authorization-code", endpoint="auth0.token")
    with auth0.serve() as url, mcp_server(url) as mcp, httpx.Client(trust_env=False) as client:
        with pytest.raises(AssertionError, match=r"no way on: [45]"):
            sign_in(client, mcp)
        assert auth0.exchanges[-1].entry == "auth0:invalid_grant/authorization-code"
