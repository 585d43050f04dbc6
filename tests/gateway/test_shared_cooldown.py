"""Gateways that share their cool-downs by a real Redis, each as the command runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("redis", reason="pip install 'authproblem[redis]'")

from tests.client.redis_server import PROGRAM, RedisServer, wait_for
from tests.gateway.processes import gateway
from tests.proxies.site import served
from tests.support.ports import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed: .ci/install-servers, as root"),
]


class LimitedProvider:
    """A provider that responds to everything but `/healthy` by a limit, and counts the requests to the rest."""

    def __init__(self) -> None:
        self.limited = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        healthy = scope["path"] == "/healthy"
        self.limited += not healthy
        error = {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit due to too many requests."}
        body = json.dumps({} if healthy else error).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [] if healthy else [(b"retry-after", b"30")]
        await send({"type": "http.response.start", "status": 200 if healthy else 429, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize("shared", [True, False])
def test_a_limit_that_one_gateway_met_is_kept_by_the_other(tmp_path: Path, shared: bool) -> None:
    """With `--redis`; without it the other gateway calls the provider again."""
    provider, ports = LimitedProvider(), (free_port(), free_port())
    token = {"Authorization": "Bearer one"}
    server = RedisServer(tmp_path)
    flags = ("--redis", server.url) if shared else ()
    try:
        with served(provider) as upstream, gateway(ports[0], upstream, *flags), gateway(ports[1], upstream, *flags):
            urls = [f"http://127.0.0.1:{port}" for port in ports]
            for url in urls:  # starts the threads that listen to Redis
                assert httpx.get(f"{url}/healthy", headers=token).status_code == 200
            if shared:
                with server.client() as client:
                    wait_for(lambda: len(client.client_list(_type="pubsub")) == 2, "both gateways listen")
            first = httpx.get(f"{urls[0]}/api/v1/users", headers=token)
            if shared:
                with server.client() as client:
                    wait_for(lambda: client.dbsize() >= 2, "the cool-down is in Redis")
            second = httpx.get(f"{urls[1]}/api/v1/users", headers=token)
    finally:
        server.kill()

    assert (first.status_code, second.status_code) == (429, 429)
    assert first.json()["reason"] == second.json()["reason"] == "rate-limited"
    assert provider.limited == (1 if shared else 2)


def test_a_gateway_without_its_redis_serves_and_shares_nothing() -> None:
    """It starts, and keeps its own cool-downs."""
    provider, port = LimitedProvider(), free_port()
    with served(provider) as upstream, gateway(port, upstream, "--redis", f"redis://127.0.0.1:{free_port()}"):
        statuses = [
            httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer one"}).status_code
            for path in ("/healthy", "/api/v1/users", "/api/v1/users")
        ]

    assert statuses == [200, 429, 429]
    assert provider.limited == 1
