"""Read one HTTP response and print the problem that it becomes, or why it is left alone.

FILE (or - for standard input) holds what was received: a status line, headers and a body, as `curl -i` prints them, or
a body alone. The problem goes to standard output, what matched to standard error. Exit status: 0 for a problem, 1 where
the response is left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, NamedTuple

from authproblem._cli.saved_response import Received, read_response
from authproblem._cli.screen import Screen, add_registry, attempt, glossary, registry_of
from authproblem._core.context import RequestContext
from authproblem._core.normalize import Normalizer
from authproblem._core.outcome import Outcome
from authproblem._core.policy import make_policy
from authproblem._core.sender import Sender, check_endpoint
from authproblem._model import PROVIDERS, Classification, Provider
from authproblem._registry.registry import Registry

_GUESSED = 400
"""The status of a body alone that does not tell it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("file", metavar="FILE", help="the response, or - for standard input")
    parser.add_argument("--status", type=int, help="the HTTP status, where FILE is a body alone")
    parser.add_argument("--provider", choices=PROVIDERS, help="who sent it, where you are certain")
    parser.add_argument("--endpoint", metavar="PATH", help="the provider's path that was called, such as /oauth/token")
    parser.add_argument("--method", help="the request's method, such as GET")
    parser.add_argument("--transaction-states", action="store_true", help="look at failures below status 400 as well")
    parser.add_argument("--flow-control", action="store_true", help="polling and nonces are problems too")
    parser.add_argument(
        "--disclosure", choices=("off", "safe", "strict"), default="off", help="fold what strangers must not tell apart"
    )
    add_registry(parser)


class Trial(NamedTuple):
    """A response, and the wishes with which it is looked at."""

    registry: Registry
    received: Received
    status: int
    args: argparse.Namespace

    def run(self, provider: Provider | None, **options: bool) -> Outcome:
        """What becomes of the response; `options` stand for further wishes."""
        args = self.args
        wishes = {"flow_control": args.flow_control, "transaction_states": args.transaction_states, **options}
        policy = make_policy({"registry": self.registry, "disclosure": args.disclosure, **wishes})
        sender = Sender(provider, certain=provider is not None, endpoint=args.endpoint)
        method = args.method.upper() if args.method else None
        normalizer = Normalizer.of(policy)
        response = normalizer.read(self.status, self.received.headers, self.received.body)
        return normalizer.process(response, RequestContext(sender, method))


def run(args: argparse.Namespace) -> int:
    """Print the problem, or why there is none."""
    registry = registry_of(args)
    attempt(lambda: check_endpoint(args.endpoint, "--endpoint"))
    received = read_response(attempt(lambda: _read(args.file)))
    status, told = _status(received, args.status)
    trial = Trial(registry, received, status, args)
    outcome = trial.run(args.provider)
    screen = Screen(sys.stderr)
    if not told:
        screen.line(f"FILE is a body alone: taken as status {status} (--status says otherwise)")
    if outcome.problem is None or outcome.classification is None:
        _left_alone(screen, trial, outcome)
        return 1
    sys.stdout.write(json.dumps(outcome.problem.to_dict(), indent=2) + "\n")
    sys.stdout.flush()
    _matched(screen, registry, outcome.classification, folded=outcome.is_folded)
    return 0


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return file.read()


def _status(received: Received, given: int | None) -> tuple[int, bool]:
    """The status, and whether somebody told it: the argument, the status line, or the body."""
    if given is not None or received.status is not None:
        return given or received.status or 0, True
    try:
        document: Any = json.loads(received.body)
        status = document["statusCode"]
    except (ValueError, TypeError, KeyError):
        return _GUESSED, False
    return (status, True) if isinstance(status, int) and 100 <= status <= 599 else (_GUESSED, False)


def _matched(screen: Screen, registry: Registry, found: Classification, *, folded: bool) -> None:
    words = glossary()
    name = found.entry or f"no entry, so the type {found.reason}"
    by, shape = words["matched_by"][found.matched_by], words["shapes"].get(found.shape, found.shape)
    screen.field("matched", f"{name}, told by {by}, in {shape}")
    screen.field("hint", registry.entry_or_type(found.entry, found.reason).hint)
    if folded:
        screen.field("folded", f"strangers are not told that it is {found.reason}")
    screen.field("more", f"python -m authproblem explain {found.entry or found.reason}")


def _left_alone(screen: Screen, trial: Trial, outcome: Outcome) -> None:
    """Say why, and which wish would change it."""
    screen.field("left alone", glossary()["left_alone"].get(outcome.why, outcome.why))
    if outcome.classification is not None:
        screen.field(
            "it says",
            f"{outcome.classification.entry or outcome.classification.reason} ({outcome.classification.provider})",
        )
    sure = trial.args.provider
    trials: list[tuple[str, Provider | None, dict[str, bool]]] = [
        ("--flow-control", sure, {"flow_control": True}),
        ("--transaction-states", sure, {"transaction_states": True}),
        *((f"--provider {name}", name, {}) for name in PROVIDERS if sure is None),
    ]
    for wish, provider, options in trials:
        tried = trial.run(provider, **options).problem
        if tried is not None:
            screen.field("with", f"{wish} it would be {tried.reason} ({tried.entry or tried.matched_by})")
