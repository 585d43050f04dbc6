"""Path patterns of the vendors' endpoints, as in surfaces.json: `{x}` is any one segment, a final `*` all below."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from authproblem import Registry

Surfaces = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1024)
def pattern(path: str) -> re.Pattern[str]:
    """Compile a path pattern; each `{name}` becomes a group of that name."""
    parts = re.split(r"(\{[a-z_]+\}|\*)", path)
    seen: set[str] = set()
    return re.compile("".join(_part(part, seen) for part in parts))


def surfaces_of(registry: Registry, provider: str) -> dict[str, tuple[str, ...]]:
    """The path patterns of a provider's surfaces, by their ids such as `auth0.token`."""
    rows = registry.data["surfaces"]["surfaces"]
    return {row["id"]: tuple(row["paths"]) for row in rows if row["provider"] == provider}


def is_below(path: str, wanted: Iterable[str], surfaces: Surfaces) -> bool:
    """Whether a request's path is one of those wanted: paths, patterns, or ids of surfaces."""
    patterns = (each for name in wanted for each in surfaces.get(name, (name,)))
    return any(pattern(each).fullmatch(path) for each in patterns)


def _part(part: str, seen: set[str]) -> str:
    if part == "*":
        return ".*"
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    if name in seen or name == "x":
        return "[^/]+"
    seen.add(name)
    return f"(?P<{name}>[^/]+)"
