"""The gateway's configuration: one table of settings, read from flags, environment and TOML, checked with clear errors.

A flag wins over the environment, the environment over the file, the file over the default. Nothing is read again later.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from authproblem._client.hosts import Hosts
from authproblem._middleware.options import make_options
from authproblem._model import PROVIDERS
from authproblem._registry.registry import Registry
from authproblem.gateway._settings import CHOICES, SETTINGS, Setting

PREFIX = "AUTHPROBLEM_"
"""What the names of environment variables begin with."""
SOURCES = ("upstream", *PROVIDERS)
"""How an upstream may be named: by its host, or by its provider."""
_LISTS = ("exclude", "transaction_states")
_ROUTE_KEYS = ("url", "provider", "prefix")


class ConfigError(ValueError):
    """A setting that does not hold; the message names it, where it stands, and what would be right."""


class Route(NamedTuple):
    """What answers below a path.

    Attributes:
        prefix: the path of the gateway, without a final slash; empty for everything.
        url: where requests go; a path in it stands before the provider's.
        provider: `auth0`, `okta` or `oauth`.
    """

    prefix: str
    url: str
    provider: str


class GatewayConfig(NamedTuple):
    """A checked configuration.

    Attributes:
        routes: what answers below which path, the longest path first.
        settings: the values of `SETTINGS`, by name.
        options: the options of the middleware.
    """

    routes: tuple[Route, ...]
    settings: Mapping[str, Any]
    options: Mapping[str, Any]


def load_config(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: str | None = None,
) -> GatewayConfig:
    """Read and check the configuration.

    Args:
        flags: settings and options by name, as text or as they are; `routes` for upstreams as `(source, url, prefix)`.
        environ: the environment; None = `os.environ`.
        file: a TOML file; None = the one that `AUTHPROBLEM_CONFIG` names, if it does.

    Raises:
        ConfigError: for the first thing that does not hold.
    """
    flags, environ = dict(flags or {}), os.environ if environ is None else environ
    path = file or environ.get(PREFIX + "CONFIG")
    document = _read_toml(path) if path else {}
    routes = flags.pop("routes", ()) or _routes_of_environ(environ) or _routes_of_file(document.pop("upstream", []))
    document.pop("upstream", None)
    of_options = document.pop("options", {})
    if not isinstance(of_options, dict):
        raise ConfigError("[options] in the configuration file has to be a table")
    settings = _values(SETTINGS, flags, environ, document)
    lists = {name: tuple(_paths(name, of_options.pop(name))) for name in _LISTS if name in of_options}
    options = {**_values(CHOICES, flags, environ, of_options), **lists}
    for where, left in (("", document), ("[options] ", of_options)):
        if left:
            raise ConfigError(f"{where}{next(iter(left))!r} in the configuration file is unknown")
    checked = _options(options)
    _check_authorities(settings["ca_file"])
    return GatewayConfig(_checked_routes(routes, checked["registry"]), settings, checked)


def _read_toml(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with open(path, "rb") as stream:
            return dict(tomllib.load(stream))
    except OSError as error:
        raise ConfigError(f"the configuration file {path!r} cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the configuration file {path!r} is no TOML: {error}") from None


def _values(
    table: Iterable[Setting], flags: Mapping[str, Any], environ: Mapping[str, str], document: dict[str, Any]
) -> dict[str, Any]:
    """The values of a table of settings; those of the file are taken out of it."""
    values = {}
    for setting in table:
        variable = PREFIX + setting.name.upper()
        named = document.pop(setting.name, None)
        if flags.get(setting.name) is not None:
            values[setting.name] = _value(setting, flags[setting.name], "--" + setting.name.replace("_", "-"))
        elif environ.get(variable):
            values[setting.name] = _value(setting, environ[variable], variable)
        elif named is not None:
            values[setting.name] = _value(setting, named, f"{setting.name} in the configuration file")
        else:
            values[setting.name] = setting.default
    return values


def _value(setting: Setting, given: object, where: str) -> Any:
    """A value as its setting has it; TOML's own types are taken through their text, so that one rule holds for all."""
    text = str(given).lower() if isinstance(given, bool) else str(given)
    if isinstance(given, (list, tuple)):
        text = " ".join(map(str, given))
    try:
        return setting.read(text)
    except ValueError as error:
        right = "a number" if "could not convert" in str(error) else error
        raise ConfigError(f"{where}: {given!r} does not hold; it has to be {right}") from None


def _paths(name: str, given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
        raise ConfigError(f"[options] {name}: {given!r} does not hold; it has to be a list of paths")
    return given


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The middleware's options, checked by the middleware's own rules."""
    path = given.pop("registry")
    try:
        registry = Registry.builtin() if path is None else Registry.builtin().extend(path)
        options = {**given, "registry": registry}
        make_options(options)
    except OSError as error:
        raise ConfigError(f"registry: the file {path!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return options


def _check_authorities(path: str | None) -> None:
    if path is None:
        return
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # no such file, or nothing in it that is a certificate
        raise ConfigError(f"ca_file: {path!r} cannot be used: {error.strerror or error}") from None


def _routes_of_environ(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """`AUTHPROBLEM_UPSTREAM`, `_AUTH0`, `_OKTA`, `_OAUTH`: URLs, each with its path and `=` before it if it has one."""
    found = []
    for source in SOURCES:
        for word in environ.get(PREFIX + source.upper(), "").split():
            prefix, separator, url = word.partition("=") if word.startswith("/") else ("", "", word)
            found.append((source, url if separator else word, prefix))
    return found


def _routes_of_file(rows: object) -> list[tuple[str, str, str]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("[[upstream]] in the configuration file has to be a list of tables")
    found = []
    for row in rows:
        unknown = [key for key in row if key not in _ROUTE_KEYS]
        if unknown or "url" not in row:
            what = f"{unknown[0]!r} is unknown" if unknown else "there is no 'url'"
            raise ConfigError(f"[[upstream]] in the configuration file: {what}; its keys are {', '.join(_ROUTE_KEYS)}")
        found.append((str(row.get("provider", "upstream")), str(row["url"]), str(row.get("prefix", ""))))
    return found


def _checked_routes(given: Iterable[tuple[str, str, str]], registry: Registry) -> tuple[Route, ...]:
    routes = [_route(source, url, prefix, Hosts(None, registry)) for source, url, prefix in given]
    if not routes:
        raise ConfigError(
            "there is no upstream; name one: --upstream https://tenant.auth0.com, AUTHPROBLEM_UPSTREAM or [[upstream]]"
        )
    prefixes = [route.prefix for route in routes]
    for prefix in prefixes:
        if prefixes.count(prefix) > 1:
            raise ConfigError(f"two upstreams answer below {prefix or '/'!r}; give each a --prefix of its own")
    return tuple(sorted(routes, key=lambda route: -len(route.prefix)))


def _route(source: str, url: str, prefix: str, hosts: Hosts) -> Route:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError(f"upstream {url!r} does not hold; it has to be a URL such as 'https://tenant.auth0.com'")
    if prefix and (not prefix.startswith("/") or set(prefix) & set("?#% ")):
        raise ConfigError(f"prefix {prefix!r} does not hold; it has to be a path such as '/okta'")
    provider = hosts.provider(host) if source == "upstream" else source
    if provider not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise ConfigError(
            f"upstream {url!r}: its host does not tell the provider; say it by --auth0, --okta or --oauth in place of "
            f"--upstream, or in the file by provider = one of {known}"
        )
    return Route(prefix.rstrip("/"), url.rstrip("/"), provider)
