"""Every refresh failure through a FastMCP `OAuthProxy` behind a server, with the MCP client; with us and without."""

from __future__ import annotations

import io
import traceback
from functools import partial
from typing import Any

import anyio

from authproblem.refresh import AsyncRefreshGuard
from tests.client.mcp_client import headless, works
from tests.client.proxied import Provider, Site, proxied
from tests.client.refreshing import FAILURES, Failure, Seen, shown
from tests.client.upstream import running


def seen_by_proxy(failures: list[Failure] = FAILURES, *, guarded: bool) -> dict[str, Seen]:
    """What the MCP client of a proxy does with every failure: one server, one provider, a sign-in for each failure."""
    provider = Provider()
    with running(provider) as upstream, proxied(upstream, guarded=guarded) as site:
        return anyio.run(partial(_all, failures, site, provider, guarded=guarded))


async def _all(failures: list[Failure], site: Site, provider: Provider, *, guarded: bool) -> dict[str, Seen]:
    seen: dict[str, Seen] = {}
    for failure in failures:
        provider.failure, provider.refreshes, provider.authorizations = None, 0, 0
        if guarded:
            site.proxy.guard = AsyncRefreshGuard(failure.provider, attempts=1)
        with shown() as text:
            seen[failure.id] = await _one(failure, site.url, provider, text, guarded=guarded)
    return seen


async def _one(failure: Failure, url: str, provider: Provider, text: io.StringIO, *, guarded: bool) -> Seen:
    """Sign in, let the access token expire, and call a tool twice: once more with the token that was sent already."""
    waits: list[str] = []

    async def note(response: Any) -> None:
        if response.request.method == "POST" and b"grant_type=refresh_token" in response.request.content:
            waits.append(response.headers.get("retry-after", ""))
            text.write((await response.aread()).decode())

    oauth, errors = headless(url), list[Any]()
    call = partial(works, url, oauth, hooks=[note], keep=guarded, notes=errors)
    assert await call()
    tokens, provider.failure = oauth.context.current_tokens, failure
    kinds = []
    for _ in range(2):
        oauth.context.current_tokens, oauth.context.token_expiry_time = tokens, 1.0  # as another process has it
        oauth._initialized = True
        before = provider.authorizations
        worked = await call()
        left = oauth.context.current_tokens
        if provider.authorizations > before or left is None or left.refresh_token is None:
            kinds.append("dropped")
        else:
            kinds.append("token" if worked else "kept")
    text.writelines("".join(traceback.format_exception(error)) for error in errors)
    after = int(waits[0]) if waits and waits[0].isdigit() else None
    return Seen(kinds[0], after, provider.refreshes, text.getvalue())
