"""The fake provider that is neither Auth0 nor Okta: it follows the specifications only."""

from __future__ import annotations

from typing import ClassVar

from authproblem.testing import _web as web
from authproblem.testing._fake import Handler
from authproblem.testing._oauth import OAuthProvider


class FakeOAuth(OAuthProvider):
    """An OpenID provider with the codes of the specifications and no vendor's headers."""

    provider = "oauth"
    routes: ClassVar[tuple[tuple[str, str, Handler], ...]] = (
        ("GET", "/.well-known/openid-configuration", web.discovery),
        ("GET", "/.well-known/oauth-authorization-server", web.discovery),
        ("GET", "/jwks", web.keys),
        ("GET", "/authorize", web.authorize),
        ("POST", "/authorize", web.authorize),
        ("POST", "/token", OAuthProvider.token),
        ("GET", "/userinfo", web.userinfo),
        ("POST", "/revoke", web.revoke),
        ("POST", "/introspect", web.introspect),
        ("POST", "/device", web.device),
        ("GET", "/activate", web.activate),
        ("POST", "/bc-authorize", web.backchannel),
        ("POST", "/par", web.pushed),
        ("POST", "/register", web.register),
        ("GET", "/logout", web.logout),
    )
