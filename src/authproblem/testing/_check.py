"""The contract check: sends errors of a running fake through a running app, and looks at what reaches the client.

The fake is driven over HTTP, by the page at its `/`, so that it may run anywhere. Nothing here prints.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from authproblem import Entry, Problem
from authproblem.testing._cases import read, response_to
from authproblem.testing._catalog import PROTOCOL, Catalog

_SECONDS = 30
"""How long an app may take for one request."""
CANARY = "kit-canary-7f3a9c"
"""A value that no client may see: it is a member that no vendor documents."""
_TRACES = ("Traceback (most recent call last)", "werkzeug debugger", "Django Version:")


class Reply(NamedTuple):
    """A response of the app.

    Attributes:
        status_code: the HTTP status.
        headers: names in lower case.
        content: the body.
    """

    status_code: int
    headers: dict[str, str]
    content: bytes


class Verdict(NamedTuple):
    """How one error was treated.

    Attributes:
        entry: the id of the registry entry.
        expected: its problem type.
        result: `problem` (reaches the client as what it is), `folded` (as a safer one, for users must not be
            enumerated), `passed` (flow control, left alone on purpose), `lost` (the client gets something else) or
            `unsent` (the app did not ask the provider).
        status: the status that the client got.
        got: the problem type that the client got, or None.
        leaks: what the response shows that no client may see.
    """

    entry: str
    expected: str
    result: str
    status: int
    got: str | None
    leaks: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether the app treats this error as it should."""
        return self.result in {"problem", "folded", "passed"} and not self.leaks


Ask = Callable[[], Reply]


def entries_of(catalog: Catalog, providers: Iterable[str], names: Iterable[str]) -> list[Entry]:
    """The errors to send: those named by id or problem type, or else one for each problem type of the providers."""
    by_type = {
        reason: entry for reason, entry in catalog.representatives(*providers).items() if catalog.status(entry) >= 400
    }
    wanted = list(names)
    found = [by_type[name] if name in by_type else catalog.find(name) for name in wanted]
    return found if wanted else list(by_type.values())


def check(catalog: Catalog, fake: str, ask: Ask, entry: Entry) -> Verdict:
    """Let a fake fail once, send the app a request, and check its response.

    Args:
        catalog: the errors.
        fake: the base URL of the fake.
        ask: sends the request to the app.
        entry: the error.

    Raises:
        OSError: if the fake or the app cannot be reached.
    """
    # Flow control and documents of a flow pass whole, whatever they contain.
    bare = entry.reason in catalog.registry.flow_types or catalog.form(entry).startswith(PROTOCOL)
    post(fake, {"recover": "1"})
    post(fake, {"arm": entry.id, "times": "1", **({} if bare else {"canary": CANARY})})
    reply = ask()
    state = json.loads(send(fake + "/", headers={"accept": "application/json"}).content)
    post(fake, {"recover": "1"})
    sent = any(row["entry"] == entry.id and row["sent"] for row in state["failures"])
    problem = Problem.from_response(reply) if "auth-problem" in reply.headers else None
    got = None if problem is None else problem.reason
    result = _result(catalog, entry, got) if sent else "unsent"
    return Verdict(entry.id, entry.reason, result, reply.status_code, got, _leaks(reply))


def send(url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Reply:
    """Send one request; errors and redirects are responses like any other.

    Raises:
        OSError: if the connection fails.
    """
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"invalid URL: {url!r}; expected one that begins with http:// or https://")
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310 - checked above
    try:
        with _opener.open(request, timeout=_SECONDS) as response:
            return Reply(response.status, _lines(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, _lines(error.headers), error.read())


def post(fake: str, fields: Mapping[str, str]) -> Reply:
    """Press a button of a fake's page."""
    form = urllib.parse.urlencode(fields).encode()
    return send(fake + "/", "POST", {"content-type": "application/x-www-form-urlencoded"}, form)


def _result(catalog: Catalog, entry: Entry, got: str | None) -> str:
    if got is None:
        return "passed" if entry.reason in catalog.registry.flow_types else "lost"
    # Where the app does not declare which endpoint it called, some errors have their more general meaning.
    general = read(entry, response_to(catalog, entry), None)
    if got in {entry.reason, None if general is None else general.reason}:
        return "problem"
    folds = catalog.registry.data["problem_types"]["folds"].values()
    return "folded" if any(table.get(entry.reason) == got for table in folds) else "lost"


def _leaks(reply: Reply) -> tuple[str, ...]:
    text = reply.content.decode("utf-8", "replace")
    found = [f"the traceback ({mark})" for mark in _TRACES if mark in text]
    if CANARY in text or any(CANARY in value for value in reply.headers.values()):
        found.append("an upstream member that was not checked")
    return tuple(found)


def _lines(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Leave redirects to whoever looks at the response."""


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
