"""An authorization server for MCP clients and servers: metadata, registration, tokens, introspection, keys."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastmcp.server.auth.providers.jwt import RSAKeyPair
from joserfc.jwk import RSAKey

from tests.client.upstream import Seen
from tests.support.responses import Response, json_response

PAIR = RSAKeyPair.generate()
JWKS = {"keys": [{**RSAKey.import_key(PAIR.public_key).as_dict(), "kid": "key-1", "use": "sig", "alg": "RS256"}]}


class AuthorizationServer:
    """It signs everybody in, and answers what a token verifier asks as a test wants.

    Attributes:
        url: its origin, known once it runs.
        scope: what a user grants unless the client asks for scopes.
        active: whether introspection finds tokens active.
        trouble: answers every request of a verifier, in place of what it asks for; None = all is well.
        authorizations: how often a user was sent here to sign in.
        asked: requests of the verifier.
    """

    def __init__(self, scope: str = "files:read") -> None:
        self.url, self.scope, self.active = "", scope, True
        self.trouble: Any = None
        self.authorizations = self.asked = 0
        self._granted = scope

    def __call__(self, seen: Seen) -> Any:
        url = urlsplit(seen.target)
        form = {name: values[0] for name, values in parse_qs(url.query or seen.body.decode()).items()}
        if url.path in {"/introspect", "/jwks"}:
            self.asked += 1
            return self.trouble or json_response(200, self._introspected() if url.path == "/introspect" else JWKS)
        routes = {"/register": self._register, "/authorize": self._authorize, "/token": self._token}
        if url.path in routes:
            return routes[url.path](seen, form)
        return json_response(200, self._metadata()) if url.path.startswith("/.well-known/") else Response(404, [], b"")

    def token(self, scope: str | None = None) -> str:
        """Return a token that this server has issued."""
        self._granted = self.scope if scope is None else scope
        return PAIR.create_token(issuer=self.url, audience="mcp", scopes=self._granted.split(), kid="key-1")

    def _introspected(self) -> dict[str, Any]:
        return {"active": self.active, "client_id": "c", "sub": "u", "scope": self._granted}

    def _metadata(self) -> dict[str, Any]:
        endpoints = {f"{name}_endpoint": f"{self.url}/{path}" for name, path in ENDPOINTS.items()}
        methods = {"code_challenge_methods_supported": ["S256"], "response_types_supported": ["code"]}
        return {"issuer": self.url + "/", **endpoints, **methods, "token_endpoint_auth_methods_supported": ["none"]}

    @staticmethod
    def _register(seen: Seen, _: dict[str, str]) -> Response:
        return json_response(201, {**json.loads(seen.body), "client_id": "c", "token_endpoint_auth_method": "none"})

    def _authorize(self, _: Seen, form: dict[str, str]) -> Response:
        self.authorizations += 1
        self._granted = self.scope if self.authorizations == 1 else form.get("scope", self.scope)
        return Response(302, [("location", f"{form['redirect_uri']}?code=c&state={form['state']}")], b"")

    def _token(self, _: Seen, __: dict[str, str]) -> Response:
        return json_response(
            200, {"access_token": self.token(self._granted), "token_type": "Bearer", "expires_in": 3600}
        )


ENDPOINTS = {"authorization": "authorize", "token": "token", "registration": "register"}
