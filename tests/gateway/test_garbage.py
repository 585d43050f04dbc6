"""What a request leaves behind: nothing that only the garbage collector would find."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from tests.gateway.support import Failing, Ok, made
from tests.support.asgi_server import http_scope

REQUESTS = 50


class Denied(Ok):
    """An error of Okta."""

    status = 401

    async def read(self) -> tuple[bytes, bool]:
        return b'{"errorCode":"E0000011","errorSummary":"Invalid token provided"}', False


class Client(Failing):
    """Always gets the same response."""

    def __init__(self, response: Ok) -> None:
        super().__init__()
        self.response = response

    async def send(self, _: object) -> Ok:
        return self.response


@pytest.mark.parametrize("response", [Ok(), Denied()], ids=["healthy", "error"])
def test_requests_leave_no_cycles(response: Ok) -> None:
    """Cycles of a few objects for each request took a third of the CPU time, and pauses of a tenth of a second."""
    app = made(("okta", "https://org.okta.com", ""), upstream=Client(response))

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: object) -> None:
        """Nothing is kept."""

    async def some() -> None:
        for _ in range(REQUESTS):
            await asyncio.get_running_loop().create_task(app(http_scope("/api/v1/users"), receive, send))

    async def main() -> int:
        await some()
        for _ in range(10):  # what finalizers of other tests' objects have kept alive goes in a later pass
            if not gc.collect():
                break
        gc.disable()
        try:
            await some()
            return gc.collect()
        finally:
            gc.enable()

    assert asyncio.run(main()) < REQUESTS
