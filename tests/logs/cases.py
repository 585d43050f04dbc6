"""Log events with what they mean, and the envelopes that they travel in. Forms are those of public integrations."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

Json = dict[str, Any]

DATA = Path(__file__).parent / "data"
GROUPS: list[Json] = json.loads((DATA / "events.json").read_text("utf-8"))
CASES: list[Json] = [case for group in GROUPS for case in group["events"]]

OKTA: Json = {
    "uuid": "3aeede38-4f67-11ea-abd3-1f5d113f2546",
    "published": "2026-02-14T20:18:57.718Z",
    "eventType": "user.session.start",
    "severity": "WARN",
    "displayMessage": "User login to Okta",
    "actor": {"id": "00uMadeUp", "type": "User", "alternateId": "ada@example.com", "displayName": "Ada"},
    "client": {"id": "0oaMadeUp", "ipAddress": "192.0.2.7", "device": "Computer", "zone": "null"},
    "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
    "debugContext": {"debugData": {"requestId": "XkcAsWb8WjwDP76xh@1v8wAABp0", "requestUri": "/api/v1/authn"}},
    "transaction": {"type": "WEB", "id": "XkcAsWb8WjwDP76xh@1v8wAABp0", "detail": {}},
    "target": None,
}
AUTH0: Json = {
    "date": "2026-02-14T20:18:57.718Z",
    "type": "fp",
    "description": "Wrong email or password.",
    "connection": "Username-Password-Authentication",
    "client_id": "aI61p8I8aFjmYRliMadeUp",
    "client_name": "Default App",
    "ip": "192.0.2.7",
    "user_id": "auth0|61823277a44a2100",
    "user_name": "ada@example.com",
    "log_id": "90020260214201857718",
}
AUTH0_STREAM: Json = {"log_id": AUTH0["log_id"], "data": AUTH0}
ELASTIC_OKTA: Json = {
    "@timestamp": "2026-02-14T20:18:57.718Z",
    "event": {"action": "user.session.start", "outcome": "failure", "kind": "event"},
    "okta": {
        "event_type": "user.session.start",
        "display_message": "User login to Okta",
        "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
        "debug_context": {"debug_data": {"request_id": "Xkc", "flattened": {"requestId": "Xkc"}}},
        "uuid": "3aeede38",
    },
}
ELASTIC_AUTH0: Json = {
    "@timestamp": "2026-02-14T20:18:57.718Z",
    "event": {"action": "incorrect-password", "outcome": "failure", "id": "90020260214201857718"},
    "auth0": {"logs": {"data": {"type": "Incorrect password", "classification": "Login - Failure"}}},
}
BRIDGE: Json = {"detail-type": "SystemLog", "source": "aws.partner/okta.com/example/logs", "detail": OKTA}


def packed(document: Json) -> str:
    return b64encode(gzip.compress(json.dumps(document).encode())).decode()


ENVELOPES: dict[str, Json] = {
    "Okta as it is": OKTA,
    "Okta through EventBridge": BRIDGE,
    "Okta through an Event Hook": {
        "eventType": "com.okta.event_hook",
        "cloudEventsVersion": "0.1",
        "eventId": "e1",
        "data": {"events": [OKTA]},
    },
    "Okta through EventBridge and SQS": {"Records": [{"messageId": "1", "body": json.dumps(BRIDGE)}]},
    "Okta in Splunk HEC": {"time": 1, "sourcetype": "OktaIM2:log", "event": OKTA},
    "Okta in Splunk HEC as text": {"time": 1, "event": json.dumps(OKTA)},
    "Okta exported from Splunk": {"preview": False, "result": {"_raw": json.dumps(OKTA)}},
    "Okta in Datadog": {"id": "1", "type": "log", "attributes": {"service": "okta", "attributes": OKTA}},
    "Okta in Elastic": ELASTIC_OKTA,
    "Okta in Elastic with dotted names": {
        "okta.event_type": "user.session.start",
        "okta.outcome.result": "FAILURE",
        "okta.outcome.reason": "INVALID_CREDENTIALS",
    },
    "Okta in an Elasticsearch hit": {"_index": "logs-okta", "_source": ELASTIC_OKTA},
    "Okta before Elastic's pipeline": {"message": json.dumps(OKTA)},
    "Okta in CloudWatch": {
        "messageType": "DATA_MESSAGE",
        "logEvents": [{"id": "1", "timestamp": 1, "message": json.dumps(OKTA)}],
    },
    "Okta in CloudWatch for Lambda": {"awslogs": {"data": packed({"logEvents": [{"message": json.dumps(OKTA)}]})}},
    "Okta in Kinesis": {"Records": [{"kinesis": {"data": b64encode(json.dumps(OKTA).encode()).decode()}}]},
    "Okta in Pub/Sub": {"message": {"data": b64encode(json.dumps(OKTA, indent=1).encode()).decode()}},
    "Okta in Cloud Logging": {"logName": "x", "jsonPayload": OKTA},
    "Okta in a container's log": {"stream": "stdout", "log": json.dumps(OKTA) + "\n"},
    "Okta behind a header of syslog": {"message": "<14>1 2026-02-14T20:18:57Z host okta - - - " + json.dumps(OKTA)},
    "Okta in Sentinel": {
        "eventType_s": "user.session.start",
        "outcome_result_s": "FAILURE",
        "outcome_reason_s": "INVALID_CREDENTIALS",
        "uuid_g": "3aeede38",
    },
    "Okta with names in lower case": {
        "eventtype": "user.session.start",
        "displaymessage": "User login to Okta",
        "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
        "debugcontext": {"debugData": {}},
    },
    "Okta in Sentinel's newer table": {
        "EventOriginalType": "user.session.start",
        "OriginalOutcomeResult": "FAILURE",
        "EventOriginalResultDetails": "INVALID_CREDENTIALS",
        "DebugData": {"requestUri": "/api/v1/authn"},
        "TransactionId": "Xkc",
    },
    "Okta as fields of a search in Splunk": {
        "preview": False,
        "result": {
            "eventType": "user.session.start",
            "outcome.result": "FAILURE",
            "outcome.reason": "INVALID_CREDENTIALS",
            "debugContext.debugData.requestUri": "/api/v1/authn",
        },
    },
    "Okta as remapped by Datadog": {
        "attributes": {
            "attributes": {
                "evt": {"name": "user.session.start", "outcome": "FAILURE"},
                "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
            }
        }
    },
    "Okta in Sekoia": {
        "event": {"action": "user.session.start", "dataset": "system-log"},
        "okta": {"system": {"outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}}},
    },
    "Okta in Elastic without its type": {
        "event": {"action": "user.session.start"},
        "okta": {"outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}},
    },
    "Okta in Elastic without its result": {
        "event": {"action": "user.session.start", "outcome": "failure"},
        "okta": {"event_type": "user.session.start", "outcome": {"reason": "INVALID_CREDENTIALS"}},
    },
    "Okta with names in snake case": {
        "event_type": "user.session.start",
        "outcome": {"result": "FAILURE", "reason": "INVALID_CREDENTIALS"},
        "debug_context": {"debug_data": {"request_uri": "/api/v1/authn"}},
    },
    "Okta with members as strings of JSON": {
        "eventType": "user.session.start",
        "uuid": "3aeede38",
        "outcome": '{"reason": "INVALID_CREDENTIALS", "result": "FAILURE"}',
        "debugContext": '{"debugData": {"requestUri": "/api/v1/authn"}}',
    },
    "Okta in a search of Sumo Logic": {"messages": [{"map": {"_raw": json.dumps(OKTA), "_sourcecategory": "okta"}}]},
    "Okta as text in Cloud Logging": {"logName": "x", "textPayload": json.dumps(OKTA)},
    "Auth0 as fields of a search in Splunk": {
        "result": {"data.type": "fp", "data.description": "Wrong email or password.", "log_id": "1"}
    },
    "Auth0 with details as a string of JSON": {
        "type": "f",
        "log_id": "1",
        "details": '{"error": {"message": "Wrong email or password."}}',
    },
    "Auth0 in the HTTP source of an event bus": {
        "source": "http-source",
        "data": {"body": {"data": AUTH0, "log_id": "1"}, "headers": {}, "method": "POST"},
    },
    "Auth0 as the API gives it": AUTH0,
    "Auth0 from a log stream": AUTH0_STREAM,
    "Auth0 through EventBridge": {"source": "aws.partner/auth0.com", "detail": AUTH0_STREAM},
    "Auth0 in Datadog": {"ddsource": "auth0", "service": "auth0", "message": AUTH0_STREAM},
    "Auth0 in Segment": {"type": "track", "event": "Failed Login", "properties": AUTH0_STREAM},
    "Auth0 in Splunk HEC": {"time": 1, "sourcetype": "auth0_logs", "event": AUTH0_STREAM},
    "Auth0 in Event Grid": {"id": "1", "eventType": "AuthLog", "subject": "x", "data": AUTH0},
    "Auth0 before Elastic's pipeline": {"json": AUTH0_STREAM},
    "Auth0 in Elastic": ELASTIC_AUTH0,
    "Auth0 in an older Elastic": {"auth0": {"logs": {"data": AUTH0}}, "event": {"action": "Incorrect password"}},
    "Auth0 in Sentinel": {"type_s": "fp", "description_s": "Wrong email or password.", "log_id_s": "1"},
}
"""Each an envelope of a wrong password, by name."""
FOREIGN: list[Json] = [
    {},
    {"type": "track", "event": "Signed In"},
    {"type": "f"},
    {"type": "log", "message": "hello"},
    {"eventType": "AwsApiCall", "eventSource": "signin.amazonaws.com", "errorMessage": "Failed authentication"},
    {"eventType": "user.session.start"},
    {"event": {"outcome": "failure"}, "message": "{not json"},
    {"data": [1, 2, 3], "detail": None, "records": ["x"]},
    {"message": {"message": {"message": {"message": {"message": {"message": {"message": OKTA}}}}}}},
]
"""What is no event of either provider, or too deep inside."""
