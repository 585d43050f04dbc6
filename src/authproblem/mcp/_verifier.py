"""Token verifiers of MCP servers: a token that could not be checked is a 503 with a wait, never a 401.

Here are the HTTP client that notes what a verifier got, and the ASGI middleware that sends the response; what
is decided is in `_verification` and `_errors`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

from authproblem._client.token_endpoint import Endpoint
from authproblem._model import Provider
from authproblem.errors import invalid
from authproblem.mcp._verification import CHECKS, Checks, Reply, Rules, verification_failure

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_OWN = frozenset((b"www-authenticate", b"content-type", b"content-length", b"cache-control", b"content-language"))
"""Headers of a replaced response that ours take the place of."""


class VerifierErrors:
    """Builds the response of an MCP server to a token that its verifier refused, or could not check.

    The verifiers of FastMCP, and most that are written for the `mcp` SDK, return None when introspection or the key set
    responds with 429, 503 or a page, as they do for an invalid token. The server then sends a 401, and the client signs
    its user in again. With the client and the middleware of this class

    - a limit or an outage is 503 `temporarily_unavailable`, a wrong client secret of the server 502 `server_error`: a
      problem document, with `Retry-After`, without a challenge;
    - an invalid or expired token stays a 401 with `error="invalid_token"` and `resource_metadata`;
    - a token without a scope stays a 403 with `error="insufficient_scope"` and `scope`.

    ```python
    errors = VerifierErrors("okta")
    verifier = JWTVerifier(jwks_uri="...", http_client=errors.client())
    app = FastMCP("files", auth=verifier).http_app()
    app.add_middleware(errors.middleware)
    ```
    """

    def __init__(
        self,
        provider: Provider = "oauth",
        *,
        scope: str | None = None,
        resource_metadata: str | None = None,
        jwks_refresh_interval: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without a recorded failure.

        Args:
            provider: whose authorization server the verifier uses.
            scope: the scopes that a 403 names, separated by spaces, where the server's own challenge names none.
            resource_metadata: the URL of the server's resource metadata (RFC 9728), likewise.
            jwks_refresh_interval: seconds for which a verifier requests no key set again after it could not get one,
                as in FastMCP's `JWTVerifier`; tokens that need a key are not verified until then.
            clock: a clock in seconds that never goes back.

        Raises:
            ConfigurationError: for an unknown provider, a negative interval, or a value that no header can contain.
        """
        if not jwks_refresh_interval >= 0:
            invalid("jwks_refresh_interval", jwks_refresh_interval, "seconds of at least 0")
        self._rules = Rules(Endpoint.of(provider, None), scope, resource_metadata, jwks_refresh_interval, clock)

    def client(self, **options: Any) -> Any:
        """Return an `httpx2.AsyncClient` for a verifier (`http_client=` in FastMCP), which the caller closes.

        Args:
            **options: those of `httpx2.AsyncClient`.
        """
        return _client_class()(self._rules, **options)

    def middleware(self, app: App) -> App:
        """Return an ASGI app around an MCP server's; for `app.add_middleware(errors.middleware)`.

        Args:
            app: `server.http_app()` of FastMCP, `server.streamable_http_app()` of the `mcp` SDK, or any other.
        """

        async def checked(scope: Any, receive: Any, send: Send) -> None:
            """Serve one request."""
            if scope["type"] != "http":
                return await app(scope, receive, send)
            return await _Exchange(self._rules, scope, send).run(app, receive)

        return checked


@cache
def _client_class() -> Any:
    """Return the class of the clients; httpx2 is imported when the first one is made."""
    import httpx2

    class VerifierClient(httpx2.AsyncClient):
        """A client whose failures are recorded."""

        def __init__(self, rules: Rules, **options: Any) -> None:
            super().__init__(**options)
            self._rules = rules

        async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
            """Send a request."""
            address = f"{request.url.host}{request.url.path}"  # the query may contain a token
            try:
                response = await super().send(request, **options)
            except httpx2.HTTPError as error:
                self._rules.note(address, self._rules.endpoint.of_error(error))
                raise
            if not options.get("stream"):
                self._rules.note(address, verification_failure(self._rules.endpoint, response))
            return response

    return VerifierClient


class _Exchange:
    """One request, and its response as far as it has been sent."""

    def __init__(self, rules: Rules, scope: Any, send: Send) -> None:
        self._rules, self._scope, self._send = rules, scope, send
        self._checks, self._started, self._replaced = Checks(), False, False

    async def run(self, app: App, receive: Any) -> None:
        """Let the app respond, and respond in its place where its verifier failed."""
        before = CHECKS.set(self._checks)
        try:
            await app(self._scope, receive, self._pass)
        except Exception as error:
            reply = None if self._started else self._rules.of_error(self._scope, self._checks, error)
            if reply is None:
                raise
            await self._replace(reply, [])
        finally:
            CHECKS.reset(before)

    async def _pass(self, message: Message) -> None:
        """Pass a message of the app on; a 401 or 403 is replaced, with all that belongs to it."""
        if message["type"] == "http.response.start" and message["status"] in {401, 403}:
            headers = list(message.get("headers", []))
            reply = self._rules.of_response(self._scope, self._checks, message["status"], headers)
            if reply is not None:
                await self._replace(reply, [pair for pair in headers if pair[0].lower() not in _OWN])
        if not self._replaced:
            self._started = True
            await self._send(message)

    async def _replace(self, reply: Reply, kept: list[tuple[bytes, bytes]]) -> None:
        self._started = self._replaced = True
        status, headers, body = reply
        lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        lines += [(b"content-length", b"%d" % len(body)), *kept]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})
        await self._send({"type": "http.response.body", "body": body})
