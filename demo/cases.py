"""All cases, in the order in which they are shown."""

from __future__ import annotations

from demo import cases_auth0, cases_okta
from demo.model import Case, Expected

_OWN_404 = Case(
    "own-404",
    "A page that the app itself does not have",
    "Not the provider's word: nothing is touched, and nothing is logged.",
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
    *cases_auth0.ALONE,
    _OWN_404,
)
