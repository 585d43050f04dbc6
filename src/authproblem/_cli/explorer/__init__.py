"""Open a page in the browser where you paste what came back, and see the problem, the reason and the code for it.

The page is served on this machine only, and nothing that you paste leaves it. Stop the server with Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
import threading
import webbrowser

import uvicorn

from authproblem._cli.explorer.app import make_app
from authproblem._cli.screen import add_registry, registry_of

_PORT = 8484
_OPEN_AFTER = 0.5
"""Seconds until the browser is opened: by then the server listens."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--port", type=int, default=_PORT, help=f"the port; 0 for a free one (default: {_PORT})")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    app = make_app(registry_of(args))
    config = uvicorn.Config(app, host="127.0.0.1", port=args.port, log_level="warning", access_log=False)
    listening = config.bind_socket()  # ends the program with a message where the port is taken
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    sys.stdout.write(f"The explorer is at {url} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    if not args.no_browser:
        opener = threading.Timer(_OPEN_AFTER, webbrowser.open, [url])
        opener.daemon = True
        opener.start()
    uvicorn.Server(config).run(sockets=[listening])
    return 0
