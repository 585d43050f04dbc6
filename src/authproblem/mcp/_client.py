"""For MCP clients: which responses of a token endpoint cost no tokens."""

from __future__ import annotations

from typing import Any

from authproblem._client.token_endpoint import Endpoint
from authproblem._client.verdicts import StepUpRequired, TryLater
from authproblem._model import Provider


class KeepTokens:
    """Event hook for the HTTP client of an MCP client: a refresh that the provider did not examine costs no tokens.

    The client of the `mcp` SDK forgets its tokens on any response but 200, also on 429 and 503. With this hook such a
    response of a token endpoint raises `TryLater` instead, and the next request refreshes again. Where the user has to
    do something first, it raises `StepUpRequired`: the application shows `error.problem`, with the provider's link in
    `extensions["interaction_uri"]` if it sent one. To sign in anew instead, delete the tokens from the storage.

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
            StepUpRequired: if the owner of the token has to do something first.
        """
        status = response.status_code
        if status < 400 or b"grant_type=refresh_token" not in _sent(response):
            return
        await response.aread()
        outcome = self._endpoint.of_value(response)
        if outcome.problem is None:
            return
        if outcome.kind is StepUpRequired:
            outcome.unwrap()
        if status == 429 or status >= 500:
            raise TryLater(outcome.problem)


def _sent(response: Any) -> bytes:
    """The body of a response's request; empty where it was a stream."""
    try:
        content: bytes = response.request.content
    except Exception:  # noqa: BLE001 - httpx raises where a stream was not read
        return b""
    return content
