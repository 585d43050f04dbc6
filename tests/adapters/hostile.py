"""Hostile input as data: bodies, headers and strings that a middleware gets in production or from an attacker."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.adapters.samples import MFA, OKTA, OKTA_BODY

_CODE = b'{"errorCode":"E0000004","errorSummary":"Authentication failed"'
FORGERIES = {
    "CRLF": "\r\nX-Injected: 1\r\n\r\n<html>",
    "LF": "\nSet-Cookie: evil=1",
    "CR": "\rX-Injected: 1",
    "NUL": "\x00X-Injected: 1",
    "U+560A": "\u560d\u560aX-Injected: 1",
    "U+2028": "\u2028X-Injected: 1",
    "U+2029": "\u2029X-Injected: 1",
    "U+0085": "\x85X-Injected: 1",
    "ESC": "\x1b[2J\x1b[31mroot logged in",
    "C1": "\x9b2Jroot logged in",
    "BEL": "\x07\x08\x7f",
    "bidi": "\u202e\u2066X-Injected: 1",
    "JSON": '","level":"critical","injected":"1',
    "format": "%s %(x)s {0} {x} {0.__class__} ${jndi:ldap://x} %n",
}
"""What breaks a header or a log line if it gets into one."""


def _dumps(document: Any) -> bytes:
    return json.dumps(document).encode()


def bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies of an error response, by name."""
    yield "nothing", b""
    yield "blanks", b" \r\n\t" * 16
    yield "truncated", OKTA.body[:-5]
    yield "truncated in a string", b'{"errorCode":"E00'
    yield "html", b"<html><body>502</body></html>"
    for text in ("null", "true", "401", '"invalid_grant"', "[]", "{}", "{", "}", "NaN"):
        yield f"just {text}", text.encode()
    yield "in a list", b"[" + OKTA.body + b"]"
    yield "twice", OKTA.body * 2
    yield from _deep()
    yield from _numbers()
    yield from _bytes()
    yield from _types()
    yield from _sizes()


def _deep() -> Iterator[tuple[str, bytes]]:
    for levels in (200, 254, 255, 300, 900, 1000, 1023, 1024, 1025, 20_000, 100_000):
        nested = b"[" * levels + b"]" * levels
        yield f"a list {levels} deep", nested
        yield f"a member {levels} deep", _CODE + b',"x":' + nested + b"}"
        yield f"causes {levels} deep", _CODE + b',"errorCauses":' + nested + b"}"
        objects = b'{"a":' * levels + b"1" + b"}" * levels
        yield f"an object {levels} deep", objects
        yield f"a step document {levels} deep", b'{"stateHandle":"x","version":"1","remediation":' + objects + b"}"
        yield (
            f"an IDX error {levels} deep",
            b'{"stateHandle":"x","messages":{"value":[{"message":"no","class":"ERROR"}]},"x":' + objects + b"}",
        )
        yield f"a transaction {levels} deep", b'{"status":"LOCKED_OUT","_embedded":' + objects + b"}"
        yield (
            f"requirements {levels} deep",
            b'{"error":"mfa_required","mfa_token":"x","mfa_requirements":' + objects + b"}",
        )
        yield f"a detail {levels} deep", b'{"detail":' * levels + OKTA.body + b"}" * levels
        yield f"a list {levels} deep that does not end", b"[" * levels


def _numbers() -> Iterator[tuple[str, bytes]]:
    numbers = ("9" * 10_000, "1e400", "-1e400", "1e-400", "NaN", "Infinity", "-0", "18446744073709551616", "0.1" * 2)
    for number in numbers:
        yield f"the number {number[:24]}", _CODE + b',"x":' + number.encode() + b"}"
        yield (
            f"the status code {number[:24]}",
            b'{"statusCode":' + number.encode() + b',"error":"x","message":"y","errorCode":"invalid_token"}',
        )
        yield f"the interval {number[:24]}", b'{"error":"slow_down","interval":' + number.encode() + b"}"
        yield (
            f"a transaction with {number[:24]}",
            b'{"status":"LOCKED_OUT","stateToken":"x","n":' + number.encode() + b"}",
        )


def _bytes() -> Iterator[tuple[str, bytes]]:
    yield (
        "duplicate members",
        b'{"error":"a","errorCode":"E0000001","errorCode":"E0000004","errorSummary":"x","errorSummary":"y"}',
    )
    yield "a raw NUL", _CODE + b',"x":"\x00"}'
    yield "an escaped NUL", _CODE + b',"x":"\\u0000","errorId":"a\\u0000b"}'
    yield "a lone surrogate", b'{"errorCode":"E0000004","errorSummary":"\\ud800","x":"\\udfff"}'
    yield "a lone surrogate for a code", b'{"error":"\\udfff","error_description":"x"}'
    yield "a lone surrogate for a name", _CODE + b',"\\ud800":"x"}'
    yield "a byte order mark", b"\xef\xbb\xbf" + OKTA.body
    yield "two byte order marks", b"\xef\xbb\xbf" * 2 + OKTA.body
    yield "UTF-16", OKTA.body.decode().encode("utf-16")
    yield "UTF-32", OKTA.body.decode().encode("utf-32")
    yield "invalid UTF-8", b'{"errorCode":"E0000004","errorSummary":"\xff\xfe\xc3("}'
    yield "overlong UTF-8", b'{"errorCode":"E0000004","errorSummary":"\xc0\xaf"}'
    yield "surrogates in UTF-8", b'{"errorCode":"E0000004","errorSummary":"\xed\xa0\x80"}'
    yield "latin-1", '{"error":"mfa_required","error_description":"gesperrt für immer"}'.encode("latin-1")
    yield "control characters", _CODE + b',"x":"' + bytes(range(1, 32)) + b'"}'
    chance = random.Random(9457)
    for number in range(20):
        yield f"random bytes {number}", chance.randbytes(2000)
        cut = bytearray(OKTA.body)
        for _ in range(3):
            cut[chance.randrange(len(cut))] = chance.randrange(256)
        yield f"flipped bytes {number}", bytes(cut)


def _types() -> Iterator[tuple[str, bytes]]:
    values: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], {}, [None], {"a": None}, [[]], "x" * 70_000, "E0000004"]
    documents = [
        OKTA_BODY,
        MFA.document(),
        {"statusCode": 401, "error": "a", "message": "b", "errorCode": "invalid_token"},
    ]
    documents += [{"name": "BadRequestError", "code": "user_exists", "description": "x", "statusCode": 400}]
    documents += [{"status": "LOCKED_OUT", "_embedded": {}, "factorResult": "REJECTED", "stateToken": "x"}]
    documents += [
        {"stateHandle": "x", "version": "1.0.0", "messages": {"value": [{"message": "x"}]}, "remediation": {}}
    ]
    documents += [
        {"type": "https://auth0.com/api-errors#x", "title": "x", "status": 1, "detail": "y"},
        {"detail": OKTA_BODY},
    ]
    for place, document in enumerate(documents):
        for name in document:
            for number, value in enumerate(values):
                yield f"{name} of {place} as value {number}", _dumps({**document, name: value})
        for number, value in enumerate(values):
            yield f"all of {place} as value {number}", _dumps(dict.fromkeys(document, value))
    yield (
        "names of ours",
        _dumps({**OKTA_BODY, "type": [1], "title": [1], "status": [1], "retry": [1], "upstream": [1]}),
    )
    yield "names of Python", _dumps({**OKTA_BODY, "__class__": "x", "__proto__": {"a": 1}, "": 1})


def _sizes() -> Iterator[tuple[str, bytes]]:
    yield "many causes", _dumps({**OKTA_BODY, "errorCauses": [{"errorSummary": "x" * 50}] * 2000})
    yield "many members", _dumps({**OKTA_BODY, **{f"m{number}": "x" for number in range(10_000)}})
    yield "a long code", _dumps({**OKTA_BODY, "errorCode": "E" * 60_000})
    yield "a long name", _dumps({**OKTA_BODY, "n" * 60_000: 1})
    yield "ten megabytes", _dumps({**OKTA_BODY, "x": "y" * 10_485_760})
    yield "ten megabytes of brackets", b"[" * 10_485_760
    yield "just below the limit", OKTA.body.ljust(262_144)
    yield "just above the limit", OKTA.body.ljust(262_145)


BODIES = dict(bodies())

SECRETS = {
    "e-mail": ("User jane.doe+vip@corp.example is not known", "jane.doe"),
    "JWT": ("Bad token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N", "dozjgNryP4J3"),
    "bearer": ("Authorization: Bearer 8xLOxBtZp8QmN4Vd2KeYr7sTgW1uHc5a", "8xLOxBtZp8Qm"),
    "phone": ("Could not reach +1 (555) 123-4567", "123-4567"),
    "IPv4": ("Blocked 203.0.113.77 for an hour", "203.0.113.77"),
    "IPv6": ("Blocked 2001:db8:85a3::8a2e:370:7334", "85a3::8a2e"),
    "client secret": ("client_secret=Zk3_9sX-aaBBccDDeeFF is wrong", "Zk3_9sX"),
    "credentials of a URL": ("see https://admin:hunter2@10.1.2.3/x?code=abc", "hunter2"),
    "password": ("The password Tr0ub4dor&3 has been used before", "Tr0ub4dor"),
    "one-time code": ("otp: 492039 has expired", "492039"),
}
"""Sentences that reflect what no other user may see, and the part that reveals it."""


def forged(text: str) -> Iterator[bytes]:
    """Error bodies with this text in every member that is read."""
    yield _dumps({"error": "mfa_required" + text, "error_description": text, "mfa_token": "x"})
    yield _dumps({"error": "mfa_required", "error_description": text, "error_uri": "https://auth0.com/" + text})
    yield _dumps({**OKTA_BODY, "errorCode": "E0000004" + text, "errorId": "oae" + text})
    yield _dumps(
        {**OKTA_BODY, "errorSummary": text, "errorLink": text, "errorId": text, "errorCauses": [{"errorSummary": text}]}
    )
    yield _dumps({"statusCode": 429, "error": text, "message": text, "errorCode": "too_many_requests"})
    yield _dumps({"name": text, "code": "user_exists", "description": text, "statusCode": 400})
    yield _dumps({"detail": {**OKTA_BODY, "errorSummary": text}})
    yield _dumps(
        {"stateHandle": text, "messages": {"value": [{"message": text, "i18n": {"key": text}, "class": "ERROR"}]}}
    )
    yield text.encode("utf-8")
