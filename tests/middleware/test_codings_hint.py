"""One event where a coding that browsers accept could not be read here."""

from __future__ import annotations

import pytest

from authproblem._middleware import codings_hint
from authproblem._upstream import hop_by_hop
from authproblem.asgi import AuthProblemMiddleware
from tests.support.events import Events


async def app(scope: object, receive: object, send: object) -> None:
    """An app."""


@pytest.fixture(autouse=True)
def _not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process where brotli is not installed."""
    monkeypatch.setattr(codings_hint, "_reported", False)
    monkeypatch.setattr(hop_by_hop, "find_spec", lambda name: None if name == "brotli" else name)


def test_a_declared_provider_and_a_missing_extra_give_one_event(events: Events) -> None:
    """With the extra to install and the function that avoids the need for it."""
    for _ in range(2):
        AuthProblemMiddleware(app, provider="auth0")

    assert [
        (event["event"], event["codings"], event["install"], event["filter"])
        for event in events
        if event["event"] == codings_hint.UNREADABLE
    ] == [(codings_hint.UNREADABLE, "br", "authproblem[br]", "authproblem.forwarding.accept_encoding")]


def test_without_a_declared_provider_there_is_none(events: Events) -> None:
    """No sign-in is expected below."""
    AuthProblemMiddleware(app)

    assert [event for event in events if event["event"] == codings_hint.UNREADABLE] == []
