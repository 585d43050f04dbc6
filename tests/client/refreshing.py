"""Recorded and documented refresh failures, and how each OAuth library handles them, with us and without.

Every run goes over HTTP on the loopback; `tests.client.comparison` makes the table of the guide.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx2

from authproblem._model import Provider
from authproblem.refresh import AsyncRefreshGuard, CredentialDead, TryLater
from tests.client.upstream import running
from tests.support.responses import Response

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Authlib's own deprecations are not ours
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
    from requests_oauthlib import OAuth2Session

CANARY = "rt-canary-8d1f"
NO_HTTPS = "OAUTHLIB_INSECURE_TRANSPORT"


class Failure(NamedTuple):
    """A refresh failure: the response, and what it means for the refresh token.

    Attributes:
        verdict: the exception of a guard.
        after: the wait that the provider named, in seconds.
        credential: `problem.credential` and `credential_kind`; empty where `normalize` finds no error.
    """

    id: str
    provider: Provider
    response: Response
    verdict: str
    after: int | None
    credential: tuple[str, ...]

    @property
    def is_dead(self) -> bool:
        """Whether the token is dead."""
        return self.verdict == "CredentialDead"


def _failure(row: dict[str, Any]) -> Failure:
    body = row["body"]
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = [(name, value) for name, value in row["headers"]]
    response = Response(row["status"], headers, content)
    credential = tuple(row.get("credential", ()))
    return Failure(row["id"], row["provider"], response, row["verdict"], row.get("after"), credential)


_ROWS = (Path(__file__).parent / "refresh_failures.jsonl").read_text(encoding="utf-8")
FAILURES = [_failure(json.loads(line)) for line in _ROWS.splitlines()]


class Seen(NamedTuple):
    """What an application does with a failure, as far as its library lets it know.

    Attributes:
        kind: `token` (the failure was taken for one), `dropped` (the refresh token), or `kept`.
        after: the wait that the application knows of.
        sent: requests that two attempts of the application sent.
        shown: everything that logs and messages show.
    """

    kind: str
    after: int | None
    sent: int
    shown: str


def usual(error: Exception) -> tuple[str, int | None]:
    """What applications do by themselves: `invalid_grant` drops the token, a response may name a wait."""
    if isinstance(error, CredentialDead) or getattr(error, "error", None) == "invalid_grant":
        return "dropped", None
    if isinstance(error, TryLater):
        return "kept", None if error.after is None else int(error.after)
    holder = error if hasattr(error, "headers") else getattr(error, "response", None)
    headers = {name.lower(): value for name, value in (getattr(holder, "headers", None) or {}).items()}
    wait = headers.get("retry-after", "")
    return "kept", int(wait) if wait.isdigit() else None


Attempt = Callable[[str], Awaitable[Any]]
"""Refreshes at a URL, in one event loop."""


def observe(failure: Failure, attempt: Attempt, *, insists: bool = False) -> Seen:
    """Let an application refresh twice, and note what it does."""
    with running(failure.response) as upstream, shown() as text:
        kind, after = anyio.run(partial(_twice, attempt, upstream.url + "/token", text, insists=insists))
        return Seen(kind, after, len(upstream.seen), text.getvalue())


async def _twice(attempt: Attempt, url: str, text: io.StringIO, *, insists: bool) -> tuple[str, int | None]:
    """Refresh twice, as two callers would; an application that has dropped the token stops, unless it insists."""
    kind, after = "kept", None
    for _ in range(2):
        outcome = await _outcome(attempt, url)
        if isinstance(outcome, Exception):
            kind, after = usual(outcome)
            text.write(f"{outcome} {outcome!r}")
        elif outcome is not None:
            kind = "token"
        if kind == "dropped" and not insists:
            break
    return kind, after


async def _outcome(attempt: Attempt, url: str) -> Any:
    try:
        return await attempt(url)
    except Exception as error:  # noqa: BLE001 - what an application sees
        return error


@contextlib.contextmanager
def shown() -> Iterator[io.StringIO]:
    """Everything that is logged at info and above."""
    text = io.StringIO()
    handler, root = logging.StreamHandler(text), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


Check = Callable[[Any], Any]
"""Raises the error of a response: `guard.check`, or nothing at all."""


async def authlib(url: str, check: Check | None = None) -> Any:
    """Authlib's session for requests."""
    with AuthlibSession("client", "secret") as session:
        session.trust_env = False
        return _hooked(session, check).refresh_token(url, refresh_token=CANARY)


async def authlib_async(url: str, check: Check | None = None) -> Any:
    """Authlib's client for httpx."""
    async with AsyncOAuth2Client("client", "secret", verify=False) as client:
        return await _hooked(client, check).refresh_token(url, refresh_token=CANARY)


async def requests_oauthlib(url: str, check: Check | None = None) -> Any:
    """requests-oauthlib's session."""
    with OAuth2Session("client") as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session.trust_env = False
        return _hooked(session, check).refresh_token(url, refresh_token=CANARY, auth=("client", "secret"))


def _hooked(session: Any, check: Check | None) -> Any:
    if check is not None:
        session.register_compliance_hook("refresh_token_response", check)
    return session


async def fastmcp(url: str, client: Any = None) -> Any:
    """FastMCP's client of the upstream token endpoint, as `OAuthProxy` uses it: one for each refresh."""
    client = client or upstream_client()
    try:
        return await client.refresh_token(url, refresh_token=CANARY)
    finally:
        await client.aclose()


def upstream_client() -> Any:
    """FastMCP's client."""
    from fastmcp.server.auth.oauth_proxy.upstream import AsyncOAuth2Client as Upstream

    return Upstream("client", "secret", timeout=5)


async def plain(url: str, _: Check | None = None) -> httpx2.Response:
    """A request by httpx2, without any OAuth library."""
    async with httpx2.AsyncClient(verify=False) as client:
        response: httpx2.Response = await client.post(
            url, data={"grant_type": "refresh_token", "refresh_token": CANARY}
        )
        return response


def guarded(send: Callable[..., Awaitable[Any]], failure: Failure) -> Attempt:
    """A library behind a guard that lives as long as the application."""
    guard = guard_of(failure)

    async def attempt(url: str) -> Any:
        return await guard.refresh(CANARY, partial(send, url, guard.check))

    return attempt


def guarded_fastmcp(failure: Failure) -> Attempt:
    """FastMCP's client, wrapped for each refresh; the guard belongs to the proxy."""
    from authproblem.mcp import UpstreamClient

    guard = guard_of(failure)

    async def attempt(url: str) -> Any:
        return await fastmcp(url, UpstreamClient(upstream_client(), guard=guard))

    return attempt


def guard_of(failure: Failure) -> AsyncRefreshGuard:
    """A guard for the provider of a failure; the waits of the failures would make repeats long."""
    return AsyncRefreshGuard(failure.provider, attempts=1)


WITHOUT: dict[str, Attempt] = {
    "Authlib (requests)": authlib,
    "Authlib (httpx)": authlib_async,
    "requests-oauthlib": requests_oauthlib,
    "FastMCP": fastmcp,
}
WITH: dict[str, Callable[[Failure], Attempt]] = {
    "Authlib (requests)": partial(guarded, authlib),
    "Authlib (httpx)": partial(guarded, authlib_async),
    "requests-oauthlib": partial(guarded, requests_oauthlib),
    "FastMCP": guarded_fastmcp,
    "httpx2 alone": partial(guarded, plain),
}
