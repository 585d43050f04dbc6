"""From a general problem type to a more exact one, by the sentences that the registry does not have.

Used last, where a code, a family or the status alone has decided, and only for texts that the entry does not have. A
code is not stronger than the text: where its meaning does not agree with the status, the status counts, and where a
phrase means something else and the status agrees, the phrase counts.
"""

from __future__ import annotations

from authproblem._core.sentences import (
    SHAPES_WITH_FURTHER,
    further_sentences,
    shape_of,
    unknown_code,
    unknown_sentences,
)
from authproblem._model import Entry, UpstreamError
from authproblem._registry.index import Match
from authproblem._registry.phrases import Situation
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces

_BY_CODE = frozenset(("code", "name", "family"))
_CALLER_OWNERS = frozenset(("user", "client"))
_REFUSING_OWNERS = _CALLER_OWNERS | {"policy"}
LEAST_SPECIFIC = "invalid-request"
"""The most general type of an error in the request."""

_MEAN_LITTLE = frozenset(("access-denied", LEAST_SPECIFIC))
_REJECTED = "upstream-rejected"
_UNAUTHORIZED = 401
_ACTION_DENIED = 500
"""The status of a sign-in that an Action of Auth0 has denied: the refusal then stays one."""

_TYPED_INPUT = "invalid-input"
_SPECIFIC = frozenset((404, 405, 409))
"""Statuses that show what is wrong with a request; 400 does not."""


def refine(
    registry: Registry, hit: Match, provider: str, upstream: UpstreamError, *, status: int, surfaces: EndpointSurfaces
) -> Match:
    """Choose a more exact problem type where sentences are unknown.

    Args:
        registry: the entries and phrases.
        hit: what code, family or status gave; anything more exact is returned as it is.
        provider: whose response it is.
        upstream: the provider's error.
        status: the HTTP status.
        surfaces: the surfaces of the endpoint.

    Returns:
        The same, or the stand-in entry of a more exact type with `phrase`, or that of the status.
    """
    entry, matched_by = hit
    if matched_by not in _BY_CODE and matched_by != "status":
        return hit
    gives_way = _gives_way(entry, status)
    if matched_by == "name" or (upstream.shape == "okta_idx" and matched_by == "code"):
        # In Identity Engine documents the key decides, or the status: texts are localized.
        return (registry.by_status(status, upstream), "status") if gives_way else hit
    shape = shape_of(provider, upstream)
    sentences = unknown_sentences(registry, provider, upstream, entry, shape)
    code = None if matched_by == "code" else unknown_code(registry, upstream)
    is_unknown = bool(sentences) or code is not None
    if gives_way and (is_unknown or upstream.text is None):
        entry, matched_by = registry.by_status(status, upstream), "status"
    found = None
    if is_unknown:
        generals = [entry.type.slug]
        if matched_by == "code" and _is_reused(entry, upstream, status):
            generals.append(registry.by_status(status, upstream).type.slug)
        surface = surfaces.find(provider)
        situation = Situation(provider, shape, upstream.code, status, surface.id if surface else None)
        found = _by_phrase(registry, generals, sentences, upstream, situation)
        if found is None and code is not None:
            found = _by_code_words(registry, generals, code, situation)
    if found is not None and found != entry.type.slug:
        return registry.bare(found), "phrase"
    if matched_by == "status" and _is_at_a_field(upstream, status):
        return registry.bare(_TYPED_INPUT), matched_by
    return entry, matched_by


def _by_phrase(
    registry: Registry, generals: list[str], sentences: list[str], upstream: UpstreamError, situation: Situation
) -> str | None:
    """Read the unknown sentences; where they say nothing, what else the document has."""
    found = registry.phrases.decide(generals, sentences, situation)
    if found is not None or situation.shape not in SHAPES_WITH_FURTHER:
        return found
    return registry.phrases.decide(generals, further_sentences(upstream, situation.shape), situation)


def _by_code_words(registry: Registry, generals: list[str], code: str, situation: Situation) -> str | None:
    """Read the words of an unknown code: the least specific sentence.

    A tenant of Auth0 mints codes of its own in Actions, such as `missing_license`: their words do not make the client
    responsible for what an Action refuses.
    """
    found = registry.phrases.decide(generals, (code,), situation)
    is_minted = situation.provider == "auth0" and situation.shape == "oauth" and generals[0] == _REJECTED
    return None if found is not None and is_minted and registry.types[found].owner == "client" else found


def _is_reused(entry: Entry, upstream: UpstreamError, status: int) -> bool:
    """Whether a code has another meaning than its usual one, by the status that it comes with.

    The sentence then counts as if the code were unknown. Okta reuses its codes, with other statuses; an OAuth code that
    means little, such as a denial, is about authentication where it comes with 401.
    """
    if upstream.shape == "oauth":
        return status == _UNAUTHORIZED and entry.reason in _MEAN_LITTLE
    return upstream.shape == "okta_api" and bool(entry.usual_status) and status not in entry.usual_status


def _is_at_a_field(upstream: UpstreamError, status: int) -> bool:
    """Whether an Identity Engine document refuses what somebody typed: its messages are at the fields of a form."""
    document = upstream.document
    return upstream.shape == "okta_idx" and status == 400 and document is not None and "messages" not in document


def _gives_way(entry: Entry, status: int) -> bool:
    """Whether a status is more reliable than a code that is not sent with it.

    A code never makes a failure or limit of the provider the caller's fault; and one that means no more than an
    invalid request yields to a status that is more specific.
    """
    if status in entry.usual_status:
        return False
    if status == 429:
        return entry.owner in _REFUSING_OWNERS or entry.owner == "tenant"
    if status >= 500:
        owners = _CALLER_OWNERS if status == _ACTION_DENIED else _REFUSING_OWNERS
        return entry.owner in owners
    return bool(entry.usual_status) and status in _SPECIFIC and entry.reason == LEAST_SPECIFIC
