"""`RequestContext`: what the meaning of a response depends on besides the response: request, declared sender, time."""

from __future__ import annotations

from authproblem._core.evidence import named_vendor
from authproblem._core.sender import UNKNOWN, Sender
from authproblem._model import PROVIDERS
from authproblem._registry.registry import Registry
from authproblem._registry.surfaces import EndpointSurfaces
from authproblem._upstream.headers import ResponseHeaders

_FIRST_ERROR = 400


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


def effective_sender(status: int, headers: ResponseHeaders, declared: Sender, registry: Registry) -> Sender:
    """Return the sender, with the response's own headers taken into account; a certain declaration comes first.

    Args:
        status: the HTTP status; a challenge names the sender of an error only.
        headers: the response's headers.
        declared: what is declared of the sender.
        registry: has the vendors' domains.
    """
    layout = headers.layout
    if declared.certain or not (layout.provider or layout.has_challenge):
        return declared
    if layout.provider is None:
        vendor = named_vendor(headers, registry.vendor_domains) if status >= _FIRST_ERROR else None
        return declared if vendor is None else Sender(vendor, True, declared.endpoint, True)  # noqa: FBT003
    if declared.endpoint is None:
        return _CERTAIN[layout.provider]
    return Sender(layout.provider, True, declared.endpoint)  # noqa: FBT003


_CERTAIN: dict[str, Sender] = {provider: Sender(provider, certain=True) for provider in PROVIDERS}
