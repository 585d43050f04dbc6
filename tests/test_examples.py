"""The examples, run as their docstrings say, against a fake provider, by real HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from authproblem.testing import Clock, FakeAuth0, FakeOkta, FakeProvider, Response

ROOT = Path(__file__).parents[1]
LOGIN = {"username": "ada@example.com", "password": "made-up"}


def environment(**more: str) -> dict[str, str]:
    """The environment of an example: no proxy between it and loopback."""
    return {**os.environ, "NO_PROXY": "127.0.0.1", **more}


@contextmanager
def example(*command: str, **env: str) -> Iterator[httpx.Client]:
    """Run the server of an example on a free port, which it prints; yields a client of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--port", "0"],
        cwd=ROOT,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watchdog = threading.Timer(30, process.kill)
    watchdog.start()
    with process:
        try:
            assert process.stdout is not None
            output = []
            for line in process.stdout:
                output.append(line)
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            else:
                pytest.fail("it did not come up: " + "".join(output))
            with httpx.Client(base_url=found[0], trust_env=False, timeout=10) as client:
                yield client
        finally:
            watchdog.cancel()
            process.terminate()


@contextmanager
def in_front_of(fake: FakeProvider, *command: str) -> Iterator[httpx.Client]:
    """Run an example in front of a fake provider."""
    with fake.serve() as url, example(*command, UPSTREAM=url) as client:
        yield client


def test_fastapi_app_names_the_problem_and_keeps_the_next_step() -> None:
    """The token of the next step stays in the document."""
    auth0 = FakeAuth0()
    auth0.fail("auth0:mfa_required", members={"mfa_token": "Fe26.made-up"})
    with in_front_of(auth0, "uvicorn", "examples.fastapi_app:app") as app:
        response = app.post("/login", json=LOGIN)
    assert (response.json()["reason"], response.json()["mfa_token"]) == ("mfa-required", "Fe26.made-up")


def test_flask_app_names_the_problem_and_the_wait() -> None:
    """`X-Rate-Limit-Reset` is forwarded, so `Retry-After` can be computed."""
    okta = FakeOkta(clock=Clock(frozen=True))
    okta.fail("okta:E0000047", retry_after=38)
    with in_front_of(okta, "flask", "--app", "examples/flask_app.py", "run") as app:
        response = app.post("/login", json=LOGIN)
    assert (response.headers["Auth-Problem"], response.headers["Retry-After"]) == ("rate-limited", "38")


def test_starlette_app_and_gateway_reader_wait_out_a_limit_and_assign_the_rest() -> None:
    """Two of the examples together: what one sends, the other reads."""
    auth0 = FakeAuth0()
    auth0.fail("auth0:too_many_requests", times=2, headers={"retry-after": "0"})
    auth0.reply_with(Response(200, (("content-type", "application/json"),), b"[]"), times=1)
    auth0.fail("auth0:inexistent_user")
    with in_front_of(auth0, "uvicorn", "examples.starlette_app:app") as app:
        read = [gateway(str(app.base_url.join("/api/v2/users"))) for _ in range(2)]
    assert read == ["200 - for nobody", "404 account-not-found for the developers"]


def test_starlette_app_keeps_every_cookie() -> None:
    """Two `Set-Cookie` lines stay two."""
    body = b'{"statusCode": 404, "error": "Not Found", "message": "No such user.", "errorCode": "inexistent_user"}'
    headers = (("Content-Type", "application/json"), ("X-Auth0-RequestId", "0d1e2f3a4b5c6d7e8f90"))
    cookies = (("Set-Cookie", "did=1; Path=/"), ("Set-Cookie", "auth0=2; Path=/"))
    auth0 = FakeAuth0()
    auth0.reply_with(Response(404, (*headers, *cookies), body))
    with in_front_of(auth0, "uvicorn", "examples.starlette_app:app") as app:
        response = app.get("/api/v2/users/1")
    assert response.headers.get_list("set-cookie") == ["did=1; Path=/", "auth0=2; Path=/"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["uvicorn", "examples.fastapi_app:app"], ["flask", "--app", "examples/flask_app.py", "run"]]
)
def test_a_provider_that_cannot_be_reached_is_a_problem_too(command: list[str]) -> None:
    """`exceptions=True` in the line that matters. A proxy that refuses keeps the request on this machine."""
    with example(*command, UPSTREAM="https://made-up.okta.com", HTTPS_PROXY="http://127.0.0.1:1") as app:
        response = app.post("/login", json=LOGIN)
    assert (response.status_code, response.headers["Auth-Problem"]) == (502, "upstream-unreachable")


def gateway(url: str) -> str:
    """What the example of a client prints."""
    command = [sys.executable, "examples/gateway_reader.py", url]
    run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_marks_the_line_that_matters(path: Path) -> None:
    """Under 45 lines, and one line marked."""
    text = path.read_text(encoding="utf-8")
    assert (len(text.splitlines()) < 45, text.count("# <-- the one line")) == (True, 1)
