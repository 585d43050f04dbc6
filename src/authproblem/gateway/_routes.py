"""Routes, compiled: which provider a path belongs to, and the rules for its responses.

What happens between a request and its response belongs in `_exchange`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from authproblem._client.reader import Call, ProviderRequest, Reader
from authproblem._client.stores import CooldownStore
from authproblem._core.sender import check_provider
from authproblem._model import Provider
from authproblem.gateway._config import GatewayConfig
from authproblem.gateway._config_routes import Route
from authproblem.gateway._head import Head, Peer
from authproblem.gateway._messages import below, climbs

Scope = Mapping[str, Any]


class CompiledRoute:
    """One route.

    Attributes:
        prefix: the path of the gateway below which it serves requests.
        base: the path before the provider's.
        origin: scheme and authority of the provider.
        authority: host, and port where it is not the scheme's own.
        provider: `auth0`, `okta` or `oauth`.
        reader: the rules for its responses.
    """

    __slots__ = ("_behind_proxy", "_host", "authority", "base", "origin", "prefix", "provider", "reader")

    def __init__(self, route: Route, store: CooldownStore | None, config: GatewayConfig) -> None:
        """Compile a route.

        Args:
            route: the route.
            store: where cool-downs are kept; None = no cool-down.
            config: the settings of all routes.
        """
        parts = urlsplit(route.url)
        self._host = parts.hostname or ""
        default = {"http": 80, "https": 443}[parts.scheme]
        port = "" if parts.port in {None, default} else f":{parts.port}"
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.provider: Provider = check_provider(route.provider)
        self.prefix = route.prefix.encode()
        self.base = parts.path.encode()
        self.authority = (host + port).encode("idna" if not host.isascii() else "ascii")
        self.origin = f"{parts.scheme}://{self.authority.decode()}"
        self._behind_proxy = config.settings["forwarded"] == "keep"
        limit = config.settings["max_cooldown"]
        self.reader = Reader({self._host: route.provider}, store, config.options, max_cooldown=limit)

    def call(self, path: bytes, method: str, head: Head, peer: Peer) -> Call:
        """Return a request as the reader takes it.

        Args:
            path: the provider's path.
            method: the method.
            head: the header fields.
            peer: who sends it.
        """
        text = path.decode("latin-1")
        request = ProviderRequest(
            self._host,
            unquote(text) if "%" in text else text,
            method.upper(),
            head.text(b"accept"),
            head.text(b"authorization"),
            True,  # noqa: FBT003 - `binary`
            self._client_address(head, peer),
            head.text(b"dpop"),
        )
        return self.reader.call_to(self.provider, request)

    def _client_address(self, head: Head, peer: Peer) -> str:
        """The address of the client, by which its cool-downs are kept apart from those of others.

        Behind a trusted proxy (`forwarded = "keep"`) it is the last one of `X-Forwarded-For`, which that proxy has
        added; those before it were sent by the caller.
        """
        if self._behind_proxy:
            forwarded = head.text(b"x-forwarded-for")
            if forwarded is not None:
                return forwarded.rpartition(",")[2].strip()
        return peer.address


def find_route(routes: list[CompiledRoute], path: bytes) -> tuple[CompiledRoute, bytes] | None:
    """Return the route of a path, and the provider's path; routes are ordered by prefix, the longest first."""
    for route in routes:
        rest = below(path, route.prefix)
        if rest is not None:
            return route, rest
    return None


def leaves_base(route: CompiledRoute, path: bytes) -> bool:
    """Whether a path would leave the base path of its route for another tenant's."""
    return bool(route.base) and climbs(path)


def path_of(scope: Scope) -> bytes:
    """The path as the caller sent it, below the place where the app is mounted."""
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    root = scope.get("root_path")
    if root:
        path = below(path, quote(root).encode("ascii")) or path
    return path.partition(b"?")[0]
