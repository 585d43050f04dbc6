"""What events mean: the vectors, the envelopes, and what nobody should be able to break."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import pickle
import random
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authproblem import Registry, normalize
from authproblem.logs import (
    AttackSignal,
    LogClassification,
    _strings,
    attack_signal,
    classify_event,
    events_in,
    find_in,
)
from tests.logs.cases import AUTH0, AUTH0_STREAM, CASES, ENVELOPES, FOREIGN, OKTA, Json


def complete(event: Json) -> Json:
    """An event of the vectors with the members that every real one has."""
    return {"uuid": "made-up", **event} if "eventType" in event else event


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["event"].get("eventType", case["event"].get("type"))))
def test_an_event_has_the_meaning_of_its_vector(case: Json) -> None:
    """Reason, owner, entry, attack signal and severity."""
    found = classify_event(complete(case["event"]))

    assert (found.reason if found else None) == case["reason"]
    for name in ("owner", "entry", "attack", "severity"):
        if name in case:
            assert case[name] == getattr(found, name)


def test_owner_and_remedy_are_those_of_the_problem_type() -> None:
    """The registry's vocabulary, not one of this package's own."""
    types = Registry.builtin().types
    found = [meaning for case in CASES if (meaning := classify_event(complete(case["event"]))) is not None]

    assert [(types[m.reason].owner, types[m.reason].remedy) for m in found] == [(m.owner, m.remedy) for m in found]


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_event_is_found_inside_its_envelope(envelope: str) -> None:
    """Buses, hooks, log streams, collectors, and Elastic's documents of both integrations."""
    found = classify_event(ENVELOPES[envelope])

    assert found is not None
    assert found.reason == "invalid-credentials"


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_envelope_is_not_changed(envelope: str) -> None:
    """The event belongs to the caller."""
    before = copy.deepcopy(ENVELOPES[envelope])

    classify_event(ENVELOPES[envelope])

    assert before == ENVELOPES[envelope]


@pytest.mark.parametrize(
    "given",
    [
        [OKTA],
        json.dumps(OKTA),
        json.dumps([OKTA, AUTH0], indent=1),
        "<14>1 2026-02-14T20:18:57Z host okta - - - " + json.dumps(OKTA) + "\n",
        b"Feb 14 20:18:57 host auth0: " + json.dumps(AUTH0).encode(),
    ],
)
def test_a_batch_and_a_line_are_read_too(given: Any) -> None:
    """A list of events, and text with JSON in it: syslog, or a body that nobody has decoded."""
    found = classify_event(given)

    assert found is not None
    assert found.reason == "invalid-credentials"
    assert list(events_in(given)) in ([OKTA], [AUTH0], [OKTA, AUTH0])


@pytest.mark.parametrize("given", [None, 1, True, "", "hello", b"\xff", [], [None, 1], object()])
def test_what_is_no_event_means_nothing(given: Any) -> None:
    """Whatever its type."""
    assert classify_event(given) is None
    assert attack_signal(given) is None
    assert list(events_in(given)) == []


@pytest.mark.parametrize("document", FOREIGN)
def test_other_programs_events_mean_nothing(document: Json) -> None:
    """Neither a type of one letter nor the name of a member makes an event."""
    assert classify_event(document) is None


def test_of_several_events_the_first_failure_counts() -> None:
    """A batch may begin with successes."""
    success = {**OKTA, "outcome": {"result": "SUCCESS"}}
    denied = {**OKTA, "eventType": "policy.evaluate_sign_on", "outcome": {"result": "DENY"}}
    batch = {"eventType": "com.okta.event_hook", "data": {"events": [success, denied, OKTA]}}

    found = classify_event(batch)

    assert found is not None
    assert found.reason == "access-denied"


def test_every_event_of_an_envelope_is_yielded_in_order() -> None:
    """Also where the envelopes are nested."""
    batch = {"Records": [{"body": {"detail": OKTA}}, {"body": {"detail": AUTH0_STREAM}}]}

    assert list(events_in(batch)) == [OKTA, AUTH0]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({**OKTA, "eventType": "user.risk.detect", "outcome": {"result": "SUCCESS"}}, "user_risk"),
        ({**OKTA, "eventType": "security.threat.detected", "outcome": {"result": "ALLOW"}}, "suspicious_ip"),
        ({**OKTA, "eventType": "user.account.report_suspicious_activity_by_enduser"}, "account_takeover"),
        ({**AUTH0, "type": "pwd_leak"}, "breached_password"),
    ],
)
def test_an_attack_signal_needs_no_failure(event: Json, kind: str) -> None:
    """What was only noticed is a signal too."""
    signal = attack_signal(event)

    assert signal is not None
    assert kind == signal.kind


@pytest.mark.parametrize("event", [OKTA, AUTH0, {}])
def test_an_ordinary_failure_is_no_attack_signal(event: Json) -> None:
    """One wrong password is a wrong password."""
    assert attack_signal(event) is None


def test_a_classification_is_a_value() -> None:
    """Equal by value, hashable, immutable, and the same after pickling."""
    first, second = classify_event(OKTA), classify_event(copy.deepcopy(OKTA))

    assert first is not None
    assert first == second
    assert {first} == {second}
    assert first == pickle.loads(pickle.dumps(first))
    assert first != classify_event(AUTH0)
    with pytest.raises(AttributeError, match="immutable"):
        first.reason = "made-up"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del first.reason
    signal = AttackSignal("phishing", "low")
    assert signal == pickle.loads(pickle.dumps(signal))


def test_a_repr_shows_the_meaning_and_nothing_of_the_event() -> None:
    """It ends up in logs."""
    found = classify_event(OKTA)

    assert repr(found) == "LogClassification(okta:user.session.start, reason='invalid-credentials', owner='user')"


PROBLEM: Any = normalize(400, {"content-type": "application/json"}, b'{"error":"invalid_grant"}', provider="okta")
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, "", "x", "{", "\udfff", "x" * 3000, json.dumps(OKTA)),
    *([], [[]], {}, [None], {"a": 1}, [OKTA], {"events": [OKTA, 1]}),
    *("user.session.start", "FAILURE", "DENY", "fp", "f", "ferrt", "INVALID_CREDENTIALS", "com.okta.event_hook"),
]
"""Values of every JSON type, and some that mean something to the classifier."""


def mutated(value: Any, chance: random.Random) -> Any:
    """The value with some of what is in it replaced."""
    if chance.random() < 0.08:
        return chance.choice(VALUES)
    if isinstance(value, dict):
        return {name: mutated(inner, chance) for name, inner in value.items() if chance.random() > 0.03}
    if isinstance(value, list):
        return [mutated(inner, chance) for inner in value]
    return value


@pytest.mark.parametrize("seed", range(20))
def test_no_document_breaks_the_classifier(seed: int) -> None:
    """Members of any JSON type stand where a vendor puts text or objects."""
    chance = random.Random(seed)
    documents = [*ENVELOPES.values(), *(complete(case["event"]) for case in CASES)]
    for _ in range(500):
        document = mutated(chance.choice(documents), chance)
        if isinstance(document, dict):
            found, signal = classify_event(document), attack_signal(document)
            assert found is None or isinstance(found, LogClassification)
            assert signal is None or isinstance(signal, AttackSignal)
            assert len(list(events_in(document))) <= 100
            assert find_in(PROBLEM, [document], at=0.0, correlation_id="x") is None


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=2000), st.text(max_size=2000))
def test_no_text_of_an_event_reaches_the_classification(reason: str, description: str) -> None:
    """Texts contain names, addresses and tokens; results are constants of the tables."""
    secret = "Zx9-secret-" + reason
    okta = classify_event({**OKTA, "outcome": {"result": "FAILURE", "reason": secret}})
    auth0 = classify_event({**AUTH0, "type": "f", "description": "Zx9-secret-" + description})

    assert "Zx9" not in f"{okta and okta.to_dict()}{auth0 and auth0.to_dict()}"


def packed(depth: int, width: int) -> str:
    """Strings of compressed JSON in lists in strings of compressed JSON: 600 bytes in all."""
    inner: Any = {"x": "y"}
    for _ in range(depth):
        inner = base64.b64encode(gzip.compress(json.dumps({"logEvents": [inner] * width}).encode())).decode()
    return str(inner)


def test_strings_within_strings_do_not_multiply_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of an app that a log carries along is anybody's; without a bound 60 strings a level took a day."""
    monkeypatch.setattr(_strings, "_MAX_TOTAL", 1 << 20)  # a 32nd of what is read otherwise
    began = time.process_time()

    assert list(events_in({"message": packed(5, 60)})) == []
    assert time.process_time() - began < 2


def test_a_batch_of_many_packed_messages_is_read_to_its_end() -> None:
    """The bound is above what CloudWatch sends at once."""
    messages = [{"message": json.dumps({**AUTH0, "log_id": str(number)})} for number in range(5_000)]
    data = base64.b64encode(gzip.compress(json.dumps({"logEvents": messages}).encode())).decode()

    assert sum(1 for _ in events_in({"awslogs": {"data": data}})) == 5_000


def test_a_name_with_many_dots_takes_no_more_memory_than_its_length() -> None:
    """Each dot of `okta.x` stands for an object, and a megabyte of dots would stand for half a million of them."""
    document = {"okta." + "a." * 200_000: 1, "okta.event_type": "user.session.start"}
    tracemalloc.start()
    try:
        classify_event(document)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 10_000_000


def test_what_is_remembered_is_bounded_in_bytes() -> None:
    """Whatever member of an event is long."""
    tracemalloc.start()
    try:
        for number in range(300):
            long = str(number) + "x" * 50_000
            for name in ("severity", "reason", "result"):
                event = {"eventType": "user.session.start", "uuid": "u", "outcome": {"result": None}}
                event.update({name: long} if name == "severity" else {"outcome": {"result": "FAILURE", name: long}})
                classify_event(event)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 3_000_000
