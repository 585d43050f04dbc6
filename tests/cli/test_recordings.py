"""Reading recorded responses: every form that people have, and hostile input."""

from __future__ import annotations

import base64
import gzip
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._cli.recordings import read_recordings

BODY = '{"error": "mfa_required", "mfa_token": "made-up"}'
VERBOSE = f"""\
* Host dev-1.us.auth0.com:443 was resolved.
* Connected to dev-1.us.auth0.com (192.0.2.1) port 443
> POST /oauth/token?trace=1 HTTP/1.1
> Host: dev-1.us.auth0.com
> Authorization: Bearer made-up
>
* Request completely sent off
< HTTP/1.1 403 Forbidden
< Content-Type: application/json
< X-Auth0-RequestId: 0d1e2f3a
<
{{ [52 bytes data]
{BODY}* Connection #0 to host dev-1.us.auth0.com left intact
"""


def har_entry(content: dict[str, Any], status: int = 403) -> dict[str, Any]:
    """Return a HAR entry."""
    headers = [{"name": ":status", "value": str(status)}, {"name": "Content-Encoding", "value": "gzip"}]
    request = {"method": "POST", "url": "https://dev-1.us.auth0.com/oauth/token?x=1"}
    return {"request": request, "response": {"status": status, "headers": headers, "content": content}}


def test_curl_verbose_output_gives_request_and_response() -> None:
    """Method and path come from the request line; curl's notes are no part of the body."""
    (found,) = read_recordings(VERBOSE.encode())

    assert (found.form, found.method, found.path, found.status) == ("curl", "POST", "/oauth/token", 403)
    assert found.headers == [("Content-Type", "application/json"), ("X-Auth0-RequestId", "0d1e2f3a")]
    assert found.body.decode().strip() == BODY


def test_of_several_verbose_responses_the_last_one_counts() -> None:
    """A followed redirect prints two requests and two responses."""
    first = "> GET /login HTTP/2\n< HTTP/2 302 \n< location: /there\n<\n"

    (found,) = read_recordings((first + VERBOSE).encode())

    assert (found.status, found.path, found.body.decode().strip()) == (403, "/oauth/token", BODY)


@pytest.mark.parametrize(
    "content",
    [{"text": BODY}, {"text": base64.b64encode(BODY.encode()).decode(), "encoding": "base64"}],
)
def test_har_content_is_read_as_text_or_base64(content: dict[str, Any]) -> None:
    """The content is already decoded, so that Content-Encoding no longer applies; pseudo headers are left out."""
    (found,) = read_recordings(json.dumps(har_entry(content)).encode())

    assert (found.form, found.status, found.headers, found.body.decode()) == ("har", 403, [], BODY)
    assert (found.method, found.path) == ("POST", "/oauth/token")


def test_har_entries_without_a_response_are_skipped() -> None:
    """Browsers record status 0 for a blocked request; the numbers are those of the file."""
    entries = [har_entry({"text": ""}, status=0), har_entry({"text": BODY})]

    found = read_recordings(json.dumps({"log": {"entries": entries}}).encode())

    assert [(one.where, one.status) for one in found] == [("entry 2", 403)]


@pytest.mark.parametrize("headers", [{"A": "b"}, [["A", "b"]], [{"name": "A", "value": "b"}]])
def test_records_take_headers_in_three_forms(headers: object) -> None:
    """An object, pairs, or objects with name and value."""
    (found,) = read_recordings(json.dumps({"status": 400, "headers": headers, "body": {"a": 1}}).encode())

    assert (found.status, found.headers, json.loads(found.body)) == (400, [("A", "b")], {"a": 1})


def test_an_array_of_records_is_several_recordings() -> None:
    """Each names its place."""
    found = read_recordings(json.dumps([{"status": 400, "body": "x"}, {"status": 401, "body": "y"}]).encode())

    assert [(one.where, one.status, one.body) for one in found] == [("item 1", 400, b"x"), ("item 2", 401, b"y")]


@pytest.mark.parametrize(
    "body",
    [
        '{"status": "LOCKED_OUT"}',
        '{"statusCode": 404, "error": "Not Found"}',
        '{"schemas": [], "status": 404, "detail": "x"}',
        "[1, 2]",
        "{}\nnot json",
        "<!doctype html>",
        "",
        "[" * 100_000,
    ],
)
def test_anything_else_is_a_body(body: str) -> None:
    """A body that resembles a record, such as a SCIM error, stays a body."""
    assert [(one.form, one.status, one.body) for one in read_recordings(body.encode())] == [
        ("body", None, body.encode())
    ]


def test_bodies_one_a_line_are_several_recordings() -> None:
    """Log files often hold bodies alone."""
    found = read_recordings(f"{BODY}\n\n{BODY}\n".encode())

    assert [(one.form, one.where) for one in found] == [("body", "line 1"), ("body", "line 3")]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"status": 999, "body": ""}, "invalid status: 999"),
        ({"status": 400, "headers": "x", "body": ""}, "invalid headers: str"),
        ({"status": 400, "headers": [["a"]], "body": ""}, "invalid header"),
    ],
)
def test_an_invalid_record_is_refused(record: object, message: str) -> None:
    """The message names the member and its value."""
    with pytest.raises(ValueError, match=message):
        read_recordings(json.dumps(record).encode())


def test_a_decoded_body_loses_its_content_encoding() -> None:
    """`curl -i --compressed` prints the original header above the decoded body; a coded body keeps it."""
    head = b"HTTP/1.1 403 x\r\ncontent-encoding: gzip\r\n\r\n"

    (plain,) = read_recordings(head + BODY.encode())
    (coded,) = read_recordings(head + gzip.compress(BODY.encode()))

    assert (plain.headers, coded.headers) == ([], [("content-encoding", "gzip")])


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 100 x\r\n\r\n" * 60_000,
        b"HTTP/1.1 400 x\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 170_000,
        b"HTTP/1.1 400 x\r\na: b\r\n" + b" c\r\n" * 250_000,
        b"HTTP/1.1 400 x\r\na:" + b" " * 1_000_000 + b"x\r\n\r\n",
        b"< HTTP/1.1 400 x\r\n<\r\n" + b"* Connection #" * 70_000,
    ],
)
def test_reading_is_linear_in_the_input(data: bytes) -> None:
    """One megabyte of the worst input takes less than two seconds, where quadratic work would take minutes."""
    start = time.process_time()
    read_recordings(data)

    assert time.process_time() - start < 2


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_input_gives_recordings_or_a_value_error(data: bytes) -> None:
    """No input raises anything else."""
    try:
        found = read_recordings(data)
    except ValueError:
        return
    assert found
