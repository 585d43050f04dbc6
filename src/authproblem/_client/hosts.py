"""Whose host is whose: what a client-side door knows of a response before it looks at it."""

from __future__ import annotations

from collections.abc import Mapping

from authproblem._core.sender import check_provider
from authproblem._registry.registry import Registry


class Hosts:
    """Whose host is whose: the vendors' own domains, and the custom ones that the caller names."""

    __slots__ = ("_domains", "_given")

    def __init__(self, given: Mapping[str, str] | None, registry: Registry) -> None:
        """Check the names.

        Args:
            given: host names and their providers.
            registry: knows the vendors' domains.

        Raises:
            ValueError: for an unknown provider, or a host with a scheme, a port or a path.
        """
        for host, provider in (given or {}).items():
            check_provider(provider, f"hosts[{host!r}]")
            if not host or set(host) & set("/:@ "):
                msg = f"hosts: {host!r} does not hold; it has to be a bare host name such as 'login.example.com'"
                raise ValueError(msg)
        self._given = {host.lower(): provider for host, provider in (given or {}).items()}
        domains: Mapping[str, list[str]] = registry.data["shapes"]["vendor_domains"]
        self._domains = tuple(("." + name, provider) for provider, names in domains.items() for name in names)

    def provider(self, host: str) -> str | None:
        """The provider that answers at a host, or None."""
        host = host.lower().rstrip(".")
        given = self._given.get(host)
        if given is not None:
            return given
        return next((provider for domain, provider in self._domains if f".{host}".endswith(domain)), None)
