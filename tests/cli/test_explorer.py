"""The explorer's server: what it sends, what it refuses, and how fast."""

from __future__ import annotations

import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import structlog
from starlette.testclient import TestClient

from authproblem import Registry
from authproblem._cli.explanation import explain_all
from authproblem._cli.explorer.app import STATIC, make_app
from authproblem._cli.explorer_result import explain_input
from authproblem._cli.outcomes import RecordingOptions
from authproblem._cli.recordings import read_recordings
from authproblem._cli.snippets import SNIPPETS
from authproblem.asgi import AuthProblemMiddleware
from tests.cli.support import GENERIC, LIMITED, response

RAW = response(
    "HTTP/2 429",
    ["date: Mon, 23 Nov 2026 12:00:00 GMT", "content-type: application/json", "x-rate-limit-reset: 1795435230"],
    LIMITED,
).decode()


@pytest.fixture
def client() -> TestClient:
    """A client of the explorer."""
    return TestClient(make_app(Registry.builtin()), base_url="http://127.0.0.1:8484")


def ask(client: TestClient, **given: Any) -> Any:
    """Return what the server sends for the values of the form."""
    got = client.post("/explain", json=given)
    assert got.status_code == 200
    return got.json()


def test_the_response_contains_everything_that_the_page_shows(client: TestClient) -> None:
    """Problem, match, retry sentence, headers, event, code."""
    got = ask(client, text=RAW, method="GET")

    assert (got["problem"]["reason"], got["match"]["entry"]) == ("rate-limited", "okta:E0000047")
    assert got["retry"] == (
        "Wait 31 seconds (the header x-rate-limit-reset) before the request is repeated. "
        "A program may do so without asking."
    )
    assert ["Retry-After", "31"] in got["headers"]
    assert (got["event"]["event"], got["event"]["level"], got["event"]["method"]) == (
        "authproblem.normalized",
        "warning",
        "GET",
    )
    assert 'if (problem.remedy === "wait")' in got["code"]
    assert got["input"] == {
        "form": "an HTTP response",
        "where": "",
        "count": 1,
        "status": 429,
        "status_known": True,
        "method": None,
        "path": None,
    }


def test_a_response_that_is_left_alone_has_a_reason_and_suggestions(client: TestClient) -> None:
    """Each suggestion names the option, its value and the problem type that it would lead to."""
    got = ask(client, text=json.dumps(GENERIC))

    assert (got["left_alone"], "problem" in got) == (
        "Nothing in it proves that an identity provider sent it.",
        False,
    )
    assert [(row["option"], row["value"], row["reason"]) for row in got["suggestions"]] == [
        ("provider", provider, "invalid-grant") for provider in ("auth0", "okta", "oauth")
    ]


def test_of_several_responses_the_first_problem_is_explained(client: TestClient) -> None:
    """The response says which one it is."""
    records = [{"status": 200, "body": "ok"}, {"status": 429, "body": LIMITED}]

    got = ask(client, text="\n".join(map(json.dumps, records)))

    assert (got["input"]["where"], got["input"]["count"], got["problem"]["reason"]) == ("line 2", 2, "rate-limited")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": "{}", "status": 999}, "invalid status: 999"),
        ({"text": "{}", "status": "4xx"}, "invalid status: '4xx'"),
        ({"text": "{}", "provider": "acme"}, "acme"),
        ({"text": "{}", "endpoint": "oauth/token"}, "oauth/token"),
        ({"text": "HTTP/1.1 999 x\r\n\r\n"}, "invalid status in the status line: 999"),
        ({}, "expected an object with the member text"),
        ([], "expected an object with the member text"),
    ],
)
def test_an_invalid_input_gets_an_error_message(client: TestClient, given: Any, message: str) -> None:
    """The page shows it in place of the result."""
    got = client.post("/explain", json=given)

    assert (got.status_code, message in got.json()["error"]) == (200, True)


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    """The content security policy allows the page's own files alone, and they name no other address."""
    page = client.get("/")
    sources = [path.read_text() for path in Path(STATIC).iterdir() if path.name != "examples.js"]

    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert [found for text in sources for found in re.findall(r"https?://[^\s\"']+", text)] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 400),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_requests_of_other_sites_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    """A foreign host name (DNS rebinding), and bodies that a form of another site can send."""
    got = client.post("/explain", content=b'{"text": "{}"}', headers={"content-type": "application/json", **headers})

    assert got.status_code == status


def test_a_long_input_is_refused(client: TestClient) -> None:
    """Two megabytes are the limit."""
    got = client.post("/explain", content=b" " * 2_000_001, headers={"content-type": "application/json"})

    assert (got.status_code, got.json()["error"]) == (413, "The input is longer than 2,000,000 bytes.")


def test_every_remedy_has_front_end_code() -> None:
    """Remedies of the problem types and of the entries."""
    registry = Registry.builtin()
    remedies = {kind.remedy for kind in registry.types.values()} | {entry.remedy for entry in registry}

    assert sorted(remedies - set(SNIPPETS)) == []


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_front_end_code_parses(tmp_path: Path) -> None:
    """The snippets are JavaScript (and TypeScript) statements."""
    script = tmp_path / "snippets.mjs"
    blocks = "\n".join("{\n" + "\n".join(lines) + "\n}" for lines in SNIPPETS.values())
    script.write_text(f"async function all(problem, response) {{\n{blocks}\n}}\n")

    done = subprocess.run(["node", "--check", str(script)], capture_output=True, text=True, timeout=30, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_an_explanation_takes_less_than_fifty_milliseconds() -> None:
    """The median of twenty, in this process; the first one loads the registry."""
    registry = Registry.builtin()
    durations = []
    for _ in range(21):
        start = time.perf_counter()
        explain_input(registry, {"text": RAW})
        durations.append(time.perf_counter() - start)

    assert statistics.median(durations) < 0.05


def test_the_command_serves_the_page() -> None:
    """`authproblem explore --port 0 --no-browser` prints its address and serves there until it is stopped."""
    command = [sys.executable, "-m", "authproblem", "explore", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = line.split()[4]
            _wait_for(url)
            with urlopen(url, timeout=10) as page:
                content = page.read().decode()
        finally:
            process.terminate()

    assert re.fullmatch(r"The explorer is at http://127\.0\.0\.1:\d+/ \(Ctrl-C stops it\)\n", line)
    assert "<title>authproblem explorer</title>" in content


def _wait_for(url: str) -> None:
    port = int(url.rpartition(":")[2].strip("/"))
    deadline = time.monotonic() + 10
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)) != 0 and time.monotonic() < deadline:
            time.sleep(0.05)


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        response(
            "HTTP/2 401",
            ["x-okta-request-id: made-up", "content-type: application/json"],
            {"errorCode": "E0999999", "errorSummary": "x"},
        ).decode(),
        response("HTTP/2 400", ["content-type: application/json"], GENERIC).decode(),
    ],
    ids=["normalized", "unclassified", "passed"],
)
def test_the_event_is_the_one_that_the_middleware_emits(text: str) -> None:
    """The same name, level and keys; the middleware adds an instance."""
    (recording,) = read_recordings(text.encode())

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(name.encode(), value.encode()) for name, value in recording.headers]
        await send({"type": "http.response.start", "status": recording.status, "headers": headers})
        await send({"type": "http.response.body", "body": recording.body})

    with structlog.testing.capture_logs() as events:
        TestClient(AuthProblemMiddleware(app, disclosure="off")).get("/api/v1/made-up")
    (emitted,) = (event for event in events if event["event"] != "authproblem.failed")
    (explained,) = explain_all(text.encode(), registry=Registry.builtin(), options=RecordingOptions(method="GET"))
    shown = {**(explained.event() or {}), "path": "/api/v1/made-up"}

    emitted["level"] = emitted.pop("log_level")
    assert {**emitted, "instance": None} == {"instance": None, **shown}
