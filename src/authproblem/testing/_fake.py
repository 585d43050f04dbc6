"""A fake provider without I/O: one request in, one response out, by an explicit clock. Adapters only translate.

Every request is recorded and counted by the limits; then an armed error is sent, or the flow of its path runs. Vendors
differ in data (`vendors.json`) and in their flows (`_auth0.py`, `_okta.py`).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, ClassVar, NamedTuple

from authproblem import Entry, Registry
from authproblem.testing._catalog import Catalog, Variation
from authproblem.testing._clock import Clock
from authproblem.testing._control import Control
from authproblem.testing._edge import cors_headers, is_preflight, limit_headers, made_up, wait_headers
from authproblem.testing._failures import Failure, Subject
from authproblem.testing._http import Request, Response
from authproblem.testing._limits import Limit, Standing
from authproblem.testing._paths import is_below, pattern
from authproblem.testing._templates import fill, read_data
from authproblem.testing._transports import Transports

Handler = Callable[[Any, Request], Response]


class Exchange(NamedTuple):
    """One request and what was sent for it.

    Attributes:
        request: the request.
        response: the response.
        entry: the id of the registry entry that was sent, or None.
    """

    request: Request
    response: Response
    entry: str | None


class Refusal(Exception):  # noqa: N818 - no error of this package: becomes a vendor's response
    """Raised by a flow: the vendor refuses the request with the error of this registry entry."""

    def __init__(self, entry: str, **variation: Any) -> None:
        """Refuse; `variation` is that of `FakeProvider.error`."""
        super().__init__(entry)
        self.entry, self.variation = entry, variation


class FakeProvider(Control, Transports):
    """The base of all fakes; users make a `FakeAuth0`, a `FakeOkta` or a `FakeOAuth`.

    Attributes:
        clock: the clock of tokens, codes, limits and `Date`.
        catalog: the errors that it can send.
        exchanges: the last requests and responses, the oldest first, at most 1,000.
    """

    routes: ClassVar[tuple[tuple[str, str, Handler], ...]] = ()

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        registry: Registry | None = None,
        limits: tuple[Limit, ...] = (),
        concurrency: int | None = None,
        latency: float = 0.0,
        compress: bool = True,
    ) -> None:
        """Make a fake.

        Args:
            clock: its clock; one that runs like the real one where None.
            seed: what made-up ids, codes and probabilities come from: the same seed gives the same run.
            registry: the registry whose entries it sends; the built-in one where None.
            limits: the limits from the start; `limit()` adds further ones.
            concurrency: requests that may be in flight at once; None for any number.
            latency: seconds that every response takes.
            compress: whether bodies are compressed for clients that accept gzip, as the vendors do.
        """
        self.clock = clock if clock is not None else Clock()
        super().__init__(Catalog(registry), Random(seed), limits)  # noqa: S311 - made up again by each run, not secret
        self.exchanges: list[Exchange] = []
        self.concurrency, self.latency, self.compress = concurrency, latency, compress
        self.vendor = read_data("vendors")[self.provider]
        self._in_flight = 0

    def handle(self, request: Request) -> Response:
        """Return the response to one request."""
        with self.exchange(request) as response:
            return response

    @contextmanager
    def exchange(self, request: Request) -> Iterator[Response]:
        """Yield the response to a request, in flight until the block is left: for adapters that wait its `delay`."""
        with self._lock:
            self._in_flight += 1
            try:
                response, entry = self._respond(request)
            except BaseException:
                self._in_flight -= 1
                raise
            self.exchanges.append(Exchange(request, response, entry))
            del self.exchanges[:-1000]
        try:
            yield response
        finally:
            with self._lock:
                self._in_flight -= 1

    def error(self, entry: str, request: Request, *, retry_after: int | None = None, **variation: Any) -> Response:
        """The response that the vendor sends for an entry, without what its edge adds.

        Args:
            entry: the id of the registry entry.
            request: the request that it belongs to.
            retry_after: seconds to wait.
            variation: the fields of a `Variation`.
        """
        found = self.catalog.find(entry, self.provider, *self.also)
        return self._error(found, request, retry_after, Variation(**variation))

    def subject(self, request: Request) -> Subject:
        """Whom a request is about: `user`, `client` and `org` as far as it shows them."""
        names = ("username", "email", "login", "identifier", "phone_number", "login_hint")
        client = request.text("client_id") or (request.basic or ("", ""))[0]
        org = request.text("organization")
        return Subject(request.text(*names) or None, client or None, org or None, request.client_address)

    def _respond(self, request: Request) -> tuple[Response, str | None]:
        if is_preflight(request):
            return self._finish(request, Response(204)), None
        subject = self.subject(request)
        standing = self._count(request, subject)
        headers = limit_headers(self.vendor, standing, self.clock)
        refused = self._refused(request, standing)
        failure = None if refused is not None else self._armed(request, subject)
        entry: Entry | None = None
        if refused is not None:
            entry = refused
            response = self._error(refused, request, None, Variation(headers=dict(headers)))
        elif failure is None:
            response, entry = self._flow(request)
        elif failure.entry is None:
            return self._framed(request, failure.response or Response(500)), None
        else:
            entry = failure.entry
            response = self._error(entry, request, failure.retry_after, failure.variation)
            response = response._replace(delay=response.delay + failure.delay)
        return self._finish(request, response.with_headers(*headers)), None if entry is None else entry.id

    def _refused(self, request: Request, standing: Standing | None) -> Entry | None:
        """The entry with which a limit refuses a request; None if none does."""
        kind = None
        if standing is not None and standing.exceeded:
            kind = "quota" if standing.limit.quota else "limit"
        elif self.concurrency is not None and self._in_flight > self.concurrency:
            kind = "concurrency"
        if kind is None:
            return None
        rows = self.vendor["limit"]["entries"][kind]
        return self.catalog.find(next(entry for path, entry in rows if pattern(path).fullmatch(request.path)))

    def _flow(self, request: Request) -> tuple[Response, Entry | None]:
        try:
            return self.route(request), None
        except Refusal as refusal:
            entry = self.catalog.find(refusal.entry, self.provider, *self.also)
            options = dict(refusal.variation)
            return self._error(entry, request, options.pop("retry_after", None), Variation(**options)), entry

    def route(self, request: Request) -> Response:
        """Run the flow of a request's path."""
        allowed = set()
        for method, path, handler in self.routes:
            if pattern(path).fullmatch(request.path):
                if method == request.method or (method == "GET" and request.method == "HEAD"):
                    return handler(self, request)
                allowed.add(method)
        return self.unknown(request, allowed)

    def unknown(self, request: Request, allowed: set[str]) -> Response:
        """Return the response of the vendor to a path or a method that it does not have."""
        from authproblem.testing._page import page

        if request.path == "/" and request.method in {"GET", "POST"}:
            return page(self, request)
        status = (405, "Method Not Allowed") if allowed else (404, "Not Found")
        return Response(status[0], (("content-type", "text/plain; charset=utf-8"),), status[1].encode())

    def _count(self, request: Request, subject: Subject) -> Standing | None:
        if is_below(request.path, self.vendor["limit"]["unlimited"], self._surfaces):
            return None
        return self._limits.count(request, subject, self._surfaces, self.clock.now())

    def _armed(self, request: Request, subject: Subject) -> Failure | None:
        if request.path == "/":  # the page of the fake itself
            return None
        return self._failures.find(request, subject, self._surfaces, self.vendor["limit"]["unlimited"])

    def _error(self, entry: Entry, request: Request, wait: int | None, variation: Variation) -> Response:
        values = {
            **made_up(self.random, self.clock.now()),
            "origin": request.origin,
            "wait": 60 if wait is None else wait,
            **{name: request.text(name) for name in ("redirect_uri", "state")},
        }
        response = self.catalog.response(entry, values, variation)
        return response.with_headers(*wait_headers(self.vendor, entry, response, wait, self.clock))

    def _finish(self, request: Request, response: Response) -> Response:
        """Add what the vendor's edge adds to every response."""
        values = made_up(self.random, self.clock.now())
        headers = [(name, fill(value, values)) for name, value in self.vendor["headers"]]
        return self._framed(request, response.with_headers(*headers, *cors_headers(self.vendor, request)))

    def _framed(self, request: Request, response: Response) -> Response:
        """Add what every HTTP response has."""
        response = response.with_headers(("date", self.clock.date))
        body = response.body
        if request.method == "HEAD":
            body = b""
        elif self.compress and len(body) > 1 and "gzip" in request.header("accept-encoding"):
            body = gzip.compress(body, 1, mtime=0)
            response = response.with_headers(("content-encoding", "gzip"))
        response = response.with_headers(("content-length", str(len(body))))
        return response._replace(body=body, delay=response.delay + self.latency)
