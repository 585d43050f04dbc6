"""Exceptions that escape the app (`exceptions=True`): what the client gets instead of a 500, and the one event of it.

The answer comes from the registry alone: no member and no header of the upstream's but a valid `Retry-After`. Its
status is never the upstream's, for the client asked the app, not the provider; and never 401, which owes a challenge.
"""

from __future__ import annotations

import time
from typing import Any

from authproblem._core.build import build_problem
from authproblem._core.classify import Inquiry, classify_response
from authproblem._core.context import RequestContext, effective_sender
from authproblem._core.disclosure import fold
from authproblem._core.outcome import Outcome
from authproblem._core.policy import Policy
from authproblem._core.problem import Problem
from authproblem._core.retry import keeps_retry_after
from authproblem._core.sender import Sender
from authproblem._middleware import events
from authproblem._middleware.exceptions.recognize import UNREACHABLE, recognize
from authproblem._middleware.exceptions.sdks import BROKEN, Escape
from authproblem._middleware.instance import new_instance
from authproblem._middleware.interception import Interceptor, Reply, Request
from authproblem._middleware.report import report_outcome
from authproblem._middleware.response_headers import as_kind
from authproblem._model import Classification, RetryHint, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import HeaderReader, ResponseHeaders
from authproblem._upstream.media_types import media_type
from authproblem._upstream.response import UpstreamResponse

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


def answer_exception(interceptor: Interceptor, request: Request, error: Exception) -> Reply | None:
    """Judge an exception that escaped the app before its response began.

    Args:
        interceptor: the rules.
        request: the request.
        error: the exception.

    Returns:
        What to send, or None: the exception propagates, since it is not a provider's, or this is a dry run.
    """
    try:
        return None if ESCAPED in request.state else _judge(interceptor, request, error)
    except Exception as fault:  # noqa: BLE001 - no failure of ours takes the place of the app's exception
        events.report_fault(fault, "an exception could not be judged and was raised again")
        return None


def _judge(interceptor: Interceptor, request: Request, error: Exception) -> Reply | None:
    options = interceptor.options
    policy, scopes = options.policy, options.scopes
    if scopes.excludes(request.path):
        return None
    seen = recognize(
        error, scopes.sender(request.path, request.state), policy.registry.vendor_domains, options.upstream_hosts
    )
    if seen is None:
        return None
    outcome = _conclude(policy, seen, request)
    reply = (
        None
        if outcome.problem is None
        else _reply(interceptor, request, outcome.problem, seen, folded=outcome.is_folded)
    )
    request.state[ESCAPED] = True
    report_outcome(options, outcome, request.method, request.path, applied=not options.observe, error=error)
    return None if options.observe else reply


def _conclude(policy: Policy, seen: Escape, request: Request) -> Outcome:
    """From what the exception says to the problem: classify, fold, build."""
    registry = policy.registry
    found = _meaning(registry, seen, policy.max_body)
    if found.reason in registry.flow_types and not policy.flow_control:
        return Outcome(found, why="flow_control")
    bare = found.replace(upstream=UpstreamError(found.upstream.shape, found.upstream.code))
    instance = new_instance()
    truth = _build(policy, bare, seen, request, instance)
    surfaces = EndpointSurfaces(registry.surfaces, seen.sender.endpoint)
    folded = None if policy.disclosure == "off" else fold(registry, bare, surfaces, policy.disclosure)
    if folded is None:
        return Outcome(found, truth, truth)
    told = folded.classification
    told = told.replace(upstream=UpstreamError(told.upstream.shape, told.upstream.code))
    status = None if seen.status is None else folded.status
    return Outcome(found, _build(policy, told, seen._replace(status=status), request, instance), truth)


def _meaning(registry: Registry, seen: Escape, limit: int) -> Classification:
    """What the exception means; never with a text, so that no event can carry one."""
    sender = seen.sender
    provider = sender.provider or "oauth"
    if seen.reason is not None:
        return Classification(seen.reason, None, provider, "exception", "exception", UpstreamError("exception"))
    status, headers = seen.status or _PRESUMED, _headers(registry, seen.headers)
    bodies = [body for body in seen.bodies if len(body) <= limit] or [b""]
    senders = (sender,) if sender.certain else (sender, Sender("oauth", certain=True, endpoint=sender.endpoint))
    for declared in senders:
        hits = [hit for body in bodies if (hit := _classify(registry, status, headers, body, declared)) is not None]
        best = min(hits, key=lambda hit: _MATCHES.index(hit.matched_by), default=None)
        if best is not None and (best.matched_by != "status" or best.upstream.code or seen.status):
            return best.replace(upstream=best.upstream.replace(text=None))
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
    context = RequestContext(method=method, now=time.time())
    response = UpstreamResponse(seen.status or 0, _hints(registry, seen), b"")
    problem = build_problem(found, response, context, policy, instance)
    upstream = {name: value for name, value in problem.upstream.items() if name != "status" or value}
    retry = problem.retry
    if seen.refused and found.reason == UNREACHABLE:
        retry = RetryHint("after_delay", _REFUSED_WAIT, repeatable, "default")
    return problem.replace(status=_status(registry, problem), upstream=upstream, retry=retry)


def _status(registry: Registry, problem: Problem) -> int:
    if problem.owner not in _USERS:
        return _STATUS.get(problem.reason, 502)
    canonical = registry.types[problem.reason].status
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


def _hints(registry: Registry, seen: Escape) -> ResponseHeaders:
    return _headers(registry, [(name, value) for name, value in seen.headers if str(name).lower() in _READ])


def _headers(registry: Registry, pairs: Any) -> ResponseHeaders:
    return HeaderReader(registry.provider_headers).read(list(pairs))


def _classify(
    registry: Registry, status: int, headers: ResponseHeaders, body: bytes, sender: Sender
) -> Classification | None:
    sender = effective_sender(headers, sender, registry)
    surfaces = EndpointSurfaces(registry.surfaces, sender.endpoint)
    return classify_response(Inquiry(registry, UpstreamResponse(status, headers, body), sender, surfaces))[0]


def _reply(interceptor: Interceptor, request: Request, problem: Problem, seen: Escape, *, folded: bool) -> Reply:
    """The whole response; nothing of an upstream's response is in it but a `Retry-After` that is valid and believed."""
    options = interceptor.options
    headers = problem.headers(options.media_type or media_type(request.accept, ""))
    hints = _hints(options.policy.registry, seen)
    keeps = not folded and keeps_retry_after(hints, time.time(), options.policy.max_wait)
    as_sent = hints.all("retry-after") if keeps else []
    if folded or as_sent:
        headers = [pair for pair in headers if pair[0] != "Retry-After"]
    headers += [("Retry-After", value) for value in as_sent]
    body = b"" if request.method == "HEAD" else problem.to_bytes()
    if request.method != "HEAD":
        headers.append(("Content-Length", str(len(body))))
    if options.media_type is None:
        headers.append(("Vary", "Accept"))
    return Reply(problem.status, as_kind(headers, binary=request.binary), body, problem)
