"""When a response is buffered, and what is sent instead: the rules that all adapters share, without I/O.

An adapter calls `Interceptor.begin` when a response starts, feeds the bytes while the `Interception` is buffering, and
sends what `finish` returns, or what was buffered. Nothing here awaits, writes or knows a framework; no failure here
reaches the response.
"""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

from authproblem._core.callback import read_callback
from authproblem._core.classify import UNTOUCHABLE, may_be_error
from authproblem._core.context import RequestContext, effective_sender
from authproblem._core.members import PassText
from authproblem._core.normalize import Normalizer
from authproblem._core.outcome import Outcome, as_problem
from authproblem._core.problem import Problem
from authproblem._core.retry import keeps_retry_after
from authproblem._core.sender import UNKNOWN, Sender, read_mark
from authproblem._core.template import PreparedProblem
from authproblem._middleware import events, observers
from authproblem._middleware.instance import new_instance
from authproblem._middleware.options import Options
from authproblem._middleware.report import report_outcome, report_problem
from authproblem._middleware.response_headers import (
    HeaderRewriter,
    RewriteOptions,
    add_problem_headers,
    forbids_transform,
    without_mark,
)
from authproblem._middleware.scopes import below
from authproblem._upstream.codings import CODINGS
from authproblem._upstream.headers import Headers, Pair, ResponseHeaders
from authproblem._upstream.media_types import JSON, PROBLEM, is_json, media_type, prefers_html
from authproblem._upstream.response import UpstreamResponse, undo_codings

JUDGED = "authproblem.judged"
"""The key in scope or environ by which an instance nearer to the app marks an error response that it has seen."""
CALLBACK_READ = "authproblem.callback"
"""The key by which an instance farther from the app marks a callback that it has read."""

_PARTIAL = 206
_MAX_MEDIA_TYPE = 128
"""Characters of a media type whose options are cached; it may be the upstream's."""
_OURS = (PROBLEM, JSON)


class Request(NamedTuple):
    """What of the request decides about a response.

    Attributes:
        path: the path, decoded.
        method: the method, upper case.
        accept: the value of `Accept`, lines joined by commas, or None.
        state: the ASGI scope or WSGI environ: for callables of the app, and for the mark on the error path.
        binary: whether headers are bytes (ASGI) or str (WSGI).
    """

    path: str
    method: str
    accept: str | None
    state: MutableMapping[str, Any]
    binary: bool

    @property
    def query(self) -> str:
        """The query string, as it came."""
        query = self.state.get("query_string", self.state.get("QUERY_STRING", ""))
        return query.decode("latin-1") if isinstance(query, bytes) else str(query)


class Reply:
    """A response that takes the place of another.

    Attributes:
        status: the HTTP status.
        headers: the headers.
        body: the body.
        is_folded: whether not even the app's reason phrase may stay.
    """

    __slots__ = ("_problem", "body", "headers", "is_folded", "status")

    def __init__(
        self,
        status: int,
        headers: list[Pair],
        body: bytes,
        problem: Problem | PreparedProblem,
        *,
        is_folded: bool = False,
    ) -> None:
        """Keep the values."""
        self.status = status
        self.headers = headers
        self.body = body
        self.is_folded = is_folded
        self._problem = problem

    @property
    def problem(self) -> Problem:
        """The problem that the response carries."""
        problem = self._problem
        return problem.problem() if isinstance(problem, PreparedProblem) else problem


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
        *(
            "_interceptor",
            "body",
            "buffering",
            "discards",
            "headers",
            "request",
            "response_headers",
            "sender",
            "status",
        ),
    )

    def __init__(self, interceptor: Interceptor, request: Request, status: int, headers: ResponseHeaders) -> None:
        """Begin; made by `Interceptor.begin`."""
        self._interceptor, self.request, self.status = interceptor, request, status
        self.response_headers = headers
        self.headers = headers.pairs
        self.sender = UNKNOWN
        self.buffering = self.discards = False
        self.body: bytes | bytearray = b""

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
            self.body = chunk  # nobody can change it, and most bodies come in one
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
        try:
            return self._interceptor.judge(self, None if self.discards else self.body)
        except Exception as error:  # noqa: BLE001 - no failure of ours becomes the client's
            events.report_fault(error, "a response could not be judged and was passed unchanged")
            return None
        finally:
            if begun:
                observers.observe(lambda observer: observer.duration(time.perf_counter() - begun))


class Interceptor:
    """The rules of one middleware instance, shared by all its responses."""

    __slots__ = ("_everywhere", "_header_reader", "_options_for", "_rewriter", "max_body", "normalizer", "options")

    def __init__(self, options: Options) -> None:
        """Compile the options, and load what the first error needs."""
        events.prepare()
        options.policy.registry.prepare()
        ask = options.policy.pass_text
        if ask is not None:
            options = options._replace(policy=options.policy._replace(pass_text=_guarded(ask)))
        self.options = options
        self.normalizer = Normalizer.of(options.policy)
        self._header_reader = self.normalizer.header_reader
        self.max_body = options.policy.max_body
        self._everywhere = options.scopes.everywhere
        self._rewriter = HeaderRewriter()
        negotiated = options.media_type is None
        self._options_for = lru_cache(maxsize=64)(
            partial(RewriteOptions, negotiated=negotiated, expose=options.expose_headers)
        )

    def wants_success(self, path: str) -> bool:
        """Whether responses below status 300 to this path are judged: opted-in transaction states."""
        return any(below(path, prefix) for prefix in self.options.state_paths)

    def unmarked(self, headers: list[Pair]) -> list[Pair]:
        """Return the headers of an error that cannot be judged any more: without `Auth-Problem-Upstream`."""
        return without_mark(self.normalizer.header_reader.read(headers))

    def begin(self, request: Request, status: int, headers: Headers) -> Interception:
        """Begin a response that may be an error, by its status: decide whether to buffer it."""
        read = self._header_reader.read(headers)
        interception = Interception(self, request, int(status), read)
        try:
            if read.is_usual_json and self._everywhere is not None and interception.status >= 400:
                provider, certain = self._everywhere  # most errors: the path does not matter, and the type says enough
                if not certain and read.layout.provider is not None:
                    provider, certain = read.layout.provider, True
                interception.sender = Sender(provider, certain, request.path)
                if JUDGED not in request.state:
                    request.state[JUDGED] = True
                    interception.buffering = interception.status not in UNTOUCHABLE
                return interception
            interception.headers = without_mark(read)
            self._begin(interception)
        except Exception as error:  # noqa: BLE001 - a callable of the app may raise, too
            events.report_fault(error, "a response could not be examined and was passed unchanged")
            interception.buffering = False
        return interception

    def folds_unread(self, interception: Interception) -> bool:
        """Whether an error folds by its status alone, so that its body need not be read."""
        if self.options.observe or self.options.policy.disclosure == "off":
            return False
        context = self._context(interception)
        response = UpstreamResponse(interception.status, interception.response_headers, None)
        return self.normalizer.process(response, context).sent is not None

    def judge(self, interception: Interception, body: bytes | bytearray | None) -> Reply | None:
        """Classify a whole response, emit its event, and return what replaces it.

        Args:
            interception: the response.
            body: what was fed; None if it was too large.
        """
        options, request, headers = self.options, interception.request, interception.response_headers
        decoded = body
        if body is not None and headers.layout.is_coded:
            decoded = undo_codings(headers, body, self.max_body)
        response = UpstreamResponse(interception.status, headers, decoded)
        context = RequestContext(interception.sender, request.method, time.time())
        outcome = self.normalizer.process(response, context, new_instance())
        is_head = request.method == "HEAD"
        if is_head and outcome.sent is not None and not _decided_by_headers(outcome, body):
            outcome = outcome.without_problem("head")
        if _is_page(outcome) and prefers_html(request.accept):
            outcome = outcome.without_problem("html")
        sent, content = outcome.sent, b""
        try:
            content = outcome.to_bytes()
        except TypeError:  # orjson writes no more than 254 levels, and a protocol document may hold more
            outcome = outcome.without_problem("unsendable")
            sent = None
        applied = self._applies(headers)
        report_outcome(options, outcome, request.method, request.path, applied=applied)
        if sent is None or not applied:
            return None
        is_folded = sent is not outcome.truth
        rewrite = self._rewrite_options(interception, context, is_folded=is_folded, status=sent.status)
        lines = self._rewriter.rewrite(headers, sent, None if is_head else len(content), rewrite)
        return Reply(sent.status, lines, b"" if is_head else content, sent, is_folded=is_folded)

    def callback(self, request: Request, query: str) -> Problem | None:
        """Return the problem in the query of a request to a callback path; it is not confirmed: anyone can send it."""
        options = self.options
        if request.path not in options.callback_paths or CALLBACK_READ in request.state:
            return None
        from authproblem._upstream.redirect import read_query

        try:
            found = read_query(query)
            if found is None:
                return None
            sender = options.scopes.sender(request.path, request.state).replace(endpoint=None)
            problem = read_callback(found.error.document or {}, sender, options.policy)
            if problem is not None:
                request.state[CALLBACK_READ] = True
                problem = problem.replace(instance=new_instance())
                report_problem(options, problem, request.method, request.path, applied=False)
        except Exception as error:  # noqa: BLE001 - the request goes to the app, whatever happens here
            events.report_fault(error, "a callback could not be read")
            return None
        return problem

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
        interception.sender = sender = effective_sender(headers, sender, self.options.policy.registry)
        if is_redirect:
            interception.headers = self._redirect(interception) or interception.headers
            return
        if JUDGED in request.state or scopes.excludes(request.path):
            return
        if status >= 400:
            request.state[JUDGED] = True
        interception.buffering = status not in UNTOUCHABLE and self._may_be_rewritten(interception)

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
        return RequestContext(interception.sender, interception.request.method, time.time())

    def _applies(self, headers: ResponseHeaders) -> bool:
        """Whether a problem is sent at all: not in a dry run, nor where `no-transform` is to be respected."""
        if self.options.observe:
            return False
        return not self.options.respect_no_transform or not forbids_transform(headers.pairs)

    def _rewrite_options(
        self, interception: Interception, context: RequestContext, *, is_folded: bool, status: int
    ) -> RewriteOptions:
        options, headers, request = self.options, interception.response_headers, interception.request
        # A folded response has the media type that the genuine one would have, which is always plain JSON.
        upstream = JSON if is_folded or headers.is_usual_json else headers.media_type
        kind = options.media_type or media_type(request.accept, upstream)
        if kind not in _OURS:
            kind = headers.get("content-type") or PROBLEM
        keep_retry_after = (
            not is_folded
            and "retry-after" in headers.layout.positions
            and keeps_retry_after(headers, context.now, options.policy.max_wait)
        )
        keep_challenge = not is_folded or status == interception.status
        make = self._options_for if len(kind) <= _MAX_MEDIA_TYPE else self._options_for.__wrapped__
        return make(kind, request.binary, keep_retry_after, is_folded, keep_challenge)

    def _redirect(self, interception: Interception) -> list[Pair] | None:
        """Report a redirect that carries an error; return its headers with the problem headers where that is asked."""
        options, request, headers = self.options, interception.request, interception.response_headers
        if JUDGED in request.state or options.scopes.excludes(request.path):
            return None
        response = UpstreamResponse(interception.status, headers, b"")
        outcome = self.normalizer.process(response, self._context(interception), new_instance())
        if outcome.classification is None:
            return None
        is_confirmed = interception.sender.certain
        # `provider=` declares who answers, also where a framework adds a slash; a header says it of this response.
        is_named = headers.layout.provider is not None or "auth-problem-upstream" in headers
        if not is_named and _repeats_query(outcome, request.query):
            outcome = outcome.without_problem("repeated_query")
        request.state[JUDGED] = True
        # A redirect is sent as it came, so nothing folds: the event and the headers report the truth.
        truth = Outcome(outcome.classification, outcome.truth, outcome.truth, outcome.why)
        report_outcome(options, truth, request.method, request.path, applied=False, is_confirmed=is_confirmed)
        problem = as_problem(truth.sent)
        if problem is None or options.observe or not options.mark_redirects:
            return None
        return add_problem_headers(headers, problem, binary=request.binary, expose=options.expose_headers)


def _repeats_query(outcome: Outcome, query: str) -> bool:
    """Whether the error was in the request already: a redirect that adds a slash, for example, repeats the query."""
    if "error=" not in query or outcome.classification is None:
        return False
    from authproblem._upstream.redirect import read_query

    given = read_query(query)
    return given is not None and given.error.code == outcome.classification.upstream.code


def _is_page(outcome: Outcome) -> bool:
    """Whether a problem was made of a page, which a browser's navigation keeps."""
    found = outcome.classification
    return outcome.sent is not None and found is not None and found.shape == "html"


def _decided_by_headers(outcome: Outcome, body: bytes | bytearray | None) -> bool:
    """Whether a HEAD response says what the GET would: by a body that the server drops later, or by its headers."""
    return bool(body) or (outcome.classification is not None and outcome.classification.matched_by == "header")


def _guarded(ask: PassText) -> PassText:
    """Return the app's `pass_text`, which runs inline: where it raises, the text is not passed."""

    def guarded(problem: Problem, member: str, text: str) -> str | None:
        try:
            return ask(problem, member, text)
        except Exception as error:  # noqa: BLE001 - the app's code must not cost the client its response
            events.report_fault(error, "pass_text raised")
            return None

    return guarded
