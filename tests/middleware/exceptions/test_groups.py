"""Exception groups: what a task group makes of its tasks' exceptions, at every depth."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from authproblem._middleware.exceptions.groups import leaves
from tests.adapters.failing import SECRET, WRONG_PASSWORD, ask, assert_no_secret, raising, status_error
from tests.support.events import Events
from tests.support.responses import json_response

if sys.version_info < (3, 11):
    from exceptiongroup import ExceptionGroup

LIMITED = json_response(429, {"errorCode": "E0000047", "errorSummary": "x"}, ("retry-after", "3"))
each = pytest.mark.parametrize("adapter", ["asgi", "wsgi"])


def group(*errors: Exception) -> Any:
    return ExceptionGroup("unhandled errors in a TaskGroup", list(errors))


def nested(levels: int) -> Any:
    error: Exception = status_error(WRONG_PASSWORD)
    for _ in range(levels):
        error = group(error)
    return error


@each
@pytest.mark.parametrize("levels", [1, 2, 7])
def test_a_group_with_one_provider_exception_is_that_exception(adapter: str, levels: int, events: Events) -> None:
    """At any depth that occurs; the event names the exception, not the group."""
    answer = ask(adapter, raising(nested(levels)))
    assert (answer.status, answer.header("auth-problem")) == (403, "invalid-credentials")
    assert events.only()["exception"] == "httpx.HTTPStatusError"
    assert_no_secret(answer, events)


@each
def test_of_several_provider_exceptions_the_first_counts(adapter: str, events: Events) -> None:
    """One response, one event."""
    answer = ask(adapter, raising(group(status_error(LIMITED, "https://a.okta.com/"), status_error(WRONG_PASSWORD))))
    assert (answer.header("auth-problem"), answer.header("retry-after")) == ("rate-limited", "3")
    events.only()


@each
@pytest.mark.parametrize("first", [True, False])
def test_a_failure_of_the_app_is_never_hidden(adapter: str, first: bool, events: Events) -> None:
    """A group in which one exception is no provider's is the app's, wherever that one stands."""
    errors = [ValueError(SECRET), status_error(WRONG_PASSWORD)]
    error = group(*errors if first else errors[::-1])
    with pytest.raises(ExceptionGroup) as caught:
        ask(adapter, raising(error))
    assert (caught.value, list(events)) == (error, [])


@each
def test_what_is_nested_too_deeply_is_the_apps(adapter: str, events: Events) -> None:
    """Looking into groups is bounded."""
    with pytest.raises(ExceptionGroup):
        ask(adapter, raising(nested(40)))
    assert list(events) == []


def test_a_large_group_is_not_walked_through() -> None:
    """Neither in breadth."""
    error = group(*[status_error(WRONG_PASSWORD)] * 1000)
    assert leaves(error) == [error]


def test_an_exception_is_its_own_only_leaf() -> None:
    """Also one with an attribute `exceptions`, which others use for other things."""

    class Many(Exception):  # noqa: N818 - not an error of ours
        exceptions = (ValueError(), ValueError())

    error = Many()
    assert leaves(error) == [error]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio has task groups from 3.11 on")
def test_a_real_task_group_is_looked_into(events: Events) -> None:
    """Two calls at the same time, of which one fails and the other is cancelled."""
    import asyncio

    async def fail() -> None:
        raise status_error(WRONG_PASSWORD)

    async def call() -> None:
        async with asyncio.TaskGroup() as tasks:  # type: ignore[attr-defined,unused-ignore] # from 3.11 on
            tasks.create_task(fail())
            tasks.create_task(asyncio.sleep(10))

    assert ask("asgi", call).header("auth-problem") == "invalid-credentials"
    events.only()
