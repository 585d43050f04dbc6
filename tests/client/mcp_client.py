"""A real MCP client that signs its user in without a browser."""

from __future__ import annotations

import warnings
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2

from authproblem.mcp import KeepTokens


def headless(url: str) -> Any:
    """The OAuth part of a real MCP client, with a browser that follows redirects."""
    from fastmcp.utilities.tests import HeadlessOAuth

    class Browser(HeadlessOAuth):
        async def redirect_handler(self, authorization_url: str) -> None:
            async with httpx2.AsyncClient(verify=False) as client:
                response = await client.get(authorization_url)
                while response.is_redirect and urlsplit(response.headers["location"]).path != "/callback":
                    response = await client.get(response.headers["location"])
            self._stored_response = response

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # tokens in memory are what a test wants
        return Browser(url)


async def works(
    url: str, oauth: Any, *, expired: bool = False, hooks: Any = (), keep: bool = True, notes: list[Any] | None = None
) -> bool:
    """Whether a tool can be called, at once or after the access token has expired.

    Args:
        url: the MCP server's.
        oauth: the client's OAuth part.
        expired: wait until the access token has expired.
        hooks: event hooks that see every response first.
        keep: use `KeepTokens`.
        notes: gets what the client raised.
    """
    from fastmcp import Client
    from fastmcp.client.transports import StreamableHttpTransport

    def factory(**options: Any) -> Any:
        options["follow_redirects"] = True
        options["limits"] = httpx2.Limits(max_keepalive_connections=0)  # a server may close them after a 500
        return httpx2.AsyncClient(event_hooks={"response": [*hooks, *([KeepTokens()] if keep else [])]}, **options)

    hooked: Any = factory
    transport = StreamableHttpTransport(url, auth=oauth, httpx_client_factory=hooked)
    try:
        async with Client(transport) as client:
            if expired:
                await anyio.sleep(1.1)
            result = await client.call_tool("work")
            return not result.is_error
    except Exception as error:  # noqa: BLE001 - whatever the SDK makes of it
        if notes is not None:
            notes.append(error)
        return False
