"""Cool-downs shared by Redis: what one process finds out reaches all; without the server, each continues alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("redis", reason="pip install 'authproblem[redis]'")

import redis

from authproblem.redis import RedisCooldown
from tests.client.redis_server import PROGRAM, RedisServer, wait_for
from tests.support.events import Events

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed: .ci/install-servers, as root")
KEY = "auth0 tenant.auth0.com users /api/v2/users token:0123456789abcdef"
DOCUMENT = b'{"reason":"rate-limited"}'
Make = Callable[..., RedisCooldown]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of this test's own."""
    started = RedisServer(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def make(server: RedisServer) -> Iterator[Make]:
    """Makes stores, each as another process would have it."""
    stores: list[RedisCooldown] = []

    def make_store(url: str | None = None, **options: Any) -> RedisCooldown:
        store = RedisCooldown(url or server.url, **options)
        stores.append(store)
        store.look("any")
        return store

    yield make_store
    server.signal(signal.SIGCONT)
    for store in stores:
        store.close()


def listeners(server: RedisServer) -> int:
    """How many stores follow the announcements."""
    with server.client() as client:
        return int(client.pubsub_numsub("{authproblem}:1:cooldowns")[0][1])


def knows(store: RedisCooldown, key: str = KEY) -> bool:
    """Whether a store keeps something for the key."""
    return store.look(key) is not None


def names(events: Events) -> list[str]:
    """The events about the store."""
    return [event["event"] for event in events if "store" in event["event"]]


def test_is_empty_until_a_cooldown_is_kept(make: Make) -> None:
    """As far as this process knows."""
    store = make()
    before = store.is_empty()
    store.hold(KEY, 30, DOCUMENT)

    assert (before, store.is_empty()) == (True, False)


def test_other_process_knows_within_a_moment(server: RedisServer, make: Make) -> None:
    """The document and what remains of the wait arrive as they are."""
    one, other = make(), make()
    wait_for(lambda: listeners(server) == 2, "both listen")

    one.hold(KEY, 30, DOCUMENT)
    wait_for(lambda: knows(other), "the announcement")

    left, document = other.look(KEY) or (0, b"")
    assert document == DOCUMENT
    assert left == pytest.approx(30, abs=1)


def test_later_process_knows_what_was_held_before(make: Make, server: RedisServer) -> None:
    """A process that starts during a cool-down loads it."""
    make().hold(KEY, 30, DOCUMENT)
    wait_for(lambda: server.client().keys("*cooldown:*"), "the write")

    later = make()

    wait_for(lambda: knows(later), "the loading")


def test_longer_hold_stays(make: Make, server: RedisServer) -> None:
    """Whoever writes last, the longest wait counts."""
    one, other = make(), make()
    wait_for(lambda: listeners(server) == 2, "both listen")
    one.hold(KEY, 60, b"long")
    wait_for(lambda: knows(other), "the announcement")

    other.hold(KEY, 5, b"short")
    time.sleep(0.1)

    later = make()
    wait_for(lambda: knows(later), "the loading")
    assert [(store.look(KEY) or (0, b""))[1] for store in (one, other, later)] == [b"long"] * 3


def test_server_keeps_no_names_and_lets_entries_end(make: Make, server: RedisServer) -> None:
    """Every key ends by itself, within the wait, and none shows a host, a path or a caller."""
    make().hold(KEY, 30, DOCUMENT)
    client = server.client()
    wait_for(lambda: len(client.keys("*")) == 2, "the entry and the index")

    keys: list[Any] = list(client.keys("*"))
    assert all(key.startswith(b"{authproblem}:1:cooldown") for key in keys)
    assert all(0 < client.pttl(key) <= 30_000 for key in keys)
    assert not any(part in key for key in keys for part in (b"tenant", b"users", b"0123456789abcdef"))


def test_number_of_entries_is_bounded_on_the_server(make: Make, server: RedisServer) -> None:
    """Of too many, those that end first are dropped."""
    store = make(size=10)
    for number in range(50):
        store.hold(f"key {number}", 100 + number, DOCUMENT)
    client = server.client()
    wait_for(lambda: client.zcard("{authproblem}:1:cooldowns") == 10, "the writes")
    time.sleep(0.1)

    assert len(client.keys("*cooldown:*")) == 10
    later = make(size=10)
    wait_for(lambda: knows(later, "key 49"), "the loading")
    assert not knows(later, "key 0")


def test_namespaces_are_apart(make: Make, server: RedisServer) -> None:
    """Apps with different namespaces do not see each other's entries."""
    one, other = make(namespace="a"), make(namespace="b")
    one.hold(KEY, 30, DOCUMENT)
    wait_for(lambda: server.client().keys("{a}:1:cooldown:*"), "the write")
    time.sleep(0.1)

    assert not knows(other)


def test_without_a_server_the_process_continues_by_itself(make: Make, events: Events) -> None:
    """A server that is not there costs one event, and no request any time."""
    store = make("redis://127.0.0.1:1")

    start = time.perf_counter()
    store.hold(KEY, 30, DOCUMENT)
    found = [store.look(KEY) for _ in range(1000)]
    took = time.perf_counter() - start

    wait_for(lambda: names(events), "the event")
    time.sleep(0.5)
    assert names(events) == ["authproblem.store_lost"]
    assert all(found)
    assert took < 0.5


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_lost_server_is_reported_once_and_its_return_once(
    server: RedisServer, make: Make, events: Events, how: str
) -> None:
    """What was held meanwhile reaches the others when the server is back, also where it comes back empty."""
    one, other = make(), make()
    wait_for(lambda: listeners(server) == 2, "both listen")
    other_events = len(names(events))

    server.kill() if how == "killed" else server.signal(signal.SIGSTOP)
    one.hold(KEY, 30, DOCUMENT)
    wait_for(lambda: names(events).count("authproblem.store_lost") == 2, "both notice")
    assert (knows(one), knows(other)) == (True, False)
    server.start() if how == "killed" else server.signal(signal.SIGCONT)

    wait_for(lambda: knows(other), "the cool-down of the time without a server")
    wait_for(lambda: names(events).count("authproblem.store_restored") == 2, "both notice")
    assert (other_events, sorted(names(events))) == (
        0,
        ["authproblem.store_lost"] * 2 + ["authproblem.store_restored"] * 2,
    )


@pytest.mark.slow
def test_a_full_server_is_reported_once(server: RedisServer, make: Make, events: Events) -> None:
    """Writes are refused, reads continue: one event, and one when there is space again."""
    store = make()
    wait_for(lambda: listeners(server) == 1, "it listens")
    client = server.client()
    client.config_set("maxmemory", "1")

    store.hold(KEY, 60, DOCUMENT)
    wait_for(lambda: names(events) == ["authproblem.store_lost"], "the event")
    time.sleep(1.5)
    assert names(events) == ["authproblem.store_lost"]
    assert knows(store)
    client.config_set("maxmemory", "0")

    wait_for(lambda: client.keys("*cooldown:*"), "the write")
    wait_for(lambda: names(events) == ["authproblem.store_lost", "authproblem.store_restored"], "the event")


def test_values_of_another_type_are_replaced(server: RedisServer, make: Make, events: Events) -> None:
    """Another program's list under an entry or the index breaks nothing."""
    first = make()
    first.hold(KEY, 30, DOCUMENT)
    client = server.client()
    wait_for(lambda: client.keys("*cooldown:*"), "the write")
    entry = client.keys("*cooldown:*")[0]
    first.close()
    client.flushall()
    for key in (entry, "{authproblem}:1:cooldowns"):
        client.rpush(key, "other")

    second = make()
    second.hold(KEY, 30, DOCUMENT)

    wait_for(lambda: client.type(entry) == b"string", "the write")
    assert (client.zcard("{authproblem}:1:cooldowns"), names(events)) == (1, [])


@pytest.mark.parametrize("data", [b"", b"x", b"0" * 32 + b"soon:{}", b"\xff" * 32 + b"5:{}", b"0" * 32 + b"-5:{}"])
def test_foreign_messages_are_ignored(server: RedisServer, make: Make, data: bytes) -> None:
    """Whatever is published on the channel, the listener continues."""
    one, other = make(), make()
    wait_for(lambda: listeners(server) == 2, "both listen")
    server.client().publish("{authproblem}:1:cooldowns", data)

    other.hold(KEY, 30, DOCUMENT)

    wait_for(lambda: knows(one), "the announcement after it")


def test_a_replica_is_left_for_the_primary(server: RedisServer, make: Make, events: Events) -> None:
    """A former primary refuses writes: that is a loss, and over when it is the primary again."""
    store = make()
    wait_for(lambda: listeners(server) == 1, "it listens")
    client = server.client()
    client.replicaof("127.0.0.1", "1")

    store.hold(KEY, 60, DOCUMENT)
    wait_for(lambda: names(events) == ["authproblem.store_lost"], "the event")
    client.replicaof("NO", "ONE")

    wait_for(lambda: client.keys("*cooldown:*"), "the write")


@pytest.mark.slow
def test_one_process_asks_first_when_the_wait_ends(server: RedisServer, make: Make) -> None:
    """Of four processes one request goes out; the others wait for its verdict, at most a second."""
    stores = [make() for _ in range(4)]
    wait_for(lambda: listeners(server) == 4, "all listen")
    stores[0].hold(KEY, 0.8, DOCUMENT)
    wait_for(lambda: all(map(knows, stores)), "the announcement")
    ended = time.monotonic() + 0.8
    sent_early, sent_at_the_end, sent_after = 0, 0, 0

    while time.monotonic() < ended + 1.3:
        sent = sum(not knows(store) for store in stores)
        now = time.monotonic()
        if now < ended - 0.1:
            sent_early += sent
        elif now < ended + 0.9:
            sent_at_the_end += sent
        else:
            sent_after += sent
        time.sleep(0.01)

    assert (sent_early, sent_at_the_end) == (0, 1)
    assert sent_after > 0


@pytest.mark.slow
def test_the_result_of_the_first_request_stops_the_others(server: RedisServer, make: Make) -> None:
    """The provider limits the first request again: the others never ask."""
    stores = [make() for _ in range(4)]
    wait_for(lambda: listeners(server) == 4, "all listen")
    stores[0].hold(KEY, 0.5, DOCUMENT)
    wait_for(lambda: all(map(knows, stores)), "the announcement")
    sent = 0

    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        for store in stores:
            if not knows(store):
                sent += 1
                store.hold(KEY, 30, DOCUMENT)
        time.sleep(0.01)

    assert sent == 1


def test_healthy_request_costs_less_than_five_microseconds(make: Make) -> None:
    """While nothing is held, `look` is two attribute reads; with something held, one hash more."""
    store = make()

    def best(key: str) -> float:
        rounds = []
        for _ in range(20):
            start = time.perf_counter()
            for _ in range(1000):
                store.look(key)
            rounds.append((time.perf_counter() - start) * 1000)
        return min(rounds)

    empty = best(KEY)
    store.hold("another key", 30, DOCUMENT)
    assert (empty < 5, best(KEY) < 5) == (True, True)


def test_user_needs_few_permissions(server: RedisServer, make: Make, events: Events) -> None:
    """A user by URL, with the rights that the documentation names, and no others."""
    rights = "~{authproblem}:1:* &{authproblem}:1:* -@all +@connection +ping +eval +set +get +del +pttl +pexpire +type"
    more = "+time +zadd +zrange +zcard +zremrangebyscore +zremrangebyrank +publish +subscribe +unsubscribe +psetex"
    server.client().execute_command("ACL", "SETUSER", "app", "on", ">hunter2", *rights.split(), *more.split())
    url = f"redis://app:hunter2@127.0.0.1:{server.port}"
    one, other = make(url), make(url)
    wait_for(lambda: listeners(server) == 2, "both listen")

    one.hold(KEY, 30, DOCUMENT)

    wait_for(lambda: knows(other), "the announcement")
    assert names(events) == []


def test_wrong_password_never_shows(server: RedisServer, make: Make, events: Events) -> None:
    """The event names address and class; neither password nor URL is written."""
    server.client().config_set("requirepass", "right")
    make(f"redis://app:hunter2@127.0.0.1:{server.port}")
    wait_for(lambda: names(events), "the event")

    assert "hunter2" not in str(list(events))
    assert f"127.0.0.1:{server.port}" in str(list(events))


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ("http://user:hunter2@host", {}, "invalid URL; expected"),
        ("redis://user:hunter2@host:port", {}, "invalid URL; expected"),
        ("redis://host", {"namespace": "a b"}, "invalid namespace: 'a b'"),
        ("redis://host", {"size": 0}, "invalid size: 0"),
        (redis.Redis(decode_responses=True), {}, "invalid client: decode_responses=True"),
    ],
)
def test_wrong_arguments_are_named(given: Any, options: Any, message: str) -> None:
    """At once, when the store is made, and without the password."""
    with pytest.raises(ValueError, match=message) as caught:
        RedisCooldown(given, **options)

    assert "hunter2" not in str(caught.value)


FORKED = """
import os, sys, time
from authproblem.redis import RedisCooldown
store = RedisCooldown(sys.argv[1])
store.look("any")
time.sleep(0.2)
if os.fork() == 0:
    store.hold("key of the child", 30, b"{}")
    time.sleep(1)
    os._exit(0)
until = time.monotonic() + 5
while store.look("key of the child") is None and time.monotonic() < until:
    time.sleep(0.01)
print(store.look("key of the child") is not None)
os.wait()
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs fork")
def test_a_forked_process_has_threads_of_its_own(server: RedisServer) -> None:
    """As behind gunicorn with `--preload`: the store is made before the fork and works after it."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED, server.url], capture_output=True, text=True, timeout=20, check=False
    )

    assert done.stdout.strip() == "True", done.stderr
