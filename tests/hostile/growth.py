"""Feeds hostile input of one size through every header and member that the core reads: run by `test_growth.py`.

`python tests/hostile/growth.py SIZE` under callgrind counts the instructions of it all. Each pattern is one that makes
a careless expression or loop take more than linear time: long runs, unclosed quotes, repeated separators.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from authproblem import Problem, Registry, normalize
from authproblem._middleware.redact import mask, safe_path
from authproblem._upstream.media_types import media_type

HEADERS = (
    *("auth0-client-quota-limit", "auth0-organization-quota-limit", "content-encoding", "content-type", "date"),
    *("dpop-nonce", "location", "ratelimit", "retry-after", "www-authenticate", "x-rate-limit-limit"),
    *("x-rate-limit-remaining", "x-rate-limit-reset", "x-ratelimit-reset", "x-okta-request-id", "x-auth0-requestid"),
    *("auth-problem", "auth-problem-owner", "auth-problem-retry"),
)
PATTERNS = (
    *(
        "a",
        "1",
        " ",
        ",",
        ";",
        "=",
        '"',
        "\\",
        "a ",
        "a,",
        "a=",
        'a="',
        "a=b,",
        "a=b;",
        "a;r=0;t=",
        '"a";r=0;t=1,',
        "=",
    ),
    *(
        "a b ",
        "Bearer ",
        'Bearer error="x", ',
        "b=per_hour;q=1;r=0;t=5,",
        "/..",
        "/./",
        ";x",
        "%41",
        "error=a&",
        "\u00e9",
    ),
    *("a.b", "a@b.", "1.2.", "<strong>", "eyJ", "https://a/", "(", "{", "[1,", "a-"),
)
MEMBERS = (
    *("error", "error_description", "errorCode", "errorSummary", "errorId", "code", "name", "message", "description"),
    *("error_uri", "type", "title", "detail", "status", "statusCode", "scimType", "made_up"),
)


def of_headers(size: int) -> Iterator[Any]:
    """Responses with one long value in one header, or many lines of it."""
    for name in HEADERS:
        for pattern in PATTERNS:
            value = (pattern * size)[:size]
            lines = [(name, value)] * (3 if len(pattern) > 3 else 1)
            yield 401, [("content-type", "application/json"), *lines], b'{"error":"invalid_token"}'
            yield 429, [("date", "Sun, 29 Nov 2026 22:00:00 GMT"), *lines], b""
            yield 302, lines, b""


def of_members(size: int) -> Iterator[Any]:
    """Objects with one long member, also in causes, messages and validation errors."""
    headers = [("content-type", "application/json"), ("x-okta-request-id", "a")]
    for pattern in PATTERNS:
        value = (pattern * size)[:size]
        base = {"errorCode": "E0000001", "errorSummary": "Api validation failed", "error": "invalid_request"}
        for name in MEMBERS:
            yield 400, headers, json.dumps({**base, name: value}).encode()
            yield 400, headers, json.dumps({name: value}).encode()
        causes = [{"errorSummary": value[: size // 32], "reason": value[:64]}] * 32
        yield 400, headers, json.dumps({**base, "errorCauses": causes}).encode()
        message = {"class": "ERROR", "message": value, "i18n": {"key": value}}
        yield 400, headers, json.dumps({"version": "1.0.0", "messages": {"value": [message] * 4}}).encode()
        yield 400, headers, json.dumps({value: value}).encode()
        yield 400, [("content-type", "text/plain"), *headers[1:]], value.encode()
        yield 400, [("content-type", "text/html"), *headers[1:]], value.encode()


def run(size: int) -> None:
    """Feed everything once."""
    registry = Registry.builtin()
    for status, headers, body in (*of_headers(size), *of_members(size)):
        for provider in (None, "auth0"):
            normalize(status, headers, body, provider=provider, method="POST")
    for pattern in PATTERNS:
        value = (pattern * size)[:size]
        mask(value)
        safe_path(value)
        media_type(value, value)
        registry.surface("okta", "/" + value)
        registry.is_known_text("okta", value)
        Problem.from_headers([(name, value) for name in HEADERS])
        Problem.from_callback({"error": value, "error_description": value})


if __name__ == "__main__":
    number = int(sys.argv[1])
    if number:
        run(number)
