"""Builds a `Problem` from a classification: the texts of its entry, the retry hint, and the members to send on.

What the response means is decided before (`classify`, `disclosure`); how the problem is written, after (`problem`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from authproblem._core.context import RequestContext
from authproblem._core.credential import credential_of
from authproblem._core.evidence import error_challenge
from authproblem._core.links import effective_entry
from authproblem._core.members import TextRules, clean, copy_members
from authproblem._core.policy import DEFAULT_TYPE_BASE, Policy
from authproblem._core.problem import Problem
from authproblem._core.retry import retry_hint
from authproblem._model import Classification, Credential, Entry, Json, Provider, RetryHint
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import ResponseHeaders, decoded
from authproblem._upstream.json_values import is_code
from authproblem._upstream.response import UpstreamResponse

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}|[A-Za-z0-9@-]{1,64}")
"""Okta's come from Apache's mod_unique_id, whose alphabet has `@` and `-`, but no dot: an address is no id."""
_MAX_PARAMETER = 512
_MAX_DIGITS = 10


def build_problem(
    found: Classification,
    response: UpstreamResponse,
    context: RequestContext,
    policy: Policy,
    instance: str | None = None,
) -> Problem:
    """Build the problem of one classified response.

    Args:
        found: what the response means; for a folded response, what the genuine one means.
        response: the upstream's response.
        context: the request.
        policy: the options.
        instance: the URI of the occurrence.

    Raises:
        UnsendableError: if a protocol document would not survive the rewrite.
    """
    entry = effective_entry(policy.registry, found)
    upstream, status = found.upstream, response.status
    member = _upstream_member(found, response)
    extensions: Json = {}
    problem = Problem(
        policy.type_base + found.reason,
        found.reason,
        entry.type.title,
        status if status >= 400 and policy.status == "upstream" else _status(entry.type.status, status, policy),
        entry.detail,
        instance,
        entry.owner,
        entry.remedy,
        _retry(found, entry, response, context, policy),
        found.provider,
        member,
        extensions,
        found.entry,
        found.matched_by,
        *_credential(found, response, policy),
    )
    # The two mappings are filled now: the app's `pass_text` is called with the problem while they are.
    if upstream.document is not None:
        verbatim = upstream.protocol and upstream.document is response.document and response.is_verbatim
        rules = text_rules(problem, entry, policy)
        moved = copy_members(upstream, rules, extensions, member.get("code"), is_verbatim=verbatim)
        if moved:
            member["members"] = moved
    if "www-authenticate" in response.headers and not upstream.protocol:
        for name, value in _challenge_members(response.headers, policy.registry).items():
            extensions.setdefault(name, value)
    return problem


def _upstream_member(found: Classification, response: UpstreamResponse) -> Json:
    """Return the member `upstream`: status, code and request id, as far as there are any."""
    member: Json = {"status": response.status}
    code = found.upstream.code
    if code is not None and is_code(code):
        member["code"] = code
    request_id = request_id_of(response.headers)
    if request_id is not None:
        member["request_id"] = request_id
    return member


def _retry(
    found: Classification, entry: Entry, response: UpstreamResponse, context: RequestContext, policy: Policy
) -> RetryHint:
    retry = retry_hint(policy, entry, found.provider, response, context)
    if found.matched_by == "phrase" and retry.automatic:
        return retry.replace(automatic=False)  # an unknown sentence makes no program repeat anything
    return retry


def _credential(found: Classification, response: UpstreamResponse, policy: Policy) -> tuple[Credential, str | None]:
    status = response.status if response.status >= 400 else None
    # Web servers add challenges to pages of their own: a page never makes a credential dead.
    shape = "html" if found.shape == "www_authenticate" and response.is_page else found.shape
    return credential_of(
        policy.registry, found.entry, found.reason, status, found.matched_by, shape, found.upstream.code
    )


def bare_problem(reason: str, status: int, provider: Provider, entry_id: str | None = None) -> Problem:
    """Build a problem from the built-in registry alone; of an unknown reason it has the name and nothing else."""
    registry = Registry.builtin()
    entry = registry.lookup(entry_id) if entry_id else None
    if entry is None and reason in registry.types:
        entry = registry.entry_or_type(None, reason)
    if entry is None:
        unknown: Any = ""
        return Problem(
            "", reason, "", status, "", None, unknown, unknown, RetryHint("never"), provider, {}, {}, entry_id
        )
    return problem_of_entry(entry, reason, provider).replace(status=status, entry=entry_id)


def problem_of_entry(
    entry: Entry,
    reason: str,
    provider: Provider,
    *,
    type_base: str = DEFAULT_TYPE_BASE,
    instance: str | None = None,
    retry: RetryHint | None = None,
) -> Problem:
    """Build the problem of a request that got no response, or none that may be sent on: from an entry alone.

    Args:
        entry: the entry, or the stand-in of a problem type.
        reason: the slug of the problem type.
        provider: the provider.
        type_base: what precedes the slug in `type`.
        instance: the URI of the occurrence.
        retry: the retry hint; None is the entry's policy without a wait.
    """
    return Problem(
        type_base + reason,
        reason,
        entry.title,
        entry.type.status,
        entry.detail,
        instance,
        entry.owner,
        entry.remedy,
        retry or RetryHint(entry.retry),
        provider,
        {},
        {},
    )


def text_rules(problem: Problem, entry: Entry, policy: Policy) -> TextRules:
    """Return what becomes of upstream texts."""
    ask: Callable[[str, str], str | None] | None = None
    if entry.pass_text:
        ask = _passed
    elif policy.pass_text is not None:
        ask = partial(policy.pass_text, problem)
    registry, provider = policy.registry, problem.provider
    return TextRules(registry, provider, entry.detail, registry.constants(provider), policy.texts == "all", ask)


def request_id_of(headers: ResponseHeaders) -> str | None:
    """Return the request's id at the provider, if it has the form of one."""
    for at in headers.layout.request_ids_at:
        value = decoded(headers.pairs[at][1])
        if _REQUEST_ID.fullmatch(value):
            return value
    return None


def _passed(_member: str, text: str) -> str:
    return clean(text)


def _status(canonical: int, upstream: int, policy: Policy) -> int:
    """Return the status to send: never changed *into* 401, which would owe a challenge (RFC 9110 section 15.5.2)."""
    if upstream < 400:
        return 403 if canonical == 401 else canonical
    if policy.status == "canonical" and (canonical != 401 or upstream == 401):
        return canonical
    return upstream


def _challenge_members(headers: ResponseHeaders, registry: Registry) -> Json:
    """Return what a step-up needs of the challenge, as members (RFC 9470 section 3); the header itself stays."""
    challenge = error_challenge(headers)
    found: Json = {}
    if challenge is None:
        return found
    for name, kind in registry.data["shapes"]["challenge_members"].items():
        value = challenge.parameters.get(name)
        if value is None or not (value.isascii() and value.isprintable() and len(value) <= _MAX_PARAMETER):
            continue
        if kind != "integer":
            found[name] = value
        elif value.isdigit() and len(value) < _MAX_DIGITS:
            found[name] = int(value)
    return found
