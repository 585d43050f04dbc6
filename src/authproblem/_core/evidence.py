"""What a response's `WWW-Authenticate` says: the error in it, and the vendor that it names.

Evidence in the body is the matter of `classify`. The header is parsed where it is there, which is rare: the parser is
imported only then, so that importing the package stays cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from authproblem._model import Provider
from authproblem._registry.domains import VendorDomains
from authproblem._upstream.headers import ResponseHeaders
from authproblem._upstream.json_values import CODE

if TYPE_CHECKING:
    from authproblem._upstream.challenge import Challenge

_ISSUER_PARAMETERS = ("authorization_uri", "realm")
"""The parameters of a challenge that name the issuer."""
_ISSUER = re.compile(r"(?:https?://)?([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#].*)?", re.DOTALL)
"""A URI or bare host, without credentials. Okta's own challenges have URIs with `http`."""


def error_challenge(headers: ResponseHeaders) -> Challenge | None:
    """Return the first challenge that carries an OAuth error (RFC 6750 section 3)."""
    for challenge in _challenges(headers):
        if CODE.fullmatch(challenge.parameters.get("error", "")):
            return challenge
    return None


def named_vendor(headers: ResponseHeaders, domains: VendorDomains) -> Provider | None:
    """Return the vendor on whose domain the `authorization_uri` or `realm` of a challenge lies, or None.

    Args:
        headers: the response's headers.
        domains: the vendors' domains.
    """
    for challenge in _challenges(headers):
        for name in _ISSUER_PARAMETERS:
            issuer = _ISSUER.fullmatch(challenge.parameters.get(name, ""))
            vendor = domains.owner(issuer[1]) if issuer is not None else None
            if vendor is not None:
                return vendor
    return None


def _challenges(headers: ResponseHeaders) -> Iterator[Challenge]:
    """Yield the challenges of all lines.

    Okta has sent `acr_values=urn:okta:loa:1fa:any` without quotes: a line that breaks the grammar is read loosely,
    since here it is only read.
    """
    lines = headers.all("www-authenticate")
    if not lines:
        return
    from authproblem._upstream.challenge import parse_line

    for line in lines:
        yield from parse_line(line) or parse_line(line, loose=True) or ()
