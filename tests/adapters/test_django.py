"""The Django middleware: responses of every kind, sync and async, and its settings."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.adapters.installed import FORWARDED, SITES
from tests.adapters.support import assert_problem, is_problem
from tests.support.events import Events

SIZE = len(FORWARDED.content)
BOTH = pytest.mark.parametrize("name", ["django-asgi", "django-wsgi"])
LARGE = "times=2000"
"""A body of more than 262,144 bytes."""


@BOTH
def test_a_streamed_error_becomes_a_problem(name: str, events: Events) -> None:
    """`StreamingHttpResponse`, as a proxy view would return it."""
    response = SITES[name]()("/streamed")
    assert assert_problem(response)["reason"] == "rate-limited"
    events.only()


def test_an_async_stream_becomes_a_problem_under_asgi(events: Events) -> None:
    """Where its chunks can be awaited."""
    assert assert_problem(SITES["django-asgi"]()("/streamed", query="kind=async"))["reason"] == "rate-limited"
    events.only()


@pytest.mark.parametrize(("name", "kind"), [("django-asgi", "sync"), ("django-asgi", "async"), ("django-wsgi", "sync")])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")  # Django's, under ASGI
def test_a_stream_that_is_too_large_passes_whole(name: str, kind: str) -> None:
    """Every chunk in its place, whoever reads it."""
    response = SITES[name]()("/streamed", query=f"kind={kind}&{LARGE}")
    assert (response.status, is_problem(response)) == (429, False)
    assert len(response.body) == 2000 * SIZE
    assert response.body[:SIZE] * 2000 == response.body


@BOTH
def test_a_page_that_a_browser_keeps_says_that_it_depends_on_accept(name: str) -> None:
    """Django has one value for a name: what the app has set stays in it."""
    kept = SITES[name]()("/page", headers=[("accept", "text/html")])
    replaced = SITES[name]()("/page", headers=[("accept", "application/json")])
    assert (kept.status, kept.body, kept.header("vary")) == (503, b"<html>", "Cookie, Accept")
    assert (is_problem(replaced), replaced.header("vary")) == (True, "Cookie, Accept")


@BOTH
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")
def test_a_dry_run_leaves_a_stream_as_it_was(name: str) -> None:
    """It was read, and goes out all the same."""
    response = SITES[name](mode="observe")("/streamed")
    assert (response.status, len(response.body), is_problem(response)) == (429, SIZE, False)


@BOTH
@pytest.mark.parametrize("wrong", [["exceptions"], "exceptions=True", 1])
def test_settings_that_are_no_dict_are_an_error(name: str, wrong: Any) -> None:
    """It names the setting and its value."""
    from tests.adapters import installed

    kind = {"django-asgi": "asgi", "django-wsgi": "wsgi"}[name]
    with pytest.raises(ValueError, match=r"invalid settings\.AUTHPROBLEM: .*; expected a dict of options"):
        installed.django_with(kind, wrong)


@BOTH
def test_without_settings_the_defaults_are_taken(name: str) -> None:
    """`AUTHPROBLEM` may be missing."""
    from tests.adapters import installed

    visit = installed.django_with({"django-asgi": "asgi", "django-wsgi": "wsgi"}[name], None)
    assert is_problem(visit("/forward"))


def test_forward_keeps_cookies_of_one_name_apart() -> None:
    """A provider sets one for two paths; Django's own cookies can be added to them."""
    from tests.adapters.apps import django_wsgi

    django_wsgi()
    from authproblem.django import forward

    reply = httpx.Response(401, headers=[("set-cookie", "a=1; Path=/"), ("set-cookie", "a=2; Path=/login")])
    response = forward(reply)
    response.set_cookie("b", "3")
    lines = [cookie.output(header="").strip() for cookie in response.cookies.values()]
    assert lines == ["a=1; Path=/", "a=2; Path=/login", "b=3; Path=/"]
