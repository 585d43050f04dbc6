"""`RequestContext`: what of the request, the declared sender and the moment the meaning of a response depends on."""

from __future__ import annotations

from authproblem._core.sender import UNKNOWN, Sender
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import ResponseHeaders


class RequestContext:
    """One request to a provider.

    Attributes:
        sender: what is declared of the response's sender, with the provider's path.
        method: the request's method; None counts as POST.
        now: the local clock as epoch seconds, read once a response; used where the response has no `Date`.
    """

    __slots__ = ("method", "now", "sender")

    def __init__(self, sender: Sender = UNKNOWN, method: str | None = None, now: float | None = None) -> None:
        """Keep the values."""
        self.sender = sender
        self.method = method
        self.now = now

    @property
    def endpoint(self) -> str | None:
        """The provider's path, or None."""
        return self.sender.endpoint

    def surfaces(self, registry: Registry) -> EndpointSurfaces:
        """Return the look-up of the endpoint's surfaces, which notes whether it was used."""
        return EndpointSurfaces(registry.surfaces, self.sender.endpoint)


def effective_sender(headers: ResponseHeaders, declared: Sender) -> Sender:
    """Return the sender, with the provider's own header taken into account; a certain declaration comes first."""
    provider = headers.layout.provider
    if provider is None or declared.certain:
        return declared
    return Sender(provider, True, declared.endpoint)  # type: ignore[arg-type]  # noqa: FBT003
