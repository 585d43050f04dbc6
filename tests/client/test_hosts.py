"""Which provider a host belongs to: vendors' domains, and custom ones that the caller names."""

from __future__ import annotations

import pytest

from authproblem import Registry
from authproblem._client.hosts import Hosts
from authproblem.errors import ConfigurationError

REGISTRY = Registry.builtin()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acme.okta.com", "okta"),
        ("acme.eu.auth0.com", "auth0"),
        ("LOGIN.Example.com.", "auth0"),
        ("okta.com.example.org", None),
        ("example.com", None),
        ("", None),
    ],
)
def test_a_host_belongs_to_a_provider_or_to_none(host: str, expected: str | None) -> None:
    """Case and a final dot do not count; a look-alike domain is nobody's."""
    assert Hosts({"login.example.com": "auth0"}, REGISTRY).provider(host) == expected


def test_a_named_host_comes_before_a_vendors_domain() -> None:
    """An org may serve another provider's API under its own domain."""
    assert Hosts({"acme.okta.com": "oauth"}, REGISTRY).provider("acme.okta.com") == "oauth"


@pytest.mark.parametrize("host", ["", "https://a.example", "a.example:443", "a.example/x", "user@a.example", "a b"])
def test_a_host_is_a_bare_name(host: str) -> None:
    """Without scheme, port, path or user."""
    with pytest.raises(ConfigurationError, match="bare host name"):
        Hosts({host: "auth0"}, REGISTRY)


def test_an_unknown_provider_is_refused_with_its_host() -> None:
    """And with the nearest name that exists."""
    with pytest.raises(ConfigurationError, match=r"hosts\['a\.example'\]: 'okat'.*did you mean 'okta'"):
        Hosts({"a.example": "okat"}, REGISTRY)
