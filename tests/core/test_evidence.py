"""`WWW-Authenticate` as evidence: any value is read without an error, and only a vendor's own host names it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authproblem._core.evidence import error_challenge, named_vendor
from tests.support.core import REGISTRY, read_headers

DOMAINS = REGISTRY.vendor_domains
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
tails = st.sampled_from(["", "/", "/oauth2/default", "?x=1", "#x", ":443", ":443/x"])
schemes = st.sampled_from(["", "https://", "http://"])
quotable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'), max_size=60)


@given(st.lists(st.text(st.characters(max_codepoint=0xFF), max_size=80), max_size=4))
def test_any_value_is_read(lines: list[str]) -> None:
    """The header comes from anywhere."""
    headers = read_headers([("www-authenticate", line) for line in lines])

    assert error_challenge(headers) is None or lines
    assert named_vendor(headers, DOMAINS) in {None, "auth0", "okta"}


@given(schemes, labels, st.sampled_from(["okta.com", "oktapreview.com", "auth0.com"]), tails)
def test_a_host_of_a_vendor_names_it(scheme: str, label: str, domain: str, tail: str) -> None:
    """With or without scheme, port and path."""
    headers = read_headers([("www-authenticate", f'Bearer realm="{scheme}{label}.{domain}{tail}"')])

    assert named_vendor(headers, DOMAINS) == DOMAINS.owner(domain)


@given(schemes, quotable, labels, tails)
def test_a_foreign_host_names_nobody_whatever_comes_before_it(scheme: str, name: str, label: str, tail: str) -> None:
    """Nor what comes after it: a path or query with a vendor's domain."""
    issuer = f"{scheme}{name}{label}.example{tail}"
    headers = read_headers([("www-authenticate", f'Bearer realm="{issuer}"')])

    if not any(mark in name for mark in "/?#:"):
        assert named_vendor(headers, DOMAINS) is None
