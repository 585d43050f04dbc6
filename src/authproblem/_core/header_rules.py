"""What headers change in the meaning of an understood body: a challenge beside it, and a limit of no requests."""

from __future__ import annotations

from authproblem._core.classify import Decision
from authproblem._core.evidence import error_challenge
from authproblem._core.refine import LEAST_SPECIFIC
from authproblem._model import Classification, Entry
from authproblem._registry.registry import Registry
from authproblem._upstream.headers import ResponseHeaders

_LESS_CERTAIN = frozenset(("code", "code_status", "family", "status", "phrase"))
"""Values of `matched_by` that a challenge may override; a registered text is not among them."""


def apply_headers(registry: Registry, status: int, headers: ResponseHeaders, decision: Decision) -> Decision:
    """Return what a response means with its headers taken into account."""
    found, why = decision
    if found is None or why:
        return decision
    entry = _by_challenge(registry, status, headers, found) if headers.layout.has_challenge else None
    entry = entry or _by_limit(registry, headers, found)
    return decision if entry is None else (found.replace(reason=entry.reason, entry=entry.id, matched_by="header"), "")


def _by_challenge(registry: Registry, status: int, headers: ResponseHeaders, found: Classification) -> Entry | None:
    """Return the entry of a challenge that is more exact than the body (RFC 6750 section 3.1).

    It is bound by the same tables as a sentence: what a general type may become, with which statuses, and which codes
    are firm. Okta's APIs send their code for a missing permission, and say in the challenge that it is a scope. The
    code `invalid_request`, and one that the body repeats, say no more than the body.
    """
    phrases = registry.phrases
    if found.matched_by not in _LESS_CERTAIN or found.upstream.code in phrases.firm:
        return None
    challenge = error_challenge(headers)
    entry = None if challenge is None else registry.lookup(f"oauth:{challenge.parameters['error']}")
    if entry is None or entry.code == found.upstream.code or entry.reason == LEAST_SPECIFIC:
        return None
    if not phrases.agrees(entry.reason, status):
        return None
    return entry if entry.reason in phrases.refinements.get(found.reason, ()) else None


def _by_limit(registry: Registry, headers: ResponseHeaders, found: Classification) -> Entry | None:
    """Return Okta's concurrency limit for a rate limit whose headers show one, whatever the code is.

    Limit 0 with remaining 0 is the concurrency limit (Okta, rate limit reference).
    """
    if found.reason != "rate-limited" or found.provider != "okta":
        return None
    if headers.get("x-rate-limit-limit") != "0" or headers.get("x-rate-limit-remaining") != "0":
        return None
    return registry.concurrency
