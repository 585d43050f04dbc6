"""MCP servers and clients: FastMCP's `OAuthProxy`, the official SDK, and tool errors that an agent can act on.

```python
class Proxy(OAuthProxy):
    guard = AsyncRefreshGuard("okta")

    def _create_upstream_oauth_client(self):
        return UpstreamClient(super()._create_upstream_oauth_client(), guard=self.guard)
```
Nothing of FastMCP or `mcp` is imported before it is used; what an error means is decided in `_client`.
"""

from __future__ import annotations

from typing import Any

import orjson

from authproblem._client.answers import Endpoint
from authproblem._client.verdicts import (
    ClientMisconfigured,
    CredentialDead,
    RefreshError,
    StepUpRequired,
    TryLater,
    outcome_of,
)
from authproblem._core.challenges import challenge, challenge_status
from authproblem._core.problem import Problem
from authproblem._model import Json, Provider
from authproblem._registry.registry import Registry
from authproblem.errors import AuthProblemError, invalid
from authproblem.refresh import AsyncRefreshGuard

__all__ = ["KeepTokens", "UpstreamClient", "authorization_error", "tool_error", "tool_errors", "tool_result"]

_LINKS = ("interaction_uri", "verification_uri_complete", "verification_uri")
"""Members in which providers send a page that the user has to visit, the most specific first."""
_MAX_LINK = 2048
_ANSWERS: dict[type[RefreshError], tuple[int, str]] = {
    StepUpRequired: (400, "interaction_required"),
    ClientMisconfigured: (502, "server_error"),
    TryLater: (503, "temporarily_unavailable"),
}
"""Status and `error` of a refresh that did not find a dead token."""


class UpstreamClient:
    """FastMCP's client of the upstream token endpoint, with errors that are what they are.

    FastMCP takes an Okta error for a token, any `invalid_grant` for a dead token, and answers a page with a 500. Here

    - a dead refresh token is `invalid_grant`: the MCP client sends its user through authorization;
    - one whose owner has to do something first is `interaction_required`, with the problem and the provider's link;
    - a limit, an outage or a wrong client secret is a problem document with 503 (502) and `Retry-After`, and everybody
      keeps the tokens;
    - with a guard, of many requests with one upstream token one is sent.
    """

    def __init__(
        self, client: Any, *, guard: AsyncRefreshGuard | None = None, provider: Provider | None = None
    ) -> None:
        """Wrap a client.

        Args:
            client: what `super()._create_upstream_oauth_client()` returns, or an `AsyncOAuth2Client` of Authlib.
            guard: guards refreshes; one for all clients of a proxy.
            provider: whose token endpoint it is; None = the guard's, or `oauth`.

        Raises:
            ConfigurationError: if the client has no HTTP client of httpx or httpx2.
        """
        http = client if hasattr(client, "event_hooks") else getattr(client, "_client", None)
        if not hasattr(http, "event_hooks"):
            invalid("client", type(client).__name__, "FastMCP's or Authlib's AsyncOAuth2Client")
        self._client, self._guard = client, guard
        self._endpoint = _endpoint(guard, provider)
        hooks: Any = http
        hooks.event_hooks = {**hooks.event_hooks, "response": [*hooks.event_hooks["response"], self._read]}

    def __getattr__(self, name: str) -> Any:
        """Whatever else the wrapped client has, such as `client_secret`."""
        return getattr(self._client, name)

    async def aclose(self) -> None:
        """Close the wrapped client."""
        await self._client.aclose()

    async def fetch_token(self, url: str, **parameters: Any) -> Any:
        """Exchange an authorization code.

        Raises:
            OAuthError: if the grant was refused.
            HTTPException: if it was not judged.
        """
        try:
            return await self._client.fetch_token(url, **parameters)
        except RefreshError as error:
            raise _as_answered(error) from None

    async def refresh_token(self, url: str, *, refresh_token: str | None = None, **parameters: Any) -> Any:
        """Refresh an upstream token, once for all who ask.

        Raises:
            OAuthError: if the token is dead.
            HTTPException: if it is not.
        """

        async def send() -> Any:
            """Ask the provider once."""
            return await self._client.refresh_token(url, refresh_token=refresh_token, **parameters)

        try:
            if self._guard is None or refresh_token is None:
                return await send()
            return await self._guard.refresh(refresh_token, send)
        except RefreshError as error:
            raise _as_answered(error) from None

    async def _read(self, response: Any) -> None:
        """Event hook: an error is raised before the client takes it for something else."""
        await response.aread()
        outcome = self._endpoint.of_value(response)
        if outcome.problem is not None:
            outcome.unwrap()


def _endpoint(guard: AsyncRefreshGuard | None, provider: Provider | None) -> Endpoint:
    if provider is None and guard is not None:
        return guard.endpoint
    return Endpoint.of(provider or "oauth", None)


def _as_answered(error: RefreshError) -> Exception:
    """The exception that FastMCP and Starlette answer: `invalid_grant`, or a problem document."""
    problem = error.problem
    if isinstance(error, CredentialDead):
        from authlib.integrations.base_client import OAuthError

        refused: Exception = OAuthError(error="invalid_grant", description=problem.detail)
        return refused
    from starlette.exceptions import HTTPException

    status, code = next(row for kind, row in _ANSWERS.items() if isinstance(error, kind))
    link = _link(problem)
    extensions = {"error": code, **({"interaction_uri": link} if link else {})}
    sent = problem.replace(status=status, upstream={}, extensions=extensions)
    return HTTPException(status, detail=sent.to_bytes().decode(), headers=dict(sent.headers("application/json")))


class KeepTokens:
    """Event hook for the HTTP client of an MCP client: a refresh that was not judged costs no tokens.

    The client of the `mcp` SDK forgets its tokens on any answer but 200, also on 429 and 503. With this hook such an
    answer of a token endpoint raises `TryLater` instead, and the next request refreshes again.

    ```python
    httpx2.AsyncClient(auth=oauth, event_hooks={"response": [KeepTokens()]})
    ```
    """

    def __init__(self, provider: Provider = "oauth") -> None:
        """Make a hook.

        Args:
            provider: whose errors are read; an MCP server's own are `oauth`.
        """
        self._endpoint = Endpoint.of(provider, None)

    async def __call__(self, response: Any) -> None:
        """Look at a response.

        Raises:
            TryLater: if a refresh was refused for something that passes.
        """
        status = response.status_code
        if (status != 429 and status < 500) or b"grant_type=refresh_token" not in _sent(response):
            return
        await response.aread()
        outcome = self._endpoint.of_value(response)
        if outcome.problem is not None:
            raise TryLater(outcome.problem)


def _sent(response: Any) -> bytes:
    """The body of a response's request; empty where it was a stream."""
    try:
        content: bytes = response.request.content
    except Exception:  # noqa: BLE001 - httpx raises where a stream was not read
        return b""
    return content


def authorization_error(
    problem: Problem, *, resource_metadata: str | None = None, scope: str | None = None, realm: str | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return the response of an MCP server, as its authorization specification wants it.

    A token that is missing, invalid or expired: 401 with `WWW-Authenticate: Bearer ... resource_metadata="..."`; too
    few scopes: 403 with `error="insufficient_scope"` and the scopes that are needed; a malformed request: 400
    (RFC 6750 section 3.1). Everything else is the problem with its own status and no challenge, so that a client does
    not drop its token over an outage.

    Args:
        problem: what is wrong.
        resource_metadata: the URL of the server's resource metadata (RFC 9728).
        scope: the scopes that the request needs.
        realm: the protection space.

    Returns:
        Status, headers and body, for any framework.

    Raises:
        ConfigurationError: for an argument that no header can hold.
    """
    value = challenge(problem, scope=scope, realm=realm, resource_metadata=resource_metadata)
    status = challenge_status(problem) or (403 if problem.status == 401 else problem.status)
    sent = problem.replace(status=status)
    headers = sent.headers("application/json")
    return status, [*headers, *([("WWW-Authenticate", value)] if value is not None else [])], sent.to_bytes()


def tool_error(problem: Problem, *, open_link: str | None = None) -> Json:
    """Return what an agent needs to act on a problem: structured content of a tool's result.

    It holds registry constants and numbers, and at most one `https` link for the user; no upstream text, which an agent
    might take for an instruction.

    Args:
        problem: the problem.
        open_link: a page that the user has to visit; None = one that the provider sent, if it did.

    Returns:
        `reason`, `message`, `remedy`, `owner`, `retry`, `credential` where it is known, and `open_link` where there is
        one.
    """
    outcome = outcome_of(Registry.builtin(), problem)
    link = open_link if _is_link(open_link) else _link(problem)
    retry: Json = {"policy": problem.retry.policy, "automatic": problem.retry.automatic}
    if problem.retry.after is not None:
        retry["after"] = problem.retry.after
    error: Json = {
        "reason": problem.reason,
        "message": problem.detail,
        "owner": problem.owner,
        "remedy": problem.remedy,
        "retry": retry,
    }
    kinds: dict[type[RefreshError], str] = {CredentialDead: "dead", StepUpRequired: "step_up"}
    verdict = next((said for kind, said in kinds.items() if outcome.kind is kind), None)
    return {**error, **({"credential": verdict} if verdict else {}), **({"open_link": link} if link else {})}


def _link(problem: Problem) -> str | None:
    """The page that a provider wants its user to visit."""
    links: list[Any] = [problem.extensions.get(name) for name in _LINKS]
    return next((link for link in links if _is_link(link)), None)


def _is_link(value: object) -> bool:
    printable = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return printable and isinstance(value, str) and value.startswith("https://") and len(value) <= _MAX_LINK


def tool_result(problem: Problem, *, open_link: str | None = None) -> Any:
    """Return a `CallToolResult` of the `mcp` SDK for a tool that could not reach its API.

    Args:
        problem: the problem.
        open_link: a page that the user has to visit.
    """
    from mcp.types import CallToolResult, TextContent

    error = tool_error(problem, open_link=open_link)
    text = TextContent(type="text", text=orjson.dumps(error).decode())
    return CallToolResult(content=[text], structured_content=error, is_error=True)


def tool_errors() -> Any:
    """Return a middleware for FastMCP: a problem that a tool raises becomes a result that an agent can act on.

    `server.add_middleware(tool_errors())`. Every other exception stays FastMCP's.
    """
    from fastmcp.server.middleware import Middleware
    from fastmcp.tools.base import ToolResult

    class ToolErrors(Middleware):
        """The middleware of FastMCP."""

        async def on_call_tool(self, context: Any, call_next: Any) -> Any:
            """Call the tool; turn a provider's error into a result."""
            try:
                return await call_next(context)
            except Exception as error:
                problem = _problem_behind(error)
                if problem is None:
                    raise
                content = tool_error(problem)
                return ToolResult(content=orjson.dumps(content).decode(), structured_content=content, is_error=True)

    return ToolErrors()


def _problem_behind(error: BaseException | None) -> Problem | None:
    """The problem that an exception is, or that a framework has wrapped."""
    for _ in range(8):
        if error is None or isinstance(error, AuthProblemError):
            break
        error = error.__cause__
    return error.problem if isinstance(error, AuthProblemError) else None
