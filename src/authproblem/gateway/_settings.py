"""The table of the gateway's settings. Flags, environment variables, TOML keys and `--help` are made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

_DIGITS = 16
"""Digits of a number at most."""
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class Setting(NamedTuple):
    """One setting.

    Attributes:
        name: the TOML key; flag and environment variable are made from it.
        read: turns text into the value, or raises ValueError with what is expected.
        default: the value where nothing is given.
        help: one line for `--help`.
        metavar: the placeholder of the value in `--help`.
    """

    name: str
    read: Callable[[str], Any]
    default: Any
    help: str
    metavar: str


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCH:
        msg = "true or false"
        raise ValueError(msg)
    return _SWITCH[text.lower()]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        msg = "a number of seconds above 0 and below a day"
        raise ValueError(msg)
    return value


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    def read(text: str) -> int:
        valid = text.isascii() and text.isdigit() and len(text) < _DIGITS
        if not valid or int(text) < least or (most is not None and int(text) > most):
            msg = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
            raise ValueError(msg)
        return int(text)

    return read


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            msg = "one of " + ", ".join(allowed)
            raise ValueError(msg)
        return text

    return read


_PORT = _whole(0, 65_535)

LISTENING = (
    Setting("host", str, "127.0.0.1", "address to listen on", "HOST"),
    Setting("port", _PORT, 8080, "port to listen on; 0 = any that is free", "PORT"),
    Setting("workers", _whole(1), 1, "worker processes; see --redis", "N"),
    Setting("server", _choice("uvicorn", "granian"), "uvicorn", "uvicorn or granian", "SERVER"),
    Setting("max_header", _whole(1024, 262_144), 65_536, "header fields of a request together", "BYTES"),
    Setting("body_timeout", _seconds, 10.0, "wait for a client's next bytes of a request body", "SECONDS"),
)
PROVIDERS_SIDE = (
    Setting("connect_timeout", _seconds, 5.0, "wait for a connection to a provider", "SECONDS"),
    Setting("read_timeout", _seconds, 30.0, "wait for a provider's next bytes", "SECONDS"),
    Setting("write_timeout", _seconds, 30.0, "wait until a provider or a client takes the next bytes", "SECONDS"),
    Setting("pool_timeout", _seconds, 10.0, "wait for a free connection where all are in use", "SECONDS"),
    Setting("max_connections", _whole(1), 400, "connections to all providers at the same time", "N"),
    Setting("keepalive_expiry", _seconds, 15.0, "keep an idle connection", "SECONDS"),
    Setting("connect_retries", _whole(0), 1, "further tries where a provider cannot be reached", "N"),
    Setting("ca_file", str, None, "certificate authorities to trust instead of the system's", "FILE"),
    Setting(
        "forwarded",
        _choice("own", "keep", "none"),
        "own",
        "X-Forwarded-For: the peer's address, the caller's value and the peer's address, or none",
        "own|keep|none",
    ),
)
COOLDOWN = (
    Setting("cooldown", _switch, True, "do not send while a provider has asked to wait", "true|false"),  # noqa: FBT003 - a default
    Setting("max_cooldown", _seconds, 3600.0, "longest time for which nothing is sent", "SECONDS"),
    Setting("redis", str, None, "Redis or Valkey that all workers share their cool-downs by", "URL"),
    Setting("cors_origins", _words, (), "origins whose scripts may read the gateway's own responses", "ORIGINS"),
)
OPERATION = (
    Setting("admin_port", _PORT, None, "port for /healthz, /readyz and /metrics (default: none)", "PORT"),
    Setting("admin_host", str, "127.0.0.1", "address for the admin port", "HOST"),
    Setting("log_level", _choice("debug", "info", "warning", "error"), "info", "least level of events", "LEVEL"),
    Setting("log_format", _choice("auto", "json", "text"), "auto", "auto: text on a terminal, else json", "FORMAT"),
    Setting("access_log", _switch, True, "one event for each request, without the query", "true|false"),  # noqa: FBT003
)
SETTINGS = (*LISTENING, *PROVIDERS_SIDE, *COOLDOWN, *OPERATION)
CHOICES = (
    Setting("mode", str, "rewrite", "rewrite, or observe: emit events and change nothing", "MODE"),
    Setting("status", str, "upstream", "upstream: the provider's status; canonical: the problem type's", "STATUS"),
    Setting("media_type", str, "auto", "auto, problem or json", "TYPE"),
    Setting("disclosure", str, "safe", "safe, strict or off: what an unauthenticated caller may learn", "LEVEL"),
    Setting("texts", str, "known", "known or all: which texts of the provider are passed on", "TEXTS"),
    Setting("type_base", str, "urn:problem-type:auth:", "what precedes the name in `type`", "URI"),
    Setting("registry", str, None, "JSON file with entries of your own", "FILE"),
    Setting("respect_no_transform", _switch, False, "leave responses with no-transform alone", "true|false"),  # noqa: FBT003
    Setting("flow_control", _switch, False, "normalize polling and nonces, too", "true|false"),  # noqa: FBT003
    Setting("mark_redirects", _switch, False, "add problem headers to redirects with an error", "true|false"),  # noqa: FBT003
    Setting("expose_headers", _switch, True, "let scripts of other origins read the problem headers", "true|false"),  # noqa: FBT003
    Setting("log_upstream_text", _switch, False, "add the provider's text to events, masked", "true|false"),  # noqa: FBT003
    Setting("max_body", _whole(1), 262_144, "largest error body that is read", "BYTES"),
    Setting("max_wait", _whole(0), 86_400, "longest wait of a provider that counts as valid", "SECONDS"),
)
"""Options of the middleware that one line of text can express; the TOML table `options` takes these and the lists."""
GROUPS = (
    ("listening", LISTENING),
    ("providers", PROVIDERS_SIDE),
    ("cool-down", COOLDOWN),
    ("operation", OPERATION),
    ("problem documents", CHOICES),
)
"""The groups of `--help`."""
