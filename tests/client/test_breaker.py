"""The circuit breaker of a token endpoint: closed, open, and probing, by the caller's clock."""

from __future__ import annotations

from authproblem._client.breaker import CLOSED, OPEN, PROBING, Breaker


def opened(now: float = 0.0) -> Breaker:
    """A breaker that two outages in a row have opened for ten seconds."""
    breaker = Breaker(failures=2, open_for=10.0)
    breaker.record(now, outage=True)
    breaker.record(now, outage=True)
    return breaker


def test_outages_in_a_row_open_it() -> None:
    """Then the seconds that remain are returned in place of 0."""
    breaker = opened()

    assert (breaker.state, breaker.wait(4.0)) == (OPEN, 6.0)


def test_a_success_in_between_starts_the_count_again() -> None:
    """Only outages in a row count."""
    breaker = Breaker(failures=2, open_for=10.0)
    for outage in (True, False, True):
        breaker.record(0.0, outage=outage)

    assert (breaker.state, breaker.wait(0.0)) == (CLOSED, 0.0)


def test_one_caller_probes_when_the_time_is_over() -> None:
    """The first one may send; the next ones wait for the time that a probe may take."""
    breaker = opened()

    assert (breaker.wait(10.0), breaker.state) == (0.0, PROBING)
    assert breaker.wait(13.0) == 7.0


def test_a_probe_that_never_ends_is_followed_by_another() -> None:
    """Its process may have been stopped."""
    breaker = opened()
    breaker.wait(10.0)

    assert breaker.wait(20.0) == 0.0


def test_a_probe_decides() -> None:
    """A success closes the breaker; a further outage opens it at once, without a count."""
    closed, again = opened(), opened()
    for breaker, outage in ((closed, False), (again, True)):
        breaker.wait(10.0)
        breaker.record(11.0, outage=outage)

    assert (closed.state, closed.wait(11.0)) == (CLOSED, 0.0)
    assert (again.state, again.wait(11.0)) == (OPEN, 10.0)
