"""The upstreams of a configuration: read from the environment or the file, checked, and ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from authproblem._client.hosts import Hosts
from authproblem._model import PROVIDERS
from authproblem._registry.registry import Registry
from authproblem.gateway._config_error import ConfigError

SOURCES = ("upstream", *PROVIDERS)
"""How an upstream may be given: `upstream` where its host names the provider, else the provider."""
_KEYS = ("url", "provider", "prefix")
_NONE = "no upstream is configured; expected --upstream https://tenant.auth0.com, AUTHPROBLEM_UPSTREAM or [[upstream]]"
Given = tuple[str, str, str]
"""Source, URL and prefix."""


class Route(NamedTuple):
    """The upstream below a path.

    Attributes:
        prefix: the path of the gateway, without a final slash; empty for every path.
        url: where requests are sent; a path in it precedes the provider's.
        provider: `auth0`, `okta` or `oauth`.
    """

    prefix: str
    url: str
    provider: str


def routes_of_environ(environ: Mapping[str, str], start: str) -> list[Given]:
    """Read `AUTHPROBLEM_UPSTREAM`, `_AUTH0`, `_OKTA` and `_OAUTH`: URLs, each with `PATH=` before it if it has one."""
    found = []
    for source in SOURCES:
        for item in environ.get(start + source.upper(), "").split():
            prefix, separator, url = item.partition("=") if item.startswith("/") else ("", "", item)
            found.append((source, url if separator else item, prefix))
    return found


def routes_of_file(rows: object) -> list[Given]:
    """Read the tables `[[upstream]]`.

    Raises:
        ConfigError: for an invalid one.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("invalid [[upstream]] in the configuration file; expected a list of tables")
    found = []
    for row in rows:
        unknown = [key for key in row if key not in _KEYS]
        if unknown or "url" not in row:
            what = f"unknown key {unknown[0]!r}" if unknown else "there is no 'url'"
            keys = ", ".join(_KEYS)
            raise ConfigError(f"invalid [[upstream]] in the configuration file: {what}; expected {keys}")
        found.append((str(row.get("provider", "upstream")), str(row["url"]), str(row.get("prefix", ""))))
    return found


def checked_routes(given: Iterable[Given], registry: Registry) -> tuple[Route, ...]:
    """Check upstreams.

    Args:
        given: the upstreams.
        registry: has the vendors' domains.

    Returns:
        The routes, the one with the longest prefix first.

    Raises:
        ConfigError: for the first invalid one.
    """
    hosts = Hosts(None, registry)
    routes = [_route(source, url, prefix, hosts) for source, url, prefix in given]
    if not routes:
        raise ConfigError(_NONE)
    prefixes = [route.prefix for route in routes]
    for prefix in prefixes:
        if prefixes.count(prefix) > 1:
            raise ConfigError(f"two upstreams have prefix {prefix or '/'!r}; expected a different --prefix for each")
    return tuple(sorted(routes, key=lambda route: -len(route.prefix)))


def _route(source: str, url: str, prefix: str, hosts: Hosts) -> Route:
    host = _host(url)
    if prefix and (not prefix.startswith("/") or set(prefix) & set("?#% ")):
        raise ConfigError(f"invalid prefix {prefix!r}; expected a path such as '/okta'")
    provider = hosts.provider(host) if source == "upstream" else source
    if provider not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise ConfigError(
            f"upstream {url!r}: the provider is unknown, since its host is not a vendor's; expected --auth0, "
            f"--okta or --oauth in place of --upstream, or in the file provider = one of {known}"
        )
    return Route(prefix.rstrip("/"), url.rstrip("/"), provider)


def _host(url: str) -> str:
    """The host of a URL that requests can be sent to; the message shows no user name or password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if "@" in parts.netloc:
        raise ConfigError(f"invalid upstream with host {host!r}; expected a URL without user name and password")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise ConfigError(f"invalid upstream {url!r}; expected a URL such as 'https://tenant.auth0.com'")
    return host
