"""The integrations: what `install`, the Litestar plugin and the Django middleware promise, in each framework."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest

from tests.adapters import installed
from tests.adapters.failing import assert_no_secret
from tests.adapters.installed import SITES
from tests.adapters.support import assert_problem, is_problem
from tests.support.events import Events

each = pytest.mark.parametrize("name", SITES)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Frameworks log the exceptions of their apps."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@each
@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("path", ["/profile", "/sync-profile", "/group"])
def test_raise_for_status_in_a_view_becomes_a_problem(
    name: str, library: Any, path: str, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `exceptions=True`; in an async view, a plain one, and out of a task group. One event, and no token in it."""
    monkeypatch.setattr(installed, "library", library)
    response = SITES[name](exceptions=True)(path)
    document = assert_problem(response)
    assert (document["reason"], response.status) == ("invalid-credentials", 403)
    event = events.only()
    assert (event["exception"], event["path"], event["applied"]) == (f"{library.__name__}.HTTPStatusError", path, True)
    assert_no_secret(response, events)


@each
def test_without_the_option_an_exception_is_the_apps(name: str, events: Events) -> None:
    """`exceptions` is off by default, as in the middleware itself."""
    try:
        response = SITES[name]()("/profile")
    except Exception:  # noqa: BLE001 - some frameworks let it out
        assert name not in {"quart", "litestar", "flask", "django-asgi", "django-wsgi"}
    else:
        assert (response.status, is_problem(response)) == (500, False)
    assert list(events) == []


@each
def test_a_failure_of_the_app_stays_its_500(name: str, events: Events) -> None:
    """What is no provider's is treated as if nothing were installed."""
    response = SITES[name](exceptions=True)("/mistake")
    assert (response.status, is_problem(response), list(events)) == (500, False, [])


@each
def test_a_missing_page_stays_the_frameworks_404(name: str, events: Events) -> None:
    """Frameworks raise exceptions of their own."""
    response = SITES[name](exceptions=True)("/missing")
    assert (response.status, is_problem(response)) == (404, False)
    assert [event for event in events if event["log_level"] != "debug"] == []


@each
def test_a_forwarded_error_becomes_a_problem_and_keeps_its_header_lines(name: str, events: Events) -> None:
    """Both cookies stay apart, attributes included; headers of the provider's connection are gone."""
    response = SITES[name]()("/forward")
    document = assert_problem(response)
    assert (document["reason"], response.lines("retry-after")) == ("rate-limited", ["7"])
    cookies = [line.strip() for line in response.lines("set-cookie")]
    assert sorted(cookies) == ["a=1; Path=/; Partitioned", "b=2; Path=/"]
    assert [name for name in ("connection", "x-hop", "keep-alive") if response.lines(name)] == []
    assert events.only()["entry"] == "okta:E0000047"


@each
def test_a_forwarded_error_can_be_marked(name: str, events: Events) -> None:
    """Where nothing in it says whose it is; the mark does not leave the app."""
    response = SITES[name]()("/marked")
    assert assert_problem(response)["provider"] == "auth0"
    assert (response.lines("x-trace"), response.lines("auth-problem-upstream")) == (["1"], [])
    events.only()


@each
def test_nothing_is_added_to_a_forwarded_response(name: str) -> None:
    """A framework's default content type would be a lie."""
    response = SITES[name](mode="observe")("/marked")
    assert (response.status, response.lines("content-type"), response.body) == (403, [], b'{"error":"invalid_grant"}')
    assert response.lines("content-length") == [str(len(response.body))]


@each
def test_a_healthy_response_passes(name: str, events: Events) -> None:
    """No header of ours, no event."""
    response = SITES[name](exceptions=True, providers={"/": "okta"})("/healthy")
    assert (response.status, b"".join(response.body.split()), is_problem(response)) == (200, b'{"ok":true}', False)
    assert list(events) == []


@each
def test_a_dry_run_changes_nothing(name: str, events: Events) -> None:
    """`mode="observe"`: the exception stays the app's, the forwarded error stays the provider's; each has an event."""
    visit = SITES[name](exceptions=True, mode="observe")
    assert visit("/profile").status == 500
    response = visit("/forward")
    assert (response.status, is_problem(response)) == (429, False)
    assert [event["applied"] for event in events] == [False, False]


@each
def test_a_wrong_value_of_an_option_fails_at_once(name: str) -> None:
    """Before any server has started."""
    with pytest.raises(ValueError, match="mode"):
        SITES[name](mode="dry-run")


@each
def test_an_unknown_option_fails_at_once(name: str) -> None:
    """Likewise."""
    with pytest.raises(TypeError, match="modus"):
        SITES[name](modus="observe")


@each
def test_a_callback_brings_its_problem(name: str) -> None:
    """Where each framework keeps it."""
    visit = SITES[name](callback_paths=("/callback",))
    bodies = [visit("/callback", query=query).body for query in ("error=login_required&state=1", "code=1&state=1")]
    assert bodies == [b"login-required", b"none"]


@each
def test_an_excluded_path_is_left_alone(name: str) -> None:
    """`exclude` covers responses and exceptions."""
    visit = SITES[name](exceptions=True, exclude=("/forward", "/profile"))
    assert [is_problem(visit(path)) for path in ("/forward", "/profile", "/sync-profile")] == [False, False, True]


@each
def test_the_apps_own_host_counts_where_it_is_named(name: str) -> None:
    """`on_problem` is called once for each problem, whichever way it came."""
    seen: list[str] = []
    visit = SITES[name](exceptions=True, on_problem=lambda problem: seen.append(problem.reason))
    for path in ("/forward", "/profile"):
        visit(path)
    assert seen == ["rate-limited", "invalid-credentials"]


@each
def test_the_media_type_is_negotiated(name: str) -> None:
    """For exceptions and for responses."""
    visit = SITES[name](exceptions=True)
    types: list[Any] = [
        visit(path, headers=[("accept", "application/json")]).lines("content-type") for path in ("/forward", "/profile")
    ]
    assert types == [["application/json"], ["application/json"]]
