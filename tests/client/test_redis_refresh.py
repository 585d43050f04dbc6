"""Leases and verdicts in Redis, for threads and for tasks: one holder, what ends by itself, and a server that fails."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("redis", reason="pip install 'authproblem[redis]'")

import redis
import redis.asyncio
import trustme

from authproblem.redis import AsyncRedisRefreshStore, RedisCooldown, RedisRefreshStore, StoreUnavailableError
from tests.client.redis_server import PROGRAM, RedisServer, wait_for
from tests.support.events import Events
from tests.support.ports import free_port

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed: .ci/install-servers, as root")
Run = Callable[..., Any]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test's own."""
    started = RedisServer(tmp_path)
    yield started
    started.kill()


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, server: RedisServer) -> Iterator[Run]:
    """Calls a method of a store by its name."""
    if request.param == "sync":
        store = RedisRefreshStore(server.url)
        yield lambda name, *arguments: getattr(store, name)(*arguments)
        store.close()
        return
    loop, other = asyncio.new_event_loop(), AsyncRedisRefreshStore(server.url)
    yield lambda name, *arguments: loop.run_until_complete(getattr(other, name)(*arguments))
    loop.run_until_complete(other.aclose())
    loop.close()


def test_one_owner_has_the_lease(run: Run) -> None:
    """Until it is released; the owner itself may extend it."""
    got = [run("acquire", "k", owner, 5) for owner in ("a", "b", "a")]
    run("release", "k", "b")
    still = run("acquire", "k", "b", 5)
    run("release", "k", "a")

    assert (got, still, run("acquire", "k", "b", 5)) == ([True, False, True], False, True)


def test_lease_ends_by_itself(run: Run) -> None:
    """A process that was killed blocks no other for longer."""
    run("acquire", "k", "a", 0.1)
    time.sleep(0.2)

    assert run("acquire", "k", "b", 5)


def test_verdict_is_kept_until_its_time_is_over(run: Run) -> None:
    """Any bytes, byte for byte; the last one counts."""
    nothing = run("read", "k")
    run("write", "k", b"old", 5)
    run("write", "k", bytes(range(256)), 0.2)
    found = run("read", "k")
    time.sleep(0.3)

    assert (nothing, found, run("read", "k")) == (None, bytes(range(256)), None)


def test_values_of_another_type_count_as_empty(run: Run, server: RedisServer, events: Events) -> None:
    """Another program's list under a key is replaced, and no failure."""
    for kind in ("lease", "verdict"):
        server.client().rpush(f"{{authproblem}}:1:{kind}:k", "other")

    run("release", "k", "a")
    assert run("read", "k") is None
    run("write", "k", b"v", 5)
    assert (run("acquire", "k", "a", 5), run("read", "k"), list(events)) == (True, b"v", [])


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_lost_server_fails_at_once_after_the_first_time(
    run: Run, server: RedisServer, events: Events, how: str
) -> None:
    """The first call waits for the time limit, the next ones do not; one event on loss and one on return."""
    run("write", "k", b"v", 60)
    server.kill() if how == "killed" else server.signal(signal.SIGSTOP)

    start = time.perf_counter()
    with pytest.raises((redis.RedisError, OSError)):
        run("read", "k")
    with pytest.raises(StoreUnavailableError):
        run("read", "k")
    took = time.perf_counter() - start

    server.start() if how == "killed" else server.signal(signal.SIGCONT)
    time.sleep(0.3)
    wait_for(lambda: _answers(run), "the server again")
    assert [event["event"] for event in events] == ["authproblem.store_lost", "authproblem.store_restored"]
    assert took < 0.9


def _answers(run: Run) -> bool:
    try:
        run("read", "k")
    except (redis.RedisError, OSError):
        return False
    return True


def test_a_full_server_is_a_failure(run: Run, server: RedisServer, events: Events) -> None:
    """The guard continues without; one event."""
    server.client().config_set("maxmemory", "1")

    with pytest.raises(redis.ResponseError):
        run("write", "k", b"v", 60)

    assert [event["event"] for event in events] == ["authproblem.store_lost"]


def test_threads_agree_on_one_holder(server: RedisServer) -> None:
    """Of 64 tries at the same moment, by 8 stores, one succeeds."""
    stores = [RedisRefreshStore(server.url) for _ in range(8)]
    won: list[str] = []
    barrier = threading.Barrier(64)

    def attempt(number: int) -> None:
        barrier.wait()
        if stores[number % 8].acquire("k", str(number), 5):
            won.append(str(number))

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()

    assert len(won) == 1


def test_tls_by_url(tmp_path: Path) -> None:
    """`rediss://`, with a certificate that is checked."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    flags = ["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--tls-auth-clients", "no"]
    server = RedisServer(tmp_path, "--tls-port", "0", *flags)
    with server.client() as client:
        port = free_port()
        client.config_set("tls-port", str(port))
    good = RedisRefreshStore(f"rediss://127.0.0.1:{port}?ssl_ca_certs={tmp_path}/ca.pem", timeout=5)
    bad = RedisRefreshStore(f"rediss://127.0.0.1:{port}", timeout=5)

    assert good.acquire("k", "a", 5)
    with pytest.raises(redis.ConnectionError):
        bad.acquire("k", "a", 5)
    good.close()
    bad.close()
    server.kill()


def test_wrong_client_is_named() -> None:
    """A client that decodes would turn verdicts into text."""
    with pytest.raises(ValueError, match="decode_responses=True"):
        AsyncRedisRefreshStore(redis.asyncio.Redis(decode_responses=True))


def test_the_repr_shows_no_password(server: RedisServer) -> None:
    """Stores end up in the logs of apps."""
    url = f"redis://app:hunter2@127.0.0.1:{server.port}"
    assert "hunter2" not in f"{RedisRefreshStore(url)!r}{AsyncRedisRefreshStore(url)!r}{RedisCooldown(url)!r}"
