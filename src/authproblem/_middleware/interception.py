"""When a response is buffered, and what is sent instead: the rules that all adapters share, without I/O.

An adapter calls `Interceptor.begin` when a response starts, feeds the bytes while the `Interception` is buffering, and
sends what `finish` returns, or what was buffered. Nothing here awaits, writes or depends on a framework, and no failure
here reaches the response.
"""

from __future__ import annotations

import time

from authproblem._core.classify import UNTOUCHABLE, may_be_error
from authproblem._core.context import RequestContext, effective_sender
from authproblem._core.normalizer import Normalizer
from authproblem._core.outcome import Outcome
from authproblem._core.sender import UNKNOWN, Sender, read_mark
from authproblem._middleware import events, observers
from authproblem._middleware.instance import new_instance
from authproblem._middleware.messages import PROCESSED, Reply, Request
from authproblem._middleware.negotiation import Negotiator
from authproblem._middleware.options import Options
from authproblem._middleware.parameters import report_redirect
from authproblem._middleware.report import guarded, report_outcome
from authproblem._middleware.response_headers import HeaderRewriter, forbids_transform, vary_by_accept, without_mark
from authproblem._middleware.scopes import below
from authproblem._model import Classification
from authproblem._upstream.codings import CODINGS
from authproblem._upstream.headers import Headers, Pair, ResponseHeaders
from authproblem._upstream.media_types import is_json, prefers_html
from authproblem._upstream.response import UpstreamResponse, undo_codings

_PARTIAL = 206
_PAGE_SHAPES = frozenset(("html", "text", "www_authenticate"))
"""The shapes of errors whose body may be a page."""


class Interception:
    """One response: whether it is buffered, the bytes so far, and what is sent in the end.

    Attributes:
        request: the request.
        status: the HTTP status.
        response_headers: the headers as they came.
        sender: what is known of the sender.
        headers: the headers to send if the response passes: without `Auth-Problem-Upstream`.
        buffering: whether its bytes are to be fed instead of sent.
        discards: whether the response is too large, and folds by its status: what is fed is dropped.
        body: the bytes that were fed.
    """

    __slots__ = (
        *("_interceptor", "body", "buffering", "discards", "headers", "request", "response_headers", "sender"),
        "status",
    )

    def __init__(self, interceptor: Interceptor, request: Request, status: int, headers: Headers) -> None:
        """Begin a response that may be an error, by its status: decide whether to buffer it."""
        read = interceptor.header_reader.read(headers)
        self._interceptor, self.request, self.status = interceptor, request, int(status)
        self.response_headers = read
        self.headers = read.pairs
        self.sender = interceptor.sender
        self.buffering = self.discards = False
        self.body: bytes | bytearray = b""
        if not (interceptor.is_everywhere and read.is_usual_json and status >= 400):
            interceptor.examine(self)
        elif PROCESSED not in request.state:  # most errors: the path does not matter, and the media type suffices
            request.state[PROCESSED] = True
            self.buffering = status not in UNTOUCHABLE

    def feed(self, chunk: bytes | bytearray | memoryview) -> bool:
        """Buffer a copy of a chunk.

        Returns:
            True while the response is buffered; False where it is too large with this chunk, which is not buffered:
            send what is buffered, then the chunk, and let everything after it pass.
        """
        body = self.body
        if self.discards:
            return True
        if len(body) + len(chunk) > self._interceptor.max_body:
            self.discards = self._interceptor.folds_unread(self)
            self.buffering = self.discards
        elif not body and type(chunk) is bytes:
            self.body = chunk  # it cannot be changed, and most bodies come in one
        else:
            if type(body) is bytes:
                self.body = body = bytearray(body)
            body += chunk
        return self.buffering

    def finish(self) -> Reply | None:
        """Classify the whole response.

        Returns:
            What to send instead, or None: send it as it came, with `headers`.
        """
        self.buffering = False
        begun = time.perf_counter() if observers.observer is not None else 0.0
        reply: Reply | None = None
        try:
            reply = self._interceptor.replacement_for(self, None if self.discards else self.body)
        except Exception as error:  # noqa: BLE001 - no failure of this package reaches the client
            events.report_fault(error, "a response could not be classified and was passed unchanged")
        if begun:
            observers.observe(lambda observer: observer.duration(time.perf_counter() - begun))
        return reply


class Interceptor:
    """The rules of one middleware instance, shared by all its responses.

    Attributes:
        options: the options.
        normalizer: what classifies, with its cache.
        header_reader: the reader of response headers.
        max_body: bytes of a body that are buffered at most.
        is_everywhere: whether the declared sender is the same for all paths.
        sender: that sender.
    """

    __slots__ = (
        *("_always_applies", "_negotiator", "_rewriter"),
        *("header_reader", "is_everywhere", "max_body", "normalizer", "options", "sender"),
    )

    def __init__(self, options: Options) -> None:
        """Compile the options, and load what the first error needs."""
        events.prepare()
        options.policy.registry.prepare()
        ask = options.policy.pass_text
        if ask is not None:
            options = options._replace(policy=options.policy._replace(pass_text=guarded(ask)))
        self.options = options
        self.normalizer = Normalizer.of(options.policy)
        self.header_reader = self.normalizer.header_reader
        self.max_body = options.policy.max_body
        everywhere = options.scopes.everywhere
        self.is_everywhere = everywhere is not None
        self.sender = UNKNOWN if everywhere is None else Sender(*everywhere)
        self._always_applies = not (options.observe or options.respect_no_transform)
        self._negotiator, self._rewriter = Negotiator(options), HeaderRewriter()

    def wants_success(self, path: str) -> bool:
        """Whether responses below status 300 to this path are classified: opted-in transaction states."""
        return any(below(path, prefix) for prefix in self.options.state_paths)

    def unmarked(self, headers: list[Pair]) -> list[Pair]:
        """Return the headers of an error that can no longer be classified: without `Auth-Problem-Upstream`."""
        return without_mark(self.header_reader.read(headers))

    def begin(self, request: Request, status: int, headers: Headers) -> Interception:
        """Begin a response that may be an error, by its status: decide whether to buffer it."""
        return Interception(self, request, status, headers)

    def examine(self, interception: Interception) -> None:
        """Decide whether to buffer a response that is not like most errors."""
        try:
            interception.headers = without_mark(interception.response_headers)
            self._begin(interception)
        except Exception as error:  # noqa: BLE001 - a callable of the app may raise, too
            events.report_fault(error, "a response could not be examined and was passed unchanged")
            interception.buffering = False

    def folds_unread(self, interception: Interception) -> bool:
        """Whether an error folds by its status alone, so that its body need not be read."""
        if self.options.observe or self.options.policy.disclosure == "off":
            return False
        context = self._context(interception)
        response = UpstreamResponse(interception.status, interception.response_headers, None)
        return self.normalizer.process(response, context).sent is not None

    def replacement_for(self, interception: Interception, body: bytes | bytearray | None) -> Reply | None:
        """Classify a whole response, emit its event, and return what replaces it.

        Args:
            interception: the response.
            body: what was fed; None if it was too large.
        """
        request, headers, sender = interception.request, interception.response_headers, interception.sender
        method, moment = request.method, time.time_ns()
        now = moment / 1e9
        is_coded = headers.layout.is_coded and body is not None
        decoded = undo_codings(headers, body or b"", self.max_body) if is_coded else body
        response = UpstreamResponse(interception.status, headers, decoded)
        context = RequestContext(sender, method, now, sender.endpoint or request.path)
        outcome = self.normalizer.process(response, context, new_instance(moment))
        found = outcome.classification
        is_page = found is not None and found.shape in _PAGE_SHAPES and response.is_page
        if found is not None and (method == "HEAD" or is_page):
            outcome = _reconsider(outcome, found, request, body, is_page=is_page)
        sent, content = outcome.sent, b""
        if sent is not None:
            try:
                content = outcome.to_bytes()
            except TypeError:  # orjson writes no more than 254 levels, and a protocol document may have more
                outcome, sent = outcome.without_problem("unsendable"), None
        applied = self._always_applies or self._applies(headers)
        report_outcome(self.options, outcome, method, request.path, applied=applied)
        if outcome.why == "html" and applied:
            interception.headers = vary_by_accept(interception.headers, binary=request.binary)
        if sent is None or not applied:
            return None
        is_folded = sent is not outcome.actual
        keep_challenge = not is_folded or sent.status == interception.status
        how = self._negotiator.choose(request, headers, now, is_folded=is_folded, keep_challenge=keep_challenge)
        length = None if method == "HEAD" else len(content)
        lines = self._rewriter.rewrite(headers, sent, length, how)
        if is_page:  # `Accept` has chosen more than the media type, which an option may fix
            lines = vary_by_accept(lines, binary=request.binary)
        return Reply(sent.status, lines, b"" if length is None else content, sent, is_folded)

    def _begin(self, interception: Interception) -> None:
        request, status, headers = interception.request, interception.status, interception.response_headers
        is_redirect = 300 <= status < 400
        if is_redirect and "location" not in headers:
            return
        scopes = self.options.scopes
        sender = scopes.sender(request.path, request.state, self._is_endpoint)
        mark = None if headers.is_plain else read_mark(headers.get("auth-problem-upstream"))
        if mark is not None:
            sender = mark.replace(endpoint=mark.endpoint or sender.endpoint)
        interception.sender = sender = effective_sender(status, headers, sender, self.options.policy.registry)
        if is_redirect:
            self._read_redirect(interception)
            return
        if PROCESSED in request.state or scopes.excludes(request.path):
            return
        if status >= 400:
            request.state[PROCESSED] = True
        interception.buffering = status not in UNTOUCHABLE and self._may_be_rewritten(interception)

    def _read_redirect(self, interception: Interception) -> None:
        """Report a redirect that carries an error."""
        request, headers = interception.request, interception.response_headers
        if PROCESSED in request.state or self.options.scopes.excludes(request.path):
            return
        response = UpstreamResponse(interception.status, headers, b"")
        outcome = self.normalizer.process(response, self._context(interception), new_instance())
        if outcome.classification is not None:
            is_confirmed = interception.sender.certain
            marked = report_redirect(self.options, outcome, request, headers, is_confirmed=is_confirmed)
            interception.headers = marked or interception.headers

    def _is_endpoint(self, provider: str, path: str) -> bool:
        """Whether a path is an endpoint of a provider."""
        return self.options.policy.registry.surface(provider, path) is not None

    def _may_be_rewritten(self, interception: Interception) -> bool:
        """Whether the response may be a provider's error: by status, type and coding alone."""
        status, headers = interception.status, interception.response_headers
        if "content-encoding" in headers:
            codings = {name.strip().lower() for line in headers.all("content-encoding") for name in line.split(",")}
            if codings - CODINGS - {""}:
                return status >= 400 and self.folds_unread(interception)
        if status < 400:
            return status != _PARTIAL and is_json(headers.media_type) and "auth-problem" not in headers
        return may_be_error(headers, interception.sender)

    def _context(self, interception: Interception) -> RequestContext:
        sender, request = interception.sender, interception.request
        return RequestContext(sender, request.method, time.time(), sender.endpoint or request.path)

    def _applies(self, headers: ResponseHeaders) -> bool:
        """Whether a problem is sent at all: not in a dry run, nor where `no-transform` is to be respected."""
        if self.options.observe:
            return False
        return not self.options.respect_no_transform or not forbids_transform(headers.pairs)


def _reconsider(
    outcome: Outcome, found: Classification, request: Request, body: bytes | bytearray | None, *, is_page: bool
) -> Outcome:
    """Leave alone what is a provider's error, and is still not to be replaced: headers alone, or a browser's page."""
    if outcome.sent is None:
        return outcome
    if request.method == "HEAD" and not body and found.matched_by != "header":
        return outcome.without_problem("head")  # its headers do not show what a GET would get
    return outcome.without_problem("html") if is_page and prefers_html(request.accept) else outcome
