"""How connections are shared: bounded, in order of arrival, and not to be used up by uploads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from authproblem.gateway._slots import Slots
from authproblem.gateway._upstream import UpstreamFailure
from tests.gateway.support import made
from tests.support.asgi_server import AsgiServer, http_scope

CLIENTS = 256


def test_requests_wait_in_order_of_arrival() -> None:
    """The one that waits longest is next."""
    order: list[int] = []

    async def request(slots: Slots, number: int) -> None:
        release = await slots.acquire(uploading=False)
        order.append(number)
        await asyncio.sleep(0)
        release()

    async def main() -> None:
        slots = Slots(2, 5)
        await asyncio.gather(*[request(slots, number) for number in range(20)])

    asyncio.run(main())

    assert order == list(range(20))


def test_uploads_leave_half_of_the_connections() -> None:
    """A third upload waits, and ends after the timeout; complete requests have two connections left."""

    async def main() -> None:
        slots = Slots(4, 0.05)
        for uploading in (True, True):
            await slots.acquire(uploading=uploading)
        with pytest.raises(UpstreamFailure, match="exhausted"):
            await slots.acquire(uploading=True)
        for _ in range(2):
            await slots.acquire(uploading=False)
        with pytest.raises(UpstreamFailure, match="exhausted"):
            await slots.acquire(uploading=False)

    asyncio.run(main())


@pytest.mark.parametrize("uploading", [True, False])
def test_a_request_that_gives_up_leaves_its_place(uploading: bool) -> None:
    """Cancelled while it waits, and released twice: the bound stays what it is."""

    async def main() -> None:
        slots = Slots(2, 5)
        first = await slots.acquire(uploading=uploading)
        if not uploading:
            await slots.acquire(uploading=False)
        waiting = asyncio.ensure_future(slots.acquire(uploading=uploading))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        first()
        first()
        await asyncio.wait_for(slots.acquire(uploading=uploading), 1)

    asyncio.run(main())


@pytest.mark.parametrize("connections", ["400", "64"])
def test_many_clients_before_a_slow_provider_lose_nothing(connections: str) -> None:
    """All are answered, with the default number of connections and with a quarter of the clients'."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            await asyncio.sleep(0.2)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async def one(app: Any) -> int:
        server = AsgiServer()
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            message = await server.receive()
            if message["type"] == "http.disconnect":
                await gone.wait()
            return message

        await app(http_scope("/api/v1/users"), receive, server.send)
        return server.response().status

    async def main() -> list[int]:
        provider = await asyncio.start_server(respond, "127.0.0.1", 0, backlog=CLIENTS)
        url = f"http://127.0.0.1:{provider.sockets[0].getsockname()[1]}"
        app = made(("okta", url, ""), max_connections=connections)
        statuses = await asyncio.gather(*[one(app) for _ in range(CLIENTS)])
        await app.aclose()
        provider.close()
        return statuses

    assert asyncio.run(main()) == [200] * CLIENTS
