"""Classifies a provider's exception by what its library has kept of the response."""

from __future__ import annotations

from authproblem._core.classify import ClassifierInput, classify_response
from authproblem._core.context import effective_sender
from authproblem._core.disclosure import is_cut
from authproblem._core.sender import Sender
from authproblem._middleware.exceptions.sdks import BROKEN, ProviderFailure
from authproblem._model import Classification, UpstreamError
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import HeaderReader, ResponseHeaders
from authproblem._upstream.response import UpstreamResponse

_PRESUMED = 400
"""The status of a response whose status the library did not keep (RFC 6749 section 5.2)."""
_MATCHES = ("code_description", "cause", "name", "header", "code_status", "code", "phrase", "family", "status")
"""How an entry can be found, the most reliable way first."""


def classify_failure(registry: Registry, failure: ProviderFailure, limit: int) -> tuple[Classification, bool]:
    """Classify a provider's exception.

    Args:
        registry: the error registry.
        failure: what is known of the exception.
        limit: bytes of a body; larger ones are left out.

    Returns:
        The meaning, without any text of the upstream's, so that no event can carry one; and whether there is a body
        that could not be read as a whole.
    """
    sender = failure.sender
    provider = sender.provider or "oauth"
    if failure.reason is not None:
        kind = UpstreamError("exception")
        return Classification(failure.reason, None, provider, "exception", "exception", kind), False
    status, headers = failure.status or _PRESUMED, HeaderReader(registry.provider_headers).read(list(failure.headers))
    bodies = [body for body in failure.bodies if len(body) <= limit] or [b""]
    senders = (sender,) if sender.certain else (sender, Sender("oauth", certain=True, endpoint=sender.endpoint))
    for declared in senders:
        hits = [hit for body in bodies if (hit := _classify(registry, status, headers, body, declared)) is not None]
        best = min(hits, key=lambda hit: _MATCHES.index(hit.matched_by), default=None)
        if best is not None and (best.matched_by != "status" or best.upstream.code or failure.status):
            is_unread = is_cut(registry, best) or any(len(body) > limit for body in failure.bodies)
            return best.replace(upstream=best.upstream.replace(text=None)), is_unread
    upstream = UpstreamError("exception")
    reason = BROKEN if failure.status is None else registry.by_status(status, upstream).reason
    return Classification(reason, None, provider, "exception", "status", upstream), bool(failure.bodies)


def _classify(
    registry: Registry, status: int, headers: ResponseHeaders, body: bytes, sender: Sender
) -> Classification | None:
    sender = effective_sender(status, headers, sender, registry)
    surfaces = EndpointSurfaces(registry.surfaces, sender.endpoint)
    return classify_response(ClassifierInput(registry, UpstreamResponse(status, headers, body), sender, surfaces))[0]
