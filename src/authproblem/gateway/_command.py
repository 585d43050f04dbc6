"""The command `gateway`: its flags, its help, and the checks before a server starts."""

from __future__ import annotations

import argparse
import errno
import json
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

from authproblem.errors import visible
from authproblem.gateway._config import GatewayConfig, load_config
from authproblem.gateway._config_error import ConfigError
from authproblem.gateway._config_routes import SOURCES
from authproblem.gateway._serve import FLAGS_VARIABLE, serve
from authproblem.gateway._settings import CHOICES, GROUPS, SETTINGS

_DESCRIPTION = """\
Pass requests on to Auth0, Okta or another OAuth provider, and turn every
error into a problem document (RFC 9457). Everything else passes unchanged."""
_EXAMPLES = """\
examples:
  python -m authproblem gateway --upstream https://tenant.auth0.com
  python -m authproblem gateway --upstream https://tenant.auth0.com \\
      --okta https://login.example.com --prefix /okta --admin-port 8081
  AUTHPROBLEM_UPSTREAM=https://org.okta.com python -m authproblem gateway

Every flag may also be an environment variable (--read-timeout is
AUTHPROBLEM_READ_TIMEOUT) or a key of the TOML file (read_timeout); a flag wins
over the environment, and that over the file. A switch without a value is true."""


class _AddRoute(argparse.Action):
    """`--upstream URL` and the like begin a route; `--prefix PATH` completes the one before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        routes = [*(getattr(namespace, "routes", None) or [])]
        if option_string == "--prefix":
            if not routes:
                parser.error("--prefix has to follow the upstream that it belongs to")
            source, url, _ = routes.pop()
            routes.append((source, url, str(values)))
        else:
            routes.append((self.source, str(values), ""))
        namespace.routes = routes

    @property
    def source(self) -> str:
        """`upstream`, or the provider that the flag names."""
        return self.option_strings[0].removeprefix("--")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the command, and the texts of its help.

    Args:
        parser: the command's parser.
    """
    parser.description, parser.epilog = _DESCRIPTION, _EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = f"{parser.prog} --upstream URL [options]"
    routes = parser.add_argument_group("upstreams")
    for source in SOURCES:
        text = "provider to pass requests on to, known by its host"
        if source != "upstream":
            text = f"the same with a custom domain: an upstream of provider {source}"
        routes.add_argument(f"--{source}", action=_AddRoute, dest="routes", metavar="URL", help=text)
    text = "path of the upstream before it (default: every path)"
    routes.add_argument("--prefix", action=_AddRoute, dest="routes", metavar="PATH", help=text)
    routes.add_argument("--config", metavar="FILE", help="TOML file with settings (default: $AUTHPROBLEM_CONFIG)")
    for title, settings in GROUPS:
        group = parser.add_argument_group(title)
        for setting in settings:
            name = "--" + setting.name.replace("_", "-")
            shown = "" if setting.default in {None, ()} else f" (default: {_shown(setting.default)})"
            optional: dict[str, Any] = {"nargs": "?", "const": "true"} if isinstance(setting.default, bool) else {}
            text = setting.help.replace("%", "%%") + shown
            group.add_argument(name, metavar=setting.metavar, help=text, **optional)


def _shown(default: object) -> str:
    """A default as one would write it."""
    return f"{default:g}" if isinstance(default, float) else str(default).lower()


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Args:
        args: what the parser of `add_arguments` returned.

    Returns:
        The exit status: 2 for an invalid configuration, 1 where an address cannot be used.
    """
    flags = {name: value for name, value in vars(args).items() if name in _NAMES and value is not None}
    try:
        config = load_config(flags, file=args.config)
    except ConfigError as error:
        return _end(2, str(error))
    ports = {}
    for name, host in (("port", "host"), ("admin_port", "admin_host")):
        if config.settings[name] is not None:
            try:
                ports[name] = _usable(config.settings[host], config.settings[name])
            except OSError as error:
                return _end(1, _cannot_listen(config, name, host, error))
    flags |= {name: str(port) for name, port in ports.items()}
    os.environ[FLAGS_VARIABLE] = json.dumps({"flags": flags, "file": args.config})
    return serve(config._replace(settings={**config.settings, **ports}))


_NAMES = frozenset(("routes", *(setting.name for setting in (*SETTINGS, *CHOICES))))


def _end(status: int, message: str) -> int:
    sys.stderr.write(f"authproblem gateway: {visible(message)}\n")
    return status


def _usable(host: str, port: int) -> int:
    """Return a port that can be listened on: the given one, or a free one for 0.

    Raises:
        OSError: if it cannot be used; a server would report it by a traceback or not at all.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as trial:
        if os.name != "nt":  # there it would let two processes share a port
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind(address)
        return int(trial.getsockname()[1])


def _cannot_listen(config: GatewayConfig, name: str, host: str, error: OSError) -> str:
    flag, address = "--" + name.replace("_", "-"), f"{config.settings[host]}:{config.settings[name]}"
    advice = {
        errno.EADDRINUSE: f"another process listens there; choose another port with {flag}",
        errno.EACCES: f"ports below 1024 need a privilege; choose another port with {flag}",
        errno.EADDRNOTAVAIL: f"this machine has no such address; set --{host.replace('_', '-')}",
    }.get(error.errno or 0, error.strerror or "unknown reason")
    return f"cannot listen on {address}: {advice}"
