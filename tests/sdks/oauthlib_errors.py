"""What oauthlib makes of a response of the token endpoint: shared by the tests of oauthlib and of requests-oauthlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    InvalidClientError,
    InvalidGrantError,
    MissingTokenError,
    TemporarilyUnavailableError,
)

from tests.sdks.cases import Case
from tests.sdks.servers import Site

if TYPE_CHECKING:
    from oauthlib.oauth2 import OAuth2Error

_KINDS: dict[str, type[OAuth2Error]] = {
    "invalid_grant": InvalidGrantError,
    "invalid_client": InvalidClientError,
    "temporarily_unavailable": TemporarilyUnavailableError,
}


def expected(case: Case, site: Site) -> tuple[type[OAuth2Error], str, Any]:
    """Class, code and description. Codes without a class are custom errors; a body without `error` is none at all."""
    if "error" in case.body:
        return _KINDS.get(case.code, CustomOAuth2Error), case.code, site.text(case)
    return MissingTokenError, "missing_token", "Missing access token parameter."


def seen(error: OAuth2Error) -> tuple[type[OAuth2Error], str | None, str]:
    """The same of an exception."""
    return type(error), error.error, error.description
