"""Every vector through every adapter gives the same problem. The rows are data: `tests/vectors`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest

from authproblem import Problem, Registry, classify, normalize
from tests.support.adapters import through
from tests.support.responses import Pairs, Response
from tests.support.vectors import FILES, FOLDER, Vector, load, rows
from tests.support.wire import header_faults, schema_faults, strings

NO_PATH = "/somewhere/in/the/app"
FLOW = frozenset(("authorization-pending", "slow-down", "dpop-nonce-required"))


class Answer(NamedTuple):
    """What one implementation makes of a response: the problem, and what the client gets (None: as it came)."""

    problem: Problem | None
    response: Response | None


def by_core(vector: Vector, *, flow_control: bool = True) -> Answer:
    """`authproblem.normalize`."""
    sent = vector.response
    problem = normalize(
        sent.status,
        sent.headers,
        sent.body,
        provider=vector.provider,
        endpoint=vector.endpoint,
        flow_control=flow_control,
        transaction_states=vector.transaction_states,
    )
    if problem is None or 300 <= sent.status < 400:
        return Answer(problem, None)
    return Answer(problem, Response(problem.status, problem.headers(), problem.to_bytes()))


def by_adapter(adapter: str, vector: Vector, *, flow_control: bool = True) -> Answer:
    """What the middleware of one adapter makes of a vector."""
    problems: list[Problem] = []
    path = vector.endpoint or NO_PATH
    got = through(
        adapter,
        vector.response,
        path,
        provider=vector.provider,
        disclosure="off",
        flow_control=flow_control,
        transaction_states=(path,) if vector.transaction_states else (),
        on_problem=problems.append,
    )
    assert len(problems) <= 1, f"{vector.place}: {len(problems)} problems for one response"
    problem = problems[0].replace(instance=None, confirmed=True) if problems else None
    return Answer(problem, None if got == vector.response else got)


IMPLEMENTATIONS: dict[str, Callable[..., Answer]] = {
    "core": by_core,
    "asgi": partial(by_adapter, "asgi"),
    "wsgi": partial(by_adapter, "wsgi"),
}
by_implementation = pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
by_file = pytest.mark.parametrize("stem", FILES)


def faults_of_meaning(vector: Vector, problem: Problem | None) -> Iterator[str]:
    """Where a problem is not the one that the vector names."""
    if problem is None:
        if vector.reason is not None:
            yield f"no problem, not {vector.reason} ({vector.entry})"
        return
    for name, got, wanted in (
        ("reason", problem.reason, vector.reason),
        ("entry", problem.entry, vector.entry),
        ("matched_by", problem.matched_by, vector.matched_by or problem.matched_by),
        ("retry.after", problem.retry.after, problem.retry.after if vector.after is None else vector.after),
    ):
        if got != wanted:
            yield f"{name} is {got}, not {wanted}"


def faults_of_form(vector: Vector, response: Answer) -> Iterator[str]:
    """Where the document is not of the wire format, or does not fit the headers or the status."""
    if response.problem is None or response.response is None:
        return
    document = response.response.document()
    yield from schema_faults(document)
    yield from header_faults(response.response, document)
    yield from wait_faults(vector, response.response, document)
    if document["status"] != response.response.status:
        yield f"the document says {document['status']}, the response {response.response.status}"
    if document["upstream"]["status"] != vector.response.status:
        yield f"upstream.status is {document['upstream']['status']}"
    document.pop("instance", None)
    if document != response.problem.to_dict():
        yield "the document is not the problem"


def wait_faults(vector: Vector, sent: Response, document: dict[str, Any]) -> Iterator[str]:
    """Where `Retry-After` is neither the upstream's own nor the wait of the document."""
    after = document["retry"].get("after")
    wanted = [] if after is None else [str(after)]
    if sent.lines("retry-after") not in (wanted, vector.response.lines("retry-after")):
        yield f"Retry-After is {sent.lines('retry-after')}, not {wanted}"


def faults_of_text(vector: Vector, problem: Problem) -> Iterator[str]:
    """Where a known text was not sent on byte for byte, or, of texts and causes, an unknown one was."""
    sent = vector.response
    found = classify(
        sent.status,
        sent.headers,
        sent.body,
        provider=vector.provider,
        endpoint=vector.endpoint,
        transaction_states=vector.transaction_states,
    )
    if vector.known is None or found is None or found.upstream.protocol:
        return
    upstream = found.upstream
    texts = [text for text in (upstream.text, *(cause for cause, _ in upstream.causes)) if text is not None]
    unsent = set(texts) - set(strings(problem.to_dict()))
    if vector.known and unsent:
        yield f"kept back: {unsent}"
    if not vector.known and not unsent:
        yield f"all sent on: {texts}"


def report(faults: list[str]) -> str:
    """The first faults, for the message of a failed assertion."""
    return f"{len(faults)} faults:\n" + "\n".join(faults[:30])


@by_implementation
@by_file
def test_gives_the_problem_of_the_vector(stem: str, implementation: str) -> None:
    """Type, entry, what selected it, and the wait, exactly as the vector names them; None where it names none."""
    run = IMPLEMENTATIONS[implementation]

    faults = [f"{v.place}: {fault}" for v in load(stem) for fault in faults_of_meaning(v, run(v).problem)]

    assert not faults, report(faults)


@by_implementation
@by_file
def test_sends_a_document_of_the_wire_format(stem: str, implementation: str) -> None:
    """The document fits its JSON Schema, and problem headers, status and body agree."""
    run = IMPLEMENTATIONS[implementation]

    faults = [f"{v.place}: {fault}" for v in load(stem) for fault in faults_of_form(v, run(v))]

    assert not faults, report(faults)


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
@by_file
def test_gives_the_same_problem_through_every_adapter(stem: str, adapter: str) -> None:
    """Member for member what `normalize` gives for the same response."""
    different = [v.place for v in load(stem) if by_adapter(adapter, v).problem != by_core(v).problem]

    assert different == []


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
@by_file
def test_leaves_what_is_no_problem_byte_for_byte(stem: str, adapter: str) -> None:
    """Redirects, steps and errors of other services pass unchanged; nothing else does."""
    responses = [(v, by_adapter(adapter, v)) for v in load(stem)]
    passing = [v.place for v, response in responses if response.response is None]

    expected = [v.place for v, _ in responses if v.reason is None or 300 <= v.response.status < 400]
    assert expected == passing


@by_file
def test_sends_a_known_text_on_and_no_other(stem: str) -> None:
    """`known` of a vector says whether its text is on the list of texts that may be sent on as they came."""
    responses = [(v, by_core(v).problem) for v in load(stem)]

    faults = [f"{v.place}: {fault}" for v, problem in responses if problem for fault in faults_of_text(v, problem)]

    assert not faults, report(faults)


@by_implementation
@by_file
def test_flow_control_is_a_problem_on_request_only(stem: str, implementation: str) -> None:
    """Polling, `slow_down` and DPoP nonces stay untouched without `flow_control=True`."""
    run = IMPLEMENTATIONS[implementation]
    flow = [v for v in load(stem) if v.reason in FLOW]

    assert [v.place for v in flow if run(v, flow_control=False) != Answer(None, None)] == []


def test_flow_control_has_vectors() -> None:
    """The test before has something to look at."""
    assert {v.reason for stem in FILES for v in load(stem)} >= FLOW


BODIES = (
    b'{"errorCode":"E0000004","errorSummary":"Authentication failed"}',
    b'{"error":"invalid_grant"}',
    b'{"detail":{"errorCode":"E0000004","errorSummary":"Authentication failed"}}',
    b'{"stateHandle":"h","messages":{"value":[{"class":"ERROR","i18n":{"key":"errors.E0000004"}}]}}',
    b'{"x":1}',
    b"{broken",
    b"[]",
    b"Unauthorized",
    b"<html>",
    b" ",
    b"",
    b"a" * 600,
)
MEDIA = (
    *("application/json", "application/ion+json", "text/plain", "text/html", "", "application/octet-stream"),
    *("application/problem+json", "application/xml", "APPLICATION/JSON; charset=utf-8"),
)
FURTHER: tuple[Pairs, ...] = (
    [],
    [("x-okta-request-id", "r")],
    [("www-authenticate", 'Bearer error="invalid_token"')],
    [("content-encoding", "compress")],
    [("auth-problem", "x")],
)


@pytest.mark.parametrize("adapter", ["asgi", "wsgi"])
@pytest.mark.parametrize("provider", [None, "auth0", "okta", "oauth"])
def test_an_adapter_and_the_function_take_up_the_same_responses(adapter: str, provider: Any) -> None:
    """Whatever type, status and headers: what one understands the other does not leave alone."""
    responses = [
        Response(status, [*([("content-type", media)] if media else []), *further], body)
        for body, media, further, status in itertools.product(BODIES, MEDIA, FURTHER, (400, 401, 416, 503))
    ]
    vectors = [Vector(str(sent), sent, None, None, provider, "/x") for sent in responses]

    assert [v.place for v in vectors if by_adapter(adapter, v).problem != by_core(v).problem] == []


def test_names_entries_that_exist() -> None:
    """No vector outlives its entry."""
    registry = Registry.builtin()
    vectors = [v for stem in FILES for v in load(stem)]

    assert [v.place for v in vectors if v.entry is not None and registry.lookup(v.entry) is None] == []


def test_every_entry_on_the_wire_has_a_vector() -> None:
    """An entry that no vector hits is not known to work."""
    hit = {v.entry for stem in FILES for v in load(stem)}

    assert [entry.id for entry in Registry.builtin() if not entry.lookup_only and entry.id not in hit] == []


def test_every_near_miss_misses() -> None:
    """A row that looks like an entry (`near`) names another, or none."""
    wrong = [
        f"{path.stem}:{number}"
        for path in sorted(FOLDER.glob("*.jsonl"))
        for number, row in enumerate(rows(path), 1)
        if "near" in row and row["near"] == row["entry"]
    ]

    assert wrong == []


def test_names_what_selected_the_entry() -> None:
    """`matched_by` is one of nine, the provider one of three."""
    problems = [by_core(v).problem for stem in FILES for v in load(stem)]

    assert {problem.matched_by for problem in problems if problem is not None} == {
        *("code_description", "code_status", "code", "name", "cause", "phrase", "family", "header", "status")
    }
    assert {problem.provider for problem in problems if problem is not None} == {"auth0", "okta", "oauth"}
