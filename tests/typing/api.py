"""Every public name as users write it, under strict type checkers. Nothing is run: `tests/test_typing.py` checks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from typing_extensions import assert_type

import authproblem
from authproblem import Classification, Entry, Problem, Registry, RetryHint, mark_upstream, upstream
from authproblem.asgi import AuthProblemMiddleware as AsgiMiddleware
from authproblem.challenges import Challenge, read_challenges
from authproblem.logs import (
    AttackSignal,
    LogClassification,
    LogMatch,
    attack_signal,
    classify_event,
    events_in,
    find_in,
)
from authproblem.refresh import AsyncRefreshGuard, RefreshGuard
from authproblem.wsgi import AuthProblemMiddleware as WsgiMiddleware


def pure_functions(body: bytes) -> None:
    """Mappings and pairs, `str` and `bytes`."""
    problem = authproblem.normalize(401, {"content-type": "application/json"}, body)
    assert_type(problem, Problem | None)
    authproblem.normalize(401, [("a", "b")], body, provider="okta", endpoint="/api/v1/authn", method="POST")
    authproblem.normalize(401, [(b"a", b"b")], body, instance="urn:uuid:1", now=1.5, disclosure="safe", texts="all")
    authproblem.normalize(401, {b"a": b"b"}, body, pass_text=pass_text, max_wait=60, transaction_states=True)
    found = authproblem.classify(401, {}, body, provider="auth0", endpoint=None, registry=Registry.builtin())
    assert_type(found, Classification | None)
    if found is not None:
        assert_type(found.reason, str)
        assert_type(found.entry, str | None)
        matched_by: str = found.matched_by
        assert_type(len(matched_by), int)


def problems(problem: Problem, response: object) -> None:
    """The value and its readers."""
    assert_type(problem.reason, str)
    assert_type(problem.status, int)
    assert_type(problem.instance, str | None)
    assert_type(problem.retry, RetryHint)
    assert_type(problem.retry.after, int | None)
    assert_type(problem.retry.automatic, bool)
    assert_type(problem.extensions, Mapping[str, Any])
    assert_type(problem.to_dict(), dict[str, Any])
    assert_type(problem.to_bytes(), bytes)
    assert_type(problem.headers(media_type="application/json"), list[tuple[str, str]])
    assert_type(Problem.from_bytes(b""), Problem | None)
    assert_type(Problem.from_headers({"Auth-Problem": "x"}), Problem | None)
    assert_type(Problem.from_response(response), Problem | None)
    assert_type(Problem.from_callback({"error": ["access_denied"]}, provider="okta"), Problem | None)


def registries() -> None:
    """Entries and a team's own."""
    registry = Registry.builtin().extend({"entries": [{"id": "auth0:x", "code": "x", "type": "access-denied"}]})
    assert_type(registry.extend("entries.json"), Registry)
    assert_type(registry.lookup("okta:E0000047"), Entry | None)
    for entry in registry:
        assert_type(entry.id, str)
        assert_type(entry.hint, str)


def pass_text(problem: Problem, member: str, text: str) -> str | None:
    """What an app decides about an unknown text."""
    return text if member == "message" and problem.provider == "auth0" else None


def on_problem(problem: Problem) -> None:
    """What an app counts."""
    assert_type(problem.reason, str)


async def asgi_app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """An ASGI app."""
    await send({"type": "http.response.start", "status": 200, "headers": []})


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI app."""
    start_response("200 OK", [])
    return [b""]


def adapters() -> None:
    """All options, for both."""
    AsgiMiddleware(asgi_app)
    WsgiMiddleware(wsgi_app)
    AsgiMiddleware(
        asgi_app,
        provider="auth0",
        providers={"/auth": "auth0", "/okta": upstream("okta", whole=True, endpoint="/oauth2/v1/token")},
        registry=Registry.builtin(),
        mode="observe",
        type_base="https://docs.example.com/errors#",
        status="canonical",
        media_type="problem",
        disclosure="strict",
        texts="known",
        pass_text=pass_text,
        flow_control=True,
        transaction_states=("/api/v1/authn",),
        mark_redirects=True,
        callback_paths=["/callback"],
        exceptions=True,
        upstream_hosts=("login.example.com",),
        exclude=("/health",),
        max_body=1_000,
        max_wait=60,
        respect_no_transform=True,
        expose_headers=False,
        log_upstream_text=True,
        on_problem=on_problem,
    )


def responses(response: Any) -> None:
    """The app's word on a response."""
    mark_upstream(response, "okta", endpoint="/api/v1/authn")


def log_events(problem: Problem, event: dict[str, Any]) -> list[str | None]:
    """Events of the provider's own log, and the one that belongs to a problem."""
    found: LogClassification | None = classify_event(event)
    signal: AttackSignal | None = attack_signal(event)
    match: LogMatch | None = problem.find_in(events_in(event), at=0.0, within=5, correlation_id="a", client="b")
    same: LogMatch | None = find_in(problem, [event], at=datetime.now(timezone.utc))
    return [
        found.attack if found else None,
        signal.severity if signal else None,
        match.matched_by if match else None,
        same.classification.owner if same and same.classification else None,
    ]


def challenges(problem: Problem) -> list[str | None]:
    """Written for a problem or by hand, and read."""
    found = read_challenges([(b"WWW-Authenticate", b'Bearer error="insufficient_scope"')])
    assert_type(found, list[Challenge])
    asked: str | None = problem.challenge(realm="api", scope="a b", max_age=60, resource_metadata="https://api.example")
    return [asked, Challenge("bearer", error="invalid_token", scope=("a", "b")).to_header(), *(c.error for c in found)]


async def refreshes(
    send: Callable[[str], dict[str, str]], asend: Callable[[str], Awaitable[dict[str, str]]], load: Callable[[], None]
) -> None:
    """The result is what the functions return, for threads and for tasks, whether it is used or not."""
    guard, aguard = RefreshGuard("auth0"), AsyncRefreshGuard("okta", budget=10)
    assert_type(guard.refresh("rt", send), dict[str, str])
    assert_type(guard.refresh("rt", send, load=load), dict[str, str])
    assert_type(await aguard.refresh("rt", asend), dict[str, str])
    assert_type(await aguard.refresh("rt", send, load=load), dict[str, str])
    await aguard.refresh("rt", asend)
