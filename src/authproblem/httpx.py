"""The httpx adapter, for apps that call a provider or a gateway: responses become problems, problems exceptions.

```python
client = httpx.Client(transport=ProblemTransport(retry=Retry()), event_hooks={"response": [raise_for_problem]})
```
Only the base classes belong here; what the transports do is in `_client`. The transports of this module and of
`authproblem.httpx2` differ in nothing else: each works in a client of either library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from authproblem.errors import MissingExtraError

if TYPE_CHECKING:
    import httpx
    from typing_extensions import Unpack
else:
    try:
        import httpx
    except ModuleNotFoundError:  # where only its successor is installed, with the same names
        try:
            import httpx2 as httpx
        except ModuleNotFoundError as error:
            raise MissingExtraError("authproblem.httpx", "httpx") from error

from authproblem._client.retries import Retry
from authproblem._client.stores import CooldownStore, MemoryCooldown
from authproblem._client.transports import (
    AsyncTransport,
    SyncTransport,
    TransportOptions,
    araise_for_problem,
    problem_of,
    raise_for_problem,
)

__all__ = [
    "AsyncProblemTransport",
    "CooldownStore",
    "MemoryCooldown",
    "ProblemTransport",
    "Retry",
    "araise_for_problem",
    "problem_of",
    "raise_for_problem",
]

OnNonce = Callable[[httpx.Request, str], "httpx.Request | None"]
"""Signs a request again with a nonce of the provider (RFC 9449 section 8); None where it cannot."""


class ProblemTransport(SyncTransport, httpx.BaseTransport):
    """Makes the errors of providers problem documents, before the client sees them.

    Requests to hosts that are no provider's pass straight through, and so do healthy responses. On request it waits and
    repeats as the retry hint allows (`retry`), and sends nothing while a provider has asked to wait (`cooldown`).

    Warning:
        Its responses go to the app, not to an unauthenticated caller, so nothing is folded. An app that sends them on
        to browsers sets `disclosure="safe"`.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None, **options: Unpack[TransportOptions]) -> None:
        """Wrap a transport.

        Args:
            transport: what sends the requests; None = an `HTTPTransport()`.
            **options: `hosts` (custom domains and their providers), `retry` (a `Retry`), `cooldown` (a
                `CooldownStore`), `on_nonce(request, nonce)` (signs a request again; without it a nonce is left to the
                auth layer), and those of the middleware that concern a response.

        Raises:
            ValueError: for an option with an invalid value.
            TypeError: for an unknown option.
            ModuleNotFoundError: for `retry` without stamina: install `authproblem[httpx]`.
        """
        super().__init__(transport, **options)


class AsyncProblemTransport(AsyncTransport, httpx.AsyncBaseTransport):
    """`ProblemTransport` for `httpx.AsyncClient`, under asyncio and trio: the same options, the same warning."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None, **options: Unpack[TransportOptions]) -> None:
        """Wrap a transport.

        Args:
            transport: what sends the requests; None = an `AsyncHTTPTransport()`.
            **options: as of `ProblemTransport`.

        Raises:
            ValueError: for an option with an invalid value.
            TypeError: for an unknown option.
            ModuleNotFoundError: for `retry` without stamina: install `authproblem[httpx]`.
        """
        super().__init__(transport, **options)
