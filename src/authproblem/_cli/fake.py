"""Run fakes of Auth0 and Okta, with a page at / that lists every error and arms one by a click.

For front ends in development: point the app at the printed URL, sign in as the printed user, and make errors happen.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import ExitStack
from functools import partial

from authproblem._cli.screen import Screen, attempt
from authproblem.testing import FakeAuth0, FakeOAuth, FakeOkta, User
from authproblem.testing._oauth import OAuthProvider
from authproblem.testing._scenario import play, read_scenario

KINDS: dict[str, type[OAuthProvider]] = {"auth0": FakeAuth0, "okta": FakeOkta, "oauth": FakeOAuth}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_addresses(parser)
    parser.add_argument(
        "--script", metavar="FILE", help="a TOML file: users, clients, limits and errors from the start"
    )
    parser.add_argument("--seed", type=int, default=0, help="what made-up ids and probabilities come from")


def add_addresses(parser: argparse.ArgumentParser) -> None:
    """Add an option for each fake."""
    for name in KINDS:
        text = f"run a fake {name} there; without a host on the loopback, port 0 is the system's choice"
        parser.add_argument(f"--{name}", metavar="[HOST]:PORT", type=address, help=text)


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; return 2 if no fake was named."""
    screen = Screen()
    with ExitStack() as stack:
        fakes = started(stack, args, read_scenario_of(args))
        if not fakes:
            sys.stderr.write("authproblem: no fake to run; expected --auth0 :8081, --okta :8082 or both\n")
            return 2
        for url, fake in fakes.items():
            user: User = fake.accounts.users[0]
            screen.heading(type(fake).__name__, url)
            screen.field("sign in", f"{user.email} / {user.password}", f"one-time code {user.code}")
            screen.field("errors", f"{url}/ lists and arms them")
        screen.out.flush()
        wait()
    return 0


def read_scenario_of(args: argparse.Namespace) -> dict[str, object]:
    """The scenario that the arguments name, or an empty one."""
    return {} if args.script is None else attempt(lambda: read_scenario(args.script))


def started(stack: ExitStack, args: argparse.Namespace, scenario: dict[str, object]) -> dict[str, OAuthProvider]:
    """Start the fakes that the arguments name.

    Returns:
        The fakes by their base URLs; each has a user at least.
    """
    seed = getattr(args, "seed", 0)
    fakes = {name: kind(seed=seed) for name, kind in KINDS.items() if getattr(args, name) is not None}
    attempt(lambda: play(scenario, fakes))
    urls = {}
    for name, fake in fakes.items():
        if not fake.accounts.users:
            fake.add_user()
        server = fake.serve(*getattr(args, name))
        urls[attempt(partial(stack.enter_context, server))] = fake
    return urls


def wait() -> None:
    """Sleep until the process is interrupted."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def address(text: str) -> tuple[str, int]:
    """Host and port of `:8081`, `8081` or `0.0.0.0:8081`.

    Raises:
        argparse.ArgumentTypeError: if it is none of these.
    """
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"invalid address: {text!r}; expected :8081 or 127.0.0.1:8081")
    return host.strip("[]") or "127.0.0.1", int(port)
