"""Exceptions that escape the app (`exceptions=True`): what the client gets instead of a 500, and the one event of it.

The answer comes from the registry alone: no member and no header of the upstream's but a valid `Retry-After`. Its
status is never the upstream's, for the client asked the app, not the provider; and never 401, which owes a challenge.
"""

from __future__ import annotations

import time
from typing import Any

from authproblem._core.classify import examine
from authproblem._core.disclosure import fold
from authproblem._core.normalize import Outcome
from authproblem._core.policy import Policy
from authproblem._core.problem import Problem, build
from authproblem._core.retry import Occasion, keeps_retry_after
from authproblem._core.sender import Sender
from authproblem._middleware import events
from authproblem._middleware.exceptions.recognize import UNREACHABLE, recognize
from authproblem._middleware.exceptions.sdks import BROKEN, Escape
from authproblem._middleware.interception import Gate, Reply, Request, new_instance
from authproblem._middleware.report import tell
from authproblem._model import Classification, RetryHint, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import Fields
from authproblem._upstream.media_types import media_type

ESCAPED = "authproblem.escaped"
"""The key in scope or environ that says that an exception has had its event, should it pass another instance of us."""

_REFUSED_WAIT = 10
"""Seconds to wait where nothing was there to say how long: a restart or a failover takes about that."""
_PRESUMED = 400
"""The status of an answer whose status the library did not keep (RFC 6749 section 5.2)."""
_SAFE = ("GET", "HEAD")
_STATUS = {"upstream-timeout": 504, "upstream-unavailable": 503}
_USERS = frozenset(("user", "limit"))
_MATCHES = ("code_description", "cause", "name", "header", "code_status", "code", "family", "status")
"""What tells an entry, the surest first."""


def escaped(gate: Gate, request: Request, error: Exception) -> Reply | None:
    """Judge an exception that escaped the app before its response began.

    Args:
        gate: the rules.
        request: the request.
        error: the exception.

    Returns:
        What to send, or None: the exception goes on up, for it is not a provider's, or this is a dry run.
    """
    try:
        return None if ESCAPED in request.state else _judge(gate, request, error)
    except Exception as fault:  # noqa: BLE001 - no failure of ours takes the place of the app's exception
        events.report_fault(fault, "an exception could not be judged and went on up")
        return None


def _judge(gate: Gate, request: Request, error: Exception) -> Reply | None:
    options = gate.options
    policy, scopes = options.policy, options.scopes
    if scopes.excludes(request.path):
        return None
    domains = policy.registry.data["shapes"]["vendor_domains"]
    seen = recognize(error, scopes.sender(request.path, request.state), domains, options.upstream_hosts)
    if seen is None:
        return None
    outcome = _conclude(policy, seen, request)
    reply = None if outcome.problem is None else _reply(gate, request, outcome.problem, seen, folded=outcome.folded)
    request.state[ESCAPED] = True
    tell(options, outcome, request.method, request.path, applied=not options.observe, escaped=error)
    return None if options.observe else reply


def _conclude(policy: Policy, seen: Escape, request: Request) -> Outcome:
    """From what the exception says to the problem: classify, fold, build."""
    registry = policy.registry
    found = _meaning(registry, seen, policy.max_body)
    if found.reason in registry.data["shapes"]["flow_types"] and not policy.flow_control:
        return Outcome(None, found, None, "flow_control")
    bare = found._replace(upstream=UpstreamError(found.upstream.shape, found.upstream.code))
    instance = new_instance()
    truth = _build(policy, bare, seen, request, instance)
    folded = fold(registry, bare, seen.sender.endpoint, policy.disclosure)
    if folded is None:
        return Outcome(truth, found, truth)
    told = folded.classification
    told = told._replace(upstream=UpstreamError(told.upstream.shape, told.upstream.code))
    status = None if seen.status is None else folded.status
    return Outcome(_build(policy, told, seen._replace(status=status), request, instance), found, truth)


def _meaning(registry: Registry, seen: Escape, limit: int) -> Classification:
    """What the exception means; never with a text, so that no event can carry one."""
    sender = seen.sender
    provider = sender.provider or "oauth"
    if seen.reason is not None:
        return Classification(seen.reason, None, provider, "exception", "exception", UpstreamError("exception"))
    status, fields = seen.status or _PRESUMED, Fields(seen.headers)
    bodies = [body for body in seen.bodies if len(body) <= limit] or [b""]
    senders = (sender,) if sender.certain else (sender, Sender("oauth", certain=True, endpoint=sender.endpoint))
    for declared in senders:
        hits = [hit for body in bodies if (hit := examine(registry, status, fields, body, declared)[0]) is not None]
        best = min(hits, key=lambda hit: _MATCHES.index(hit.matched_by), default=None)
        if best is not None and (best.matched_by != "status" or best.upstream.code or seen.status):
            return best._replace(upstream=best.upstream._replace(text=None))
    said = UpstreamError("exception")
    reason = BROKEN if seen.status is None else registry.by_status(status, said).reason
    return Classification(reason, None, provider, "exception", "status", said)


def _build(policy: Policy, found: Classification, seen: Escape, request: Request, instance: str) -> Problem:
    """The problem, with the status and the retry hint of an answer that the app itself gives."""
    registry, endpoint = policy.registry, seen.sender.endpoint
    surface = registry.surface(found.provider, endpoint)
    # Only what the client itself may repeat: what else the app has done for a POST, nobody here knows.
    repeatable = request.method in _SAFE and not (surface is not None and surface.credential)
    method = request.method if repeatable else None
    occasion = Occasion(seen.status or 0, None, method, time.time(), policy.max_wait)
    problem = build(found, _hints(seen), policy, occasion, instance=instance)
    upstream = {name: value for name, value in problem.upstream.items() if name != "status" or value}
    retry = problem.retry
    if seen.refused and found.reason == UNREACHABLE:
        retry = RetryHint("after_delay", _REFUSED_WAIT, repeatable, "default")
    return problem._replace(status=_status(registry, problem), upstream=upstream, retry=retry)


def _status(registry: Registry, problem: Problem) -> int:
    if problem.owner not in _USERS:
        return _STATUS.get(problem.reason, 502)
    canonical = registry.bare(problem.reason).type.status
    return 403 if canonical == 401 else canonical


_READ = frozenset(
    (
        "date",
        "retry-after",
        "ratelimit",
        "auth0-client-quota-limit",
        "auth0-organization-quota-limit",
        "x-rate-limit-reset",
        "x-ratelimit-reset",
        "ot-baggage-auth0-request-id",
        "x-auth0-requestid",
        "x-okta-request-id",
    )
)
"""The upstream's headers that tell a wait or the request's id; no other one has any influence on the answer."""


def _hints(seen: Escape) -> Fields:
    return Fields([(name, value) for name, value in seen.headers if str(name).lower() in _READ])


def _reply(gate: Gate, request: Request, problem: Problem, seen: Escape, *, folded: bool) -> Reply:
    """The whole response; nothing of an upstream's response is in it but a `Retry-After` that is valid and believed."""
    options = gate.options
    headers = problem.headers(options.media_type or media_type(request.accept, ""))
    hints = _hints(seen)
    occasion = Occasion(seen.status or 0, now=time.time(), max_wait=options.policy.max_wait)
    as_sent = hints.all("retry-after") if not folded and keeps_retry_after(hints, occasion) else []
    if folded or as_sent:
        headers = [pair for pair in headers if pair[0] != "Retry-After"]
    headers += [("Retry-After", value) for value in as_sent]
    body = b"" if request.method == "HEAD" else problem.to_bytes()
    if request.method != "HEAD":
        headers.append(("Content-Length", str(len(body))))
    if options.media_type is None:
        headers.append(("Vary", "Accept"))
    return Reply(problem.status, _as_kind(headers, binary=request.binary), body)


def _as_kind(headers: list[tuple[str, str]], *, binary: bool) -> list[Any]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers] if binary else headers
