"""The local copy of shared cool-downs: what is kept, who sends first at its end, and that it stays bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._client.cooldown_table import BUSY_LEAD, GRACE, IDLE_LEAD, CooldownTable
from authproblem.errors import ConfigurationError

KEY = "0" * 32


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A frozen clock."""
    return Clock()


@pytest.fixture
def table(clock: Clock) -> CooldownTable:
    """A table of two places."""
    return CooldownTable(2, clock=clock)


def test_lasts_until_its_end(table: CooldownTable, clock: Clock) -> None:
    """What remains goes down with the clock."""
    table.merge(KEY, 10, b"d", written=True)
    clock.now += 4

    assert table.look(KEY) == (6, b"d")


def test_unknown_key_is_sent(table: CooldownTable) -> None:
    """There is nothing to wait for."""
    assert table.look(KEY) is None


def test_longer_one_stays(table: CooldownTable) -> None:
    """A shorter one, or its own echo a few milliseconds later, changes nothing."""
    assert table.merge(KEY, 10, b"long", written=False)

    assert not table.merge(KEY, 5, b"short", written=True)
    assert not table.merge(KEY, 10.02, b"echo", written=True)
    assert table.merge(KEY, 11, b"longer", written=True)
    assert table.look(KEY) == (11, b"longer")


def test_process_with_the_lease_sends_one_request_at_the_end(table: CooldownTable, clock: Clock) -> None:
    """One goes out; the others wait for the grace period, and no longer."""
    table.merge(KEY, 10, b"d", written=True)
    table.grant(KEY, lease=True)
    clock.now += 10

    assert [table.look(KEY) for _ in range(3)] == [None, (GRACE, b"d"), (GRACE, b"d")]
    clock.now += GRACE
    assert [table.look(KEY) for _ in range(2)] == [None, None]


def test_process_without_the_lease_waits_for_the_grace_period(table: CooldownTable, clock: Clock) -> None:
    """Whether it was refused, or has not tried."""
    table.merge(KEY, 10, b"d", written=True)
    clock.now += 10

    assert table.look(KEY) == (GRACE, b"d")
    table.grant(KEY, lease=False)
    assert table.look(KEY) == (GRACE, b"d")
    clock.now += GRACE
    assert table.look(KEY) is None


def test_next_limit_starts_again(table: CooldownTable, clock: Clock) -> None:
    """The request that went out was limited again: everybody waits again, and a lease is to be taken again."""
    table.merge(KEY, 10, b"d", written=True)
    table.grant(KEY, lease=True)
    clock.now += 10
    table.look(KEY)

    table.merge(KEY, 30, b"again", written=False)

    assert table.look(KEY) == (30, b"again")
    clock.now += 30
    assert table.due()[0] == [KEY]


@pytest.mark.parametrize(("asked", "lead"), [(True, BUSY_LEAD), (False, IDLE_LEAD)])
def test_processes_with_requests_take_the_lease_first(
    table: CooldownTable, clock: Clock, lead: tuple[float, float], *, asked: bool
) -> None:
    """Before the end, at a random moment; those without requests a little later."""
    table.merge(KEY, 10, b"d", written=True)
    if asked:
        table.look(KEY)

    clock.now += 10 - lead[1] - 0.001
    early, wait = table.due()
    clock.now += lead[1] - lead[0] + 0.002
    assert early == []
    assert wait is not None
    assert 0 < wait <= lead[1] - lead[0] + 0.002
    assert table.due() == ([KEY], None)


def test_lease_is_tried_once(table: CooldownTable, clock: Clock) -> None:
    """After a response there is nothing due, whatever it was."""
    table.merge(KEY, 10, b"d", written=True)
    clock.now += 10
    table.grant(KEY, lease=False)

    assert table.due() == ([], None)


def test_what_the_server_lacks(table: CooldownTable, clock: Clock) -> None:
    """New entries, and after a loss all; nothing that has ended."""
    table.merge(KEY, 10, b"d", written=False)
    table.merge("1" * 32, 1, b"short", written=True)
    first = [entry.digest for entry in table.unwritten()]
    table.mark_written(KEY)
    second = table.unwritten()
    table.mark_all_unwritten()
    clock.now += 2

    assert (first, second, table.unwritten()) == ([KEY], [], [(KEY, 8, b"d")])


def test_ended_entries_are_dropped(table: CooldownTable, clock: Clock) -> None:
    """After the grace period an empty table can be seen at once."""
    table.merge(KEY, 10, b"d", written=True)
    clock.now += 10 + GRACE - 0.01
    table.drop_ended()
    kept = len(table.entries)
    clock.now += 0.02
    table.drop_ended()

    assert (kept, len(table.entries)) == (1, 0)


def test_what_is_not_there_any_more_can_be_granted(table: CooldownTable) -> None:
    """The writer's responses may come late."""
    table.grant(KEY, lease=True)
    table.mark_written(KEY)

    assert table.entries == {}


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0.1, 100)), max_size=100))
def test_stays_bounded_and_keeps_what_lasts_longest(holds: list[tuple[int, float]]) -> None:
    """Never more than its size; the one that ends last of all is always there."""
    table = CooldownTable(5, clock=Clock())
    for number, seconds in holds:
        table.merge(str(number), seconds, b"d", written=True)

    ends = [entry.until - 1000 for entry in table.entries.values()]
    assert len(ends) <= 5
    assert not holds or max(ends) >= max(seconds for _, seconds in holds) - 0.06


def test_wrong_size_is_refused() -> None:
    """At once."""
    with pytest.raises(ConfigurationError, match="invalid size: 0; expected a whole number of at least 1"):
        CooldownTable(0)
