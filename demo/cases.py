"""All cases, in the order in which they are shown."""

from __future__ import annotations

from demo import cases_auth0, cases_okta
from demo.model import Case, Expected

_UNREACHABLE = Case(
    "unreachable",
    "Okta cannot be reached at all",
    "With exceptions=True, httpx's ConnectError becomes a 502 instead of a 500.",
    "GET",
    "/nowhere/api/v1/users",
    None,
    Expected("upstream-unreachable", 502, "after_delay", after=10, automatic=True),
)
_OWN_404 = Case(
    "own-404",
    "A page that the app itself does not have",
    "Not the provider's response: nothing is changed, and nothing is logged.",
    "GET",
    "/nothing/here",
    None,
    Expected(None, 404, event=None, media_type=""),
)

CASES: tuple[Case, ...] = (
    *cases_auth0.SIGN_IN,
    *cases_okta.SIGN_IN,
    *cases_auth0.API,
    *cases_okta.LIMITS,
    _UNREACHABLE,
    *cases_auth0.ALONE,
    _OWN_404,
)
