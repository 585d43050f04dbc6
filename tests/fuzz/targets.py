"""The fuzz targets: fuzzed bytes in, nothing or a `Finding` out. Guided runs and the default tests share them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from authproblem import Problem, classify, normalize, upstream
from authproblem._middleware import events as internals
from authproblem._middleware.interception import Interception, Interceptor
from authproblem._middleware.messages import Reply, Request
from authproblem._middleware.options import make_options
from authproblem._middleware.parameters import read_callback_request
from tests.fuzz.cases import Case, decode
from tests.fuzz.oracle import Finding, check_events, check_problem, check_reply, expect
from tests.support.events import Events

NOW = 1_750_000_000.0
"""The clock: a constant, so that a case does the same tomorrow."""
_MAX_BODY = 262_144
Options = dict[str, Any]


def _shown(_problem: Problem, _member: str, text: str) -> str | None:
    """A `pass_text` of an app that lets every other text pass."""
    return text if len(text) % 2 else None


NORMALIZE: tuple[Options, ...] = (
    {},
    {"flow_control": True},
    {"transaction_states": True},
    {"transaction_states": True, "status": "canonical", "flow_control": True},
    {"disclosure": "safe"},
    {"disclosure": "strict"},
    {"texts": "all"},
    {"pass_text": _shown},
    {"status": "canonical", "type_base": "https://docs.example.com/errors#"},
    {"max_body": 64},
    {"max_wait": 0},
)
"""The options of `normalize` that a case chooses among."""

_SCOPES = {"/auth": "auth0", "/okta": upstream("okta"), "/whole": upstream("okta", whole=True), "/api/v1": "okta"}
GATE: tuple[Options, ...] = (
    {},
    {"providers": _SCOPES},
    {"provider": "auth0"},
    {"provider": "okta", "transaction_states": ("/api/v1", "/idp/idx")},
    {"provider": "oauth", "disclosure": "strict", "flow_control": True},
    {"providers": lambda state: state["rule"], "media_type": "json"},
    {"mark_redirects": True, "media_type": "problem"},
    {"mode": "observe", "log_upstream_text": True},
    {"texts": "all", "status": "canonical", "expose_headers": False},
    {"pass_text": _shown, "respect_no_transform": True},
    {"max_body": 256, "exclude": ("/oauth",)},
    {"callback_paths": ("/callback",), "disclosure": "off"},
)
"""The options of a middleware that a case chooses among."""
_CHUNKS = (_MAX_BODY, 7, 64, 1000)
ACCEPT = (None, "application/json", "application/problem+json, application/json;q=0.5", "text/html, */*;q=0.1")


class Target(NamedTuple):
    """Something to fuzz."""

    name: str
    run: Callable[[bytes, Events], None]


def fuzz_normalize(data: bytes, _events: Events) -> None:
    """`normalize` and `classify`: both give None, or the same meaning; a problem is of the wire format."""
    case = decode(data)
    options = NORMALIZE[case.variant % len(NORMALIZE)]
    headers: Any = case.headers
    form = case.variant // len(NORMALIZE) % 3
    if form == 1:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    elif form == 2:
        headers = dict(headers)
    place: Options = {"provider": case.provider, "endpoint": case.path}
    problem = normalize(case.status, headers, case.body, method=case.method, now=NOW, **place, **options)
    states = options.get("transaction_states", False)
    found = classify(case.status, headers, case.body, transaction_states=states, **place)
    if problem is None:
        return
    folds_unread = "disclosure" in options  # then a body that cannot be read folds by its status
    expect(found is not None or folds_unread, f"{problem} is not classified")
    if found is not None and "disclosure" not in options:
        expect((found.reason, found.entry) == (problem.reason, problem.entry), f"{found.reason}, but {problem}")
    if case.status >= 400 and case.status <= 599:
        texts_pass = "texts" in options or "pass_text" in options
        status = None if "disclosure" in options else case.status
        check_problem(problem, status, _decoded_limit(case, options), texts_pass=texts_pass)


@cache
def gate_of(variant: int) -> Interceptor:
    """The gate of one choice of options, as a middleware would keep it."""
    return Interceptor(make_options(GATE[variant]))


def fuzz_gate(data: bytes, events: Events, *, binary: bool) -> None:
    """An adapter's gate: a response passes as it came, without the mark, or a whole problem takes its place."""
    events.clear()
    internals._faults.clear()
    case = decode(data)
    variant = case.variant % len(GATE)
    gate, options = gate_of(variant), GATE[variant]
    rest = case.variant // len(GATE)
    request = _request(case, rest, binary=binary)
    texts_pass = "texts" in options or "pass_text" in options or "log_upstream_text" in options
    if (
        request.path == "/callback"
        and read_callback_request(gate.options, request, case.body.decode("latin-1")) is not None
    ):
        check_events(events, texts_pass)
        events.clear()
    if case.status < 200 or (case.status < 300 and not gate.wants_success(request.path)):
        return
    pairs = [_pair(pair, binary=binary) for pair in case.headers]
    interception = gate.begin(request, case.status, list(pairs))
    reply = _feed(interception, case.body, _CHUNKS[rest % len(_CHUNKS)])
    before = case.headers
    if reply is None:
        _check_passed(case, interception, marked="mark_redirects" in options)
    else:
        after = [_text_pair(pair) for pair in reply.headers]
        content = None if request.method == "HEAD" else reply.body
        check_reply(before, after, content, reply.status)
        if content is not None:
            problem = Problem.from_bytes(content)
            expect(problem is not None, "what is sent is no problem")
            if problem is not None and case.status <= 599:
                check_problem(problem, None, _decoded_limit(case, options), texts_pass=texts_pass)
    check_events(events, texts_pass)


def fuzz_asgi(data: bytes, events: Events) -> None:
    """The gate as the ASGI adapter drives it: headers are bytes."""
    fuzz_gate(data, events, binary=True)


def fuzz_wsgi(data: bytes, events: Events) -> None:
    """The gate as the WSGI adapter drives it: headers are str."""
    fuzz_gate(data, events, binary=False)


TARGETS = {
    target.name: target
    for target in (Target("normalize", fuzz_normalize), Target("asgi", fuzz_asgi), Target("wsgi", fuzz_wsgi))
}


def _request(case: Case, rest: int, *, binary: bool) -> Request:
    accept = ACCEPT[rest // len(_CHUNKS) % len(ACCEPT)]
    state = {"rule": case.provider}
    return Request(case.path or "/", case.method or "POST", accept, state, binary)


def _feed(interception: Interception, body: bytes, size: int) -> Reply | None:
    """Feed a body as an adapter does, chunk by chunk, and let it pass as soon as it is no longer held."""
    if not interception.buffering:
        return None
    kept = b""
    for start in range(0, len(body), size):
        chunk = body[start : start + size]
        held = interception.feed(memoryview(chunk) if size % 2 else chunk)
        if not held:
            expect(bytes(interception.body) == kept, "of an oversize body not all that came before is kept")
            return None
        kept += chunk
    expect(bytes(interception.body) == body, "what is kept is not what came")
    return interception.finish()


def _check_passed(case: Case, interception: Interception, *, marked: bool) -> None:
    """What passes has its own headers, in order, but for the mark; a redirect may get the problem headers."""
    before = [pair for pair in case.headers if pair[0].lower() != "auth-problem-upstream"]
    after = [_text_pair(pair) for pair in interception.headers]
    if marked and 300 <= case.status < 400:
        names = {"auth-problem", "auth-problem-owner", "auth-problem-retry", "access-control-expose-headers"}
        before = [pair for pair in before if pair[0].lower() not in names]
        after = [pair for pair in after if pair[0].lower() not in names]
    expect(before == after, f"headers of a response that passes: {after}, not {before}")


def _decoded_limit(case: Case, options: Options) -> int:
    """Bytes that the upstream's body may have had, content codings undone."""
    coded = any(name.lower() == "content-encoding" for name, _ in case.headers)
    headers = sum(len(value) for _, value in case.headers)
    return headers + (int(options.get("max_body", _MAX_BODY)) if coded else len(case.body))


def _pair(pair: tuple[str, str], *, binary: bool) -> Any:
    return (pair[0].encode("latin-1"), pair[1].encode("latin-1")) if binary else pair


def _text_pair(pair: Any) -> tuple[str, str]:
    name, value = pair
    return (name.decode("latin-1"), value.decode("latin-1")) if isinstance(name, bytes) else (name, value)


__all__ = ["GATE", "NORMALIZE", "TARGETS", "Finding", "Target", "fuzz_asgi", "fuzz_normalize", "fuzz_wsgi"]
