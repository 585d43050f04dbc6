"""The response to a provider's exception that leaves the app (`exceptions=True`), in place of a 500, and its event.

It is made from the registry alone: no member and no header of the upstream's but a valid `Retry-After`. Its status is
never the upstream's, for the client called the app, not the provider; and never 401, which owes a challenge.
"""

from __future__ import annotations

import time

from authproblem._core.build import build_problem
from authproblem._core.context import RequestContext
from authproblem._core.disclosure import fold, fold_unreadable
from authproblem._core.outcome import Outcome
from authproblem._core.policy import Policy
from authproblem._core.problem import Problem
from authproblem._core.retry import keeps_retry_after
from authproblem._middleware import events
from authproblem._middleware.exceptions.classify import classify_failure
from authproblem._middleware.exceptions.groups import leaves
from authproblem._middleware.exceptions.recognize import UNREACHABLE, recognize
from authproblem._middleware.exceptions.sdks import ProviderFailure
from authproblem._middleware.instance import new_instance
from authproblem._middleware.interception import Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.report import report_outcome
from authproblem._middleware.response_headers import as_kind
from authproblem._model import Classification, RetryHint, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import WAIT_HEADERS, HeaderReader, ResponseHeaders, lower
from authproblem._upstream.media_types import media_type
from authproblem._upstream.response import UpstreamResponse

REPORTED = "authproblem.exception_reported"
"""The key in scope or environ of a request whose exception has had its event; other instances read it."""

_REFUSED_WAIT = 10
"""Seconds to wait after a refused connection: a restart or a failover takes about that."""
_SAFE = ("GET", "HEAD")
_STATUS = {"upstream-timeout": 504, "upstream-unavailable": 503}
_CALLERS = frozenset(("user", "limit"))
"""Owners whose problems keep the status of their type; all others are failures of the app's upstream."""
_RELEVANT_HEADERS = frozenset(("date", *WAIT_HEADERS))
"""The upstream's headers from which the wait is read. Besides them, those with the request's id count, and no other."""


def reply_to_exception(interceptor: Interceptor, request: Request, error: Exception) -> Reply | None:
    """Classify an exception that left the app before its response began.

    Args:
        interceptor: the rules.
        request: the request.
        error: the exception, or a group of them.

    Returns:
        What to send, or None: the exception propagates, since it is not a provider's, or this is a dry run.
    """
    try:
        return None if REPORTED in request.state else _reply_to(interceptor, request, error)
    except Exception as fault:  # noqa: BLE001 - no failure of this package hides the app's exception
        events.report_fault(fault, "an exception could not be classified and was raised again")
        return None


def _reply_to(interceptor: Interceptor, request: Request, error: Exception) -> Reply | None:
    options = interceptor.options
    policy, scopes = options.policy, options.scopes
    if scopes.excludes(request.path):
        return None
    sender, domains = scopes.sender(request.path, request.state), policy.registry.vendor_domains
    # Of a group, every exception has to be a provider's: none may hide a failure of the app. The first one counts.
    causes = leaves(error)
    failures = [recognize(cause, sender, domains, options.upstream_hosts) for cause in causes]
    failure = failures[0] if None not in failures else None
    if failure is None:
        return None
    outcome = _outcome_of(policy, failure, request)
    reply = None if outcome.problem is None else _reply(interceptor, request, outcome.problem, failure, outcome)
    request.state[REPORTED] = True
    report_outcome(options, outcome, request.method, request.path, applied=not options.observe, error=causes[0])
    return None if options.observe else reply


def _outcome_of(policy: Policy, failure: ProviderFailure, request: Request) -> Outcome:
    """Classify the failure, fold it where users sign in, and build the problem."""
    registry = policy.registry
    found, is_unread = classify_failure(registry, failure, policy.max_body)
    if found.reason in registry.flow_types and not policy.flow_control:
        return Outcome(found, why="flow_control")
    bare = _without_members(found)
    instance = new_instance()
    actual = _build(policy, bare, failure, request, instance)
    surfaces = EndpointSurfaces(registry.surfaces, failure.sender.endpoint)
    folded = None if policy.disclosure == "off" else fold(registry, bare, surfaces, policy.disclosure)
    if folded is None and is_unread:
        folded = fold_unreadable(registry, bare, failure.status or 0, surfaces, policy.disclosure)
    if folded is None:
        return Outcome(found, actual, actual)
    status = None if failure.status is None else folded.status
    sent = _without_members(folded.classification)
    return Outcome(found, _build(policy, sent, failure._replace(status=status), request, instance), actual)


def _without_members(found: Classification) -> Classification:
    """A classification whose problem carries nothing of the upstream's but the code."""
    return found.replace(upstream=UpstreamError(found.upstream.shape, found.upstream.code))


def _build(policy: Policy, found: Classification, failure: ProviderFailure, request: Request, instance: str) -> Problem:
    """The problem, with the status and the retry hint of a response that the app itself makes."""
    registry = policy.registry
    surface = registry.surface(found.provider, failure.sender.endpoint)
    # Only what the client itself may repeat: what else the app has done for a POST is not known.
    repeatable = request.method in _SAFE and not (surface is not None and surface.credential)
    context = RequestContext(method=request.method if repeatable else None, now=time.time())
    response = UpstreamResponse(failure.status or 0, _read_headers(registry, failure), b"")
    problem = build_problem(found, response, context, policy, instance)
    upstream = {name: value for name, value in problem.upstream.items() if name != "status" or value}
    retry = problem.retry
    if failure.refused and found.reason == UNREACHABLE:
        retry = RetryHint("after_delay", _REFUSED_WAIT, repeatable, "default")
    return problem.replace(status=_status(registry, problem), upstream=upstream, retry=retry)


def _status(registry: Registry, problem: Problem) -> int:
    if problem.owner not in _CALLERS:
        return _STATUS.get(problem.reason, 502)
    canonical = registry.types[problem.reason].status
    return 403 if canonical == 401 else canonical


def _read_headers(registry: Registry, failure: ProviderFailure) -> ResponseHeaders:
    relevant = _RELEVANT_HEADERS | registry.provider_headers.keys()
    pairs = [(name, value) for name, value in failure.headers if lower(name) in relevant]
    return HeaderReader(registry.provider_headers).read(pairs)


def _reply(
    interceptor: Interceptor, request: Request, problem: Problem, failure: ProviderFailure, outcome: Outcome
) -> Reply:
    """The whole response. Of the upstream's it has a valid `Retry-After`, as it was sent."""
    options = interceptor.options
    headers = problem.headers(options.media_type or media_type(request.accept, ""))
    received = _read_headers(options.policy.registry, failure)
    keeps = not outcome.is_folded and keeps_retry_after(received, time.time(), options.policy.max_wait)
    as_sent = received.all("retry-after") if keeps else []
    if outcome.is_folded or as_sent:
        headers = [pair for pair in headers if pair[0] != "Retry-After"]
    headers += [("Retry-After", value) for value in as_sent]
    body = b"" if request.method == "HEAD" else problem.to_bytes()
    if request.method != "HEAD":
        headers.append(("Content-Length", str(len(body))))
    if options.media_type is None:
        headers.append(("Vary", "Accept"))
    return Reply(problem.status, as_kind(headers, binary=request.binary), body, problem)
