"""The client of the upstream token endpoint, for FastMCP's `OAuthProxy`."""

from __future__ import annotations

from typing import Any

from authproblem._client.token_endpoint import Endpoint
from authproblem._client.verdicts import CredentialDead, RefreshError, verdict_of
from authproblem._model import Provider
from authproblem._registry.registry import Registry
from authproblem.errors import invalid
from authproblem.mcp._errors import unverified
from authproblem.refresh import AsyncRefreshGuard


class UpstreamClient:
    """FastMCP's client of the upstream token endpoint, with errors that are what they are.

    FastMCP takes an Okta error for a token, any `invalid_grant` for a dead token, and sends a 500 for a page. Here

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
        if name == "_client":  # a copy that is being made has nothing yet
            raise AttributeError(name)
        return getattr(self._client, name)

    async def aclose(self) -> None:
        """Close the wrapped client."""
        await self._client.aclose()

    async def fetch_token(self, url: str, **parameters: Any) -> Any:
        """Exchange an authorization code.

        Raises:
            OAuthError: if there is no token. FastMCP shows its text to the user, so it is a sentence of the registry.
        """
        try:
            return await self._client.fetch_token(url, **parameters)
        except Exception as error:  # noqa: BLE001 - one that is no provider's is raised again
            raise _to_oauth_error(self._refusal(error)) from None

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
        except Exception as error:  # noqa: BLE001 - as above
            raise _to_exception(self._refusal(error)) from None

    def _refusal(self, error: Exception) -> RefreshError:
        """Return what an exception means for the credential.

        Raises:
            Exception: the exception itself, if it is no provider's error and no failure of the network.
        """
        if isinstance(error, RefreshError):
            return error
        outcome = self._endpoint.of_error(error)
        if outcome.kind is None or outcome.problem is None:
            raise error
        return outcome.kind(outcome.problem)

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


def _to_oauth_error(error: RefreshError) -> Exception:
    """The exception of Authlib, with the code that clients act on and a sentence for users."""
    from authlib.integrations.base_client import OAuthError

    problem = error.problem
    is_dead = isinstance(error, CredentialDead) or verdict_of(Registry.builtin(), problem)[0] == "dead"
    code = "invalid_grant" if is_dead else unverified(type(error), problem).extensions["error"]
    made: Exception = OAuthError(error=code, description=problem.detail)
    return made


def _to_exception(error: RefreshError) -> Exception:
    """The exception that FastMCP and Starlette turn into a response: `invalid_grant`, or a problem document."""
    if isinstance(error, CredentialDead):
        return _to_oauth_error(error)
    from starlette.exceptions import HTTPException

    sent = unverified(type(error), error.problem)
    return HTTPException(sent.status, detail=sent.to_bytes().decode(), headers=dict(sent.headers("application/json")))
