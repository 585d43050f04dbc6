"""The core's stages, called as the `Normalizer` calls them."""

from __future__ import annotations

from authproblem import Registry
from authproblem._core.classify import ClassifierInput, Decision, classify_response
from authproblem._core.context import effective_sender
from authproblem._core.sender import UNKNOWN, Sender
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import HeaderReader, Headers, ResponseHeaders
from authproblem._upstream.response import UpstreamResponse

REGISTRY = Registry.builtin()


def read_headers(headers: Headers) -> ResponseHeaders:
    """Read headers with an empty cache."""
    return HeaderReader(REGISTRY.provider_headers).read(headers)


def decision(
    status: int,
    headers: Headers,
    body: bytes,
    sender: Sender = UNKNOWN,
    *,
    registry: Registry = REGISTRY,
    states: bool = False,
) -> Decision:
    """Classify a response by the rules alone."""
    read = read_headers(headers)
    known = effective_sender(status, read, sender, registry)
    surfaces = EndpointSurfaces(registry.surfaces, known.endpoint)
    return classify_response(
        ClassifierInput(registry, UpstreamResponse(status, read, body), known, surfaces), states=states
    )


def at(endpoint: str | None, registry: Registry = REGISTRY) -> EndpointSurfaces:
    """Return the look-up of an endpoint's surfaces."""
    return EndpointSurfaces(registry.surfaces, endpoint)
