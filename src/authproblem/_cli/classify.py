"""Read recorded HTTP responses and print the problems that they become, or why they are left alone.

FILE (standard input by default) is a response as `curl -i` or `curl -v` prints it, a HAR file or entry, a JSON
record with `status`, `headers` and `body`, such records one a line, or a response body alone. One problem is printed as
JSON to standard output, and what matched to standard error; of several responses, each becomes one line of JSON. Exit
status 0 if there is a problem, 1 if all responses are left alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import NoReturn

from authproblem._cli.commands import program
from authproblem._cli.explanation import Explanation, Suggestion, explain_all
from authproblem._cli.outcomes import RecordingOptions
from authproblem._cli.recording import check_status
from authproblem._cli.screen import Screen, add_registry, attempt, registry_of
from authproblem._model import PROVIDERS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="the recording; - for standard input")
    parser.add_argument("--status", type=_status, help="the HTTP status, where FILE is only a body")
    parser.add_argument("--provider", choices=PROVIDERS, help="who sent the response, if you are certain")
    parser.add_argument("--endpoint", metavar="PATH", help="the provider's path that was called, such as /oauth/token")
    parser.add_argument("--method", help="the method of the request, such as GET")
    parser.add_argument(
        "--transaction-states", action="store_true", help="treat Okta's failures with status 200 as errors too"
    )
    parser.add_argument("--flow-control", action="store_true", help="treat polling and nonce responses as errors too")
    parser.add_argument(
        "--disclosure",
        choices=("off", "safe", "strict"),
        default="off",
        help="what an unauthenticated caller may learn, as the option of the middleware (default: off)",
    )
    add_registry(parser)


def run(args: argparse.Namespace) -> int:
    """Print the problems; return 1 if there is none."""
    registry = registry_of(args)
    options = RecordingOptions(
        args.provider, args.endpoint, args.method, args.disclosure, args.flow_control, args.transaction_states
    )
    found = attempt(lambda: explain_all(_read(args.file), registry=registry, status=args.status, options=options))
    if len(found) == 1 and not found[0].recording.where:
        return _print_one(Screen(sys.stderr), found[0])
    return _print_lines(Screen(sys.stderr), found)


def _status(text: str) -> int:
    """Parse `--status`."""
    try:
        return check_status(int(text))
    except ValueError:
        _refuse_status(text)


def _refuse_status(text: str) -> NoReturn:
    msg = f"invalid status {text!r}; expected a number from 100 to 599"
    raise argparse.ArgumentTypeError(msg)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return file.read()


def _print_one(screen: Screen, found: Explanation) -> int:
    if not found.status_known:
        screen.line(f"FILE contains no status: {found.status} is assumed. Set another with --status.")
    if found.outcome.problem is None:
        _print_left_alone(screen, found)
        return 1
    sys.stdout.write(json.dumps(found.outcome.problem.to_dict(), indent=2) + "\n")
    sys.stdout.flush()
    _print_match(screen, found)
    return 0


def _print_lines(screen: Screen, found: list[Explanation]) -> int:
    """Print one line of JSON for each response, and a summary."""
    for one in found:
        problem = one.outcome.problem
        result = {"left_alone": one.outcome.why} if problem is None else {"problem": problem.to_dict()}
        sys.stdout.write(json.dumps({"where": one.recording.where, **result}) + "\n")
    count = sum(one.outcome.problem is not None for one in found)
    screen.line(f"{len(found)} responses: {count} problems, {len(found) - count} left alone")
    return 0 if count else 1


def _print_match(screen: Screen, found: Explanation) -> None:
    match = found.match() or {}
    entry = match["entry"] or f"no entry; problem type {match['reason']}"
    screen.field("matched", f"{entry}, by {match['matched_by']}, in {match['form']}")
    screen.field("hint", match["hint"])
    if found.outcome.is_folded:
        screen.field("disclosure", f"an unauthenticated caller does not learn that it is {match['reason']}")
    screen.field("more", f"{program()} explain {match['entry'] or match['reason']}")


def _print_left_alone(screen: Screen, found: Explanation) -> None:
    screen.field("left alone", found.left_alone() or "")
    match = found.match()
    if match is not None:
        screen.field("content", f"{match['entry'] or match['reason']} ({match['provider']})")
    for suggestion in found.suggestions:
        meant = suggestion.entry or "by its status"
        screen.field("with", f"{_flag(suggestion)} it would be {suggestion.reason} ({meant})")


def _flag(suggestion: Suggestion) -> str:
    name = "--" + suggestion.option.replace("_", "-")
    return name if suggestion.value is True else f"{name} {suggestion.value}"
