"""`RequestContext`: what the meaning of a response depends on besides the response: request, declared sender, time."""

from __future__ import annotations

from authproblem._core.classify import error_challenge
from authproblem._core.sender import UNKNOWN, Sender
from authproblem._model import PROVIDERS, Provider
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import ResponseHeaders

_ISSUER_PARAMETERS = ("authorization_uri", "realm")
"""The parameters of a challenge that name the issuer: a URI on a vendor's domain proves the vendor."""


class RequestContext:
    """One request to a provider.

    Attributes:
        sender: what is declared of the response's sender, with the provider's path.
        method: the request's method; None counts as POST.
        now: the local clock as epoch seconds, read once a response; used where the response has no `Date`.
        endpoint: the provider's path, or None.
    """

    __slots__ = ("endpoint", "method", "now", "sender")

    def __init__(
        self,
        sender: Sender = UNKNOWN,
        method: str | None = None,
        now: float | None = None,
        endpoint: str | None = None,
    ) -> None:
        """Keep the values.

        Args:
            sender: what is declared of the sender.
            method: the request's method.
            now: the local clock.
            endpoint: the provider's path; where it is None, the sender's.
        """
        self.sender = sender
        self.method = method
        self.now = now
        self.endpoint = sender.endpoint if endpoint is None else endpoint

    def surfaces(self, registry: Registry) -> EndpointSurfaces:
        """Return the look-up of the endpoint's surfaces, which notes whether it was used."""
        return EndpointSurfaces(registry.surfaces, self.endpoint)


def effective_sender(headers: ResponseHeaders, declared: Sender, registry: Registry) -> Sender:
    """Return the sender, with the response's own headers taken into account; a certain declaration comes first."""
    layout = headers.layout
    if declared.certain or not (layout.provider or layout.has_challenge):
        return declared
    provider = layout.provider or _named_by_challenge(headers, registry)
    if provider is None:
        return declared
    if declared.endpoint is None:
        return _CERTAIN[provider]
    return Sender(provider, True, declared.endpoint)  # noqa: FBT003


def _named_by_challenge(headers: ResponseHeaders, registry: Registry) -> Provider | None:
    """Return the vendor whose domain is in the `realm` or `authorization_uri` of a challenge, or None."""
    challenge = error_challenge(headers)
    if challenge is None:
        return None
    for name in _ISSUER_PARAMETERS:
        scheme, _, rest = challenge.parameters.get(name, "").partition("://")
        vendor = registry.vendor_domains.owner(rest.partition("/")[0].partition(":")[0]) if scheme == "https" else None
        if vendor is not None:
            return vendor
    return None


_CERTAIN: dict[str, Sender] = {provider: Sender(provider, certain=True) for provider in PROVIDERS}
