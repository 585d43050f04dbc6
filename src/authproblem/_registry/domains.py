"""Vendor domains: which vendor a host belongs to. Host names are compared with vendors' domains here and only here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from authproblem._model import Provider, as_provider


class VendorDomains:
    """The domains of the vendors, such as `okta.com`."""

    __slots__ = ("_domains",)

    def __init__(self, data: Mapping[str, Iterable[str]]) -> None:
        """Compile `vendor_domains` of `shapes.json`."""
        self._domains: tuple[tuple[str, Provider], ...] = tuple(
            ("." + domain, as_provider(provider)) for provider, names in data.items() for domain in names
        )

    def owner(self, host: str, provider: str | None = None) -> Provider | None:
        """Return the vendor whose domain a host belongs to, or None.

        Args:
            host: the host name.
            provider: only this vendor's domains count; any vendor's for None, and for `oauth`, which has none.
        """
        name = "." + host.lower().rstrip(".")
        for domain, vendor in self._domains:
            if name.endswith(domain) and (provider in {None, "oauth", vendor}):
                return vendor
        return None
