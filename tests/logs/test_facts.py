"""What else an event contains: its time, its app, and ids, in the forms of both vendors."""

from __future__ import annotations

from typing import Any

import pytest

from authproblem.logs._facts import client_of, error_ids, request_ids, seconds_of, time_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00"),
        ("2026-01-31 12:00:00", "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00.000", "2026-01-31T12:00:00"),
        ("2026-01-31T13:30:00+01:30", "2026-01-31T12:00:00"),
        ("2026-01-31", None),
        ("yesterday at noon, or so", None),
        (1_769_860_800, None),
        (None, None),
    ],
)
@pytest.mark.parametrize("member", ["published", "date"])
def test_the_time_is_in_utc(member: str, value: object, expected: str | None) -> None:
    """As text that sorts; None for anything else than a time."""
    assert time_of({member: value}) == expected


def test_the_time_in_seconds_is_that_of_the_epoch() -> None:
    """None where there is no time, or none that exists."""
    found = [seconds_of({"date": date}) for date in ("2026-01-31T12:00:00Z", None, "2026-02-31T12:00:00Z")]

    assert found == [1_769_860_800.0, None, None]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"client_name": "App", "client_id": "c1"}, "App"),
        ({"client_id": "c1"}, "c1"),
        ({"client_name": 5}, None),
        ({}, None),
        ({"eventType": "x", "client": {"id": "c1"}}, "c1"),
        ({"eventType": "x", "actor": {"type": "PublicClientApp", "displayName": "App", "id": "a1"}}, "App"),
        ({"eventType": "x", "target": [{"type": "User"}, {"type": "AppInstance", "alternateId": "App"}]}, "App"),
        ({"eventType": "x", "target": [{"type": "AppInstance"}]}, None),
        ({"eventType": "x", "target": "none", "actor": {"type": "User"}}, None),
    ],
)
def test_the_client_is_the_app_by_name_or_id(event: dict[str, Any], expected: str | None) -> None:
    """Of Auth0's the name comes first; of Okta's the OAuth client, the acting app, then the app that was opened."""
    assert client_of(event) == expected


def test_ids_are_strings_wherever_the_vendor_puts_them() -> None:
    """Members of another type are skipped."""
    debug = {"debugContext": {"debugData": {"requestId": "r1", "traceId": 5, "errorId": "oae1"}}}

    assert list(request_ids({**debug, "transaction": {"id": "t1"}, "details": "none"})) == ["r1", "t1"]
    assert list(error_ids({**debug, "uuid": "u1"})) == ["oae1", "u1"]
