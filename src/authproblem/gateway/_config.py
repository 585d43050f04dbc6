"""The gateway's configuration: one table of settings, read from flags, environment and TOML, and checked at once.

A flag wins over the environment, the environment over the file, the file over the default. Nothing is read again later.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from authproblem._client.stores import CooldownStore, MemoryCooldown
from authproblem._middleware.options import make_options
from authproblem._registry.registry import Registry
from authproblem.errors import ConfigurationError, MissingExtraError
from authproblem.gateway._config_error import ConfigError
from authproblem.gateway._config_routes import Route, checked_routes, routes_of_environ, routes_of_file
from authproblem.gateway._settings import CHOICES, SETTINGS, Setting

PREFIX = "AUTHPROBLEM_"
"""The start of the names of environment variables."""
_LISTS = ("exclude", "transaction_states")


class GatewayConfig(NamedTuple):
    """A checked configuration.

    Attributes:
        routes: the upstreams, the one with the longest prefix first.
        settings: the values of `SETTINGS`, by name.
        options: the options of the middleware.
    """

    routes: tuple[Route, ...]
    settings: Mapping[str, Any]
    options: Mapping[str, Any]

    def __repr__(self) -> str:
        """The routes alone: the URL of a Redis contains a password."""
        return f"GatewayConfig(routes={self.routes!r}, ...)"


def load_config(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: str | None = None,
) -> GatewayConfig:
    """Read and check the configuration.

    Args:
        flags: settings and options by name, as text or as they are; `routes` for upstreams as `(source, url, prefix)`.
        environ: the environment; None = `os.environ`.
        file: a TOML file; None = the one that `AUTHPROBLEM_CONFIG` names, if it is set.

    Raises:
        ConfigError: for the first invalid setting.
    """
    flags, environ = dict(flags or {}), os.environ if environ is None else environ
    path = file or environ.get(PREFIX + "CONFIG")
    document = _read_toml(path) if path else {}
    rows = document.pop("upstream", [])
    routes = flags.pop("routes", ()) or routes_of_environ(environ, PREFIX) or routes_of_file(rows)
    table = document.pop("options", {})
    if not isinstance(table, dict):
        raise ConfigError(f"invalid [options] in the configuration file: {table!r}; expected a table")
    settings = _values(SETTINGS, flags, environ, document)
    lists = {name: tuple(_paths(name, table.pop(name))) for name in _LISTS if name in table}
    options = {**_values(CHOICES, flags, environ, table), **lists}
    _refuse_unknown(document, "", (*(setting.name for setting in SETTINGS), "upstream", "options"))
    _refuse_unknown(table, "[options] ", (*(setting.name for setting in CHOICES), *_LISTS))
    checked = _options(options)
    _check_authorities(settings["ca_file"])
    make_cooldown(settings)
    return GatewayConfig(checked_routes(routes, checked["registry"]), settings, checked)


def make_cooldown(settings: Mapping[str, Any]) -> CooldownStore | None:
    """Return where cool-downs are kept as configured; None where they are turned off. Nothing is connected yet.

    Raises:
        ConfigError: for a URL of Redis that is none, or where the extra is missing; the message never shows the URL.
    """
    if not settings["cooldown"]:
        return None
    if settings["redis"] is None:
        return MemoryCooldown()
    try:
        from authproblem.redis import RedisCooldown

        return RedisCooldown(settings["redis"])
    except (ConfigurationError, MissingExtraError) as error:
        raise ConfigError(f"redis: {error}") from None


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
    except ValueError as error:  # TOML that is none, or not in UTF-8
        raise ConfigError(f"the configuration file {path!r} is not valid TOML: {error}") from None


def _values(
    table: Iterable[Setting], flags: Mapping[str, Any], environ: Mapping[str, str], document: dict[str, Any]
) -> dict[str, Any]:
    """The values of a table of settings; those of the file are taken out of it."""
    values = {}
    for setting in table:
        variable = PREFIX + setting.name.upper()
        in_file = document.pop(setting.name, None)
        if flags.get(setting.name) is not None:
            values[setting.name] = _value(setting, flags[setting.name], "--" + setting.name.replace("_", "-"))
        elif environ.get(variable):
            values[setting.name] = _value(setting, environ[variable], variable)
        elif in_file is not None:
            values[setting.name] = _value(setting, in_file, f"{setting.name} in the configuration file")
        else:
            values[setting.name] = setting.default
    return values


def _value(setting: Setting, given: object, where: str) -> Any:
    """A value as its setting reads it. TOML's own types are read from their text, so that one rule serves all."""
    text = str(given).lower() if isinstance(given, bool) else str(given)
    if isinstance(given, (list, tuple)):
        text = " ".join(map(str, given))
    try:
        return setting.read(text)
    except ValueError as error:
        expected = "a number" if "could not convert" in str(error) else error
        raise ConfigError(f"invalid {where}: {given!r}; expected {expected}") from None


def _refuse_unknown(left: Mapping[str, Any], where: str, known: tuple[str, ...]) -> None:
    """Refuse keys of the file that nothing has read."""
    from difflib import get_close_matches

    for key in left:
        close = get_close_matches(key, known, 1)
        advice = f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(sorted(known))}"
        raise ConfigError(f"unknown key {where}{key!r} in the configuration file{advice}")


def _paths(name: str, given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(path, str) for path in given):
        raise ConfigError(f"invalid [options] {name}: {given!r}; expected a list of paths")
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
