"""`classify`: recorded responses and the problems they become."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.support import GENERIC, LIMITED, Run, joined, response, schema


def test_classify_prints_the_problem_and_what_matched(run: Run, tmp_path: Path) -> None:
    """The document alone on standard output, so that a pipe can read it; what matched goes to standard error."""
    path = tmp_path / "response.txt"
    headers = ["Content-Type: application/json", "X-Okta-Request-Id: abc", "X-Rate-Limit-Reset: 1770000030"]
    path.write_bytes(
        response("HTTP/1.1 429 Too Many Requests", [*headers, "Date: Mon, 02 Feb 2026 02:40:00 GMT"], LIMITED)
    )

    got = run("classify", str(path))

    document = json.loads(got.out)
    problem = (document["reason"], document["retry"]["after"], document["upstream"]["request_id"])
    assert (got.status, problem) == (0, ("rate-limited", 31, "abc"))
    assert "okta:E0000047, by its code" in joined(got.err)
    Draft202012Validator(schema("wire.schema")).validate(document)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "status_line", ["HTTP/1.1 429 Too Many Requests", "HTTP/2 429 ", "HTTP/2 429", "HTTP/1.0 429 x"]
)
def test_classify_reads_every_kind_of_status_line(run: Run, status_line: str, end: str) -> None:
    """HTTP/1 and HTTP/2 as curl prints them, with CRLF or LF."""
    got = run("classify", "-", stdin=response(status_line, ["content-type: application/json"], LIMITED, end))

    assert json.loads(got.out)["upstream"] == {"status": 429, "code": "E0000047"}


@pytest.mark.parametrize(
    "before",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n",
        b"HTTP/2 302 \r\nlocation: /there\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        b"\r\n",
        b"\xef\xbb\xbf",
    ],
)
def test_classify_takes_the_last_of_several_header_blocks(run: Run, before: bytes) -> None:
    """`curl -i` prints interim responses, the proxy's response and followed redirects as well."""
    data = before + response("HTTP/2 429 ", ["content-type: application/json"], LIMITED)

    assert json.loads(run("classify", "-", stdin=data).out)["status"] == 429


def test_classify_reads_a_body_in_chunks(run: Run) -> None:
    """A recording off the wire; curl has taken the chunks off and left the header, which is read as well."""
    body = json.dumps(LIMITED)
    head = ["Content-Type: application/json", "Transfer-Encoding: chunked"]
    chunked = f"10;x=y\r\n{body[:16]}\r\n{len(body) - 16:x}\r\n{body[16:]}\r\n0\r\n\r\n"

    documents = [
        run("classify", "-", stdin=response("HTTP/1.1 429 x", head, content)).out for content in (chunked, body)
    ]

    assert [json.loads(text)["reason"] for text in documents] == ["rate-limited", "rate-limited"]


@pytest.mark.parametrize("body", ["5\r\n{}", "2\r\n{}", "7 of 9", ""])
def test_classify_takes_a_body_as_it_is_where_the_chunks_are_damaged(run: Run, body: str) -> None:
    """A truncated recording is classified by its status."""
    head = ["Transfer-Encoding: chunked", "X-Okta-Request-Id: abc", "Content-Type: text/plain"]

    got = run("classify", "-", stdin=response("HTTP/1.1 503 x", head, body))

    assert json.loads(got.out)["reason"] == "upstream-unavailable"


def test_classify_reads_folded_headers_and_skips_what_is_none(run: Run) -> None:
    """A header of two lines counts as one; a line that is no field does not stop anything."""
    head = ["this is no header", 'WWW-Authenticate: Bearer realm="x",', ' error="invalid_token"']

    got = run("classify", "-", "--provider", "okta", stdin=response("HTTP/1.1 401 Unauthorized", head, ""))

    assert json.loads(got.out)["reason"] == "invalid-token"


def test_classify_takes_a_body_alone(run: Run) -> None:
    """The status is that of the argument, else that of the member `statusCode`, else 400."""
    mgmt = {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The user does not exist.",
        "errorCode": "inexistent_user",
    }

    given = run("classify", "-", "--status", "429", stdin=json.dumps(LIMITED).encode())
    expected = run("classify", "-", stdin=json.dumps(mgmt).encode())
    guessed = run("classify", "-", stdin=json.dumps(LIMITED).encode())

    assert [json.loads(got.out)["status"] for got in (given, expected, guessed)] == [429, 404, 400]
    assert [("--status" in got.err) for got in (given, expected, guessed)] == [False, False, True]


def test_classify_uses_provider_endpoint_and_method(run: Run) -> None:
    """They have the effect that they have in `normalize`."""
    body = {**LIMITED, "errorCode": "E0000011", "errorSummary": "Invalid token provided"}
    data = response("HTTP/1.1 401 Unauthorized", ["content-type: application/json"], body)
    limited = response("HTTP/1.1 429 x", ["content-type: application/json", "retry-after: 7"], LIMITED)

    there = json.loads(run("classify", "-", "--endpoint", "/api/v1/authn", stdin=data).out)
    elsewhere = json.loads(run("classify", "-", stdin=data).out)
    read = json.loads(run("classify", "-", "--method", "get", stdin=limited).out)

    assert there["reason"] != elsewhere["reason"]
    assert read["retry"] == {"policy": "after_delay", "after": 7, "automatic": True, "source": "retry-after"}


def test_classify_shows_why_a_response_is_left_alone_and_what_would_change_it(run: Run) -> None:
    """A generic code is no evidence; with `--provider` it would be a problem."""
    got = run("classify", "-", "--status", "400", stdin=json.dumps(GENERIC).encode())

    text = joined(got.err)
    assert (got.status, got.out) == (1, "")
    assert "Nothing in it proves that an identity provider sent it." in text
    assert "--provider auth0 it would be invalid-grant" in text


@pytest.mark.parametrize(
    ("body", "arguments", "why", "wish"),
    [
        (
            {"error": "authorization_pending"},
            ("--provider", "okta", "--status", "400"),
            "flow control",
            "--flow-control",
        ),
        ({"status": "LOCKED_OUT", "_embedded": {}}, ("--status", "200"), "not an error", "--transaction-states"),
        ("{broken", ("--status", "400"), "cannot be read", ""),
        ("<!doctype html><p>busy", ("--status", "503"), "not an error", "--provider okta"),
    ],
)
def test_classify_names_the_option_that_would_change_it(
    run: Run, body: object, arguments: tuple[str, ...], why: str, wish: str
) -> None:
    """Each reason has a sentence, and an option where one would help."""
    data = body if isinstance(body, str) else json.dumps(body)

    got = run("classify", "-", *arguments, stdin=data.encode())

    assert (got.status, why in joined(got.err), wish in got.err) == (1, True, True)
    wishes = wish.split()
    assert not wishes or run("classify", "-", *arguments, *wishes, stdin=data.encode()).status == 0


@pytest.mark.parametrize(("level", "expected"), [("off", "account-not-assigned"), ("safe", "invalid-credentials")])
def test_classify_applies_the_disclosure_level(run: Run, level: str, expected: str) -> None:
    """The document is what an unauthenticated caller gets; the true problem type is on standard error."""
    body = {"error": "access_denied", "error_description": "User is not assigned to the client application."}
    arguments = ("--status", "400", "--provider", "okta", "--endpoint", "/oauth2/v1/token", "--disclosure", level)

    got = run("classify", "-", *arguments, stdin=json.dumps(body).encode())

    assert (json.loads(got.out)["reason"], "disclosure" in got.err, "not-assigned" in got.err) == (
        expected,
        level == "safe",
        True,
    )


def test_a_missing_file_is_an_error_message(run: Run, tmp_path: Path) -> None:
    """A message, no traceback."""
    got = run("classify", str(tmp_path / "none.txt"))

    assert (got.status, got.out, "none.txt" in got.err) == (2, "", True)


def test_classify_refuses_an_endpoint_that_is_no_path(run: Run) -> None:
    """As `normalize` does."""
    got = run("classify", "-", "--endpoint", "oauth/token", stdin=b"{}")

    assert (got.status, "endpoint" in got.err) == (2, True)


@pytest.mark.parametrize("status", ["99", "600", "0", "-1", "4e2", "abc"])
def test_classify_refuses_an_impossible_status(run: Run, status: str) -> None:
    """The message names the value and the range."""
    got = run("classify", f"--status={status}", stdin=b"{}")

    assert (got.status, f"invalid status '{status}'; expected a number from 100 to 599" in got.err) == (2, True)


def test_classify_refuses_an_impossible_status_line(run: Run) -> None:
    """A status line with an impossible status is not taken for a body."""
    got = run("classify", stdin=b"HTTP/1.1 999 Denied\r\n\r\n{}")

    assert (got.status, "invalid status in the status line: 999" in got.err) == (2, True)


def test_classify_prints_one_line_for_each_response_of_json_lines(run: Run) -> None:
    """A record of each line, in order; the summary goes to standard error."""
    records = [
        {"status": 429, "headers": {"content-type": "application/json"}, "body": LIMITED},
        {"status": 404, "headers": [], "body": "Not Found"},
    ]

    got = run("classify", stdin="\n".join(map(json.dumps, records)).encode())

    first, second = map(json.loads, got.out.splitlines())
    assert (first["where"], first["problem"]["reason"]) == ("line 1", "rate-limited")
    assert second == {"where": "line 2", "left_alone": "not_candidate"}
    assert (got.status, got.err) == (0, "2 responses: 1 problems, 1 left alone\n")


def test_classify_reads_a_har_file(run: Run, tmp_path: Path) -> None:
    """Method and endpoint come from the recorded request."""
    entry = {
        "request": {"method": "GET", "url": "https://dev-1.okta.com/api/v1/users?limit=1", "headers": []},
        "response": {
            "status": 429,
            "headers": [{"name": "content-type", "value": "application/json"}, {"name": "retry-after", "value": "7"}],
            "content": {"mimeType": "application/json", "text": json.dumps(LIMITED)},
        },
    }
    path = tmp_path / "all.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))

    got = run("classify", str(path))

    (line,) = map(json.loads, got.out.splitlines())
    assert (line["where"], line["problem"]["retry"]["automatic"]) == ("entry 1", True)


def test_classify_reads_standard_input_by_default(run: Run) -> None:
    """`curl -i ... | authproblem classify`."""
    got = run("classify", stdin=response("HTTP/2 429", ["content-type: application/json"], LIMITED, "\n"))

    assert json.loads(got.out)["reason"] == "rate-limited"
