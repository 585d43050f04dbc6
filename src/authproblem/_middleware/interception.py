"""The sans-IO gate of all doors: every rule on *when* to hold a response and *what* to send lives here alone.

A door tells a `Gate` that a response begins, feeds the bytes while the `Interception` holds, and sends what `finish`
gives, or what it has held. Nothing here awaits, writes or knows a framework; no failure here reaches the response.
"""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

from authproblem._core.cache import Answers, Ready
from authproblem._core.classify import UNTOUCHABLE, identify, may_be_error, read
from authproblem._core.members import PassText
from authproblem._core.normalize import Outcome, process, undo_codings
from authproblem._core.problem import Problem
from authproblem._core.retry import Occasion, keeps_retry_after
from authproblem._core.sender import UNKNOWN, Sender, read_mark
from authproblem._middleware import events
from authproblem._middleware.options import Options
from authproblem._middleware.report import tell, tell_callback
from authproblem._middleware.response_headers import Dress, forbids_transform, marked, rewritten, without_mark
from authproblem._middleware.scopes import below
from authproblem._upstream.headers import PLAIN_JSON, Fields, Headers, Pair, pairs_of, scan
from authproblem._upstream.media_types import JSON, PROBLEM, is_json, media_type, prefers_html

JUDGED = "authproblem.judged"
"""The key in scope or environ by which an instance nearer to the app says that it has seen an error response."""

_new = tuple.__new__  # what NamedTuple's own constructor calls, without its Python frame
_CODINGS = frozenset(("gzip", "x-gzip", "deflate", "br", "zstd", "identity"))
_PARTIAL = 206
_AT_ONCE = Occasion(0)
"""No request and no clock: for what depends on neither."""
_BOTH = (PROBLEM, JSON)
READ = "authproblem.callback"
"""The key by which an instance farther from the app says that it has read the callback that a request is."""


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


class Reply(NamedTuple):
    """A response that takes the place of another; of a folded one not even the app's reason phrase may stay."""

    status: int
    headers: list[Pair]
    body: bytes
    folded: bool = False


class Interception:
    """One response under judgement.

    Attributes:
        gate: the rules.
        request: the request.
        status: the HTTP status.
        pairs: the headers as they came.
        fields: the same, scanned.
        sender: what the app says of the sender.
        headers: the headers to send if the response passes: without `Auth-Problem-Upstream`.
        holding: whether its bytes are to be kept back.
        body: the bytes that are kept.
    """

    __slots__ = ("body", "fields", "gate", "headers", "holding", "pairs", "request", "sender", "status")

    def __init__(self, gate: Gate, request: Request, status: int, pairs: list[Pair]) -> None:
        """Begin; made by `Gate.begin`."""
        self.gate, self.request, self.status, self.pairs = gate, request, status, pairs
        self.fields = PLAIN_JSON
        self.sender = UNKNOWN
        self.headers = pairs
        self.holding = False
        self.body: bytes | bytearray = b""

    def feed(self, chunk: bytes | bytearray | memoryview) -> bool:
        """Keep a copy of a chunk.

        Returns:
            True while the response is held; False where it is too large with this chunk, which is not kept: send what
            is kept, then the chunk, and let everything after it pass.
        """
        kept = self.body
        if len(kept) + len(chunk) > self.gate.max_body:
            self.holding = False
        elif not kept and type(chunk) is bytes:
            self.body = chunk  # nobody can change it, and most bodies come in one
        else:
            if type(kept) is bytes:
                self.body = kept = bytearray(kept)
            kept += chunk
        return self.holding

    def finish(self) -> Reply | None:
        """Judge the whole response.

        Returns:
            What to send instead, or None: send it as it came, with `headers`.
        """
        self.holding = False
        try:
            return self.gate.judge(self)
        except Exception as error:  # noqa: BLE001 - no failure of ours becomes the client's
            events.report_fault(error, "a response could not be judged and was passed untouched")
            return None


class Gate:
    """The rules of one middleware instance; immutable, shared by all its responses."""

    __slots__ = ("_everywhere", "_levels", "_plain_dress", "answers", "max_body", "options")

    def __init__(self, options: Options) -> None:
        """Compile what the options say."""
        events.prepare()
        ask = options.policy.pass_text
        if ask is not None:
            options = options._replace(policy=options.policy._replace(pass_text=_guarded(ask)))
        self.options = options
        self.answers = Answers(options.policy)
        self.max_body = options.policy.max_body
        self._everywhere = options.scopes.everywhere
        self._plain_dress = lru_cache(maxsize=8)(
            partial(Dress, keep_retry_after=False, negotiated=options.media_type is None, expose=options.expose_headers)
        )
        self._levels: dict[str, str] = options.policy.registry.data["problem_types"]["levels"]

    def wants_success(self, path: str) -> bool:
        """Whether responses below status 300 to this path are to be looked at: opted-in transaction states."""
        return any(below(path, prefix) for prefix in self.options.state_paths)

    def unmarked(self, headers: list[Pair]) -> list[Pair]:
        """The headers of an error that cannot be judged any more: without `Auth-Problem-Upstream`."""
        return without_mark(headers, scan(headers))

    def begin(self, request: Request, status: int, headers: Headers) -> Interception:
        """A response begins whose status calls for a look: decide whether to hold it."""
        pairs = headers if type(headers) is list else pairs_of(headers)
        interception = Interception(self, request, int(status), pairs)
        try:
            interception.fields = fields = scan(pairs)
            if not fields.plain:
                interception.headers = without_mark(pairs, fields)
            elif self._everywhere is not None and interception.status >= 400:  # most errors: no path has a say
                provider, certain = self._everywhere
                interception.sender = _new(Sender, (provider, certain, request.path))
                if JUDGED not in request.state:
                    request.state[JUDGED] = True
                    interception.holding = interception.status not in UNTOUCHABLE
                return interception
            self._begin(interception)
        except Exception as error:  # noqa: BLE001 - a callable of the app may raise, too
            events.report_fault(error, "a response could not be looked at and was passed untouched")
            interception.holding = False
        return interception

    def _begin(self, interception: Interception) -> None:
        request, status, fields = interception.request, interception.status, interception.fields
        if 300 <= status < 400 and "location" not in fields:
            return
        scopes = self.options.scopes
        sender = scopes.sender(request.path, request.state, self._knows)
        mark = None if fields.plain else read_mark(fields.get("auth-problem-upstream"))
        if mark is not None:
            sender = mark._replace(endpoint=mark.endpoint or sender.endpoint)
        interception.sender = sender
        if 300 <= status < 400:
            interception.headers = self._redirect(interception) or interception.headers
            return
        if JUDGED in request.state or scopes.excludes(request.path):
            return
        if status >= 400:
            request.state[JUDGED] = True
        interception.holding = status not in UNTOUCHABLE and (
            (fields.plain and status != _PARTIAL) or self._holds(status, fields, sender)
        )

    def _knows(self, provider: str, path: str) -> bool:
        """Whether a path is an endpoint of a provider."""
        return self.options.policy.registry.surface(provider, path) is not None

    def _holds(self, status: int, fields: Fields, sender: Sender) -> bool:
        """Whether the response may be a provider's error: by status, type, coding and declared size alone."""
        if "content-encoding" in fields.lines:
            codings = {name.strip().lower() for line in fields.all("content-encoding") for name in line.split(",")}
            if codings - _CODINGS - {""}:
                return False
        if status < 400:
            return status != _PARTIAL and is_json(fields.media_type) and "auth-problem" not in fields
        return may_be_error(fields, identify(self.options.policy.registry, fields, sender))

    def judge(self, held: Interception) -> Reply | None:
        """Classify a whole response, emit its event, and give what replaces it."""
        policy, fields, sender = self.options.policy, held.fields, held.sender
        body = undo_codings(fields, held.body, policy.max_body)
        document = None if body is None else read(held.status, fields, body)
        if document is not None and held.request.method != "HEAD":
            ready = self.answers.find(document, fields, sender, held.status)
            if ready is not None:
                return self._answer(held, ready)
        occasion, instance = self._occasion(held), new_instance()
        outcome = process(policy, fields, body, sender, occasion, instance=instance, document=document)
        self.answers.keep(document, fields, sender, held.status, outcome.found if outcome.problem else None)
        return self._conclude(held, outcome)

    def _answer(self, held: Interception, ready: Ready) -> Reply | None:
        """Send an answer that lies ready; a problem is made of it only if somebody wants to see it."""
        options, answer, instance = self.options, ready.answer, new_instance()
        folded = answer is not ready.truth
        retry, request_id = answer.told(held.fields, _AT_ONCE if answer.fixed else self._occasion(held))
        applied = self._applies(held.pairs)
        if options.on_problem is not None or events.enabled(self._levels[ready.truth.problem.owner]):
            self._tell(held, ready, instance, applied=applied)
        if not applied:
            return None
        content = answer.write(ready.document, instance, retry, request_id)
        problem = answer.problem if answer.fixed else answer.problem._replace(retry=retry)
        dress = self._dress(held, folded=folded, status=problem.status)
        headers = rewritten(held.pairs, held.fields, problem, len(content), dress)
        return _new(Reply, (problem.status, headers, content, folded))

    def _tell(self, held: Interception, ready: Ready, instance: str, *, applied: bool) -> None:
        """The event of an answer that lay ready: what is true, and what is sent."""
        answer, _, true, said = ready
        truth = true.problem_for(said, instance, *true.told(held.fields, self._occasion(held)))
        sent = truth if answer is true else answer.problem
        tell(self.options, Outcome(sent, true.found, truth), held.request.method, held.request.path, applied=applied)

    def _conclude(self, held: Interception, outcome: Outcome) -> Reply | None:
        """Send the problem of a response that was looked at in full."""
        request = held.request
        if request.method == "HEAD" and outcome.problem is not None and not _told_by_headers(outcome, held.body):
            outcome = outcome._replace(problem=None, why="head")
        if _is_page(outcome) and prefers_html(request.accept):
            outcome = outcome._replace(problem=None, why="html")
        problem = outcome.problem
        try:
            content = problem.to_bytes() if problem is not None else b""
        except TypeError:  # orjson writes no more than 254 levels, and a protocol document may hold more
            outcome, problem, content = outcome._replace(problem=None, why="unsendable"), None, b""
        applied = self._applies(held.pairs)
        tell(self.options, outcome, request.method, request.path, applied=applied)
        if problem is None or not applied:
            return None
        dress = self._dress(held, folded=outcome.folded, status=problem.status)
        if request.method == "HEAD":
            return Reply(problem.status, rewritten(held.pairs, held.fields, problem, None, dress), b"", outcome.folded)
        headers = rewritten(held.pairs, held.fields, problem, len(content), dress)
        return Reply(problem.status, headers, content, outcome.folded)

    def _occasion(self, held: Interception) -> Occasion:
        sender, policy = held.sender, self.options.policy
        return _new(Occasion, (held.status, sender.endpoint, held.request.method, time.time(), policy.max_wait))

    def _applies(self, pairs: list[Pair]) -> bool:
        """Whether a problem is sent at all: not as a dry run, nor where `no-transform` is to be respected."""
        if self.options.observe:
            return False
        return not self.options.respect_no_transform or not forbids_transform(pairs)

    def _dress(self, held: Interception, *, folded: bool, status: int) -> Dress:
        options, fields = self.options, held.fields
        kind = options.media_type or media_type(held.request.accept, fields.media_type)
        if kind not in _BOTH:
            kind = PROBLEM if folded else fields.get("content-type") or PROBLEM
        if fields.plain and not folded:
            return self._plain_dress(kind, held.request.binary)
        return Dress(
            media_type=kind,
            binary=held.request.binary,
            keep_retry_after=not folded and "retry-after" in fields and keeps_retry_after(fields, self._occasion(held)),
            drop_retry_after=folded,
            keep_challenge=not folded or status == held.status,
            negotiated=options.media_type is None,
            expose=options.expose_headers,
        )

    def _redirect(self, held: Interception) -> list[Pair] | None:
        """A redirect: an event if it carries an error, and the header twin where that is asked for."""
        options, request = self.options, held.request
        if JUDGED in request.state or options.scopes.excludes(request.path):
            return None
        policy = options.policy._replace(disclosure="off")
        outcome = process(policy, held.fields, b"", held.sender, self._occasion(held), instance=new_instance())
        if outcome.found is None:
            return None
        request.state[JUDGED] = True
        tell(options, outcome, request.method, request.path, applied=False)
        if outcome.problem is None or options.observe or not options.mark_redirects:
            return None
        return marked(held.pairs, held.fields, outcome.problem, binary=request.binary, expose=options.expose_headers)

    def callback(self, request: Request, query: str) -> Problem | None:
        """The problem in the query of a request to a callback path; its event is at info, for anyone can send it."""
        options = self.options
        path = request.path
        if path not in options.callback_paths or READ in request.state:
            return None
        from authproblem._upstream.redirect import read_query

        try:
            read = read_query(query)
            sender = options.scopes.sender(path, request.state)._replace(endpoint=None)
            problem = (
                Problem.from_callback(
                    read[0].document or {},
                    provider=sender.provider,
                    registry=options.policy.registry,
                    type_base=options.policy.type_base,
                )
                if read is not None
                else None
            )
            if problem is not None:
                request.state[READ] = True
                problem = problem._replace(instance=new_instance())
                tell_callback(options, problem, request.method, path)
        except Exception as error:  # noqa: BLE001 - the request goes on to the app, whatever happens here
            events.report_fault(error, "a callback could not be read")
            return None
        return problem


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def new_instance() -> str:
    """A URN for one occurrence: a UUID of version 7 (RFC 9562 section 5.7), so that events sort by time."""
    moment = "%012x" % (time.time_ns() // 1_000_000)
    chance = os.urandom(10).hex()  # its first digit and the fourth make way for the version and the variant
    return f"urn:uuid:{moment[:8]}-{moment[8:]}-7{chance[1:4]}-{_VARIANT[chance[4]]}{chance[5:8]}-{chance[8:]}"


def _is_page(outcome: Outcome) -> bool:
    """Whether a problem was made of a page, which a browser's navigation keeps."""
    return outcome.problem is not None and outcome.found is not None and outcome.found.shape == "html"


def _told_by_headers(outcome: Outcome, body: bytes | bytearray) -> bool:
    """Whether a HEAD response tells what the GET would: by a body that the server drops later, or by its headers."""
    return bool(body) or (outcome.found is not None and outcome.found.matched_by == "header")


def _guarded(ask: PassText) -> PassText:
    """The app's `pass_text`, which runs inline: where it raises, the text is not passed."""

    def guarded(problem: Problem, member: str, text: str) -> str | None:
        try:
            return ask(problem, member, text)
        except Exception as error:  # noqa: BLE001 - the app's code must not cost the client its answer
            events.report_fault(error, "pass_text raised")
            return None

    return guarded
