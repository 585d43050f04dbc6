"""The assertion helpers: what they accept, and what their failures show."""

from __future__ import annotations

import httpx
import pytest

from authproblem.asgi import AuthProblemMiddleware
from authproblem.testing import FakeAuth0, FakeOkta, assert_hidden, assert_no_problem, assert_problem
from authproblem.wsgi import AuthProblemMiddleware as WSGIMiddleware


def problem(entry: str = "auth0:mfa_required") -> httpx.Response:
    fake = FakeAuth0()
    fake.fail(entry, members={"mfa_token": "made-up"})
    with httpx.Client(transport=httpx.WSGITransport(WSGIMiddleware(fake.wsgi))) as client:
        return client.post("https://app.example.com/oauth/token")


def test_a_problem_as_expected_is_returned() -> None:
    """For further assertions."""
    found = assert_problem(problem(), "mfa-required", status=403, remedy="provide_mfa", mfa_token="made-up")
    assert found.reason == "mfa-required"


def test_a_failure_shows_what_is_different_line_by_line() -> None:
    """All differences at once."""
    with pytest.raises(AssertionError) as caught:
        assert_problem(problem(), "account-locked", status=403, policy="after_delay")
    assert str(caught.value).splitlines() == [
        "the problem is not as expected (mfa-required, 403)",
        "  - reason: 'account-locked'  (expected)",
        "  + reason: 'mfa-required'",
        "    status: 403",
        "  - policy: 'after_delay'  (expected)",
        "  + policy: 'after_action'",
    ]


def test_a_response_that_is_no_problem_is_shown() -> None:
    """Its status and its type."""
    response = httpx.Response(200, json={"ok": True})
    assert_no_problem(response)
    with pytest.raises(AssertionError, match=r"no problem document\n  status: 200\n  content-type: application/json"):
        assert_problem(response)
    with pytest.raises(AssertionError, match="is a problem: mfa-required"):
        assert_no_problem(problem())


def test_what_leaks_is_named_with_its_place() -> None:
    """In the body or in a header."""
    response = httpx.Response(400, json={"detail": "secret-1"}, headers={"x-debug": "secret-2"})
    assert_hidden(response, "secret-3")
    with pytest.raises(AssertionError) as caught:
        assert_hidden(response, "secret-1", "secret-2")
    assert str(caught.value).splitlines()[1:] == ["  'secret-1' is in the body", "  'secret-2' is in header x-debug"]


def test_the_middleware_in_front_of_a_fake_as_an_app() -> None:
    """The fakes are apps, so the middleware can stand right in front of one."""
    import asyncio

    async def ask() -> httpx.Response:
        fake = FakeOkta()
        fake.fail("okta:E0000047", retry_after=17)
        transport = httpx.ASGITransport(AuthProblemMiddleware(fake.asgi))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get("https://app.example.com/api/v1/users")

    assert_problem(asyncio.run(ask()), "rate-limited", after=17)
