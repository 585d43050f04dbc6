"""Events of public fixtures and bug reports, whole, with their source; names, addresses, ids and tokens are replaced.

`data/recorded.jsonl` has one a line: `source`, `document` (the event in the envelope in which it was published), and
what it means: `reason`, `owner` and `attack`, which were written down before the classifier was run.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from authproblem.__main__ import main
from authproblem.logs import attack_signal, classify_event, events_in
from tests.logs.cases import DATA, Json, packed

FILE = DATA / "recorded.jsonl"
TEXT = FILE.read_text("utf-8")
RECORDED: list[Json] = [json.loads(line) for line in TEXT.splitlines()]


ENVELOPES: dict[str, Callable[[Json], Json]] = {
    "EventBridge": lambda event: {"detail-type": "Log", "source": "aws.partner/example/logs", "detail": event},
    "EventBridge and SQS": lambda event: {"Records": [{"body": json.dumps({"detail": event})}]},
    "an Event Hook": lambda event: {"eventType": "com.okta.event_hook", "data": {"events": [event]}},
    "Datadog": lambda event: {"id": "1", "attributes": {"service": "auth", "attributes": event}},
    "Splunk HEC": lambda event: {"time": 1, "sourcetype": "auth", "event": event},
    "Splunk HEC as text": lambda event: {"time": 1, "event": json.dumps(event)},
    "an export of Splunk": lambda event: {"preview": False, "result": {"_raw": json.dumps(event)}},
    "a search of Sumo Logic": lambda event: {"messages": [{"map": {"_raw": json.dumps(event)}}]},
    "Segment": lambda event: {"type": "track", "event": "Log", "userId": "x", "properties": event},
    "an array of a log stream": lambda event: {"events": [event]},
    "CloudWatch": lambda event: {
        "messageType": "DATA_MESSAGE",
        "logEvents": [{"id": "1", "message": json.dumps(event)}],
    },
    "CloudWatch for Lambda": lambda event: {
        "awslogs": {"data": packed({"logEvents": [{"message": json.dumps(event)}]})}
    },
    "an Elasticsearch hit": lambda event: {"_index": "logs", "_source": event},
    "Beats before a pipeline": lambda event: {"message": json.dumps(event), "event": {"dataset": "logs"}},
    "syslog": lambda event: {"message": "<14>1 2026-02-14T20:18:57Z host auth - - - " + json.dumps(event)},
    "Pub/Sub": lambda event: {"message": {"data": b64encode(json.dumps(event).encode()).decode()}},
}


def documents(vector: Json) -> list[Json]:
    found = vector["document"]
    return found if isinstance(found, list) else [found]


def name(vector: Json) -> str:
    return f"{vector['source'].rsplit('/', 1)[-1]}-{vector['reason']}"


@pytest.mark.parametrize("vector", RECORDED, ids=name)
def test_a_recorded_event_has_the_meaning_of_its_vector(vector: Json) -> None:
    """Problem type, owner and attack signal; of a batch, those of its first event."""
    found, signal = classify_event(documents(vector)[0]), attack_signal(documents(vector)[0])

    assert (vector["reason"], vector.get("owner")) == (found and found.reason, found and found.owner)
    assert vector["attack"] == (signal and signal.kind)


@pytest.mark.parametrize("vector", RECORDED, ids=name)
def test_a_recorded_event_is_found_even_if_nothing_failed(vector: Json) -> None:
    """In its envelope."""
    assert all(list(events_in(document)) for document in documents(vector))


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_recorded_events_mean_the_same_inside_envelopes(envelope: str) -> None:
    """Whatever transported them."""
    for vector in RECORDED:
        for document in documents(vector):
            assert classify_event(document) == classify_event(ENVELOPES[envelope](document)), vector["source"]


def test_the_recorded_events_are_of_both_providers_and_of_many_types() -> None:
    """Failures and successes."""
    events = [event for vector in RECORDED for document in documents(vector) for event in events_in(document)]
    okta = {event["eventType"] for event in events if "eventType" in event}
    auth0 = {event["type"] for event in events if "eventType" not in event}

    assert len(RECORDED) >= 60
    assert len(okta) >= 15
    assert len(auth0) >= 15
    assert len([vector for vector in RECORDED if vector["reason"]]) >= 35


def test_the_recorded_events_contain_no_personal_data() -> None:
    """Addresses are those of the RFCs for examples (2606, 5737)."""
    for address in re.findall(r"[\w.+-]+@[\w.-]+\.\w+", TEXT):
        assert address.endswith("@example.com")
    for address in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", re.sub(r"(?:Chrome|Version)/[\d.]+", "", TEXT)):
        assert ip_address(address) in ip_network("192.0.2.0/24")


def test_the_command_finds_the_same_failures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """In a file of all of them, one a line."""
    file = tmp_path / "events.ndjson"
    file.write_text("".join(json.dumps(vector["document"]) + "\n" for vector in RECORDED), "utf-8")

    assert main(["logs", "--only-failures", "--no-progress", str(file)]) == 0

    added = [json.loads(line)["authproblem"]["reason"] for line in capsys.readouterr().out.splitlines()]
    assert [vector["reason"] for vector in RECORDED if vector["reason"]] == added
