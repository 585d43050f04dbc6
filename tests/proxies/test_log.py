"""What the access logs say of a problem, and what they must not contain."""

from __future__ import annotations

import pytest

from tests.proxies.conftest import Stand
from tests.proxies.servers import NO_PROBLEM, Entry

pytestmark = [pytest.mark.servers, pytest.mark.timeout(10, func_only=True)]


def test_log_names_problem_owner_and_retry(stand: Stand) -> None:
    """From the problem headers."""
    stand.client.ask("/me")
    assert Entry(401, "session-expired", "user", "manual", None) == stand.entry()


def test_log_has_the_wait_of_a_limit(stand: Stand) -> None:
    """From `Retry-After`."""
    stand.client.ask(f"/flaky/429/9/30/{stand.token}")
    assert Entry(429, "rate-limited", "limit", "after_delay", "30") == stand.entry()


def test_log_of_a_healthy_request_names_no_problem(stand: Stand) -> None:
    """The fields are empty."""
    stand.client.ask("/")
    assert Entry(200, *NO_PROBLEM) == stand.entry()


def test_log_of_an_error_of_the_apps_own_names_no_problem(stand: Stand) -> None:
    """The fields are empty."""
    stand.client.ask("/staff")
    assert Entry(403, *NO_PROBLEM) == stand.entry()


def test_log_contains_no_query_and_no_credential(stand: Stand) -> None:
    """Tokens are often in queries."""
    secrets = [("Authorization", "Bearer made-up-token"), ("Cookie", "sid=made-up-cookie"), ("DPoP", "made-up-proof")]
    stand.client.ask("/me?id_token_hint=made-up-hint", headers=secrets)
    assert "made-up" not in stand.gateway.line(stand.client.address)


def test_log_line_cannot_be_forged_by_a_path(stand: Stand) -> None:
    """Quotes and line ends are escaped."""
    stand.client.ask('/%22,%22problem%22:%22forged%22,%22x%22:%22%0a{"problem":"forged"}'.replace('"', "%22"))
    assert Entry(404, *NO_PROBLEM) == stand.entry()
