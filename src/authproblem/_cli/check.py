"""Send errors through a running app in front of a fake, and report which reach the client as a problem.

The app has to call the fake instead of the provider. Either the fake runs already (python -m authproblem fake) and
--fake names it, or --auth0, --okta start one here. Exit status 0: every error arrives, and nothing leaks.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

from authproblem._cli.fake import add_addresses, started
from authproblem._cli.screen import Screen, attempt
from authproblem.testing._catalog import Catalog
from authproblem.testing._check import Reply, Verdict, check, entries_of, send

_STYLES = {"problem": "green", "folded": "green", "passed": "dim", "lost": "red", "unsent": "yellow"}
_MEANINGS = {
    "problem": "reaches the client as a problem",
    "folded": "reaches the client as a safer problem, on purpose",
    "passed": "flow control, left alone on purpose",
    "lost": "reaches the client as something else",
    "unsent": "was never sent: the app did not call the fake",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("url", help="what to request of the app, with its path: a page that calls the provider")
    parser.add_argument("--method", default="GET", help="the method of the request")
    parser.add_argument("--data", default=None, help="its body: JSON, or a form")
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE", help="a header of the request")
    parser.add_argument("--fake", metavar="URL", help="the base URL of a fake that runs already")
    add_addresses(parser)
    text = "what to send: ids of entries or problem types; one error of each problem type where there is none"
    parser.add_argument("--error", action="append", default=[], metavar="ID", help=text)


def run(args: argparse.Namespace) -> int:
    """Check, and print the results; return 1 if an error is lost or something leaks."""
    with ExitStack() as stack:
        fakes = {url: fake.provider for url, fake in started(stack, args, {}).items()}
        if args.fake is not None:
            fakes[args.fake.rstrip("/")] = attempt(lambda: _provider(args.fake.rstrip("/")))
        if not fakes:
            sys.stderr.write("authproblem: no fake; expected --fake URL, or --auth0, --okta with an address\n")
            return 2
        verdicts = [verdict for url, provider in fakes.items() for verdict in _verdicts(args, url, provider)]
    _print(Screen(), verdicts)
    return 0 if all(verdict.is_right for verdict in verdicts) else 1


def _provider(url: str) -> str:
    """Return the provider whose fake listens at a URL."""
    text = send(url + "/").content.decode("utf-8", "replace")
    for name, title in (("auth0", "<h1>FakeAuth0<"), ("okta", "<h1>FakeOkta<"), ("oauth", "<h1>FakeOAuth<")):
        if title in text:
            return name
    raise ValueError(f"no fake listens at {url}; expected the URL that `python -m authproblem fake` prints")


def _verdicts(args: argparse.Namespace, fake: str, provider: str) -> list[Verdict]:
    catalog = Catalog()
    names = [name for name in args.error if ":" not in name or name.startswith((f"{provider}:", "oauth:"))]
    if args.error and not names:
        return []
    headers, body = _headers(args), None if args.data is None else args.data.encode()

    def ask() -> Reply:
        return send(args.url, args.method, headers, body)

    def verdicts() -> list[Verdict]:
        return [check(catalog, fake, ask, entry) for entry in entries_of(catalog, (provider,), names)]

    return attempt(verdicts)


def _headers(args: argparse.Namespace) -> dict[str, str]:
    headers = {}
    if args.data is not None:
        json_like = args.data.lstrip().startswith(("{", "["))
        headers["content-type"] = "application/json" if json_like else "application/x-www-form-urlencoded"
    for line in args.header:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers


def _print(screen: Screen, verdicts: list[Verdict]) -> None:
    rows: list[tuple[str, ...]] = [("error", "expected", "status", "got", "result")]
    rows += [
        (verdict.entry, verdict.expected, str(verdict.status), verdict.got or "-", _result(verdict))
        for verdict in verdicts
    ]
    screen.columns(rows)
    screen.line()
    for result, meaning in _MEANINGS.items():
        if count := sum(verdict.result == result for verdict in verdicts):
            screen.line(f"{screen.paint(result.ljust(8), _STYLES[result])} {count:4}  {meaning}")
    if leaking := [verdict for verdict in verdicts if verdict.leaks]:
        screen.line(f"{screen.paint('leaks'.ljust(8), 'red')} {len(leaking):4}  shows what no client may see")


def _result(verdict: Verdict) -> str:
    return verdict.result + (f", leaks {'; '.join(verdict.leaks)}" if verdict.leaks else "")
