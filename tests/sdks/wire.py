"""What in the end goes to a client: an outermost ASGI app that looks at each response as it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

App = Callable[[Any, Any, Any], Awaitable[None]]


class Exchange(NamedTuple):
    """One response as it went to the client.

    Attributes:
        path: the request's path.
        accept: the request's `Accept`; empty if it had none.
        status: the HTTP status.
        media_type: the media type, without parameters.
        problem: the value of `Auth-Problem`, or None.
    """

    path: str
    accept: str
    status: int
    media_type: str
    problem: str | None


class Wire:
    """The outermost ASGI app: keeps what went to the client in `exchanges`."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.exchanges: list[Exchange] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def recording(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
                asked = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
                media_type = headers.get("content-type", "").partition(";")[0]
                self.exchanges.append(
                    Exchange(
                        scope["path"],
                        asked.get("accept", ""),
                        message["status"],
                        media_type,
                        headers.get("auth-problem"),
                    )
                )
            await send(message)

        await self.app(scope, receive, recording)
