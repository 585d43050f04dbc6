"""Recorded and documented refresh failures, and how each OAuth library handles them, with us and without.

`python -m tests.client.refreshing` prints the table of `docs/refresh.md`. Every run goes over HTTP on the loopback.
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
    """A refresh failure: the response, and what it means for the refresh token."""

    id: str
    provider: Provider
    response: Response
    verdict: str
    after: int | None

    @property
    def is_dead(self) -> bool:
        """Whether the token is dead."""
        return self.verdict == "CredentialDead"


def _failure(row: dict[str, Any]) -> Failure:
    body = row["body"]
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = [(name, value) for name, value in row["headers"]]
    return Failure(
        row["id"], row["provider"], Response(row["status"], headers, content), row["verdict"], row.get("after")
    )


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
    with running(failure.response) as upstream, _shown() as text:
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
def _shown() -> Iterator[io.StringIO]:
    """Everything that is logged, at any level."""
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


class Score(NamedTuple):
    """The mistakes of one library over all failures."""

    taken_for_tokens: list[str]
    dropped_alive: list[str]
    dead_sent_twice: list[str]
    waits_lost: list[str]
    secrets_shown: list[str]


def score(seen: dict[str, Seen]) -> Score:
    """Count the mistakes."""
    rows = [(failure, seen[failure.id]) for failure in FAILURES]
    return Score(
        [f.id for f, s in rows if s.kind == "token"],
        [f.id for f, s in rows if s.kind == "dropped" and not f.is_dead],
        [f.id for f, s in rows if f.is_dead and s.sent > 1],
        [f.id for f, s in rows if f.after is not None and (s.after is None or s.after < f.after - 2)],
        [f.id for f, s in rows if CANARY in s.shown or "canary" in s.shown],
    )


def seen_without(name: str) -> dict[str, Seen]:
    """What an application of a library does with every failure."""
    return {failure.id: observe(failure, WITHOUT[name]) for failure in FAILURES}


def seen_with(name: str) -> dict[str, Seen]:
    """The same with the guard; somebody insists on the token, dropped or not."""
    return {failure.id: observe(failure, WITH[name](failure), insists=True) for failure in FAILURES}


def table() -> str:
    """The comparison as Markdown."""
    rows = [(name, "by itself", seen_without(name)) for name in WITHOUT]
    rows += [(name, "with the guard", seen_with(name)) for name in WITH]
    lines = [
        "| library | | errors taken for a token | live tokens dropped | dead tokens sent twice | waits lost |",
        "|---|---|---|---|---|---|",
    ]
    for name, how, seen in rows:
        counts = score(seen)
        lines.append(f"| {name} | {how} | " + " | ".join(str(len(each)) for each in counts[:4]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    import os

    os.environ[NO_HTTPS] = "1"
    print(table())  # noqa: T201 - a script
