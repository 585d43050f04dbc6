"""The table of the gateway's settings: names, forms, defaults, meanings. Flags, variables, TOML keys come from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

_SERVERS = ("uvicorn", "granian")
_DIGITS = 16
"""Digits of a number at most."""
_FORWARDED = ("own", "keep", "none")


class Setting(NamedTuple):
    """One setting: its name (TOML key, flag and environment variable), type, default and meaning."""

    name: str
    read: Callable[[str], Any]
    default: Any
    help: str


def _flag(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in known:
        msg = "true or false"
        raise ValueError(msg)
    return known[text.lower()]


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


SETTINGS = (
    Setting("host", str, "127.0.0.1", "address to listen on"),
    Setting("port", _whole(0, 65_535), 8080, "port to listen on"),
    Setting("workers", _whole(1), 1, "worker processes; each keeps its own cool-downs"),
    Setting("server", _choice(*_SERVERS), "uvicorn", "server to run: uvicorn or granian"),
    Setting("log_level", _choice("debug", "info", "warning", "error"), "info", "least level of events to write"),
    Setting("connect_timeout", _seconds, 5.0, "seconds to connect to a provider"),
    Setting("read_timeout", _seconds, 30.0, "seconds to wait for a provider's next bytes"),
    Setting("write_timeout", _seconds, 30.0, "seconds to wait until a provider takes the next bytes"),
    Setting("pool_timeout", _seconds, 10.0, "seconds to wait for a free connection"),
    Setting("body_timeout", _seconds, 10.0, "seconds to wait for a client's next bytes of a request body"),
    Setting("max_header", _whole(1024, 262_144), 65_536, "bytes of all header fields of a request together"),
    Setting("max_connections", _whole(1), 400, "connections to all providers at the same time"),
    Setting("keepalive_expiry", _seconds, 15.0, "seconds for which an idle connection is kept"),
    Setting("connect_retries", _whole(0), 1, "further tries where a provider cannot be reached; nothing was sent then"),
    Setting("ca_file", str, None, "PEM file of certificate authorities to trust instead of the usual ones"),
    Setting(
        "forwarded", _choice(*_FORWARDED), "own", "X-Forwarded-For: the peer's own address, keep the caller's, none"
    ),
    Setting("cooldown", _flag, help="do not send while a provider has asked to wait", default=True),
    Setting("cors_origins", _words, (), "origins whose scripts may read answers that are the gateway's own"),
    Setting("max_cooldown", _seconds, 3600.0, "seconds for which nothing is sent at most"),
)
CHOICES = (
    Setting("mode", str, "rewrite", "rewrite, or observe: write events and change nothing"),
    Setting("status", str, "upstream", "upstream: the provider's status; canonical: the problem type's"),
    Setting("media_type", str, "auto", "auto, problem or json"),
    Setting("disclosure", str, "safe", "safe, strict or off: what a stranger may tell apart"),
    Setting("texts", str, "known", "known or all: which texts of the provider are sent on"),
    Setting("type_base", str, "urn:problem-type:auth:", "what stands before the slug in `type`"),
    Setting("registry", str, None, "JSON file with entries of your own"),
    Setting("respect_no_transform", _flag, help="leave answers alone that say `no-transform`", default=False),
    Setting("flow_control", _flag, help="normalize polling and nonces, too", default=False),
    Setting("mark_redirects", _flag, help="put the header twin on redirects that carry an error", default=False),
    Setting("expose_headers", _flag, help="let scripts of other origins read the header twin", default=True),
    Setting("log_upstream_text", _flag, help="write the provider's text to the events, masked", default=False),
    Setting("max_body", _whole(1), 262_144, "bytes of an error body that are looked at"),
    Setting("max_wait", _whole(0), 86_400, "seconds above which a wait is not believed"),
)
"""Options of the middleware that a line of text can say; the TOML table `options` takes these and the lists."""
