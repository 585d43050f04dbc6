"""The servers: two fake vendors, and the app four times, bare and with the middleware, behind uvicorn and waitress.

All listen on ports of loopback that the operating system chooses, and all are closed at the end.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import httpx
import structlog
import uvicorn
from structlog.testing import LogCapture
from waitress.server import create_server

from authproblem.testing import Clock, FakeAuth0, FakeOkta, FakeProvider
from demo.apps import asgi_app, wsgi_app
from demo.check import faults
from demo.model import Case, Result, Run

OKTA_CLOCK = -120
"""Okta's clock is slow, to show that waits are counted by its own."""

_PATIENCE = 10.0


class Servers(NamedTuple):
    """Everything that is running.

    Attributes:
        upstreams: the vendors' base URLs by name.
        fakes: the vendors by name.
        urls: the base URLs of the apps, by adapter: bare, and with the middleware.
        client: what requests are sent with.
        events: what the middleware has written, since it was last emptied.
    """

    upstreams: Mapping[str, str]
    fakes: Mapping[str, FakeProvider]
    urls: Mapping[str, tuple[str, str]]
    client: httpx.Client
    events: list[Any]

    def run(self, case: Case) -> Result:
        """Send a case's request through both adapters, before and after, and check the responses."""
        runs = tuple(self._run(case, adapter, *urls) for adapter, urls in self.urls.items())
        return Result(case, runs, faults(case, runs))

    def _run(self, case: Case, adapter: str, bare: str, treated: str) -> Run:
        self.events.clear()
        before = self._send(case, bare)
        exchanges = self._vendor(case).exchanges if case.reply is not None else []
        sent = exchanges[-1].response if exchanges else None
        after = self._send(case, treated)
        return Run(adapter, sent, before, after, [_event(event) for event in self.events])

    def _send(self, case: Case, base: str) -> httpx.Response:
        headers = {"Accept": case.accept}
        if case.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if case.reply is not None:
            self._arm(case)
        return self.client.request(case.method, base + case.path, headers=headers, content=case.form.encode())

    def _arm(self, case: Case) -> None:
        """Let the vendor respond as the case says: each time with the same bytes, ids included."""
        fake, response = self._vendor(case), case.reply
        fake.recover()
        fake.random.seed(0)
        fake.limit(100)
        if response is not None and response.page is not None:
            fake.reply_with(response.page)
        elif response is not None and response.entry is not None:
            fake.fail(response.entry, **response.options)

    def _vendor(self, case: Case) -> FakeProvider:
        return self.fakes[case.path.split("/")[1]]


@contextmanager
def start_servers() -> Iterator[Servers]:
    """Start everything that the cases need.

    Yields:
        The running servers.
    """
    capture = LogCapture()
    structlog.configure(processors=[capture], cache_logger_on_first_use=False)
    with ExitStack() as stack:
        stack.callback(structlog.reset_defaults)
        # Their clocks are frozen: the bare app and the one with the middleware get the same bytes.
        fakes: dict[str, FakeProvider] = {
            "auth0": FakeAuth0(clock=Clock(frozen=True), compress=False),
            "okta": FakeOkta(clock=Clock(frozen=True, start=time.time() + OKTA_CLOCK), compress=False),
        }
        upstreams = {name: stack.enter_context(fake.serve()) for name, fake in fakes.items()}
        upstreams["nowhere"] = stack.enter_context(_unused_port())
        relay = stack.enter_context(httpx.Client(trust_env=False))
        asgi = [stack.enter_context(_uvicorn(asgi_app(upstreams, treated=on))) for on in (False, True)]
        wsgi = [stack.enter_context(_waitress(wsgi_app(upstreams, relay, treated=on))) for on in (False, True)]
        urls = {"ASGI": (asgi[0], asgi[1]), "WSGI": (wsgi[0], wsgi[1])}
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=_PATIENCE))
        yield Servers(upstreams, fakes, urls, client, capture.entries)


def _event(captured: Mapping[str, Any]) -> dict[str, Any]:
    """An event as a log has it: level and name first."""
    rest = {name: value for name, value in captured.items() if name not in {"log_level", "event"}}
    return {"level": captured["log_level"], "event": captured["event"], **rest}


@contextmanager
def _unused_port() -> Iterator[str]:
    """Reserve a port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def _uvicorn(app: Any) -> Iterator[str]:
    # Listening begins here, so that no request waits for the server to start. `Date` and `Server` are the vendor's.
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        date_header=False,
        server_header=False,
        timeout_keep_alive=60,  # the client's 5 seconds end first: it never reuses a connection that is being closed
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
        listener.close()


@contextmanager
def _waitress(app: Any) -> Iterator[str]:
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=1, ident=None)
    done = threading.Event()

    def run() -> None:  # as its own `run` has it, and closed on the thread that reads, not under it
        while not done.is_set():
            server.asyncore.loop(timeout=0.05, map=sockets, count=1)
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(sockets)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        done.set()
        thread.join(_PATIENCE)
