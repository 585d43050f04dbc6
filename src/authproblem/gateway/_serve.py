"""The command `gateway`: flags, and running the app in uvicorn or granian. What the app does is `_app`'s business."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from authproblem.gateway._app import Gateway, make_app
from authproblem.gateway._config import PREFIX, SOURCES, ConfigError, GatewayConfig, load_config
from authproblem.gateway._settings import CHOICES, SETTINGS

_FLAGS = PREFIX + "GATEWAY_FLAGS"
"""How the flags reach worker processes, which read the rest of the configuration themselves."""


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
                parser.error("--prefix stands after the upstream that it belongs to")
            source, url, _ = routes.pop()
            routes.append((source, url, str(values)))
        else:
            routes.append((self.metavar_source, str(values), ""))
        namespace.routes = routes

    @property
    def metavar_source(self) -> str:
        """`upstream`, or the provider that the flag names."""
        return self.option_strings[0].removeprefix("--")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the command.

    Args:
        parser: the command's parser.
    """
    texts = {"upstream": "URL to pass requests on to; its host tells the provider"}
    for source in SOURCES:
        text = texts.get(source, f"the same, for a custom domain of {source}")
        parser.add_argument(f"--{source}", action=_AddRoute, dest="routes", metavar="URL", help=text)
    parser.add_argument(
        "--prefix",
        action=_AddRoute,
        dest="routes",
        metavar="PATH",
        help="path below which the upstream before it answers",
    )
    parser.add_argument("--config", metavar="FILE", help="TOML file; flags and environment win over it")
    for setting in (*SETTINGS, *CHOICES):
        name = "--" + setting.name.replace("_", "-")
        shown = "" if setting.default in {None, ()} else f" (default: {str(setting.default).lower()})"
        optional: dict[str, Any] = {"nargs": "?", "const": "true"} if isinstance(setting.default, bool) else {}
        parser.add_argument(name, metavar="VALUE", help=setting.help.replace("%", "%%") + shown, **optional)


def run(args: argparse.Namespace) -> int:
    """Run the command.

    Args:
        args: what the parser of `add_arguments` gave.

    Returns:
        The exit status: 2 for a configuration that does not hold.
    """
    flags = {name: value for name, value in vars(args).items() if name in _NAMES and value is not None}
    try:
        config = load_config(flags, file=args.config)
    except ConfigError as error:
        sys.stderr.write(f"authproblem gateway: {error}\n")
        return 2
    os.environ[_FLAGS] = json.dumps({"flags": flags, "file": args.config})
    return _granian(config) if config.settings["server"] == "granian" else _uvicorn(config)


_NAMES = frozenset(("routes", *(setting.name for setting in (*SETTINGS, *CHOICES))))


def make_worker() -> Gateway:
    """The app factory of the command's workers: the configuration as the command read it, and logging."""
    given = json.loads(os.environ[_FLAGS])
    config = load_config(given["flags"], file=given["file"])
    logging.basicConfig(
        level=config.settings["log_level"].upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("httpcore").setLevel(logging.WARNING)  # its debug log holds headers, and with them credentials
    return make_app(config)


_TARGET = f"{make_worker.__module__}:{make_worker.__name__}"


def _uvicorn(config: GatewayConfig) -> int:
    import uvicorn

    from authproblem.gateway._protocol import GatewayProtocol

    settings = config.settings
    uvicorn.run(
        _TARGET,
        factory=True,
        host=settings["host"],
        port=settings["port"],
        workers=settings["workers"],
        log_level=settings["log_level"],
        http=GatewayProtocol,
        ws="none",  # neither provider speaks it, and uvicorn's own refusal would log the query
        access_log=False,  # it would write queries, and with them codes and states
        proxy_headers=False,  # by default it believes X-Forwarded-For of the local host
        server_header=False,
        date_header=False,  # the provider's stays
        timeout_graceful_shutdown=30,
    )
    return 0


def _granian(config: GatewayConfig) -> int:
    try:
        from granian import Granian
        from granian.constants import Interfaces
    except ImportError:
        sys.stderr.write("authproblem gateway: --server granian: granian is not installed\n")
        return 2
    settings = config.settings
    Granian(
        _TARGET,
        factory=True,
        interface=Interfaces.ASGI,
        address=settings["host"],
        port=settings["port"],
        workers=settings["workers"],
        log_access=False,
        websockets=False,
    ).serve()
    return 0
