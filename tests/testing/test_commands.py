"""`python -m authproblem fake` and `check`: fakes for people, and the contract check of a running app."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest

from authproblem.__main__ import main
from authproblem.testing import FakeOkta
from authproblem.testing._scenario import ScenarioError, play, read_scenario
from authproblem.wsgi import AuthProblemMiddleware

SCENARIO = """
[[users]]
email = "grace@example.com"
password = "a long password"
factors = ["otp"]

[[clients]]
id = "app"
secret = "shh"

[okta]
concurrency = 5

[[okta.fail]]
error = "okta:E0000047"
endpoint = "okta.users"
retry_after = 17

[[auth0.limit]]
requests = 1
per = "user"
"""


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(app: Any) -> Iterator[str]:
    """A WSGI app on a real socket."""
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


CLIENT = httpx.Client(headers={"authorization": "SSWS t"}, trust_env=False)


@pytest.fixture(scope="module", autouse=True)
def _connections_are_closed() -> Iterator[None]:
    yield
    CLIENT.close()


def proxy(upstream: str) -> Any:
    """An app that does nothing but pass on what Okta sends."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/lonely":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok"]
        response = CLIENT.get(f"{upstream}/api/v1/users/me")
        dropped = {"content-length", "content-encoding"}
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in dropped]
        start_response(f"{response.status_code} X", headers)
        return [response.content]

    return app


@pytest.fixture
def okta() -> Iterator[str]:
    with FakeOkta().serve() as url:
        yield url


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) is signal.SIG_IGN, reason="SIGINT is ignored in the background")
def test_fakes_run_until_they_are_interrupted(tmp_path: Path) -> None:
    """Both print where they are and who may sign in; a scenario prepares them."""
    script = tmp_path / "scenario.toml"
    script.write_text(SCENARIO)
    command = ["-m", "authproblem", "fake", "--auth0", ":0", "--okta", "127.0.0.1:0", "--script", str(script)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        output = "".join(process.stdout.readline() for _ in range(8))
        try:
            auth0, okta = re.findall(r"Fake\w+ +(http://127\.0\.0\.1:\d+)", output)
            assert "grace@example.com / a long password" in output
            assert httpx.get(f"{okta}/api/v1/users", trust_env=False).headers["x-rate-limit-remaining"] == "0"
            login = {"grant_type": "password", "username": "grace@example.com", "password": "a long password"}
            response = httpx.post(f"{auth0}/oauth/token", data={**login, "client_id": "app"}, trust_env=False)
            assert (response.status_code, response.json()["error_description"]) == (401, "Unauthorized")
            response = httpx.post(
                f"{auth0}/oauth/token", data={**login, "client_id": "app", "client_secret": "shh"}, trust_env=False
            )
            assert response.status_code == 429  # the second of this user
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(10) == 0
            finally:
                process.kill()


def test_a_fake_starts_in_less_than_a_third_of_a_second() -> None:
    """Beyond imports: registry, catalog and socket, in CPU time, for the machine may be busy."""
    code = (
        "import time; from authproblem.testing import FakeOkta; begun = time.process_time()\n"
        "with FakeOkta().serve(): print(time.process_time() - begun)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert float(done.stdout) < 0.3


@pytest.mark.parametrize("arguments", [["fake"], ["check", "http://127.0.0.1:1/"]])
def test_without_a_fake_there_is_nothing_to_do(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """An error of usage."""
    assert main(arguments) == 2
    assert "expected" in capsys.readouterr().err


def test_an_address_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what is expected."""
    with pytest.raises(SystemExit):
        main(["fake", "--okta", "here"])
    assert "expected :8081 or 127.0.0.1:8081" in capsys.readouterr().err


def test_check_passes_an_app_with_the_middleware(okta: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every problem type that Okta sends reaches the client, and nothing leaks."""
    with served(AuthProblemMiddleware(proxy(okta))) as url:
        assert main(["check", f"{url}/me", "--fake", okta]) == 0
    output = capsys.readouterr().out
    assert re.search(r"problem +7\d  reaches the client as a problem", output)
    assert ("lost " in output, "leaks" in output) == (False, False)


def test_check_shows_what_an_app_without_it_loses(okta: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, and a row for each error."""
    errors = ["--error", "okta:E0000047", "--error", "mfa-required", "--error", "slow-down"]
    with served(proxy(okta)) as url:
        assert main(["check", f"{url}/me", "--fake", okta, *errors]) == 1
    output = capsys.readouterr().out
    assert re.search(r"okta:E0000047 +rate-limited +429 +- +lost, leaks an upstream member", output)
    assert re.search(r"slow-down +400 +- +passed\n", output)
    assert re.search(r"lost +2  ", output)


def test_check_reports_an_app_that_does_not_call_the_fake(okta: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error was never sent."""
    with served(proxy(okta)) as url:
        assert main(["check", f"{url}/lonely", "--fake", okta, "--error", "okta:E0000047"]) == 1
    assert "never sent: the app did not call the fake" in capsys.readouterr().out


def test_check_finds_the_fake_of_an_app(capsys: pytest.CaptureFixture[str]) -> None:
    """A URL at which no fake listens is an error of usage."""
    with served(proxy("http://127.0.0.1:1")) as url, pytest.raises(SystemExit):
        main(["check", f"{url}/me", "--fake", f"{url}/lonely"])
    assert "no fake listens" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ({"user": []}, "unknown name 'user'; did you mean 'users'"),
        ({"okta": {"fails": []}}, "okta: unknown name 'fails'; did you mean 'fail'"),
        ({"okta": {"fail": [{"error": "okta:E1"}]}}, "okta.fail: unknown error 'okta:E1'"),
        ({"okta": {"fail": [{"error": "okta:E0000047", "at": "x"}]}}, "okta.fail: .*unexpected keyword argument 'at'"),
        ({"okta": {"limit": {"requests": 1}}}, r"okta.limit: expected a list of tables \(\[\[okta.limit\]\]\)"),
    ],
)
def test_invalid_scenarios_are_refused(scenario: dict[str, Any], message: str) -> None:
    """The message names the mistake."""
    with pytest.raises(ScenarioError, match=message):
        play(scenario, {"okta": FakeOkta()})


def test_a_scenario_that_is_no_toml(tmp_path: Path) -> None:
    """The message says so."""
    path = tmp_path / "scenario.toml"
    path.write_text("users = [")
    with pytest.raises(ScenarioError, match="no TOML"):
        read_scenario(str(path))
