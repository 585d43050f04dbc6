"""The settings of the external processor: flags over a TOML file over defaults, checked with clear errors.

The table `[options]` of the file contains the options of the middleware under their own names, and the middleware's own
rules check them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authproblem._core.sender import upstream
from authproblem._middleware.options import Options, make_options
from authproblem._registry.registry import Registry
from authproblem.errors import ConfigurationError, invalid, unknown_option

LOG_LEVELS = ("debug", "info", "warning", "error")
MAX_WORKERS = 64
_MAX_PORT = 65_535


@dataclass(frozen=True)
class ExtProcConfig:
    """The settings of the external processor.

    Attributes:
        listen: `HOST:PORT`; further workers listen on the ports after it, one each.
        workers: how many processes.
        log_level: the least level of events to write: `debug`, `info`, `warning` or `error`.
        grace: seconds that a shutdown waits for messages under way.
        otel: whether metrics are recorded by OpenTelemetry; `opentelemetry-instrument` sets up the SDK.
        options: the options of the middleware as the file has them.
    """

    listen: str = "127.0.0.1:18094"
    workers: int = 1
    log_level: str = "info"
    grace: float = 10.0
    otel: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def addresses(self) -> list[str]:
        """Return the address of each worker."""
        host, _, port = self.listen.rpartition(":")
        return [f"{host}:{int(port) + number}" for number in range(self.workers)]

    def compile_options(self) -> Options:
        """Return the options of the middleware, compiled.

        Raises:
            ConfigurationError: for an option that is unknown or has an invalid value.
        """
        try:
            return make_options({name: _from_toml(name, value) for name, value in self.options.items()})
        except ConfigurationError as error:
            raise ConfigurationError(f"[options]: {error}") from None


_EXPECTED: dict[str, tuple[type | tuple[type, ...], str]] = {
    "listen": (str, "a text such as '127.0.0.1:18094'"),
    "workers": (int, f"a whole number from 1 to {MAX_WORKERS}"),
    "log_level": (str, "one of " + ", ".join(LOG_LEVELS)),
    "grace": ((int, float), "a number of seconds from 0 to 3600"),
    "otel": (bool, "true or false"),
    "options": (dict, "a table"),
}


def load_config(flags: Mapping[str, Any] | None = None, file: str | None = None) -> ExtProcConfig:
    """Read and check the settings.

    Args:
        flags: settings by name, as `ExtProcConfig` has them; None for one that is not given.
        file: path of a TOML file.

    Raises:
        ConfigurationError: for the first setting that is invalid.
    """
    document = _read_toml(file) if file else {}
    given = {**document, **{name: value for name, value in (flags or {}).items() if value is not None}}
    for name, value in given.items():
        _check(name, value)
    config = ExtProcConfig(**given)
    last = int(config.addresses()[-1].rpartition(":")[2])
    if last > _MAX_PORT:
        invalid("workers", config.workers, f"ports up to {_MAX_PORT}; the last one would be {last}")
    config.compile_options()
    return config


def _check(name: str, value: object) -> None:
    if name not in _EXPECTED:
        unknown_option(name, _EXPECTED)
    kinds, expected = _EXPECTED[name]
    is_right = isinstance(value, kinds) and (kinds is bool or not isinstance(value, bool))
    if not is_right or not _CHECKS.get(name, lambda _: True)(value):
        invalid(name, value, expected)


def _is_address(value: Any) -> bool:
    host, _, port = value.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and 0 < int(port) <= _MAX_PORT


_CHECKS: dict[str, Any] = {
    "listen": _is_address,
    "workers": lambda value: 1 <= value <= MAX_WORKERS,
    "log_level": lambda value: value in LOG_LEVELS,
    "grace": lambda value: 0 <= value <= 3600,
}


def _from_toml(name: str, value: Any) -> Any:
    """An option as the middleware takes it: what TOML cannot express is made of what it can."""
    if name == "registry" and isinstance(value, str):
        return _extended_registry(value)
    if name == "providers" and isinstance(value, dict):
        return {path: _upstream(path, rule) for path, rule in value.items()}
    return value


def _extended_registry(path: str) -> Registry:
    try:
        return Registry.builtin().extend(path)
    except OSError as error:
        raise ConfigurationError(f"the registry {path!r} cannot be read: {error.strerror}") from None


def _upstream(path: str, rule: Any) -> Any:
    if not isinstance(rule, dict):
        return rule
    try:
        return upstream(**rule)
    except TypeError:
        return invalid(f"providers[{path!r}]", rule, "the keys provider, whole, endpoint")


def _read_toml(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with open(path, "rb") as stream:
            return dict(tomllib.load(stream))
    except OSError as error:
        raise ConfigurationError(f"the configuration file {path!r} cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the configuration file {path!r} is not valid TOML: {error}") from None
