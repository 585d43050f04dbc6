"""Vendor domains: whose host a name is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem import Registry

DOMAINS = Registry.builtin().vendor_domains


@pytest.mark.parametrize(
    ("host", "provider", "expected"),
    [
        ("acme.auth0.com", None, "auth0"),
        ("auth0.com", None, "auth0"),
        ("ACME.EU.Auth0.Com.", None, "auth0"),
        ("acme.okta.com", None, "okta"),
        ("acme.okta.com", "okta", "okta"),
        ("acme.okta.com", "oauth", "okta"),
        ("acme.okta.com", "auth0", None),
        ("notokta.com", None, None),
        ("okta.com.example", None, None),
        ("", None, None),
    ],
)
def test_a_host_belongs_to_the_vendor_of_its_domain(host: str, provider: str | None, expected: str | None) -> None:
    """By whole labels, in any case, with or without the final dot; a provider restricts the search to its domains."""
    assert expected == DOMAINS.owner(host, provider)


@given(st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}", fullmatch=True))
def test_a_host_below_a_domain_belongs_to_its_vendor(labels: str) -> None:
    """Any name below a vendor's domain, and none that only ends alike."""
    assert DOMAINS.owner(f"{labels}.okta.com") == "okta"
    assert DOMAINS.owner(f"{labels}-okta.com") is None
