"""From a general problem type to a more exact one, by the sentences that the registry does not have.

Used last, where a code, a family or the status alone has decided, and only for texts that the entry does not have. A
code is not stronger than the text: where its meaning does not agree with the status, the status counts, and where a
phrase means something else and the status agrees, the phrase counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from authproblem._model import Entry, UpstreamError
from authproblem._registry.index import Match
from authproblem._registry.phrases import Situation
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces

_GENERAL = frozenset(("code", "family", "status"))
_SUMMARY = "Api validation failed: "
"""What Okta puts before the name of the object that it has checked; the name alone means nothing."""

_CALLER_OWNERS = frozenset(("user", "client"))
_LEAST_SPECIFIC = "invalid-request"
_SPECIFIC = frozenset((404, 409))
"""Statuses that show what is wrong with a request; 400 does not."""

MAX_SENTENCES = 8
"""Unknown sentences of one response that are read; further causes repeat it for further fields."""


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
    if matched_by not in _GENERAL or (upstream.shape == "okta_idx" and matched_by == "code"):
        return hit  # in Identity Engine documents the key decides: texts are localized
    sentences = tuple(islice(_unknown(registry, provider, upstream, entry), MAX_SENTENCES))
    if matched_by == "code" and _gives_way(entry, status) and (sentences or upstream.text is None):
        entry, matched_by = registry.by_status(status, upstream), "status"
    slug = entry.type.slug
    if not sentences or not registry.phrases.may_refine(slug, upstream.code):
        return entry, matched_by
    surface = surfaces.find(provider)
    shape = "redirect" if upstream.shape == "callback" else upstream.shape
    situation = Situation(provider, shape, upstream.code, status, surface.id if surface else None)
    found = registry.phrases.refine(slug, sentences, situation)
    return (entry, matched_by) if found is None else (registry.bare(found), "phrase")


def _gives_way(entry: Entry, status: int) -> bool:
    """Whether a status is more reliable than a code that is not sent with it.

    A code never makes a failure or limit of the provider the caller's fault; and one that means no more than an
    invalid request yields to a status that is more specific.
    """
    if not entry.usual_status or status in entry.usual_status:
        return False
    if status == 429 or status >= 500:
        return entry.owner in _CALLER_OWNERS
    return status in _SPECIFIC and entry.reason == _LEAST_SPECIFIC


def _unknown(registry: Registry, provider: str, upstream: UpstreamError, entry: Entry) -> Iterator[str]:
    """The sentences that the entry does not have, the most specific first: causes, text, the code's own name."""
    for text, reason in upstream.causes:
        if text is not None and not registry.is_explained(provider, entry.id, text):
            yield text
            if reason is not None:
                yield reason
        elif text is None and reason is not None:
            yield reason
    if upstream.text is not None and not registry.is_explained(provider, entry.id, upstream.text):
        summary = upstream.text.removeprefix(_SUMMARY)
        if summary is upstream.text or " " in summary:
            yield summary
    if upstream.code is not None and not registry.has_code_anywhere(upstream.code):
        yield upstream.code
