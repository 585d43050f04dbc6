"""Surfaces: which group of a provider's endpoints a path belongs to.

Spellings of a path that a server may treat alike find the same surface: path parameters (`;a=1`), empty and dot
segments, another case, percent-encoding, a final slash. Otherwise a caller could choose a spelling at which errors do
not fold.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

_MAX_SEGMENTS = 24
"""Segments of a path that are looked up; the longest registered path has 10."""
_MAX_PATH = 65_536
"""Characters of a path that are looked at: no server takes a longer request line (uvicorn 64 KiB, nginx 8)."""
_MAX_CACHED, _MAX_CACHED_PATH = 256, 128
"""Paths whose surface is cached, and their length: an app has few that send a provider's errors."""
_LEAF = "/"  # no segment has a slash


class Surface(NamedTuple):
    """A group of a provider's endpoints: whether users sign in there, and whether a repeat can use up a credential."""

    id: str
    provider: str
    sign_in: bool
    credential: bool


class Surfaces:
    """Endpoints by path: a tree of segments, `{x}` for any one segment, a final `*` for all below."""

    __slots__ = ("_cached", "_trees")

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        """Build the trees, one for each provider."""
        self._cached = lru_cache(maxsize=_MAX_CACHED)(self._find)
        self._trees: dict[str, dict[str, Any]] = {}
        for row in rows:
            surface = Surface(row["id"], row["provider"], row["sign_in"], row["credential"])
            for path in row["paths"]:
                node = self._trees.setdefault(surface.provider, {})
                for segment in path.strip("/").split("/"):
                    node = node.setdefault("{}" if segment.startswith("{") else segment.lower(), {})
                node[_LEAF] = surface

    def find(self, provider: str, endpoint: str | None) -> Surface | None:
        """Return the surface of a provider's path; None where the registry does not have it."""
        if endpoint is None:
            return None
        return self._cached(provider, endpoint) if len(endpoint) <= _MAX_CACHED_PATH else self._find(provider, endpoint)

    def _find(self, provider: str, endpoint: str) -> Surface | None:
        tree = self._trees.get(provider)
        return None if tree is None else _walk(tree, _segments(endpoint))


class EndpointSurfaces:
    """The surfaces of one endpoint, looked up when first needed.

    Attributes:
        endpoint: the provider's path, or None.
        consulted: whether a surface was looked up, so that the result depends on the endpoint.
    """

    __slots__ = ("_found", "_surfaces", "consulted", "endpoint")

    def __init__(self, surfaces: Surfaces, endpoint: str | None) -> None:
        """Wrap an endpoint; nothing is looked up yet."""
        self._surfaces = surfaces
        self._found: dict[str, Surface | None] | None = None
        self.endpoint = endpoint
        self.consulted = False

    def find(self, provider: str) -> Surface | None:
        """Return the surface of the endpoint at a provider, or None."""
        self.consulted = True
        if self._found is None:
            self._found = {}
        if provider not in self._found:
            self._found[provider] = self._surfaces.find(provider, self.endpoint)
        return self._found[provider]

    def key(self) -> tuple[Surface | None, Surface | None]:
        """Return the surfaces at both vendors: a dictionary key for whatever depends on the endpoint."""
        return self.find("auth0"), self.find("okta")


def _segments(endpoint: str) -> list[str]:
    """Return the segments of a path in the one spelling in which paths are compared."""
    path = endpoint[:_MAX_PATH].partition("?")[0]
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    segments: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        segment = part and part.partition(";")[0].strip().lower()
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    return segments[:_MAX_SEGMENTS]


def _walk(tree: dict[str, Any], segments: list[str]) -> Surface | None:
    """Find the leaf of a path, exact segments before `{x}` before `*`; each level is visited once per alternative."""
    nodes: list[dict[str, Any]] = [tree]
    below: Surface | None = None
    for segment in segments:
        below = next((leaf for node in nodes if (leaf := node.get("*", {}).get(_LEAF)) is not None), below)
        nodes = [child for node in nodes for key in (segment, "{}") if key != "*" and (child := node.get(key))]
        if not nodes:
            return below
    found: Surface | None
    for node in nodes:
        found = node.get(_LEAF) or node.get("*", {}).get(_LEAF)
        if found is not None:
            return found
    return below
