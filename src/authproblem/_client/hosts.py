"""Finds the provider of a host, which is all that a client integration has before it reads a response."""

from __future__ import annotations

from collections.abc import Mapping

from authproblem._core.sender import check_provider
from authproblem._model import Provider
from authproblem._registry.registry import Registry
from authproblem.errors import invalid


class Hosts:
    """Whose host is whose: the vendors' own domains, and the custom ones that the caller names."""

    __slots__ = ("_domains", "_given")

    def __init__(self, given: Mapping[str, str] | None, registry: Registry) -> None:
        """Check the names.

        Args:
            given: host names and their providers.
            registry: has the vendors' domains.

        Raises:
            ValueError: for an unknown provider, or a host with a scheme, a port or a path.
        """
        for host, provider in (given or {}).items():
            check_provider(provider, f"hosts[{host!r}]")
            if not host or set(host) & set("/:@ "):
                invalid("hosts: host", host, "a bare host name such as 'login.example.com'")
        self._given: dict[str, Provider] = {
            host.lower(): check_provider(provider) for host, provider in (given or {}).items()
        }
        self._domains = registry.vendor_domains

    def provider(self, host: str) -> Provider | None:
        """The provider of a host, or None."""
        host = host.lower().rstrip(".")
        given = self._given.get(host)
        if given is not None:
            return given
        return self._domains.owner(host)
